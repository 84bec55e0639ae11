"""A player: streaks, check-ins, level, settings."""

from typing_extensions import TypedDict

from missions_core.http.representations.missions import Mission
from missions_core.http.representations.rewards import Rewards, Wallet


class Streak(TypedDict):
    """`period_counts`: the current period is safe already; `at_risk`: unless it becomes so, the streak ends with it.

    `freezes_max`: as many can be held.
    """

    current: int
    best: int
    freezes: int
    freezes_max: int
    broken_at: str | None
    period_counts: bool
    at_risk: bool
    period_ends_at: str | None


class Streaks(TypedDict):
    """Streaks by kind, until when a pause protects them, and what a freeze costs: null where none are sold."""

    daily: Streak
    weekly: Streak
    paused_until: str | None
    freeze_price: dict[str, int] | None


class CheckInCard(TypedDict):
    """A month of check-ins. `next_at` is when the next one opens: null means now, for `reward`."""

    month: str
    days: list[int]
    streak: int
    best: int
    total: int
    today: str
    checked_in_today: bool
    next_at: str | None
    reward: Rewards | None


class CheckIn(TypedDict):
    """What a check-in paid, part by part; `total` is their sum."""

    day: str
    streak_days: int
    base: Rewards
    streak_bonus: Rewards
    milestone_bonus: Rewards
    monthly_bonus: Rewards
    total: Rewards
    next_at: str


class Level(TypedDict):
    """`next_level_xp`: the lifetime xp at which the next level starts, null if none follows."""

    level: int
    lifetime_xp: int
    next_level_xp: int | None


class Rerolls(TypedDict):
    """Free rerolls left today, and what the next one after those costs: null where none are sold."""

    left: int
    price: dict[str, int] | None


class Boost(TypedDict):
    """What completed missions pay of a currency is multiplied, by a whole number or a fraction such as `3/2`. The greatest counts."""

    currency: str
    multiply: str
    until: str


class Hub(TypedDict):
    """A player's start page. `check_in` is null where the catalog offers none, `wallet` while it cannot be read."""

    missions: list[Mission]
    streaks: Streaks
    check_in: CheckInCard | None
    wallet: Wallet | None
    level: Level
    rerolls: Rerolls
    boosts: list[Boost]


class Stats(TypedDict):
    """Lifetime counters: actions by type, completions by template."""

    level: Level
    actions: dict[str, int]
    completions: dict[str, int]
    completed: int
    check_ins: int
    playing_since: str


class Profile(TypedDict):
    """What the player told about themselves, and what the host set."""

    player: str
    name: str | None
    email: str | None
    avatar: str | None
    language: str | None
    zone: str | None
    categories: list[str]
    blocked_categories: list[str]
    daily_minutes: int | None
    level: int
    vip: bool
    paused_until: str | None


class PlayerSummary(TypedDict):
    """A player as the host manages them. `level` counts earned xp too."""

    player: str
    zone: str | None
    level: int
    vip: bool
    segments: list[str]
    created_at: str
    active_at: str
