"""A player's streaks, check-ins, level, counters and settings as the API shows them."""

import calendar
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Literal

from missions_core.domain import achievements, boosts, check_ins, rewards, streaks
from missions_core.domain.check_ins import CheckInResult
from missions_core.domain.state import PlayerState
from missions_core.errors import InvalidInput, NotFound
from missions_core.http.representations.players import (
    Boost,
    CheckIn,
    CheckInCard,
    Level,
    PlayerSummary,
    Profile,
    Rerolls,
    Stats,
    Streak,
    Streaks,
)
from missions_core.http.views.missions import rewards_view
from missions_core.instants import timestamp
from missions_core.use_cases.read import PlayerView

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def streaks_view(view: PlayerView) -> Streaks:
    """Both streaks as they stand."""
    price = view.catalog.rules.freeze_price
    return {
        "daily": _streak(view, "daily"),
        "weekly": _streak(view, "weekly"),
        "paused_until": _paused_until(view),
        "freeze_price": None if price is None else dict(price),
    }


def rerolls_view(view: PlayerView) -> Rerolls:
    """How many missions can be swapped for nothing, and for what beyond that."""
    rules, board = view.catalog.rules, view.state.current("daily")
    price = rules.reroll_price
    return {
        "left": max(0, rules.rerolls_per_day - (board.rerolls if board else 0)),
        "price": dict(price) if any(price.values()) else None,
    }


def boosts_view(view: PlayerView) -> list[Boost]:
    """The boosts under way, the one that ends first in front."""
    active = sorted(boosts.at_instant(view.state, view.now), key=lambda boost: boost.until)
    return [{"currency": boost.currency, "multiply": boost.multiply, "until": timestamp(boost.until)} for boost in active]


def check_in_card(view: PlayerView, month: str | None = None) -> CheckInCard:
    """The check-ins of a month, the current one if none is asked for. NotFound where the catalog has no check-ins."""
    board = view.state.current("daily")
    if view.catalog.rules.check_in is None or board is None:
        raise NotFound("check_in_not_offered", "this catalog has no check-ins (rules.check_in)")
    wanted = month or board.period.label[:7]
    if not MONTH.fullmatch(wanted):
        raise InvalidInput("invalid_month", "month is written YYYY-MM, e.g. 2026-11", field="month")
    card, is_done = view.state.check_ins, board.checked_in_at is not None
    return {
        "month": wanted,
        "days": days_of_month(wanted, card.months.get(wanted, 0)),
        "streak": card.streak,
        "best": card.best,
        "total": card.total,
        "today": board.period.label,
        "checked_in_today": is_done,
        "next_at": timestamp(board.period.end) if is_done else None,
        "reward": None if is_done else rewards_view(_would_check_in(view).total),
    }


def check_in_view(result: CheckInResult) -> CheckIn:
    """A check-in's answer."""
    return {
        "day": result.label,
        "streak_days": result.streak_days,
        "base": rewards_view(result.base),
        "streak_bonus": rewards_view(result.streak_bonus),
        "milestone_bonus": rewards_view(result.milestone_bonus),
        "monthly_bonus": rewards_view(result.monthly_bonus),
        "total": rewards_view(result.total),
        "next_at": timestamp(result.next_at),
    }


def level_view(view: PlayerView) -> Level:
    """The level and how far the next one is."""
    level = rewards.level(view.state, view.catalog.rules)
    return {"level": level, "lifetime_xp": view.state.lifetime_xp, "next_level_xp": _start_of(level + 1, view.catalog.rules.levels)}


def stats_view(view: PlayerView) -> Stats:
    """Lifetime counters, what is not settled yet included."""
    state = view.state
    completions = {template: done.count for template, done in state.completions.items()}
    for _, mission in state.missions():
        if mission.completed_at is not None:
            completions[mission.template] = completions.get(mission.template, 0) + 1
    counters = achievements.known_counters(state, view.catalog)
    known = view.catalog.known_actions
    return {
        "level": level_view(view),
        "actions": {key: count for key, count in sorted(counters.items()) if key in known and isinstance(count, int)},
        "completions": dict(sorted(completions.items())),
        "completed": sum(completions.values()),
        "check_ins": state.check_ins.total,
        "playing_since": timestamp(state.created_at),
    }


def profile_view(view: PlayerView, personal: Mapping[str, str]) -> Profile:
    """Settings from the state, personal data from the profile row."""
    state = view.state
    return {
        "player": state.player,
        "name": personal.get("name"),
        "email": personal.get("email"),
        "avatar": personal.get("avatar"),
        "language": personal.get("language"),
        "zone": state.zone,
        "categories": state.preferences.categories,
        "blocked_categories": state.preferences.blocked,
        "daily_minutes": state.preferences.daily_minutes,
        "level": rewards.level(state, view.catalog.rules),
        "vip": state.vip,
        "paused_until": _paused_until(view),
    }


def player_summary(view: PlayerView) -> PlayerSummary:
    """What the host may know of a player."""
    state = view.state
    return {
        "player": state.player,
        "zone": state.zone,
        "level": rewards.level(state, view.catalog.rules),
        "vip": state.vip,
        "segments": state.segments,
        "created_at": timestamp(state.created_at),
        "active_at": timestamp(state.active_at),
    }


def _streak(view: PlayerView, kind: Literal["daily", "weekly"]) -> Streak:
    rule, board = view.catalog.rules.streaks[kind], view.state.current(kind)
    shown = streaks.shown(view.state, kind, rule)
    counts = board is not None and streaks.counts(board, rule)
    ends = board is not None and not counts and streaks.after(shown, replace(board, freezes_gained=0), rule).current == 0
    return {
        "current": shown.current,
        "best": shown.best,
        "freezes": shown.freezes,
        "freezes_max": rule.freezes_max,
        "broken_at": timestamp(shown.broken_at),
        "period_counts": counts,
        "at_risk": shown.current > 0 and ends,
        "period_ends_at": timestamp(board.period.end) if board else None,
    }


def _would_check_in(view: PlayerView) -> CheckInResult:
    """What checking in now would pay, worked out on a copy of the state."""
    state: PlayerState = deepcopy(view.state)
    return check_ins.check_in(state, view.catalog, now=view.now)[0]


def days_of_month(month: str, bits: int) -> list[int]:
    """The days of a month (YYYY-MM) that a bitmap names."""
    year, number = map(int, month.split("-"))
    last = calendar.monthrange(year, number)[1] if year else 0
    return [day for day in range(1, last + 1) if bits >> (day - 1) & 1]


def _paused_until(view: PlayerView) -> str | None:
    until = view.state.paused_until
    return timestamp(until) if until is not None and until > view.now else None


def _start_of(level: int, levels: tuple[int, ...]) -> int | None:
    """The lifetime xp at which a level starts: `levels` gives the first ones, beyond them the last step repeats."""
    if level <= len(levels):
        return levels[level - 1]
    step = levels[-1] - levels[-2] if len(levels) > 1 else 0
    return levels[-1] + (level - len(levels)) * step if step else None
