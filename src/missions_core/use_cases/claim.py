"""Claiming rewards: one state write marks the mission, owes the grant and publishes it. The ledger pays it later, once."""

from collections.abc import Iterable
from dataclasses import dataclass

from missions_core.domain import commands
from missions_core.domain.state import Board, Mission, mission_id
from missions_core.errors import Conflict, Gone, NotFound
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores

HISTORY_LOOKED_THROUGH = 50  # settled boards in which a mission that is no longer in the state is looked for


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mission after a command, with the state it belongs to."""

    view: PlayerView
    board: Board
    mission: Mission


def claim(stores: Stores, player: str, wanted: str, *, request: str, now: int) -> Claimed:
    """Claim one completed mission. Repeating the same `request` returns the first answer.

    NotFound `mission_not_found`, Conflict `mission_not_completed` or `already_claimed`, Gone `mission_expired`.
    """

    def run(draft: Draft) -> Claimed:
        require_registered(draft)
        once(draft, request, f"claim:{wanted}", lambda: _claim(stores, draft, [wanted]))
        return _found(stores, draft, wanted)

    return change(stores, player, run, now=now)


def claim_all(stores: Stores, player: str, *, request: str, now: int) -> list[Claimed]:
    """Claim every completed mission in one write; none is an empty answer. Repeating `request` returns the first answer."""

    def run(draft: Draft) -> list[Claimed]:
        require_registered(draft)
        claimed = once(draft, request, "claim_all", lambda: _claim(stores, draft, commands.claimable(draft.state)))
        return [_found(stores, draft, wanted) for wanted in claimed.split()]

    return change(stores, player, run, now=now)


def _claim(stores: Stores, draft: Draft, wanted: list[str]) -> str:
    for each in wanted:
        try:
            _, _, events = commands.claim(draft.state, each, now=draft.now)
        except NotFound:
            raise _too_late(stores, draft, each) from None
        draft.write(events)
    draft.state.active_at = max(draft.state.active_at, draft.now)
    return " ".join(wanted)


def _too_late(stores: Stores, draft: Draft, wanted: str) -> Conflict | Gone:
    """Why a mission that is final by now cannot be claimed. NotFound: there never was one."""
    _, mission = _settled(stores, draft, wanted)
    if mission.status == "claimed":
        return Conflict("already_claimed", "this mission's reward was claimed before", claimed_at=mission.claimed_at)
    return Gone("mission_expired", f"the time to claim {wanted!r} is over", mission_status=mission.status)


def _found(stores: Stores, draft: Draft, wanted: str) -> Claimed:
    """The claimed mission, wherever it is by now: a repeated request may come after its board settled."""
    try:
        board, mission = commands.find_mission(draft.state, wanted)
    except NotFound:
        board, mission = _settled(stores, draft, wanted)
        stores.catalogs.bring(draft.catalog, {(mission.template, mission.version)})
    return Claimed(PlayerView(draft.state, draft.catalog, draft.now), board, mission)


def _settled(stores: Stores, draft: Draft, wanted: str) -> tuple[Board, Mission]:
    """A mission on a board that has settled, just now in memory or before. NotFound: none."""
    history, _ = stores.players.history(draft.state.player, limit=HISTORY_LOOKED_THROUGH, cursor=None)
    for board, mission in _missions([*draft.settled, *history]):
        if mission_id(board, mission) == wanted:
            return board, mission
    raise NotFound("mission_not_found", f"no mission {wanted!r} on this player's boards")


def _missions(boards: Iterable[Board]) -> Iterable[tuple[Board, Mission]]:
    return ((board, mission) for board in boards for mission in board.missions)
