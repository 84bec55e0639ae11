"""The compiled catalog: what the runtime reads. Built by `authoring`, stored as JSON snapshots, loaded by `snapshots`."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

PeriodKind = Literal["daily", "weekly", "monthly", "special", "perpetual", "quest"]
Difficulty = Literal["beginner", "intermediate", "advanced"]
DRAWN_KINDS: tuple[PeriodKind, ...] = ("daily", "weekly", "monthly")
DIFFICULTIES: tuple[Difficulty, ...] = ("beginner", "intermediate", "advanced")
IMMEDIATE_OPS = frozenset({">=", ">"})
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Amounts = Mapping[str, int]
Snapshot = Mapping[str, Any]  # JSON as stored; only the `from_snapshot` functions read it
Json = Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One `where` clause on a field of an action's `data`."""

    field: str
    op: str  # >= > <= < == != in between exists
    value: Json


@dataclass(frozen=True, slots=True)
class Leaf:
    """One requirement: an aggregate over matching actions compared with a target."""

    key: str
    action: str
    aggregate: str  # count | sum | max | last | distinct | days | collected: how many of the list in its `where` (`facts.collected`)
    field: str | None
    where: tuple[Condition, ...]
    op: str  # >= > == <= < between
    target: Decimal
    target2: Decimal | None
    within_ms: int | None
    lifetime: bool
    counter: str | None  # the key of its lifetime counter, None where the scope is the period, or the state knows without one
    repeats: bool  # of a repeating perpetual mission: one action adds at most one target, so that order cannot matter
    label: Mapping[str, str]

    @property
    def decided_at_settle(self) -> bool:
        """Whether only the end of the board can tell: a later action could still undo it (or, for `last`, an older one arrive)."""
        return self.op not in IMMEDIATE_OPS or self.aggregate == "last"


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of its children; a child is the index of a leaf or another group."""

    every: bool
    children: "tuple[int | Group, ...]"


@dataclass(frozen=True, slots=True)
class ItemReward:
    """Goods for the inventory."""

    id: str
    quantity: int = 1
    expires_after_hours: int | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Boost:
    """For some hours, what completed missions pay of a currency is multiplied."""

    multiply: Fraction
    hours: int


@dataclass(frozen=True, slots=True)
class Rewards:
    """What something pays: currency amounts in the smallest unit (what is bought costs negative ones), goods, and boosts by currency."""

    amounts: Amounts = field(default_factory=dict)
    items: tuple[ItemReward, ...] = ()
    badges: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    boost: Mapping[str, Boost] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(any(self.amounts.values()) or self.items or self.badges or self.titles or self.frames or self.boost)


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """Hours of the day in which actions count; wraps midnight when `start > end`."""

    start: int
    end: int
    zone: str | None  # None: the player's own


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a quest. Its tree refers to the leaves of the whole quest."""

    key: str
    name: Mapping[str, str]
    leaves: range  # indexes of its own among the quest's leaves
    tree: Group
    rewards: Rewards
    optional: bool
    manual: bool  # completed by the player's word, once its requirements hold


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of an achievement: the requirements with its own target in the first, and what reaching it pays."""

    name: str | None  # None: the only tier of an achievement without tiers
    leaves: tuple[Leaf, ...]
    rewards: Rewards


@dataclass(frozen=True, slots=True)
class Prize:
    """What the ranks from `first` to `last` of a leaderboard are paid when it closes."""

    first: int
    last: int
    rewards: Rewards


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """What a player must hand in before a mission can be complete, and who looks at it."""

    types: tuple[str, ...]  # watch_duration click_data uploaded_content social_proof invite_code url
    review: str  # auto: a moderator only where checks leave a doubt | manual
    attempts: int  # submissions a player may make for one mission
    price: Amounts  # of one upload
    content_types: tuple[str, ...]
    max_bytes: int
    min_seconds: int  # watched
    min_clicks: int
    hosts: tuple[str, ...]  # of url and social_proof; none: any


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what players send themselves counts for one mission; `shadow`: exceeding it is only recorded."""

    cooldown_ms: int
    per_day: int | None
    shadow: bool


