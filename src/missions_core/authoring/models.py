"""Models of a catalog file: missions, quests, achievements and, in one file of the folder, the rules."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from missions_core.authoring.requirement_models import Requirements
from missions_core.authoring.reward_models import Amounts, Rewards, RewardsModel
from missions_core.authoring.rule_models import DifficultyName, PeriodName, RulesModel
from missions_core.authoring.values import (
    AtLeastOne,
    GoodsId,
    Host,
    Instant,
    NamedText,
    Number,
    OptionalKey,
    OptionalText,
    Strict,
    Tag,
    TemplateKey,
    ZeroOrMore,
    ZoneOrPlayer,
)

MEGABYTE = 1024 * 1024

# What can be told by its first bytes.
ContentType = Literal["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/webm", "application/pdf"]


class LevelBand(Strict):
    """Player levels it is dealt to, inclusive; no `max`: no cap."""

    min: AtLeastOne = 1
    max: AtLeastOne | None = None


class ActiveWindow(Strict):
    """When it can be dealt; `until` is exclusive."""

    start: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None


class ActiveHoursModel(Strict):
    """Hours of the day in which actions count; may wrap midnight."""

    start: int = Field(alias="from", ge=0, le=23)
    end: int = Field(alias="to", ge=0, le=24)
    zone: ZoneOrPlayer = "player"


class EvidenceModel(Strict):
    """What a player must hand in before the mission can be complete, and who looks at it."""

    types: list[Literal["watch_duration", "click_data", "uploaded_content", "social_proof", "invite_code", "url"]] = Field(min_length=1)
    review: Literal["auto", "manual"] = "manual"
    attempts: int = Field(default=3, ge=1, le=20)
    price: Amounts = Field(default={})
    content_types: list[ContentType] = Field(default=["image/jpeg", "image/png", "image/webp", "video/mp4"], min_length=1)
    max_bytes: int = Field(default=10 * MEGABYTE, ge=1, le=100 * MEGABYTE)
    min_seconds: ZeroOrMore = 0
    min_clicks: ZeroOrMore = 0
    hosts: list[Host] = Field(default=[])


class LimitsModel(Strict):
    """How much of what players send themselves counts for the mission; `shadow`: exceeding it is only recorded."""

    cooldown_seconds: ZeroOrMore = 0
    per_day: AtLeastOne | None = None
    shadow: bool = False


class TemplateBase(Strict):
    """What missions, quests and achievements share."""

    key: TemplateKey
    name: NamedText = Field(examples=["{en: Market Maker}"])
    description: OptionalText = Field(default={"en": ""})
    difficulty: DifficultyName = "beginner"
    rewards: Rewards
    auto_claim: bool = True
    requires_start: bool = False
    weight: AtLeastOne = 100
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    paused: bool = False
    featured: bool = False
    level: LevelBand = LevelBand()
    vip: bool = False
    prerequisites: list[TemplateKey] = Field(default=[])
    cooldown_hours: ZeroOrMore = 0
    max_completions: AtLeastOne | None = None
    active: ActiveWindow | None = None
    active_hours: ActiveHoursModel | None = None
    history: Literal["any", "new", "active", "veteran"] = "any"
    segments: list[Tag] = Field(default=[])
    time_limit_hours: AtLeastOne | None = None
    typical_minutes: AtLeastOne | None = None
    evidence: EvidenceModel | None = None
    metadata: dict[str, JsonValue] = Field(default={})


class PrizeModel(Strict):
    """What ranks of a leaderboard are paid when it closes; `to` is the last of them."""

    first: AtLeastOne = Field(alias="from")
    to: AtLeastOne
    rewards: Rewards


class Mission(TemplateBase):
    """Dealt to a player for one period."""

    kind: Literal["mission"]
    category: TemplateKey = Field(examples=["social"])
    type: Literal["count", "threshold", "streak", "timebound", "combo", "unique", "competitive"]
    period: PeriodName
    requirements: Requirements | None = Field(default=None, examples=["{post.created: 5}"])
    auto_claim: bool = False
    limits: LimitsModel | None = None
    prizes: list[PrizeModel] = Field(default=[])


class Step(Strict):
    """One step of a quest; a manual one is completed by the player's word, and may ask for nothing else."""

    key: TemplateKey
    name: NamedText = Field(examples=["Say hello"])
    requirements: Requirements | None = Field(default=None, examples=["{post.created: 1}"])
    rewards: Rewards = RewardsModel()
    optional: bool = False
    manual: bool = False


class Quest(TemplateBase):
    """Steps in order."""

    kind: Literal["quest"]
    category: OptionalKey = ""
    steps: list[Step] = Field(min_length=1)


class Tier(Strict):
    """A target for the first leaf, and what reaching it pays if not what the achievement pays."""

    name: GoodsId
    target: Number
    rewards: Rewards | None = None


class CollectionModel(Strict):
    """Templates to have completed, or badges to own: all of them."""

    templates: list[TemplateKey] = Field(default=[], max_length=100)
    badges: list[GoodsId] = Field(default=[], max_length=100)


class Achievement(TemplateBase):
    """Reached once, on lifetime counters by default."""

    kind: Literal["achievement"]
    category: OptionalKey = ""
    achievement_type: Literal["milestone", "collection", "progression", "discovery", "skill", "social", "challenge", "secret"] = "milestone"
    requirements: Requirements | None = Field(default=None, examples=["{post.created: 5}"])
    collection: CollectionModel | None = None
    tiers: list[Tier] = Field(default=[])


Template = Annotated[Mission | Quest | Achievement, Field(discriminator="kind")]


class CatalogFile(Strict):
    """One YAML file: exactly one file of a folder has `rules`, any may have `templates`."""

    rules: RulesModel | None = None
    templates: list[Template] = Field(default=[])
