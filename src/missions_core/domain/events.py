"""Domain events: what a change of state tells the world. They leave through the outbox, inside the state write (invariant 4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from missions_core.domain.catalog import Rewards


@dataclass(frozen=True, slots=True)
class MissionStarted:
    """A mission saw its first progress."""

    mission: str
    template: str
    started_at: int


@dataclass(frozen=True, slots=True)
class MissionCompleted:
    """All requirements are met; the amounts are fixed."""

    mission: str
    template: str
    type: str
    rewards: Rewards
    completed_at: int


@dataclass(frozen=True, slots=True)
class RewardClaimed:
    """A reward became payable: the player claimed it, or it claims itself."""

    cause: str
    rewards: Rewards
    claimed_at: int


@dataclass(frozen=True, slots=True)
class CheckInCompleted:
    """The player signed in for the day. Amounts per currency, each already part of `total`."""

    label: str
    streak_days: int
    base: Mapping[str, int]
    streak_bonus: Mapping[str, int]
    milestone_bonus: Mapping[str, int]
    monthly_bonus: Mapping[str, int]
    total: Mapping[str, int]
    checked_in_at: int


@dataclass(frozen=True, slots=True)
class StreakBroken:
    """A missed period settled and no freeze was left."""

    kind: str  # daily | weekly
    length: int
    best: int
    broken_at: int


@dataclass(frozen=True, slots=True)
class GrantPending:
    """Money to move: the ledger pays each cause once."""

    cause: str
    at: int
    rewards: Rewards


Event = MissionStarted | MissionCompleted | RewardClaimed | CheckInCompleted | StreakBroken | GrantPending
