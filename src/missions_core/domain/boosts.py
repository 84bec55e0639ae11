"""Boosts: for some hours, what completed missions pay of a currency is multiplied."""

from fractions import Fraction

from missions_core.domain.catalog import DRAWN_KINDS, HOUR_MS, Rewards
from missions_core.domain.state import ActiveBoost, Board, PlayerState

KEPT = 16
DRAWN_OR_SPECIAL = frozenset({*DRAWN_KINDS, "special"})
ONE = Fraction(1)


def activate(state: PlayerState, rewards: Rewards, *, at: int) -> None:
    """Begin the boosts among these rewards. Of more than 16 those that end last are kept."""
    for currency, boost in rewards.boost.items():
        state.boosts.append(ActiveBoost(currency, str(boost.multiply), at, at + boost.hours * HOUR_MS))
        if len(state.boosts) > KEPT:
            state.boosts.remove(min(state.boosts, key=lambda each: each.until))


def factor(state: PlayerState, currency: str, completed_at: int | None) -> Fraction:
    """By what a mission completed at an instant is multiplied: by the greatest boost of the currency then, they do not add up."""
    active = (boost for boost in at_instant(state, completed_at) if boost.currency == currency)
    return max((Fraction(boost.multiply) for boost in active), default=ONE)


def at_instant(state: PlayerState, instant: int | None) -> list[ActiveBoost]:
    """The boosts active at an instant."""
    return [] if instant is None else [boost for boost in state.boosts if boost.since <= instant < boost.until]


def forget(state: PlayerState, *, settled: Board) -> None:
    """Drop the boosts that were over before every board that is not final: no completion can be dated within them any more.

    Perpetual missions do not hold them: every instant lies on some drawn board, which settles later than actions may come.
    """
    if state.boosts:
        starts = (board.period.start for board in state.boards if board.period.kind in DRAWN_OR_SPECIAL)
        reachable = min(starts, default=settled.settles_at)
        state.boosts = [boost for boost in state.boosts if boost.until > reachable]
