"""The daily sign-in: once per daily period, base plus streak bonus plus milestone, and a reward for a month's worth."""

from dataclasses import dataclass
from datetime import date
from math import floor

from missions_core.domain.catalog import Amounts, Catalog, CheckInRule, Rewards
from missions_core.domain.events import CheckInCompleted, Event, GrantPending
from missions_core.domain.rewards import combined, owe
from missions_core.domain.state import Board, PlayerState
from missions_core.errors import Conflict, NotFound

MONTHS_KEPT = 12


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """What a sign-in paid, part by part, and the streak it belongs to."""

    label: str
    streak_days: int
    base: Rewards
    streak_bonus: Rewards
    milestone_bonus: Rewards
    monthly_bonus: Rewards
    total: Rewards
    next_at: int


def find_open(state: PlayerState, catalog: Catalog) -> tuple[CheckInRule, Board]:
    """The rule, and the day that waits for the player. NotFound `check_in_not_offered`, Conflict `already_checked_in` (`next_at`)."""
    rule = catalog.rules.check_in
    board = state.current("daily")
    if rule is None or board is None:
        raise NotFound("check_in_not_offered", "this catalog has no check-ins (rules.check_in)")
    if board.checked_in_at is not None:
        raise Conflict("already_checked_in", "already checked in for this day", next_at=board.period.end)
    return rule, board


def check_in(state: PlayerState, catalog: Catalog, *, now: int) -> tuple[CheckInResult, list[Event]]:
    """Sign the player in for the day that is current at `now`. Errors: `find_open`."""
    rule, board = find_open(state, catalog)
    label = board.period.label
    board.checked_in_at = now
    card = state.check_ins
    card.streak += 1
    card.total += 1
    card.best = max(card.best, card.streak)
    days_this_month = _mark(state, label)
    result = _price(rule, label, card.streak, days_this_month, next_at=board.period.end)
    events: list[Event] = [_event(result, now)]
    if result.total:
        cause = f"check_in:{label}"
        grant = owe(state, cause, result.total, at=now)
        events.append(GrantPending(cause, now, result.total, grant.kind))
    state.active_at = max(state.active_at, now)
    return result, events


def _mark(state: PlayerState, label: str) -> int:
    """Note the day on its month's card; return how many days of the month are marked."""
    day = date.fromisoformat(label)
    months = state.check_ins.months
    month = label[:7]
    months[month] = months.get(month, 0) | 1 << (day.day - 1)
    state.check_ins.months = dict(sorted(months.items())[-MONTHS_KEPT:])
    return months[month].bit_count()


def _price(rule: CheckInRule, label: str, streak: int, days_this_month: int, *, next_at: int) -> CheckInResult:
    tier = next((t for t in rule.tiers if t.min_days <= streak and (t.max_days is None or streak <= t.max_days)), None)
    bonus: Amounts = {}
    if tier is not None:
        raised = {currency: floor(amount * (100 + tier.bonus_percent) / 100) for currency, amount in rule.base.amounts.items()}
        bonus = {currency: raised[currency] - amount for currency, amount in rule.base.amounts.items()}
    streak_bonus = Rewards(amounts=bonus)
    milestone = rule.milestones.get(streak, Rewards())
    monthly = rule.monthly_reward if days_this_month == rule.monthly_days else Rewards()
    total = combined(rule.base, streak_bonus, milestone, monthly)
    return CheckInResult(label, streak, rule.base, streak_bonus, milestone, monthly, total, next_at)


def _event(result: CheckInResult, now: int) -> CheckInCompleted:
    return CheckInCompleted(
        result.label,
        result.streak_days,
        base=result.base.amounts,
        streak_bonus=result.streak_bonus.amounts,
        milestone_bonus=result.milestone_bonus.amounts,
        monthly_bonus=result.monthly_bonus.amounts,
        total=result.total.amounts,
        checked_in_at=now,
    )
