"""Domain events: what a change of state tells the world. They leave through the outbox, inside the state write (invariant 4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from missions_core.domain.catalog import Rewards
from missions_core.domain.state import GrantKind


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
class QuestStarted:
    """The player began a run of a quest, by saying so or by first progress."""

    quest: str
    template: str
    started_at: int


@dataclass(frozen=True, slots=True)
class QuestStepCompleted:
    """A step is done and paid."""

    quest: str
    template: str
    step: str
    rewards: Rewards
    completed_at: int


@dataclass(frozen=True, slots=True)
class QuestCompleted:
    """Every step that must be done is."""

    quest: str
    template: str
    rewards: Rewards
    completed_at: int


@dataclass(frozen=True, slots=True)
class QuestFailed:
    """A run became final without being completed."""

    quest: str
    template: str
    status: str  # failed: its time limit passed | expired: its window closed
    failed_at: int


@dataclass(frozen=True, slots=True)
class AchievementUnlocked:
    """A tier of an achievement was reached."""

    achievement: str
    tier: str | None  # None: it has no tiers
    type: str
    rewards: Rewards
    unlocked_at: int


@dataclass(frozen=True, slots=True)
class ScoreChanged:
    """A competitive mission's score rose. For leaderboards alone."""

    board: str  # the mission's template
    label: str
    score: str  # a decimal
    reached_at: int  # when the latest action that counted happened: it decides between equals
    closes_at: int  # from when on no score counts any more
    version: int  # of the template


@dataclass(frozen=True, slots=True)
class PlayerJoined:
    """A player's first state was written. For statistics alone."""

    joined_at: int


@dataclass(frozen=True, slots=True)
class EvidenceSubmitted:
    """Evidence is there to be checked. For moderation alone."""

    mission: str
    number: int
    submitted_at: int


@dataclass(frozen=True, slots=True)
class EvidenceDecided:
    """Evidence was approved or rejected."""

    mission: str
    number: int
    status: str  # approved | rejected
    reason: str  # a sentence for the player where it was rejected
    decided_at: int


@dataclass(frozen=True, slots=True)
class PlayerFlagged:
    """A rule against fraud found something for the first time."""

    rule: str
    detail: str
    flagged_at: int


@dataclass(frozen=True, slots=True)
class PlayerErased:
    """The player's game is gone; the rows around it are still to be removed, and the leaderboards they stand on. For erasure alone."""

    boards: tuple[tuple[str, str], ...]  # mission key and label
    erased_at: int


@dataclass(frozen=True, slots=True)
class GrantPending:
    """Money to move, or to hold, release or revoke: the ledger does each once per cause."""

    cause: str
    at: int
    rewards: Rewards
    kind: GrantKind = "grant"
    note: str = ""


Event = (
    MissionStarted
    | MissionCompleted
    | RewardClaimed
    | CheckInCompleted
    | StreakBroken
    | GrantPending
    | QuestStarted
    | QuestStepCompleted
    | QuestCompleted
    | QuestFailed
    | AchievementUnlocked
    | ScoreChanged
    | PlayerJoined
    | EvidenceSubmitted
    | EvidenceDecided
    | PlayerFlagged
    | PlayerErased
)