@dataclass(frozen=True, slots=True)
class Template:
    """One catalog entry at one version."""

    key: str
    version: int
    kind: str  # mission | quest | achievement
    name: Mapping[str, str]
    description: Mapping[str, str]
    category: str
    type: str
    period: PeriodKind  # achievements: perpetual
    difficulty: Difficulty
    leaves: tuple[Leaf, ...]
    tree: Group
    rewards: Rewards
    auto_claim: bool
    requires_start: bool
    weight: int
    priority: int
    paused: bool
    featured: bool
    level_min: int
    level_max: int | None
    vip: bool
    prerequisites: tuple[str, ...]
    cooldown_ms: int
    max_completions: int | None
    active_from: int | None
    active_until: int | None
    active_hours: ActiveHours | None
    history: str  # any | new | active | veteran
    segments: tuple[str, ...]
    time_limit_ms: int | None
    typical_minutes: int | None
    evidence: EvidenceRule | None
    limits: Limits | None
    metadata: Mapping[str, Json]
    leaves_of: Mapping[str, tuple[int, ...]]  # action type -> indexes of the leaves that want it
    steps: tuple[Step, ...] = ()  # quests
    tiers: tuple[Tier, ...] = ()  # achievements, one at least
    achievement_type: str | None = None  # milestone | collection | progression | discovery | skill | social | challenge | secret
    prizes: tuple[Prize, ...] = ()  # competitive missions
    is_lost: bool = False  # the table no longer holds this version: nothing is known of it

    @property
    def is_competitive(self) -> bool:
        """Whether its progress is a score on a leaderboard."""
        return self.type == "competitive"

    @property
    def is_secret(self) -> bool:
        """Whether players may learn of it only by unlocking it."""
        return self.achievement_type == "secret"

    @property
    def completions_allowed(self) -> int | None:
        """How often a player may complete it, None: as often as it is dealt."""
        if self.kind == "quest":
            return self.max_completions or 1
        return 1 if self.type == "unique" else self.max_completions

    @property
    def repeats(self) -> bool:
        """Whether its next ordinal opens as soon as one is complete."""
        return self.period == "perpetual" and self.completions_allowed != 1


def lost_template(key: str, version: int) -> Template:
    """What stands for a version that the table no longer holds: nothing reaches it, it never completes, and it promises nothing."""
    return Template(
        key=key,
        version=version,
        kind="mission",
        name={"en": key},
        description={},
        category="",
        type="unknown",
        period="quest",  # for which no catalog has default amounts, and which does not repeat
        difficulty="beginner",
        leaves=(),
        tree=Group(every=False, children=()),  # any of nothing
        rewards=Rewards(),
        auto_claim=False,
        requires_start=False,
        weight=0,
        priority=0,
        paused=True,
        featured=False,
        level_min=1,
        level_max=None,
        vip=False,
        prerequisites=(),
        cooldown_ms=0,
        max_completions=None,
        active_from=None,
        active_until=None,
        active_hours=None,
        history="any",
        segments=(),
        time_limit_ms=None,
        typical_minutes=None,
        evidence=None,
        limits=None,
        metadata={},
        leaves_of={},
        is_lost=True,
    )


@dataclass(frozen=True, slots=True)
class ActionRule:
    """What is known of an action type."""

    client: bool
    per_minute: int | None


@dataclass(frozen=True, slots=True)
class Derivation:
    """One action counts as another too."""

    when: str
    where: tuple[Condition, ...]
    produces: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many missions a board gets, and in which mix (empty: no slots)."""

    min: int
    max: int
    difficulty: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class StreakStep:
    """From this streak length on, currencies are multiplied."""

    start: int
    multiply: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class SpeedBonus:
    """Completed within this share of the template's typical minutes, currencies are multiplied."""

    under: Fraction
    multiply: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class RewardRules:
    """Every number of the reward arithmetic."""

    defaults: Mapping[str, Amounts]
    period_multiplier: Mapping[str, Mapping[str, Fraction]]
    streak_multiplier: tuple[StreakStep, ...]
    speed_bonus: SpeedBonus | None
    perfect_bonus: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class StreakRule:
    """When a period counts, and how many freezes a player starts with, may hold and earns."""

    counts: str  # any | all | none
    freezes_start: int
    freezes_max: int
    earn_every: int  # 0: never earned


