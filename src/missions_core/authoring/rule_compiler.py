"""Compiles the rules: every member present, multipliers as fraction strings."""

from fractions import Fraction

from missions_core.authoring.fraud_models import FraudModel
from missions_core.authoring.reward_compiler import compiled_rewards
from missions_core.authoring.rule_models import (
    CheckInModel,
    DailyRotation,
    DailyStreak,
    Multipliers,
    ReferralModel,
    RewardRulesModel,
    RulesModel,
    WeeklyStreak,
)
from missions_core.authoring.template_compiler import compiled_conditions
from missions_core.domain.catalog import DIFFICULTIES, Snapshot


def compiled_rules(rules: RulesModel) -> Snapshot:
    """As `domain.catalog.catalog_from_snapshot` reads it."""
    return {
        "reset": rules.reset,
        "day_start_hour": rules.day_start_hour,
        "unknown_players": rules.unknown_players,
        "default_zone_by_language": rules.default_zone_by_language,
        "claim_days": rules.claim_days,
        "history": rules.history.model_dump(),
        "currencies": list(rules.known_currencies),
        "actions": {name: rule.model_dump() for name, rule in rules.actions.items()},
        "derive": [{"when": d.when, "where": compiled_conditions(d.where), "as": d.produces} for d in rules.derive],
        "rotation": {
            "daily": _rotation(rules.rotation.daily),
            "weekly": _rotation(rules.rotation.weekly),
            "monthly": _rotation(rules.rotation.monthly),
        },
        "rewards": _reward_rules(rules.rewards),
        "streaks": {"daily": _streak(rules.streaks.daily), "weekly": _streak(rules.streaks.weekly)},
        "check_in": _check_in(rules.check_in) if rules.check_in else None,
        "reroll": rules.reroll.model_dump(),
        "freeze_price": rules.freeze_price,
        "pause": rules.pause.model_dump(),
        "levels": rules.levels,
        **({"fraud": _fraud(rules.fraud)} if rules.fraud else {}),
        **({"referral": _referral(rules.referral)} if rules.referral else {}),
    }


def _rotation(rule: DailyRotation) -> Snapshot:
    shares = {name: str(rule.difficulty.get(name, Fraction(0))) for name in DIFFICULTIES} if rule.difficulty else {}
    return {"min": rule.min, "max": rule.max, "difficulty": shares}


def _streak(rule: DailyStreak | WeeklyStreak) -> Snapshot:
    return {"counts": rule.counts, "freezes": rule.freezes.model_dump()}


def _multipliers(multiply: Multipliers) -> Snapshot:
    return {currency: str(factor) for currency, factor in multiply.items()}


def _reward_rules(rules: RewardRulesModel) -> Snapshot:
    speed, perfect = rules.speed_bonus, rules.perfect_bonus
    return {
        "defaults": rules.defaults,
        "period_multiplier": {
            currency: {kind: str(factor) for kind, factor in by_kind.items()} for currency, by_kind in rules.period_multiplier.items()
        },
        "streak_multiplier": [{"from": step.start, "multiply": _multipliers(step.multiply)} for step in rules.streak_multiplier],
        "speed_bonus": {"under": str(speed.under), "multiply": _multipliers(speed.multiply)} if speed else None,
        "perfect_bonus": {"multiply": _multipliers(perfect.multiply)} if perfect else None,
    }


def _fraud(rules: FraudModel) -> Snapshot:
    claims = rules.claims
    share = None if claims is None or claims.faster_than is None else str(claims.faster_than)
    return {
        "hold": rules.hold,
        "rate": rules.rate.model_dump() if rules.rate else None,
        "devices": rules.devices.model_dump() if rules.devices else None,
        "impossible": [
            {"key": rule.key, "action": rule.action, "where": compiled_conditions(rule.where), "shadow": rule.shadow}
            for rule in rules.impossible
        ],
        "claims": {"faster_than": share, "per_hour": claims.per_hour, "shadow": claims.shadow} if claims else None,
    }


def _referral(rule: ReferralModel) -> Snapshot:
    return {"inviter": compiled_rewards(rule.inviter), "invitee": compiled_rewards(rule.invitee)}


def _check_in(rule: CheckInModel) -> Snapshot:
    return {
        "base": compiled_rewards(rule.base),
        "tiers": [{"min_days": tier.min_days, "max_days": tier.max_days, "bonus_percent": str(tier.bonus_percent)} for tier in rule.tiers],
        "milestones": [{"days": step.days, "reward": compiled_rewards(step.reward)} for step in rule.milestones],
        "monthly": {"days": rule.monthly.days, "reward": compiled_rewards(rule.monthly.reward)} if rule.monthly else None,
    }
