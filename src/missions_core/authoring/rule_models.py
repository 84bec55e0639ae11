"""Models of the catalog's `rules`; the defaults here are the documented ones."""

from typing import Literal

from pydantic import Field

from missions_core.authoring.fraud_models import FraudModel
from missions_core.authoring.requirement_models import ConditionModel
from missions_core.authoring.reward_models import Amounts, Rewards, RewardsModel
from missions_core.authoring.values import ActionType, AtLeastOne, Currency, Language, Share, Strict, ZeroOrMore, Zone

PeriodName = Literal["daily", "weekly", "monthly", "special", "perpetual"]
DifficultyName = Literal["beginner", "intermediate", "advanced"]
Multipliers = dict[Currency, Share]


class HistoryRule(Strict):
    """Until when a player is new and from when a veteran."""

    new_days: ZeroOrMore = 7
    veteran_days: ZeroOrMore = 60


class ActionRuleModel(Strict):
    """A known action type; `client`: players may send it themselves."""

    client: bool = False
    per_minute: AtLeastOne | None = None


class DerivationModel(Strict):
    """One action counts as another too."""

    when: ActionType
    where: list[ConditionModel] = Field(default=[])
    produces: ActionType = Field(alias="as")


class DailyRotation(Strict):
    """How many missions a board gets; no `difficulty`, no slots."""

    min: int = Field(default=3, ge=0, le=50)
    max: int = Field(default=5, ge=0, le=50)
    difficulty: dict[DifficultyName, Share] = Field(default={})


class WeeklyRotation(DailyRotation):
    """As daily, with weekly defaults."""

    min: int = Field(default=2, ge=0, le=50)
    max: int = Field(default=3, ge=0, le=50)


class MonthlyRotation(DailyRotation):
    """As daily, with monthly defaults."""

    min: int = Field(default=0, ge=0, le=50)
    max: int = Field(default=2, ge=0, le=50)


def _default_daily() -> DailyRotation:
    return DailyRotation.model_validate({"difficulty": {"beginner": 0.4, "intermediate": 0.4, "advanced": 0.2}})


class RotationRules(Strict):
    """The drawn kinds; special and perpetual missions are all dealt."""

    daily: DailyRotation = Field(default_factory=_default_daily)
    weekly: WeeklyRotation = WeeklyRotation()
    monthly: MonthlyRotation = MonthlyRotation()


class StreakStepModel(Strict):
    """From this streak length on, amounts are multiplied."""

    start: AtLeastOne = Field(alias="from")
    multiply: Multipliers = Field(min_length=1)


class SpeedBonusModel(Strict):
    """Completed in less than this share of the typical minutes, amounts are multiplied."""

    under: Share
    multiply: Multipliers = Field(min_length=1)


class PerfectBonusModel(Strict):
    """This completion made every mission of its board complete."""

    multiply: Multipliers = Field(min_length=1)


class RewardRulesModel(Strict):
    """The numbers of the reward arithmetic."""

    defaults: dict[PeriodName, Amounts] = Field(default={})
    period_multiplier: dict[Currency, dict[PeriodName, Share]] = Field(default={})
    streak_multiplier: list[StreakStepModel] = Field(default=[])
    speed_bonus: SpeedBonusModel | None = None
    perfect_bonus: PerfectBonusModel | None = None


class DailyFreezes(Strict):
    """Freezes held at first, held at most, and the streak length that earns one (0: never)."""

    start: ZeroOrMore = 0
    max: ZeroOrMore = 2
    earn_every: ZeroOrMore = 7


class WeeklyFreezes(DailyFreezes):
    """As daily, none by default."""

    max: ZeroOrMore = 0
    earn_every: ZeroOrMore = 0


class DailyStreak(Strict):
    """When a day counts for the streak."""

    counts: Literal["any", "all", "none"] = "any"
    freezes: DailyFreezes = DailyFreezes()


class WeeklyStreak(Strict):
    """When a week counts for the streak."""

    counts: Literal["any", "all", "none"] = "any"
    freezes: WeeklyFreezes = WeeklyFreezes()


class StreakRules(Strict):
    """Both streaks."""

    daily: DailyStreak = DailyStreak()
    weekly: WeeklyStreak = WeeklyStreak()


class CheckInTierModel(Strict):
    """Bonus percent between two streak lengths, inclusive; no `max_days`: no end."""

    min_days: AtLeastOne
    max_days: AtLeastOne | None = None
    bonus_percent: Share


class MilestoneModel(Strict):
    """A reward at one streak length."""

    days: AtLeastOne
    reward: Rewards


class MonthlyCheckInModel(Strict):
    """A reward for that many check-ins in one calendar month."""

    days: int = Field(ge=1, le=31)
    reward: Rewards


class CheckInModel(Strict):
    """What a daily check-in pays."""

    base: Rewards
    tiers: list[CheckInTierModel] = Field(default=[])
    milestones: list[MilestoneModel] = Field(default=[])
    monthly: MonthlyCheckInModel | None = None


class RerollRule(Strict):
    """Free rerolls a day, and the price of one more."""

    per_day: ZeroOrMore = 1
    price: Amounts = Field(default={})


class PauseRule(Strict):
    """The longest pause."""

    max_days: ZeroOrMore = 30


class ReferralModel(Strict):
    """What an activated referral pays to each side."""

    inviter: Rewards = RewardsModel()
    invitee: Rewards = RewardsModel()


class RulesModel(Strict):
    """The catalog's numbers."""

    reset: Literal["player_local", "utc"] = "player_local"
    day_start_hour: int = Field(default=0, ge=0, le=23)
    unknown_players: Literal["create", "quarantine"] = "create"
    default_zone_by_language: dict[Language, Zone] = Field(default={})
    claim_days: int = Field(default=7, ge=1, le=365)  # at least a day: late actions still reach the mission meanwhile
    history: HistoryRule = HistoryRule()
    currencies: list[Currency] = Field(default=["xp"])
    actions: dict[ActionType, ActionRuleModel] = Field(default={})
    derive: list[DerivationModel] = Field(default=[])
    rotation: RotationRules = RotationRules()
    rewards: RewardRulesModel = RewardRulesModel()
    streaks: StreakRules = StreakRules()
    check_in: CheckInModel | None = None
    reroll: RerollRule = RerollRule()
    freeze_price: Amounts | None = None
    pause: PauseRule = PauseRule()
    levels: list[ZeroOrMore] = Field(default=[0, 100, 300, 600, 1000])
    fraud: FraudModel | None = None
    referral: ReferralModel | None = None

    @property
    def known_currencies(self) -> tuple[str, ...]:
        """The declared currencies, xp always among them and first."""
        return ("xp", *(name for name in self.currencies if name != "xp"))

    @property
    def known_actions(self) -> frozenset[str]:
        """Action types that arrive or are derived."""
        return frozenset(self.actions) | {derivation.produces for derivation in self.derive}
