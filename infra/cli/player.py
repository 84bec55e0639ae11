"""`missions player`: a player's state, as the table has it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from infra.aws import aws_at
from infra.cli.target import Target, find_target, target_options
from infra.errors import ToolError
from infra.inspection import StoredItem, describe, load_item
from infra.local.tokens import find_user
from infra.spelling import bar, spelled
from missions_core.domain import assignment
from missions_core.domain.catalog import DRAWN_KINDS, PeriodKind
from missions_core.domain.periods import period_after
from missions_core.domain.roll import day_clock
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.read import PlayerView


@click.group()
def player() -> None:
    """Look at a player's state."""


@player.command()
@click.argument("player_id", metavar="PLAYER")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print everything as one line of JSON.")
def show(player_id: str, table: str | None, profile: str | None, endpoint: str | None, *, as_json: bool) -> None:
    """Show PLAYER's state as it was last written: boards, missions, streaks, pending grants, duplicate window, size.

    PLAYER is the player's id, or the name of a user of the local stack.
    """
    target = find_target(table, profile, endpoint)
    item = _load(target, player_id)
    with aws_at(target.endpoint_url, profile):
        catalog = Catalogs(target.table).for_state(item.state)
    shown = describe(item, PlayerView(item.state, catalog, item.state.updated_at))
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else "\n".join(_text(shown)))


@player.command()
@click.argument("player_id", metavar="PLAYER")
@target_options
@click.option("--kind", type=click.Choice(DRAWN_KINDS), default="daily", show_default=True, help="Which board.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of {template, reason, dealt}.")
def explain(player_id: str, table: str | None, profile: str | None, endpoint: str | None, kind: PeriodKind, *, as_json: bool) -> None:
    """Say for every mission why PLAYER's next board of a kind would have it or not, as things stand."""
    target = find_target(table, profile, endpoint)
    item = _load(target, player_id)
    with aws_at(target.endpoint_url, profile):
        catalog = Catalogs(target.table).for_state(item.state)
    board = item.state.current(kind)
    if board is None:
        raise ToolError(f"{player_id!r} has no {kind} board: nothing is dealt to players who stay away; their next action deals one")
    period = period_after(board.period, day_clock(item.state, catalog.rules))
    found = assignment.explain(item.state, catalog, period, avoid=[mission.template for mission in board.missions])
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found]))
        return
    width = max((len(each.template) for each in found), default=0)
    for each in sorted(found, key=lambda each: (not each.dealt, each.reason or "", each.template)):
        click.echo(f"{each.template:{width}}  {'dealt' if each.dealt else each.reason or 'eligible, not drawn'}")


def _load(target: Target, player_id: str) -> StoredItem:
    dynamodb = target.session.client("dynamodb", endpoint_url=target.endpoint_url)
    item = load_item(dynamodb, target.table, player_id)
    if item is None and target.stack and (known := find_user(target.stack, player_id)):
        item = load_item(dynamodb, target.table, known)
    if item is None:
        raise ToolError(f"there is no player {player_id!r}: a state begins with the first action, command or PUT /v1/players/{{id}}")
    return item


def _text(shown: dict[str, Any]) -> Iterator[str]:
    window, check_ins = shown["duplicate_window"], shown["check_ins"]
    yield f"{shown['player']}  (account {shown['account']}; all times are UTC)"
    yield f"  version {shown['version']}, {shown['item_bytes']} bytes, due {_when(shown['due_at'])}, catalog {shown['catalog_version']}"
    yield f"  level {shown['level']}, {shown['lifetime_xp']} xp, {_traits(shown)}"
    for kind in ("daily", "weekly"):
        streak = shown["streaks"][kind]
        yield f"  {kind} streak {streak['current']}, best {streak['best']}, {streak['freezes']} freeze(s) left"
    yield f"  check-ins {check_ins['streak']} in a row, best {check_ins['best']}, {check_ins['total']} altogether"
    since = f", complete from {_when(window['complete_from'])}" if window["complete_from"] else ""
    yield f"  duplicate window {window['ids']} action ids of {window['hours']} hour(s){since}"
    for grant in shown["pending"]:
        yield f"  pending {grant['cause']}: {_rewards(grant['rewards'])}, since {_when(grant['at'])}"
    for board in shown["boards"]:
        yield from _board(board)
    for quest in shown["quests"]:
        yield from _quest(quest)


def _traits(shown: dict[str, Any]) -> str:
    traits = [shown["zone"] or "no zone", *(["vip"] if shown["vip"] else []), *shown["segments"]]
    return ", ".join([*traits, *([f"paused until {_when(shown['paused_until'])}"] if shown["paused_until"] else [])])


def _board(board: dict[str, Any]) -> Iterator[str]:
    period = board["period"]
    ends = _when(period["end"]) if period["end"] else "completion"
    notes = [f"{_when(period['start'])} to {ends}"]
    notes += [name for name in ("closed", "shielded") if board[name]] + (["checked in"] if board["checked_in_at"] else [])
    notes += [f"settles {_when(board['settles_at'])}"] if board["settles_at"] else []
    yield f"\n{period['kind']} {period['label']}: {', '.join(notes)}"
    width = max((len(mission["name"]) for mission in board["missions"]), default=0)
    for mission in board["missions"]:
        leaves = ", ".join(f"{leaf['key']} {leaf['current']} {leaf['op']} {leaf['target']}" for leaf in mission["requirements"])
        line = f"{bar(mission['percent'])} {mission['percent']:>3} %  {mission['name']:{width}}  {mission['status']:9}"
        yield f"  {line}  {leaves}  → {_rewards(mission['rewards'])}"


def _quest(quest: dict[str, Any]) -> Iterator[str]:
    yield f"\nquest {quest['run']}: {quest['status']}, ends {_when(quest['ends_at'])}  → {_rewards(quest['rewards'])}"
    width = max(len(step["name"]) for step in quest["steps"])
    for step in quest["steps"]:
        yield f"  {bar(step['percent'])} {step['percent']:>3} %  {step['name']:{width}}  {step['status']:5}  → {_rewards(step['rewards'])}"


def _when(timestamp: str | None) -> str:
    return timestamp[:16].replace("T", " ") if timestamp else "never"


def _rewards(rewards: dict[str, Any]) -> str:
    goods = [*rewards.get("badges", []), *rewards.get("titles", []), *rewards.get("frames", [])]
    goods += [f"{item['quantity']} {item['id']}" for item in rewards.get("items", [])]
    return ", ".join([spelled(rewards.get("amounts", {})), *goods])
