"""Export: everything kept of a player, in the answer itself where it is small, else as pages in the bucket of players' files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

from missions_core.domain.catalog import HOUR_MS
from missions_core.files import PlayerFiles
from missions_core.instants import timestamp

PAGE_BYTES = 1_000_000  # of JSON: Lambda answers with 6 MB at most, and two pages are held at a time
FRESH_MS = HOUR_MS  # a large export is made once in so long; whoever asks again meanwhile gets the same one

Records = Iterator[tuple[str, dict[str, Any]]]  # each with its section
Sections = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Export:
    """An export: its sections, or the bytes of its pages by their keys."""

    made_at: int
    sections: Sections | None = None
    pages: Mapping[str, int] = field(default_factory=dict)


def export(files: PlayerFiles, player: str, records: Records, *, now: int) -> Export:
    """Bring a player's records into a form that can be handed over, whatever their number, two pages at a time."""
    pages = _pages(records)
    first, second = next(pages), next(pages, None)
    if second is None:
        return Export(now, sections=first)
    if files.last_export(player, since=now - FRESH_MS) is None:
        _write(files, player, chain([first, second], pages), now=now)
    made_at, sizes = files.last_export(player, since=now - FRESH_MS) or (now, {})
    return Export(made_at, pages=sizes)


def _pages(records: Records) -> Iterator[Sections]:
    """The records in pages of so many bytes, at least one page; a section may go on in the next."""
    page: Sections = {}
    room = PAGE_BYTES
    for section, record in records:
        size = len(json.dumps(record))
        if size > room and page:
            yield page
            page, room = {}, PAGE_BYTES
        page.setdefault(section, []).append(record)
        room -= size
    yield page


def _write(files: PlayerFiles, player: str, pages: Iterator[Sections], *, now: int) -> None:
    for number, (page, following) in enumerate(pairwise(chain(pages, [None])), start=1):
        document = {"player": player, "generated_at": timestamp(now), "page": number, "sections": page}
        files.write_export(player, now, number, json.dumps(document).encode(), is_last=following is None)