@dataclass(frozen=True, slots=True)
class CheckInTier:
    """Bonus percent for a check-in streak between two lengths (inclusive; None: no end)."""

    min_days: int
    max_days: int | None
    bonus_percent: Fraction


@dataclass(frozen=True, slots=True)
class CheckInRule:
    """What a check-in pays."""

    base: Rewards
    tiers: tuple[CheckInTier, ...]
    milestones: Mapping[int, Rewards]
    monthly_days: int | None
    monthly_reward: Rewards


@dataclass(frozen=True, slots=True)
class ImpossibleValue:
    """Actions no honest player could cause: they are not counted, and their player is flagged."""

    key: str
    action: str
    where: tuple[Condition, ...]
    shadow: bool


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """What makes a device suspicious."""

    max_players: int | None  # as many may share one
    new: bool  # whether a further device of a player is worth a look
    shadow: bool


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """Which claims are implausible."""

    faster_than: Fraction | None  # share of the template's typical minutes
    per_hour: int | None
    shadow: bool


@dataclass(frozen=True, slots=True)
class FraudRules:
    """What is looked at. `shadow`: what a rule finds is only recorded."""

    hold: bool = True  # what flagged players are owed waits for an operator
    per_minute: int | None = None  # of all actions a player sends
    rate_shadow: bool = False
    devices: DeviceRule | None = None
    impossible: tuple[ImpossibleValue, ...] = ()
    claims: ClaimRule | None = None


@dataclass(frozen=True, slots=True)
class ReferralRule:
    """What an activated referral pays to each side."""

    inviter: Rewards
    invitee: Rewards


@dataclass(frozen=True, slots=True)
class Rules:
    """The catalog's numbers."""

    reset: str  # player_local | utc
    day_start_hour: int
    unknown_players: str  # create | quarantine
    default_zone_by_language: Mapping[str, str]
    claim_days: int
    new_days: int
    veteran_days: int
    currencies: tuple[str, ...]
    actions: Mapping[str, ActionRule]
    derive: tuple[Derivation, ...]
    rotation: Mapping[str, Rotation]
    rewards: RewardRules
    streaks: Mapping[str, StreakRule]  # daily, weekly
    check_in: CheckInRule | None
    rerolls_per_day: int
    reroll_price: Amounts
    freeze_price: Amounts | None
    pause_max_days: int
    levels: tuple[int, ...]
    fraud: FraudRules = FraudRules()
    referral: ReferralRule | None = None


@dataclass(frozen=True)
class Catalog:
    """All published templates and rules at one version, plus whichever older template versions a state still names."""

    version: int
    rules: Rules
    templates: Mapping[str, Template]  # current version by key
    lifetime_leaves: Mapping[str, tuple[Leaf, ...]]  # action type -> one leaf per distinct lifetime counter
    known_actions: frozenset[str]
    published_at: int = 0  # 0: its snapshot does not say
    withdrawn: Mapping[str, int] = field(default_factory=dict)  # key -> its last version, of templates no longer published
    withdrawn_contests: Mapping[str, int] = field(default_factory=dict)  # key -> the last version that was competitive
    retired: dict[tuple[str, int], Template] = field(default_factory=dict)  # older versions, filled by the loader on demand

    def template(self, key: str, version: int) -> Template:
        """Return the template as it was dealt. KeyError: the loader did not bring that version."""
        current = self.templates.get(key)
        return current if current is not None and current.version == version else self.retired[key, version]

    def missions(self, kind: PeriodKind) -> Sequence[Template]:
        """Mission templates of one period kind, in key order; quests have a kind of their own."""
        return self._missions.get(kind, ())

    @cached_property
    def achievements(self) -> Sequence[Template]:
        """Achievement templates, in key order."""
        return tuple(t for t in self.templates.values() if t.kind == "achievement")

    @cached_property
    def versions(self) -> Set[tuple[str, int]]:
        """Key and version of every current template."""
        return frozenset((t.key, t.version) for t in self.templates.values())

    @cached_property
    def _missions(self) -> Mapping[PeriodKind, Sequence[Template]]:
        found: dict[PeriodKind, list[Template]] = {}
        for template in self.templates.values():
            if template.kind != "achievement":
                found.setdefault(template.period, []).append(template)
        return found
