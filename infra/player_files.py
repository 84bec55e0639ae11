"""Files that say who the players of a history are: `{"player", "timezone", "level"?, "vip"?, "segments"?}`, one a line."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from infra.errors import ToolError
from infra.lines import Line, read_lines
from missions_core.domain.neighbours import PlayerAttributes

MEMBERS = {"player", "timezone", "level", "vip", "segments"}
ZONES = available_timezones()
MOST_MISTAKES = 20  # shown at once


def read_players(path: Path) -> dict[str, PlayerAttributes]:
    """Attributes by player. ToolError lists the mistakes as `file:line: what to write instead`."""
    players: dict[str, PlayerAttributes] = {}
    mistakes: list[str] = []
    for line in read_lines(path):
        raw = _parsed(line)
        found = [*_mistakes(raw, players)]
        mistakes += [f"{path}:{line.number}: {mistake}" for mistake in found]
        if raw is not None and not found:
            players[raw["player"]] = PlayerAttributes(
                zone=raw["timezone"], level=raw.get("level"), vip=raw.get("vip"), segments=raw.get("segments")
            )
    if mistakes:
        more = [f"and {len(mistakes) - MOST_MISTAKES} more"] if len(mistakes) > MOST_MISTAKES else []
        raise ToolError("\n".join([f"{len(mistakes)} mistake(s) in the players file:", *mistakes[:MOST_MISTAKES], *more]))
    return players


def _parsed(line: Line) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line.text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _mistakes(raw: dict[str, Any] | None, known: Collection[str]) -> Iterator[str]:
    if raw is None:
        yield 'is not a JSON object such as {"player": "ann", "timezone": "Europe/Berlin"}'
        return
    for name in sorted(raw.keys() - MEMBERS):
        yield f"{name!r} is not a member; write {', '.join(sorted(MEMBERS))}"
    player = raw.get("player")
    if not isinstance(player, str) or not player:
        yield "player is missing; write the id that actions have as `subject`"
    elif player in known:
        yield f"player {player!r} has a line already; write one line per player"
    zone = raw.get("timezone")
    if not isinstance(zone, str) or zone not in ZONES:
        yield f"timezone {zone!r} is unknown; write an IANA name such as Europe/Berlin"
    if not _is_level(raw.get("level")):
        yield f"level {raw['level']!r} is no level; write a whole number from 1"
    if not isinstance(raw.get("vip"), bool | None):
        yield f"vip {raw['vip']!r} is neither true nor false"
    segments = raw.get("segments")
    if not (segments is None or (isinstance(segments, list) and all(isinstance(tag, str) for tag in segments))):
        yield 'segments is not a list of texts; write ["beta"]'


def _is_level(level: object) -> bool:
    return level is None or (isinstance(level, int) and not isinstance(level, bool) and level >= 1)
