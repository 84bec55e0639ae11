"""Everything the game knows of one player: one tree, loaded and saved as one item (invariant 1).

The tree is owned by whoever loaded it: domain functions change it in place and return the events to publish.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from missions_core.domain.catalog import PeriodKind, Rewards
from missions_core.domain.periods import DayClock, Period

GUESSED_ZONE = "locale"  # its instant is that of the language the zone was guessed from; absent once somebody said the zone
ATTRIBUTES = ("zone", "level", "vip", "segments", GUESSED_ZONE)

GrantKind = Literal["grant", "held", "release", "revoke"]

# What one leaf has gathered, by aggregate, in JSON form: count, days: int (days is a bitmap of the period's local days);
# sum, max: decimal string; last: [action time, action id hash, decimal string]; distinct: sorted list of value hashes; collected: int;
# with `within`: {bucket number: count or decimal string}. None: nothing yet.
Progress = int | str | list[int | str] | dict[str, int | str] | None


@dataclass(slots=True)
class Submission:
    """Evidence a player handed in for a mission. What it holds, what was found and who decided lies in its own row."""

    number: int  # counts the player's submissions of this mission, from 1
    type: str
    status: str  # uploading | checking | in_review | approved | rejected
    at: int  # when it became that
    paid: dict[str, int] = field(default_factory=dict)  # what the upload cost
    reason: str = ""  # why the last one was rejected, for the player

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided about it yet."""
        return self.status not in ("approved", "rejected")


@dataclass(slots=True)
class Mission:
    """A template dealt to the player. Its id is `{template}:{label of its board}`."""

    template: str
    version: int
    progress: list[Progress]  # one per leaf; of a quest, of all its steps
    status: str = "active"  # active | completed | claimed; expired and failed only once settled
    started_at: int | None = None  # the opt-in (`requires_start`)
    first_at: int | None = None  # the earliest action that counted
    last_at: int | None = None  # the latest action that counted
    completed_at: int | None = None
    claimed_at: int | None = None
    paid: Rewards | None = None  # fixed by the completing write
    steps: list[int | None] = field(default_factory=list)  # of a quest: when each step was completed
    competitive: bool = False  # its progress is a score: dealt beside the drawn ones, it decides neither streaks nor what comes next
    reached_at: int | None = None  # when the score became what it is
    evidence: list[Submission] = field(default_factory=list)  # in order
    limited: list[int] = field(default_factory=list)  # where there are limits: [last counted at, local day, counted that day]

    @property
    def is_proven(self) -> bool:
        """Whether evidence for it was approved."""
        return any(submission.status == "approved" for submission in self.evidence)

    @property
    def open_evidence(self) -> Submission | None:
        """Evidence for it that nobody has decided about yet: one at a time."""
        return next((submission for submission in self.evidence if submission.is_open), None)


@dataclass(slots=True)
class Board:
    """A player's missions of one period. `closed`: the next period has begun, only late actions can still change it."""

    period: Period
    missions: list[Mission]
    settles_at: int  # when it becomes final
    closed: bool = False
    shielded: bool = False  # a pause or an operator's shield: never breaks a streak
    checked_in_at: int | None = None
    freezes_gained: int = 0  # bought while this board was current
    rerolls: int = 0
    regenerations: int = 0  # by operators

    def find(self, template: str) -> Mission | None:
        """This board's mission of a template."""
        return next((mission for mission in self.missions if mission.template == template), None)

    def ordinary(self) -> list[Mission]:
        """The missions that are not competitive: those the player is asked for."""
        return [mission for mission in self.missions if not mission.competitive]


@dataclass(slots=True)
class Streak:
    """What settled boards add up to. The streak shown folds the unsettled ones on top (`streaks.shown`)."""

    freezes: int = 0
    current: int = 0
    best: int = 0
    broken_at: int | None = None


@dataclass(slots=True)
class Settled:
    """Where a kind's chain of settled periods ends."""

    label: str
    until: int
    clock: DayClock


@dataclass(slots=True)
class CheckIns:
    """The daily sign-in card."""

    streak: int = 0
    best: int = 0
    total: int = 0
    months: dict[str, int] = field(default_factory=dict)  # "2026-11" -> bitmap of its days, bit 0 = the 1st


@dataclass(slots=True)
class Completions:
    """How often a template was completed on settled boards, and when last."""

    count: int
    last_at: int


@dataclass(slots=True)
class QuestEnd:
    """How a player's last run of a quest ended, and how many there were."""

    runs: int
    status: str  # claimed | failed | expired
    at: int  # when it was completed, or its time was over
    claimed_at: int | None = None
    done: list[str] = field(default_factory=list)  # keys of the steps that are paid: its own, and those of failed runs before it


@dataclass(slots=True)
class Unlocked:
    """The tiers of an achievement a player has reached, in order, each by its instant; how many of them are paid."""

    tiers: list[int]
    claimed: int = 0
    versions: list[int] = field(default_factory=list)  # of each tier that waits to be paid: the template's that promised it


