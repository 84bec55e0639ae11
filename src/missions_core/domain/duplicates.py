"""The duplicate window: which actions a player's state has applied (invariant 2).

Hashes of applied action ids live in the state by action-time hour. Older hours leave it for SEEN rows, but only ids that are already
committed do, and the row is written before the state drops them: so an id is always in at least one of the two.
"""

from missions_core.domain.actions import Action
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.state import PlayerState

MAX_IDS = 64


def hour_of(instant: int) -> int:
    """The number of the hour since the epoch."""
    return instant // HOUR_MS


def needs_row(state: PlayerState, action: Action) -> bool:
    """Whether ids of the action's hour may have left the state, so that its SEEN row must be read."""
    return hour_of(action.filed_at) < state.spilled_before


def is_duplicate(state: PlayerState, action: Action, spilled: set[str]) -> bool:
    """Whether the action was applied before; `spilled` are the ids of its hour's SEEN row.

    Among the ids the state still holds, the hour does not matter: a sender that stamps each attempt anew is forgiven for a while.
    """
    return action.key in spilled or any(action.key in ids for ids in state.seen.values())


def mark(state: PlayerState, action: Action) -> None:
    """Remember an action as applied, in the same write as its effect."""
    state.seen.setdefault(hour_of(action.filed_at), []).append(action.key)


def leaving(state: PlayerState, *, now: int) -> dict[int, list[str]]:
    """The committed ids to move to SEEN rows: of hours before the last, then the oldest while there are too many."""
    hours = sorted(state.seen)
    left = sum(len(ids) for ids in state.seen.values())
    chosen: dict[int, list[str]] = {}
    for hour in hours:
        if hour >= hour_of(now) - 1 and left <= MAX_IDS:
            break
        chosen[hour] = list(state.seen[hour])
        left -= len(state.seen[hour])
    return chosen


def drop(state: PlayerState, hours: dict[int, list[str]]) -> None:
    """Forget ids that are stored in SEEN rows now; ids of the same hours that were marked since then stay."""
    for hour, stored in hours.items():
        gone = set(stored)
        state.seen[hour] = [id_ for id_ in state.seen[hour] if id_ not in gone]
        if not state.seen[hour]:
            del state.seen[hour]
        state.spilled_before = max(state.spilled_before, hour + 1)
