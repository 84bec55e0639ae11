"""Regeneration: an operator has the missions nobody has touched replaced by others, from the catalog as it is published now.

What is touched stays, so whatever was or may be paid keeps its mission. A template that was taken off may come back later: its id is then
the same, but nothing was ever paid under it, and it is on the board once.
"""

from collections.abc import Iterable

from missions_core.domain import assignment
from missions_core.domain.catalog import Catalog, PeriodKind
from missions_core.domain.commands import finish_if_met, swapped_in
from missions_core.domain.events import Event
from missions_core.domain.state import Board, Mission, PlayerState
from missions_core.errors import Conflict


def regenerate(state: PlayerState, catalog: Catalog, kind: PeriodKind, *, now: int) -> tuple[Board, list[Mission], list[Event]]:
    """Replace what is untouched on the current board of a drawn kind; returns the board and what was taken off it.

    Fresh templates come before those taken off; one of these that comes back unchanged goes on as it was. There are fewer missions
    where the catalog has no more. Conflict `nothing_to_regenerate`.
    """
    board = state.current(kind)
    taken = [mission for mission in board.missions if _is_untouched(catalog, mission)] if board else []
    if board is None or not taken:
        raise Conflict("nothing_to_regenerate", f"no {kind} mission of this player is untouched")
    places = [board.missions.index(mission) for mission in taken]
    board.missions = [mission for mission in board.missions if mission not in taken]
    board.regenerations += 1
    fresh = _fresh(state, catalog, board, taken, now=now)
    for place, mission in zip(places, fresh, strict=False):
        board.missions.insert(place, mission)
    return board, [mission for mission in taken if mission not in fresh], _completed(state, catalog, board, fresh, now=now)


def _fresh(state: PlayerState, catalog: Catalog, board: Board, taken: list[Mission], *, now: int) -> list[Mission]:
    slots = [catalog.template(mission.template, mission.version).difficulty for mission in taken]
    by_template = {(mission.template, mission.version): mission for mission in taken}
    drawn = assignment.redraw(state, catalog, board, slots, avoid=[mission.template for mission in taken], turn=board.regenerations)
    return [by_template.get((template.key, template.version)) or swapped_in(state, template, now=now) for template in drawn]


def _completed(state: PlayerState, catalog: Catalog, board: Board, fresh: Iterable[Mission], *, now: int) -> list[Event]:
    return [event for mission in fresh for event in finish_if_met(state, catalog, board, mission, now=now)]


def _is_untouched(catalog: Catalog, mission: Mission) -> bool:
    """Whether nothing happened to a mission. One that came in the middle of its period has a start, which was nobody's doing."""
    opted_in = mission.started_at if catalog.template(mission.template, mission.version).requires_start else None
    happened = (mission.first_at, mission.completed_at, opted_in, *mission.evidence)
    return not mission.competitive and all(each is None for each in happened)