@dataclass(slots=True)
class PendingGrant:
    """Money on its way: stays here until its ledger row was seen.

    `held` is written to the ledger without moving the wallet, until an operator releases it (which does) or revokes it (which ends it).
    """

    cause: str
    at: int
    rewards: Rewards
    kind: GrantKind = "grant"
    note: str = ""  # of a release or a revocation: who decided, and why

    @property
    def is_decision(self) -> bool:
        """Whether it decides on a grant that was held."""
        return self.kind in ("release", "revoke")

    @property
    def moves_money(self) -> bool:
        """Whether the wallet has it once the ledger does."""
        return self.kind in ("grant", "release")

    @property
    def entry(self) -> str:
        """What tells its ledger row from the account's others: a held grant and the decision on it have the same cause."""
        return f"decision {self.cause}" if self.is_decision else self.cause


@dataclass(slots=True)
class Flag:
    """What a rule against fraud found. `shadow`: only recorded."""

    rule: str  # rate | cooldown:{template} | daily_cap:{template} | device_new | device_shared | impossible:{key} | claim_fast | claim_rate
    detail: str  # of the last time, for whoever reads it
    first_at: int
    last_at: int
    count: int = 1
    shadow: bool = False
    hold: bool = False  # grants wait for an operator as long as it stands


@dataclass(slots=True)
class ActiveBoost:
    """A boost under way."""

    currency: str
    multiply: str  # a fraction
    since: int
    until: int


@dataclass(slots=True)
class Unproven:
    """A mission that settled while evidence for it was being looked at: paid once that is approved."""

    template: str
    version: int
    rewards: Rewards
    submission: Submission


@dataclass(slots=True)
class Referral:
    """Who invited the player: a hash, for ledger causes outlive players; and when the referral was activated."""

    inviter: str
    at: int


@dataclass(slots=True)
class CommandResult:
    """The first answer to a command that carried an Idempotency-Key."""

    key_hash: str
    command: str
    result: str  # JSON
    at: int
    bought: bool = False  # it cost something


@dataclass(slots=True)
class Bucket:
    """A token bucket for one client-sent action type; tokens in thousandths."""

    tokens: int
    at: int


@dataclass(slots=True)
class Preferences:
    """What the player told us about their taste and time."""

    categories: list[str] = field(default_factory=list)
    daily_minutes: int | None = None
    blocked: list[str] = field(default_factory=list)  # categories that are dealt last


@dataclass(slots=True)
class PlayerState:
    """One player's game."""

    player: str
    account: str
    created_at: int
    updated_at: int
    active_at: int  # the player's last own action or command: dealing stops 30 days later
    zone: str | None = None
    level_base: int = 1
    lifetime_xp: int = 0
    vip: bool = False
    segments: list[str] = field(default_factory=list)
    preferences: Preferences = field(default_factory=Preferences)
    boards: list[Board] = field(default_factory=list)  # oldest first
    streaks: dict[str, Streak] = field(default_factory=dict)  # daily, weekly
    settled: dict[PeriodKind, Settled] = field(default_factory=dict)  # daily, weekly, monthly
    paused_from: int | None = None
    paused_until: int | None = None
    check_ins: CheckIns = field(default_factory=CheckIns)
    lifetime: dict[str, Progress] = field(default_factory=dict)  # counter key -> progress
    completions: dict[str, Completions] = field(default_factory=dict)
    recent_days: list[tuple[int, int]] = field(default_factory=list)  # (dealt, completed) of the last 14 settled daily boards
    seen: dict[int, list[str]] = field(default_factory=dict)  # action-time hour -> hashes of applied action ids
    spilled_before: int = 0  # action ids of hours before this one may have left for SEEN rows
    buckets: dict[str, Bucket] = field(default_factory=dict)
    pending: list[PendingGrant] = field(default_factory=list)
    commands: list[CommandResult] = field(default_factory=list)
    catalog_version: int = 0
    specials: dict[str, str] = field(default_factory=dict)  # template -> label of its last settled special board
    quests: dict[str, QuestEnd] = field(default_factory=dict)  # template -> the end of its last run
    achievements: dict[str, Unlocked] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)  # hashes, the latest used last
    boosts: list[ActiveBoost] = field(default_factory=list)
    unproven: dict[str, Unproven] = field(default_factory=dict)  # mission id -> what waits for its evidence
    referral: Referral | None = None
    attributes_at: dict[str, int] = field(default_factory=dict)  # when it was said what they are: a member of ATTRIBUTES -> instant
    read_until: int = 0  # notifications up to this instant are read
    badges: set[str] = field(default_factory=set)  # hashes (`requirements.mark_of`) of all badges the player ever earned

    @property
    def flagged_at(self) -> int | None:
        """Since when an operator should look; None: nothing was found, or recorded only."""
        return min((flag.first_at for flag in self.flags if not flag.shadow), default=None)

    def current(self, kind: PeriodKind) -> Board | None:
        """The open board of a drawn kind."""
        return next((board for board in self.boards if board.period.kind == kind and not board.closed), None)

    def previous(self, kind: PeriodKind) -> Board | None:
        """The closed, not yet settled board of a drawn kind."""
        return next((board for board in self.boards if board.period.kind == kind and board.closed), None)

    def missions(self) -> Iterator[tuple[Board, Mission]]:
        """Every mission on an unsettled board."""
        return ((board, mission) for board in self.boards for mission in board.missions)


def mission_id(board: Board, mission: Mission) -> str:
    """The public id of a mission, or of one run of a quest."""
    return f"{mission.template}:{board.period.label}"


def cause_of(board: Board, mission: Mission) -> str:
    """Why a mission's or a quest's reward is paid: the key of its grant."""
    return f"{'quest' if board.period.kind == 'quest' else 'mission'}:{mission_id(board, mission)}"
