"""Files that say who the players of a history are: `{"player", "timezone", "level"?, "vip"?, "segments"?}`, one a line."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import available_timezones

from infra.errors import ToolError
from infra.lines import Line, read_lines
from missions_core.use_cases.command import PlayerAttributes

MEMBERS = {"player", "timezone", "level", "vip", "segments"}
MOST_MISTAKES = 20  # shown at once


def read_players(path: Path) -> dict[str, PlayerAttributes]:
    """Attributes by player. ToolError lists the mistakes as `file:line: what to write instead`."""
    players: dict[str, PlayerAttributes] = {}
    mistakes: list[str] = []
    for line in read_lines(path):
        raw = _parsed(line)
        found = [*_mistakes(raw)] if isinstance(raw, dict) else ['is not a JSON object such as {"player": "ann", "timezone": "Europe/Berlin"}']
        if isinstance(raw, dict) and not found and raw["player"] in players:
            found = [f"player {raw['player']!r} has a line already; write one line per player"]
        mistakes += [f"{path}:{line.number}: {mistake}" for mistake in found]
        if isinstance(raw, dict) and not found:
            attributes = {"level": raw.get("level"), "vip": raw.get("vip"), "segments": raw.get("segments")}
            players[raw["player"]] = PlayerAttributes(zone=raw["timezone"], **attributes)
    if mistakes:
        more = [f"and {len(mistakes) - MOST_MISTAKES} more"] if len(mistakes) > MOST_MISTAKES else []
        raise ToolError("\n".join([f"{len(mistakes)} mistake(s) in the players file:", *mistakes[:MOST_MISTAKES], *more]))
    return players


def _parsed(line: Line) -> object:
    try:
        parsed: object = json.loads(line.text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _mistakes(raw: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(raw.keys() - MEMBERS):
        yield f"{name!r} is not a member; write {', '.join(sorted(MEMBERS))}"
    if not isinstance(raw.get("player"), str) or not raw["player"]:
        yield "player is missing; write the id that actions have as `subject`"
    zone = raw.get("timezone")
    if not isinstance(zone, str) or zone not in available_timezones():
        yield f"timezone {zone!r} is unknown; write an IANA name such as Europe/Berlin"
    if not _is_level(raw.get("level")):
        yield f"level {raw['level']!r} is no level; write a whole number from 1"
    if not isinstance(raw.get("vip", False), bool | None):
        yield f"vip {raw['vip']!r} is neither true nor false"
    segments = raw.get("segments")
    if not (segments is None or (isinstance(segments, list) and all(isinstance(tag, str) for tag in segments))):
        yield 'segments is not a list of texts; write ["beta"]'


def _is_level(level: object) -> bool:
    return level is None or (isinstance(level, int) and not isinstance(level, bool) and level >= 1)
