"""Moving recorded actions into the last hours or days: their times mapped linearly, their order kept."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from infra.errors import ToolError
from infra.lines import Line, read_lines
from missions_core.domain.actions import MAX_AGE_MS, parse_action
from missions_core.errors import InvalidInput

NEWEST_AGE_MS = 1_000  # the newest action lies this far in the past
REACHES_BACK_MS = MAX_AGE_MS - 3_600_000  # older actions would be refused before the last of them is sent


@dataclass(frozen=True, slots=True)
class Retiming:
    """Maps times `[first, last]` onto `[end - span, end]`."""

    first: int
    last: int
    span: int
    end: int

    def time(self, recorded: int) -> int:
        """Where a recorded time goes."""
        return self.end - self.span * (self.last - recorded) // ((self.last - self.first) or 1)

    def lines(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines with mapped times; what is no action stays as it is."""
        for line in lines:
            recorded = _time(line)
            yield line if recorded is None else Line(line.number, _with_time(line.text, self.time(recorded)))


def into_last(span: int, path: Path, limit: int | None, *, now: int, notes: Path, data: str) -> Retiming:
    """How the first `limit` actions of a file go into the last `span` milliseconds before `now`.

    A file sent again is mapped as it was the first time, as long as those times are still accepted: the same actions with other times
    could not be recognised as duplicates. `notes` is the file that remembers, `data` names what holds them.
    """
    if span > REACHES_BACK_MS:
        raise ToolError("actions older than 14 days are not accepted: give `--into-last` a shorter span")
    first, last = _extent(islice(read_lines(path), limit))
    end = _remembered_end(notes, f"{data} {_digest(path)} {limit} {span}", now=now, oldest_end=now - REACHES_BACK_MS + span)
    return Retiming(first, last, span, end)


def _extent(lines: Iterable[Line]) -> tuple[int, int]:
    first, last = None, 0
    for time in (time for line in lines if (time := _time(line)) is not None):
        first, last = min(time, time if first is None else first), max(time, last)
    return first or 0, last


def _remembered_end(notes: Path, key: str, *, now: int, oldest_end: int) -> int:
    ends: dict[str, int] = json.loads(notes.read_text()) if notes.exists() else {}
    end = ends.get(key)
    if end is not None and oldest_end <= end <= now:
        return end
    ends[key] = now - NEWEST_AGE_MS
    temporary = notes.with_suffix(".new")
    temporary.write_text(json.dumps(ends))
    temporary.replace(notes)
    return ends[key]


def _time(line: Line) -> int | None:
    try:
        return parse_action(line.text).time
    except InvalidInput:
        return None


def _with_time(text: str, time: int) -> str:
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return json.dumps({**json.loads(text), "time": moment.isoformat(timespec="milliseconds")}, ensure_ascii=False, separators=(",", ":"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
