"""Models of the rules against fraud, each with a shadow mode in which what it finds is only recorded."""

from pydantic import Field

from missions_core.authoring.requirement_models import ConditionModel
from missions_core.authoring.values import ActionType, AtLeastOne, Share, Strict, TemplateKey


class RateRule(Strict):
    """All actions together that a player sends in a minute."""

    per_minute: AtLeastOne
    shadow: bool = False


class DeviceRuleModel(Strict):
    """Which devices are worth a look: one that too many players share, or any further one of a player."""

    max_players: AtLeastOne | None = 5
    new: bool = False
    shadow: bool = False


class ImpossibleModel(Strict):
    """Actions no honest player could cause."""

    key: TemplateKey = Field(examples=["longer_than_a_day"])
    action: ActionType
    where: list[ConditionModel] = Field(min_length=1)
    shadow: bool = False


class ClaimRuleModel(Strict):
    """Which claims are implausible: completed in less than this share of the typical minutes, or too many in an hour."""

    faster_than: Share | None = None
    per_hour: AtLeastOne | None = None
    shadow: bool = False


class FraudModel(Strict):
    """What is looked at; `hold`: what flagged players are owed waits for an operator."""

    hold: bool = True
    rate: RateRule | None = None
    devices: DeviceRuleModel | None = None
    impossible: list[ImpossibleModel] = Field(default=[], max_length=50)
    claims: ClaimRuleModel | None = None
