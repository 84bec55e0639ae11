"""Claiming rewards: one state write marks the mission, owes the grant and publishes it. The ledger pays it later, once."""

from dataclasses import dataclass

from missions_core.domain import commands
from missions_core.domain.state import Board, Mission, mission_id
from missions_core.errors import Gone, NotFound
from missions_core.use_cases.changes import Draft, change
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

    def run(draft: Draft) -> PlayerView:
        once(draft, request, f"claim:{wanted}", lambda: _claim(draft, [wanted]))
        return PlayerView(draft.state, draft.catalog, draft.now)

    try:
        return _found(stores, change(stores, player, run, now=now), wanted)
    except NotFound:
        _, mission = _in_history(stores, player, wanted)
        raise Gone("mission_expired", f"the time to claim {wanted!r} is over", status=mission.status) from None


def claim_all(stores: Stores, player: str, *, request: str, now: int) -> list[Claimed]:
    """Claim every completed mission in one write; none is an empty answer. Repeating `request` returns the first answer."""

    def run(draft: Draft) -> tuple[PlayerView, list[str]]:
        claimed = once(draft, request, "claim_all", lambda: _claim(draft, commands.claimable(draft.state)))
        return PlayerView(draft.state, draft.catalog, draft.now), claimed.split()

    view, claimed = change(stores, player, run, now=now)
    return [_found(stores, view, wanted) for wanted in claimed]


def _claim(draft: Draft, wanted: list[str]) -> str:
    for each in wanted:
        _, _, events = commands.claim(draft.state, each, now=draft.now)
        draft.write(events)
    draft.state.active_at = max(draft.state.active_at, draft.now)
    return " ".join(wanted)


def _found(stores: Stores, view: PlayerView, wanted: str) -> Claimed:
    """The claimed mission, wherever it is by now: a repeated request may come after its board settled."""
    try:
        board, mission = commands.find_mission(view.state, wanted)
    except NotFound:
        board, mission = _in_history(stores, view.state.player, wanted)
    return Claimed(view, board, mission)


def _in_history(stores: Stores, player: str, wanted: str) -> tuple[Board, Mission]:
    boards, _ = stores.players.history(player, limit=HISTORY_LOOKED_THROUGH, cursor=None)
    for board in boards:
        for mission in board.missions:
            if mission_id(board, mission) == wanted:
                return board, mission
    raise NotFound("mission_not_found", f"no mission {wanted!r} on this player's boards")
