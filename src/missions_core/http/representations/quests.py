"""Quests: steps in order."""

from typing import Literal

from typing_extensions import TypedDict

from missions_core.http.representations.missions import Requirement
from missions_core.http.representations.rewards import PendingGrant, Rewards

QuestStatus = Literal["not_started", "in_progress", "completed", "failed", "expired"]
StepStatus = Literal["done", "ready", "open"]


class QuestStep(TypedDict):
    """One step. `ready`: the player may complete it now; steps that are not manual complete by themselves."""

    key: str
    name: str
    optional: bool
    manual: bool
    status: StepStatus
    completed_at: str | None
    percent: int
    requirements: list[Requirement]
    rewards: Rewards


class Quest(TypedDict):
    """A quest and the player's run of it, the last one if none is under way. `why_not`: the reason why no run can be started now.

    Of a run that is over only its end is kept, and which steps were done. `failed`: its own time was over; `expired`: the quest's was.
    """

    key: str
    name: str
    description: str
    category: str
    difficulty: str
    status: QuestStatus
    run: str | None
    percent: int
    steps: list[QuestStep]
    next_step: str | None
    rewards: Rewards
    can_claim: bool
    can_start: bool
    why_not: str | None
    started_at: str | None
    ends_at: str | None
    completed_at: str | None
    claimed_at: str | None


class QuestClaim(TypedDict):
    """A claimed quest and the payment it started."""

    quest: Quest
    grant: PendingGrant
