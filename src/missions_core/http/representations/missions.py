"""Missions, and how they ended."""

from typing import Literal

from typing_extensions import TypedDict

from missions_core.http.representations.common import MissionStatus, Number
from missions_core.http.representations.evidence import MissionEvidence
from missions_core.http.representations.rewards import PendingGrant, Rewards


class Period(TypedDict):
    """From `start` to before `end`; null for a mission that only its completion ends."""

    kind: Literal["daily", "weekly", "monthly", "special", "perpetual", "quest"]
    label: str
    start: str
    end: str | None


class Requirement(TypedDict):
    """One thing to do. `target2` is the upper end of `between`."""

    key: str
    label: str
    current: Number
    target: Number
    target2: Number | None
    op: str
    done: bool


class Mission(TypedDict):
    """A mission dealt to the player. `rewards` is what was paid, or what would be if it were completed now."""

    id: str
    template: str
    version: int
    kind: str
    name: str
    description: str
    category: str
    type: str
    difficulty: str
    period: Period
    status: MissionStatus
    percent: int
    requirements: list[Requirement]
    rewards: Rewards
    can_claim: bool
    claim_until: str | None
    requires_start: bool
    started_at: str | None
    time_limit_at: str | None
    completed_at: str | None
    claimed_at: str | None
    featured: bool
    evidence: MissionEvidence | None


class Claim(TypedDict):
    """A claimed mission and the payment it started."""

    mission: Mission
    grant: PendingGrant


class Regenerated(TypedDict):
    """The ids of the missions an operator had replaced, and those of that kind the player has now."""

    replaced: list[str]
    missions: list[Mission]


class PastMission(TypedDict):
    """How a mission of a past period ended; `rewards` is what it paid, or would have."""

    id: str
    template: str
    version: int
    name: str
    status: MissionStatus
    rewards: Rewards | None
    completed_at: str | None
    claimed_at: str | None


class PastPeriod(TypedDict):
    """A period that is final."""

    period: Period
    settled_at: str | None
    missions: list[PastMission]
