"""`missions replay`: what a catalog would have made of recorded history."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from infra.catalogs import read_catalog
from infra.cli.parameters import FILE, FOLDER, Instant, Span
from infra.cli.progress import counted
from infra.lines import read_lines
from infra.player_files import read_players
from infra.replay import disturbed
from infra.replay import replay as run_replay
from missions_core.domain.actions import Action, parse_action
from missions_core.errors import InvalidInput


@click.command()
@click.argument("events", type=FILE, metavar="EVENTS.jsonl[.gz]")
@click.option("--catalog", "catalog_dir", type=FOLDER, required=True, help="The catalog to play it with.")
@click.option("--players", "players_file", type=FILE, help='Lines {"player", "timezone", "level"?, "vip"?, "segments"?}; UTC otherwise.')
@click.option("--until", type=Instant(), metavar="ISO", help="Where history ends.  [default: 70 days after the last action]")
@click.option("--report", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write the JSON report to this file.")
@click.option("--shuffle", "shuffle_ms", type=Span(), default="0s", help="Deliver each action up to this much later, e.g. 12h.")
@click.option("--duplicates", type=click.FloatRange(0, 1), default=0.0, help="Deliver this share of the actions twice, e.g. 0.1.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which delays and duplicates.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON report.")
def replay(
    events: Path,
    catalog_dir: Path,
    players_file: Path | None,
    until: int | None,
    report: Path | None,
    shuffle_ms: int,
    duplicates: float,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Play a file of actions (CloudEvents, in the order in which they arrived) in memory, as if it had all happened live.

    An action's time is the server's time; nights pass, boards settle, what is completed or unlocked is claimed at once, leaderboards close
    and pay their prizes. What waits for a player's word does not happen: quests they would have to start, manual steps, check-ins.
    """
    started = time.monotonic()
    catalog = read_catalog(catalog_dir)
    players = read_players(players_file) if players_file else {}
    actions, refused = _read(events)
    if shuffle_ms or duplicates:
        actions = disturbed(actions, seed=seed, shuffle_ms=shuffle_ms, duplicates=duplicates)
    result = run_replay(actions, catalog, players, refused=refused, until=until, progress=counted("Replaying", quiet=as_json))
    text = json.dumps(result, ensure_ascii=False)
    if report:
        report.write_text(text + "\n", encoding="utf-8")
    click.echo(text if as_json else _summary(result, time.monotonic() - started, report))


def _read(events: Path) -> tuple[list[Action], Counter[str]]:
    """The actions, and how many lines were none, by reason: they would be quarantined."""
    actions: list[Action] = []
    refused: Counter[str] = Counter()
    for line in read_lines(events):
        try:
            actions.append(parse_action(line.text))
        except InvalidInput as reason:
            refused[reason.code] += 1
    return actions, refused


def _summary(report: dict[str, Any], seconds: float, written: Path | None) -> str:
    totals = report["totals"]
    lines = [
        f"{totals['actions']} actions of {totals['players']} players in {seconds:.1f} s",
        *(f"  {totals[name]:>8} {name.replace('_', ' ')}" for name in totals if name not in {"actions", "players"}),
        "outcomes: " + (", ".join(f"{count} {reason}" for reason, count in report["outcomes"].items()) or "none"),
        f"the report is in {written}" if written else "the full report: --report FILE.json, or --json",
    ]
    return "\n".join(lines)
