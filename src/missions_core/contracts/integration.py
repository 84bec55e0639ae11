"""Integration events as pydantic models: for schema export and tests, never on a hot path."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, PositiveInt

Amounts = dict[str, NonNegativeInt]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(_Strict):
    """Goods for the inventory."""

    id: str
    quantity: PositiveInt
    expires_after_hours: PositiveInt | None = None
    metadata: dict[str, object] = {}


class Boost(_Strict):
    """By what (a whole number or a fraction such as 3/2) and for how long completed missions pay more of a currency."""

    multiply: str
    hours: PositiveInt


class Rewards(_Strict):
    """Amounts in the smallest unit of each currency, goods, and boosts by currency; empty members are left out."""

    amounts: Amounts = {}
    items: list[Item] = []
    badges: list[str] = []
    titles: list[str] = []
    frames: list[str] = []
    boost: dict[str, Boost] = {}


class MissionStarted(_Strict):
    """A mission saw its first progress."""

    mission: str
    template: str
    started_at: AwareDatetime


class MissionCompleted(_Strict):
    """All requirements are met; the amounts are fixed and wait for the claim."""

    mission: str
    template: str
    type: str
    rewards: Rewards
    completed_at: AwareDatetime


class RewardClaimed(_Strict):
    """A reward became payable; the ledger pays its cause once."""

    cause: str
    rewards: Rewards
    claimed_at: AwareDatetime


class CheckInCompleted(_Strict):
    """The player signed in for the day."""

    label: str
    streak_days: PositiveInt
    base: Amounts
    streak_bonus: Amounts
    milestone_bonus: Amounts
    monthly_bonus: Amounts
    total: Amounts
    checked_in_at: AwareDatetime


class StreakBroken(_Strict):
    """A missed period became final and no freeze was left."""

    kind: Literal["daily", "weekly"]
    length: PositiveInt
    best: PositiveInt
    broken_at: AwareDatetime


class QuestStarted(_Strict):
    """The player began a run of a quest, by saying so or by first progress."""

    quest: str
    template: str
    started_at: AwareDatetime


class QuestStepCompleted(_Strict):
    """A step is done and paid."""

    quest: str
    template: str
    step: str
    rewards: Rewards
    completed_at: AwareDatetime


class QuestCompleted(_Strict):
    """Every step that must be done is."""

    quest: str
    template: str
    rewards: Rewards
    completed_at: AwareDatetime


class QuestFailed(_Strict):
    """A run became final without being completed: its time limit passed (failed) or the quest's window closed (expired)."""

    quest: str
    template: str
    status: Literal["failed", "expired"]
    failed_at: AwareDatetime


class AchievementUnlocked(_Strict):
    """A tier of an achievement was reached; null: it has no tiers."""

    achievement: str
    tier: str | None
    type: str
    rewards: Rewards
    unlocked_at: AwareDatetime


class EvidenceDecided(_Strict):
    """Evidence for a mission was approved, or rejected with a sentence for the player."""

    mission: str
    number: PositiveInt
    status: Literal["approved", "rejected"]
    reason: str
    decided_at: AwareDatetime


class PlayerFlagged(_Strict):
    """A rule against fraud found something about a player, for the first time since an operator last looked."""

    rule: str
    detail: str
    flagged_at: AwareDatetime


class PlayerErased(_Strict):
    """Nothing is left that names the player, who is the event's subject: whoever keeps anything of theirs should remove it now."""

    erased_at: AwareDatetime


class SpecialMissionOpened(_Strict):
    """A special mission's window opened."""

    template: str
    version: PositiveInt
    active_from: AwareDatetime
    active_until: AwareDatetime


class SpecialMissionClosed(_Strict):
    """A special mission's window closed, or the mission was withdrawn."""

    template: str


class Winner(_Strict):
    """Who is paid a prize. The score is a decimal."""

    rank: PositiveInt
    player: str
    score: str


class LeaderboardClosed(_Strict):
    """A leaderboard is final, and its prizes are on their way."""

    board: str
    label: str
    participants: PositiveInt
    winners: list[Winner]
    closed_at: AwareDatetime


class CloudEvent(_Strict):
    """The envelope of every event: the detail of the EventBridge event, whose source is `missions` and detail-type is `type`."""

    specversion: Literal["1.0"]
    id: str
    source: Literal["missions"]
    type: str
    subject: str
    time: AwareDatetime
    dataschemaversion: Literal["1.0"]
    data: dict[str, object]


DATA_MODELS: dict[str, type[BaseModel]] = {
    "MissionStarted": MissionStarted,
    "MissionCompleted": MissionCompleted,
    "RewardClaimed": RewardClaimed,
    "CheckInCompleted": CheckInCompleted,
    "StreakBroken": StreakBroken,
    "QuestStarted": QuestStarted,
    "QuestStepCompleted": QuestStepCompleted,
    "QuestCompleted": QuestCompleted,
    "QuestFailed": QuestFailed,
    "AchievementUnlocked": AchievementUnlocked,
    "EvidenceDecided": EvidenceDecided,
    "PlayerFlagged": PlayerFlagged,
    "PlayerErased": PlayerErased,
    "SpecialMissionOpened": SpecialMissionOpened,
    "SpecialMissionClosed": SpecialMissionClosed,
    "LeaderboardClosed": LeaderboardClosed,
}
