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


class Rewards(_Strict):
    """Amounts in the smallest unit of each currency, and goods; empty members are left out."""

    amounts: Amounts = {}
    items: list[Item] = []
    badges: list[str] = []
    titles: list[str] = []
    frames: list[str] = []


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


class SpecialMissionOpened(_Strict):
    """A special mission's window opened."""

    template: str
    version: PositiveInt
    active_from: AwareDatetime
    active_until: AwareDatetime


class SpecialMissionClosed(_Strict):
    """A special mission's window closed, or the mission was withdrawn."""

    template: str


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
    "SpecialMissionOpened": SpecialMissionOpened,
    "SpecialMissionClosed": SpecialMissionClosed,
}
