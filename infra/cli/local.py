"""`missions local`: the stack on this machine."""

import dataclasses
import json
import time
from pathlib import Path

import click

from infra.cli.display import console, steps
from infra.cli.signals import interrupt_on_signals
from infra.errors import ToolError
from infra.local import emulator
from infra.local.lifecycle import DEFAULT_PORT, up
from infra.local.stack import ROOT, LocalStack, default_run_dir, find_stack, load_stack

WATCH_SECONDS = 0.5


@click.group()
def local() -> None:
    """The whole system on this machine: start, stop, look."""


@local.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port of the emulator.  [default: {DEFAULT_PORT}]")
@click.option("--state-dir", type=click.Path(file_okay=False, path_type=Path), help="Keep all data here between runs.")
@click.option(
    "--catalog",
    "catalog_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT / "catalog" / "forum",
    show_default="catalog/forum",
    help="Catalog to publish.",
)
@click.option("--detach", is_flag=True, help="Return when it is up, instead of running until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print addresses as one line of JSON.")
def up_command(port: int | None, state_dir: Path | None, catalog_dir: Path, *, detach: bool, as_json: bool) -> None:
    """Start everything, publish a catalog and check it with one action. Twice in a row is fine: it updates what runs."""
    run_dir = default_run_dir()
    found_running = emulator.running_pid(run_dir) is not None
    interrupt_on_signals()
    stack = up(run_dir, port, state_dir, catalog_dir, steps(quiet=as_json))
    _print(stack, as_json=as_json)
    if not detach and not found_running:
        _run_until_stopped(run_dir, quiet=as_json)


@local.command()
def down() -> None:
    """Stop the stack; without `--state-dir` its data is gone."""
    stopped = emulator.stop(default_run_dir())
    console.print("stopped" if stopped else "nothing was running")


@local.command()
@click.option("--json", "as_json", is_flag=True, help="Print addresses as one line of JSON.")
def status(*, as_json: bool) -> None:
    """Where everything is. Fails when nothing runs."""
    if as_json and find_stack() is None:
        click.echo(json.dumps({"running": False}))
        raise click.exceptions.Exit(1)
    _print(load_stack(), as_json=as_json)


def _print(stack: LocalStack, *, as_json: bool) -> None:
    from infra.catalogs import applied_version  # imports the engine: not needed for help

    facts = {"running": True, **dataclasses.asdict(stack), "catalog_version": applied_version(stack.endpoint_url, stack.table)}
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name:{width}}  {'-' if value is None else value}")


def _run_until_stopped(run_dir: Path, *, quiet: bool) -> None:
    if not quiet:
        console.print(f"log: {emulator.log_path(run_dir)}\nCtrl-C stops it")
    try:
        while emulator.running_pid(run_dir) is not None:
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        emulator.stop(run_dir)
        return
    raise ToolError(f"the emulator ended by itself: see {emulator.log_path(run_dir)}")
