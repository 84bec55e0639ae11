"""`missions demo`: the whole loop on a stack of its own, step by step."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click
from rich.table import Table

from infra.cli.display import console, steps
from infra.cli.signals import interrupt_on_signals
from infra.demo import Story
from infra.errors import ToolError
from infra.local import emulator
from infra.local.lifecycle import up
from infra.local.stack import ROOT, LocalStack

CATALOG = ROOT / "catalog" / "forum"


class Shown(NamedTuple):
    """One step, and what it showed; None: it did not happen."""

    step: str
    shown: str | None
    seconds: float


@click.command()
@click.option("--json", "as_json", is_flag=True, help='Tell no story; print {"passed", "steps": [{"step", "shown", "seconds"}]}.')
def demo(*, as_json: bool) -> None:
    """Show what the system does on a local stack of its own, on a free port, and stop it. Fails if any step did not happen."""
    interrupt_on_signals()
    with _own_stack(quiet=as_json) as stack:
        results, failure = _tell(Story(stack, CATALOG, (lambda _: None) if as_json else _say), quiet=as_json)
    if as_json:
        click.echo(json.dumps({"passed": failure is None, "steps": [each._asdict() for each in results]}, ensure_ascii=False))
    else:
        console.print(_summary(results))
    if failure is not None:
        raise ToolError(f"{results[-1].step}: {failure}") from failure


def _tell(story: Story, *, quiet: bool) -> tuple[list[Shown], ToolError | None]:
    results: list[Shown] = []
    for number, (title, step) in enumerate(story.steps(), start=1):
        if not quiet:
            console.print(f"\n[bold]{number}. {title}[/bold]")
        started = time.monotonic()
        try:
            shown = step()
        except ToolError as failure:
            return [*results, Shown(title, None, round(time.monotonic() - started, 1))], failure
        results.append(Shown(title, shown, round(time.monotonic() - started, 1)))
    return results, None


@contextmanager
def _own_stack(*, quiet: bool) -> Iterator[LocalStack]:
    run_dir = Path(tempfile.mkdtemp(prefix="missions-demo-"))
    try:
        yield up(run_dir, emulator.free_port(), None, CATALOG, steps(quiet=quiet))
    finally:
        emulator.stop(run_dir)
        shutil.rmtree(run_dir, ignore_errors=True)


def _say(line: str) -> None:
    console.print(f"   {line}", markup=False, soft_wrap=True)


def _summary(results: list[Shown]) -> Table:
    table = Table(title="What was shown", title_justify="left")
    for column in ("", "Step", "Shown", "s"):
        table.add_column(column, justify="right" if column == "s" else "left")
    for each in results:
        mark = "[green]✓[/green]" if each.shown else "[red]✗[/red]"
        table.add_row(mark, each.step, each.shown or "did not happen", f"{each.seconds}")
    return table
