"""Achievements, and the badges they are shown by elsewhere."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from missions_core.http.representations.common import Number
from missions_core.http.representations.missions import Requirement
from missions_core.http.representations.rewards import PendingGrant, Rewards

AchievementStatus = Literal["locked", "unlocked"]


class Tier(TypedDict):
    """A level of an achievement; `name` is null for the only one of an achievement without. `claimed`: what it pays is on its way."""

    name: str | None
    target: Number
    rewards: Rewards
    unlocked_at: str | None
    claimed: bool


class NextTier(TypedDict):
    """How far the player is on the way to a tier."""

    name: str | None
    percent: int
    requirements: list[Requirement]


class Achievement(TypedDict):
    """An achievement. `tier` is the name of the highest tier reached, `next` null once all are, or it was withdrawn. `rarity` is the share
    of players who have it, 0 to 1; null where that is not known, as in answers to claims."""

    key: str
    secret: bool
    name: str
    description: str
    category: str
    type: str
    difficulty: str
    status: AchievementStatus
    tiers: list[Tier]
    tier: str | None
    next: NextTier | None
    can_claim: bool
    rarity: float | None


class SecretAchievement(TypedDict):
    """One of which nobody is told anything before they unlock it. `id` only tells it from the others, and is another for each player."""

    id: str
    secret: Literal[True]
    status: Literal["locked"]


class AchievementClaim(TypedDict):
    """A claimed achievement, and a payment for each tier that paid something."""

    achievement: Achievement
    grants: list[PendingGrant]


class Badge(TypedDict):
    """An Open Badges 3.0 credential; `jwt` is the signed form of it, where this installation signs."""

    signed: bool
    credential: dict[str, Any]
    jwt: NotRequired[str]
