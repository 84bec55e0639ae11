"""Reward arithmetic: floor(base x period x streak x speed x perfect x boost), exact rationals, one floor; and levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor

from missions_core.domain import boosts, streaks
from missions_core.domain.catalog import Amounts, Boost, ItemReward, PeriodKind, Rewards, Rules, Template
from missions_core.domain.state import Board, Mission, PendingGrant, PlayerState

ONE = Fraction(1)
MINUTE_MS = 60_000


def payout(state: PlayerState, rules: Rules, board: Board, mission: Mission, template: Template) -> Rewards:
    """What completing this mission pays, with the mission already marked complete: fixed by the write that completes it."""
    streak = streaks.shown(state, "daily", rules.streaks["daily"]).current
    perfect = not mission.competitive and all(other.completed_at is not None for other in board.ordinary())
    speedy = _is_speedy(rules, mission, template)
    return replace(
        template.rewards,
        amounts={
            currency: floor(
                base
                * _multiplier(rules, board.period.kind, currency, streak, speedy=speedy, perfect=perfect)
                * boosts.factor(state, currency, mission.completed_at)
            )
            for currency, base in base_amounts(rules, template).items()
        },
    )


def base_amounts(rules: Rules, template: Template) -> Amounts:
    """The template's own amounts, with the catalog's defaults for currencies it does not name."""
    return {**rules.rewards.defaults.get(template.period, {}), **template.rewards.amounts}


def owe(state: PlayerState, cause: str, rewards: Rewards, *, at: int, hold: bool = True) -> PendingGrant:
    """Add a pending grant; its xp counts for the level from this write on. What a flagged player is owed is held, unless `hold` is False:
    refunds give back what was the player's already, and earn no xp anew.
    """
    grant = PendingGrant(cause, at, rewards, "held" if hold and any(flag.hold for flag in state.flags) else "grant")
    state.pending.append(grant)
    if hold:
        state.lifetime_xp += rewards.amounts.get("xp", 0)
    if grant.kind == "grant":
        boosts.activate(state, rewards, at=at)
    return grant


def level(state: PlayerState, rules: Rules) -> int:
    """The greater of the host's level and the one earned by lifetime xp."""
    return max(state.level_base, level_of(state.lifetime_xp, rules.levels))


def settled_level(state: PlayerState, rules: Rules) -> int:
    """The level without xp of missions a late action could still change: what dealing may depend on (invariant 5).

    Quests pay step by step and may stand on their boards for ever, so their xp counts at once.
    """
    missions = (mission for board, mission in state.missions() if board.period.kind != "quest")
    unsettled = sum(mission.paid.amounts.get("xp", 0) for mission in missions if mission.claimed_at and mission.paid)
    return max(state.level_base, level_of(state.lifetime_xp - unsettled, rules.levels))


def level_of(xp: int, levels: Sequence[int]) -> int:
    """Level n+1 starts at `levels[n]`; beyond the list the last step repeats."""
    last = levels[-1]
    if xp >= last:
        step = last - levels[-2] if len(levels) > 1 else 0
        return len(levels) + ((xp - last) // step if step else 0)
    return sum(1 for threshold in levels if xp >= threshold)


def combined(*parts: Rewards) -> Rewards:
    """The sum of several rewards: each good is named once, as the ledger's transaction writes each row once; of boosts the greatest."""
    amounts: dict[str, int] = {}
    items: dict[tuple[str, int | None], ItemReward] = {}
    boost: dict[str, Boost] = {}
    for part in parts:
        for currency, amount in part.amounts.items():
            amounts[currency] = amounts.get(currency, 0) + amount
        for item in part.items:
            key = (item.id, item.expires_after_hours)
            items[key] = replace(item, quantity=item.quantity + (items[key].quantity if key in items else 0))
        for currency, each in part.boost.items():
            boost[currency] = max(each, boost.get(currency, each), key=lambda one: (one.multiply, one.hours))
    return Rewards(
        amounts=amounts,
        items=tuple(items.values()),
        badges=_united(part.badges for part in parts),
        titles=_united(part.titles for part in parts),
        frames=_united(part.frames for part in parts),
        boost=boost,
    )


def _united(goods: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(good for part in goods for good in part))


def _multiplier(rules: Rules, kind: PeriodKind, currency: str, streak: int, *, speedy: bool, perfect: bool) -> Fraction:
    numbers = rules.rewards
    product = numbers.period_multiplier.get(currency, {}).get(kind, ONE)
    reached = [step for step in numbers.streak_multiplier if streak >= step.start]
    if reached:
        product *= _of(reached[-1].multiply, currency)
    if speedy and numbers.speed_bonus:
        product *= _of(numbers.speed_bonus.multiply, currency)
    if perfect:
        product *= _of(numbers.perfect_bonus, currency)
    return product


def _of(multipliers: Mapping[str, Fraction], currency: str) -> Fraction:
    return multipliers.get(currency, ONE)


def _is_speedy(rules: Rules, mission: Mission, template: Template) -> bool:
    bonus = rules.rewards.speed_bonus
    begun = mission.started_at if mission.started_at is not None else mission.first_at
    if bonus is None or template.typical_minutes is None or begun is None or mission.last_at is None:
        return False
    elapsed = mission.last_at - begun
    return 0 < elapsed < bonus.under * template.typical_minutes * MINUTE_MS  # a single action has no duration to be quick in
