"""`missions run`: the local stack with players who act."""

import time
from datetime import datetime

import click

from infra.aws import aws_at
from infra.cli.display import console, steps
from infra.cli.parameters import Span
from infra.cli.signals import interrupt_on_signals
from infra.errors import ToolError
from infra.local import emulator
from infra.local.lifecycle import DEFAULT_PORT, up
from infra.local.stack import ROOT, LocalStack, default_run_dir, find_stack
from infra.simulation import CLIENT_TYPE, Simulation, simulate
from missions_core.storage.catalogs import Catalogs

CATALOG = ROOT / "catalog" / "forum"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port of the emulator.  [default: {DEFAULT_PORT}]")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="How much happens a second.")
@click.option("--for", "span", type=Span(), help="End by itself after this long (2m).  [default: at Ctrl-C]")
def run(port: int | None, rate: float, span: int | None) -> None:
    """Start the local stack unless it runs already, and let demo players act on it until Ctrl-C; stops what it started."""
    interrupt_on_signals()
    run_dir = default_run_dir()
    stack = find_stack(run_dir)
    started = stack is None
    stack = stack or up(run_dir, port, None, CATALOG, steps(quiet=False))
    try:
        _require_forum(stack)
        _introduce(stack)
        simulate(Simulation(stack, _say), rate=rate, until=None if span is None else time.monotonic() + span / 1000)
    except KeyboardInterrupt:
        pass
    finally:
        if started:
            emulator.stop(run_dir)
            console.print("\nstopped")


def _require_forum(stack: LocalStack) -> None:
    with aws_at(stack.endpoint_url):
        actions = Catalogs(stack.table).current().rules.actions
    if CLIENT_TYPE not in actions:
        raise ToolError(
            "the running stack has another catalog than catalog/forum, which the demo players play: `missions local down` first"
        )


def _introduce(stack: LocalStack) -> None:
    console.print(f"\nAPI    {stack.api_url}\nAWS    {stack.endpoint_url}", soft_wrap=True)
    console.print("Try    missions player show alice    missions token alice    missions clock set +1d\nCtrl-C stops\n", soft_wrap=True)


def _say(who: str, what: str) -> None:
    console.print(f"{datetime.now().astimezone():%H:%M:%S}  {who:6} {what}", markup=False, soft_wrap=True)
