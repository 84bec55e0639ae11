"""`missions invoke`: one function, one event, in this process."""

import json
from pathlib import Path
from typing import Any, Literal

import click

from infra.cli.parameters import FILE, FOLDER
from infra.errors import ToolError
from infra.invocation import Event, failure, local_environment, memory_environment, names
from infra.invocation import invoke as run_function
from infra.local.stack import ROOT, load_stack


@click.command()
@click.argument("function", type=click.Choice(names()), metavar="FUNCTION")
@click.argument("event_file", type=FILE, metavar="EVENT.json")
@click.option(
    "--env",
    "where",
    type=click.Choice(["local", "memory"]),
    default="memory",
    show_default=True,
    help="The running local stack's data, or a small system in memory that needs nothing running.",
)
@click.option("--catalog", "catalog_dir", type=FOLDER, default=ROOT / "catalog" / "forum", show_default="catalog/forum", help="For memory.")
@click.option("--json", "as_json", is_flag=True, help="Print the response as one line of JSON.")
def invoke(function: str, event_file: Path, where: Literal["local", "memory"], catalog_dir: Path, *, as_json: bool) -> None:
    """Run FUNCTION's real handler in this process on the event in a file (samples: events/) and print its response; logs go to stderr.

    Fails if the handler raises, wants records delivered again, or answers 5xx. In memory the clock stands at the event's own time, and its
    player has a busy hour behind them (docs/cli.md).
    """
    event = _read(event_file)
    with local_environment(load_stack(), function) if where == "local" else memory_environment(catalog_dir, event):
        response = run_function(function, event)
    click.echo(json.dumps(response) if as_json else json.dumps(_readable(response), indent=2, ensure_ascii=False))
    if why := failure(response):
        raise ToolError(f"{function} failed: {why}")


def _read(path: Path) -> Event:
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ToolError(f"{path} is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise ToolError(f"{path} is not a JSON object, as every event is")
    return event


def _readable(response: Any) -> Any:
    """The response with an HTTP body as JSON instead of text."""
    if isinstance(response, dict) and str(response.get("headers", {}).get("Content-Type", response.get("body", ""))).find("json") >= 0:
        return {**response, "body": json.loads(response["body"])}
    return response
