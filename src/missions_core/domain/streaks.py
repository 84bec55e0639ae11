"""Streaks as folds: the settled streak is stored, the streak shown adds the unsettled boards on top and is never stored.

So a late action that completes yesterday simply changes what is folded; nothing has to be healed.
"""

from dataclasses import replace

from missions_core.domain.catalog import PeriodKind, StreakRule
from missions_core.domain.state import Board, PlayerState, Streak

STREAK_KINDS: tuple[PeriodKind, ...] = ("daily", "weekly")


def counts(board: Board, rule: StreakRule) -> bool:
    """Whether a board's period counts for its streak."""
    if rule.counts == "none":
        return False
    if rule.counts == "any":
        return any(mission.completed_at is not None for mission in board.missions)
    asked = board.ordinary()
    return bool(asked) and all(mission.completed_at is not None for mission in asked)


def shown(state: PlayerState, kind: PeriodKind, rule: StreakRule) -> Streak:
    """The streak as it stands: settled, then the previous board as if it settled now, then what the current one already has."""
    streak = state.streaks[kind]
    previous, current = state.previous(kind), state.current(kind)
    if previous is not None:
        streak = after(streak, previous, rule)
    if current is None:
        return streak
    if counts(current, rule):
        return after(streak, current, rule)
    return _with_freezes(streak, current.freezes_gained, rule)  # still open: it cannot be missed yet


def most_freezes(state: PlayerState, kind: PeriodKind, rule: StreakRule) -> int:
    """How many freezes may turn out to be held today: a late action may yet make the period before count, which then needs none."""
    streak, previous, current = state.streaks[kind], state.previous(kind), state.current(kind)
    if previous is not None:
        streak = _extended(_with_freezes(streak, previous.freezes_gained, rule), rule)
    if current is not None:
        streak = _with_freezes(streak, current.freezes_gained, rule)
    return max(streak.freezes, shown(state, kind, rule).freezes)


def after(streak: Streak, board: Board, rule: StreakRule) -> Streak:
    """The streak once this board is final."""
    streak = _with_freezes(streak, board.freezes_gained, rule)
    if counts(board, rule):
        return _extended(streak, rule)
    if board.shielded or not board.ordinary():
        return streak
    return missed(streak, at=board.period.end)


def missed(streak: Streak, *, at: int) -> Streak:
    """The streak after a period without success: a freeze is used if one is held, else it ends at `at`."""
    if streak.current == 0:
        return streak
    if streak.freezes:
        return replace(streak, freezes=streak.freezes - 1)
    return replace(streak, current=0, broken_at=at)


def _extended(streak: Streak, rule: StreakRule) -> Streak:
    length = streak.current + 1
    earned = 1 if rule.earn_every and length % rule.earn_every == 0 else 0
    return _with_freezes(replace(streak, current=length, best=max(streak.best, length)), earned, rule)


def _with_freezes(streak: Streak, gained: int, rule: StreakRule) -> Streak:
    return replace(streak, freezes=min(rule.freezes_max, streak.freezes + gained)) if gained else streak
