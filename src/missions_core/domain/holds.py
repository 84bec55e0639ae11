"""Held grants: an operator releases each, which pays it, or revokes it, which ends it. Once, and never both."""

from dataclasses import replace

from missions_core.domain import boosts
from missions_core.domain.events import Event, GrantPending, RewardClaimed
from missions_core.domain.state import PendingGrant, PlayerState, cause_of


def release(state: PlayerState, held: PendingGrant, note: str, *, now: int) -> list[Event]:
    """Owe what was held: boosts begin now, goods expire counted from when they were earned."""
    boosts.activate(state, held.rewards, at=now)
    return [RewardClaimed(held.cause, held.rewards, now), _decide(state, replace(held, kind="release", note=note))]


def revoke(state: PlayerState, held: PendingGrant, note: str) -> list[Event]:
    """End what was held: its xp no longer counts for the level, nor as xp that a mission on a board brought (`rewards.settled_level`)."""
    state.lifetime_xp = max(0, state.lifetime_xp - held.rewards.amounts.get("xp", 0))
    for board, mission in state.missions():
        if mission.paid is not None and cause_of(board, mission) == held.cause:
            amounts = {currency: amount for currency, amount in mission.paid.amounts.items() if currency != "xp"}
            mission.paid = replace(mission.paid, amounts=amounts)
    return [_decide(state, replace(held, kind="revoke", note=note))]


def _decide(state: PlayerState, decision: PendingGrant) -> Event:
    state.pending.append(decision)
    return GrantPending(decision.cause, decision.at, decision.rewards, decision.kind, decision.note)
