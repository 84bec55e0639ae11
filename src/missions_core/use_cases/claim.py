"""Claiming rewards: one state write marks what is claimed, owes the grant and publishes it. The ledger pays it later, once."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from missions_core.domain import achievements, commands, quest_commands
from missions_core.domain.catalog import Rewards
from missions_core.domain.completion import claim_waiting, waiting
from missions_core.domain.state import Board, Mission, cause_of
from missions_core.errors import Conflict, Gone, NotFound
from missions_core.use_cases.achievements import ClaimedTiers, claim_tiers, claimed_tiers
from missions_core.use_cases.changes import Draft, change, require_registered, review
from missions_core.use_cases.devices import check_device
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores

HISTORY_LOOKED_THROUGH = 50  # settled boards in which what is no longer in the state is looked for


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mission, or a run of a quest, after a command, with the state it belongs to."""

    view: PlayerView
    board: Board
    mission: Mission

    @property
    def grant(self) -> tuple[str, Rewards]:
        """The cause of the payment a claim started, and what it pays."""
        assert self.mission.paid is not None, "what is claimed was completed, which fixed what it pays"
        return cause_of(self.board, self.mission), self.mission.paid


def claim(stores: Stores, player: str, wanted: str, *, request: str, now: int, device: str | None = None) -> Claimed:
    """Claim one completed mission. Repeating the same `request` returns the first answer.

    NotFound `mission_not_found`, Conflict `mission_not_completed` or `already_claimed`, Gone `mission_expired`.
    """

    def run(draft: Draft) -> Claimed:
        require_registered(draft)
        return _found(stores, draft, _once(draft, request, f"claim:{wanted}", lambda: _claim_mission(stores, draft, wanted, device)))

    return change(stores, player, run, now=now)


def claim_quest(stores: Stores, player: str, key: str, *, request: str, now: int, device: str | None = None) -> Claimed:
    """Claim a completed quest. Repeating the same `request` returns the first answer. Errors: `quest_commands.claim`."""

    def run(draft: Draft) -> Claimed:
        require_registered(draft)
        return _found(stores, draft, _once(draft, request, f"claim_quest:{key}", lambda: _claim_quest(stores, draft, key, device)))

    return change(stores, player, run, now=now)


def claim_all(stores: Stores, player: str, *, request: str, now: int, device: str | None = None) -> list[Claimed | ClaimedTiers]:
    """Claim everything that waits in one write; nothing is an empty answer. Repeating `request` returns the first answer."""

    def run(draft: Draft) -> list[Claimed | ClaimedTiers]:
        require_registered(draft)
        review(draft)  # what the player was shown as unlocked may not be written yet
        causes, tiers = json.loads(_once(draft, request, "claim_all", lambda: _claim_all(stores, draft, device)))
        return [*(_found(stores, draft, cause) for cause in causes), *(claimed_tiers(stores, draft, each) for each in tiers)]

    return change(stores, player, run, now=now)


def _once(draft: Draft, request: str, command: str, claim_: Callable[[], str]) -> str:
    """Claim unless this request did so before; either way say what, by the causes of the grants."""

    def first() -> str:
        draft.state.active_at = max(draft.state.active_at, draft.now)
        return claim_()

    return once(draft, request, command, first)


def _claim_mission(stores: Stores, draft: Draft, wanted: str, device: str | None) -> str:
    try:
        commands.find_claimable(draft.state, wanted)
    except NotFound:
        raise _too_late(stores, draft, wanted) from None
    check_device(stores, draft, device)
    board, mission, events = commands.claim(draft.state, draft.catalog, wanted, now=draft.now)
    draft.write(events)
    return cause_of(board, mission)


def _claim_quest(stores: Stores, draft: Draft, key: str, device: str | None) -> str:
    quest_commands.find_claimable(draft.state, draft.catalog, key, now=draft.now)
    check_device(stores, draft, device)
    board, mission, events = quest_commands.claim(draft.state, draft.catalog, key, now=draft.now)
    draft.write(events)
    return cause_of(board, mission)


def _claim_all(stores: Stores, draft: Draft, device: str | None) -> str:
    found, unlocked = waiting(draft.state), achievements.claimable(draft.state)
    if found or unlocked:
        check_device(stores, draft, device)
    for board, mission in found:
        draft.write(claim_waiting(draft.state, draft.catalog, board, mission, at=draft.now))
    tiers = [claim_tiers(draft, key) for key in unlocked]
    return json.dumps([[cause_of(board, mission) for board, mission in found], tiers])


def _too_late(stores: Stores, draft: Draft, wanted: str) -> Conflict | Gone:
    """Why a mission that is final by now cannot be claimed. NotFound: there never was one."""
    _, mission = _settled(stores, draft, f"mission:{wanted}")
    if mission.status == "claimed":
        return Conflict("already_claimed", "this mission's reward was claimed before", claimed_at=mission.claimed_at)
    return Gone("mission_expired", f"the time to claim {wanted!r} is over", mission_status=mission.status)


def _found(stores: Stores, draft: Draft, cause: str) -> Claimed:
    """What was claimed, wherever it is by now: a repeated request may come after its board settled."""
    here = next((each for each in draft.state.missions() if cause_of(*each) == cause), None)
    board, mission = here or _settled(stores, draft, cause)
    stores.catalogs.bring(draft.catalog, {(mission.template, mission.version)})
    return Claimed(PlayerView(draft.state, draft.catalog, draft.now), board, mission)


def _settled(stores: Stores, draft: Draft, cause: str) -> tuple[Board, Mission]:
    """What stands on a board that has settled, just now in memory or before. NotFound: nothing."""
    history, _ = stores.players.history(draft.state.player, limit=HISTORY_LOOKED_THROUGH, cursor=None)
    for board in (*draft.settled, *history):
        for mission in board.missions:
            if cause_of(board, mission) == cause:
                return board, mission
    raise NotFound("mission_not_found", f"no mission {cause.partition(':')[2]!r} on this player's boards")
