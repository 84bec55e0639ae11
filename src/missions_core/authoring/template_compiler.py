"""Compiles templates: every member present, times in milliseconds, targets as decimal strings, counters named."""

import json
from collections.abc import Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from missions_core.authoring.models import Achievement, ActiveHoursModel, Mission, Quest, Step, Tier
from missions_core.authoring.requirement_models import ConditionModel
from missions_core.authoring.requirements import COLLECTED, GroupAt, LeafAt, trees_of
from missions_core.authoring.reward_compiler import compiled_rewards
from missions_core.authoring.template_checks import AnyTemplate
from missions_core.domain.catalog import HOUR_MS, Snapshot

SECOND_MS = 1000


def compiled_template(template: AnyTemplate) -> Snapshot:
    """As `domain.catalog.template_from_snapshot` reads it, but for `version`."""
    trees = [_tree(tree) for tree in trees_of(template)]
    window = template.active
    return {
        "key": template.key,
        "kind": template.kind,
        "name": template.name,
        "description": template.description,
        "category": template.category,
        "type": template.type if isinstance(template, Mission) else template.kind,
        "period": template.period if isinstance(template, Mission) else "perpetual",
        "difficulty": template.difficulty,
        "requirements": {"all": []} if isinstance(template, Quest) else trees[0],
        "rewards": compiled_rewards(template.rewards),
        "auto_claim": template.auto_claim,
        "requires_start": template.requires_start,
        "weight": template.weight,
        "priority": template.priority,
        "paused": template.paused,
        "featured": template.featured,
        "level": {"min": template.level.min, "max": template.level.max},
        "vip": template.vip,
        "prerequisites": template.prerequisites,
        "cooldown_ms": template.cooldown_hours * HOUR_MS,
        "max_completions": template.max_completions,
        "active_from": window.start if window else None,
        "active_until": window.until if window else None,
        "active_hours": _active_hours(template.active_hours) if template.active_hours else None,
        "history": template.history,
        "segments": template.segments,
        "time_limit_ms": None if template.time_limit_hours is None else template.time_limit_hours * HOUR_MS,
        "typical_minutes": template.typical_minutes,
        "evidence": template.evidence.model_dump() if template.evidence else None,
        "metadata": template.metadata,
        **_kind_members(template, trees),
    }


def compiled_conditions(where: Sequence[ConditionModel]) -> list[Snapshot]:
    """The `where` clauses of a requirement or a derivation."""
    return [{"field": condition.field, "op": condition.op, "value": condition.value} for condition in where]


def plain_decimal(number: Decimal) -> str:
    """One spelling per value: 5, 5.0 and 5e0 are the same target."""
    return format(number.normalize(), "f")


def _kind_members(template: AnyTemplate, trees: Sequence[Snapshot]) -> dict[str, Any]:
    match template:
        case Quest():
            return {"steps": [_step(step, tree) for step, tree in zip(template.steps, trees, strict=True)]}
        case Achievement():
            return {"achievement_type": template.achievement_type, "tiers": [_tier(tier) for tier in template.tiers]}
        case Mission():
            return _limits(template) | _prizes(template)


def _limits(mission: Mission) -> dict[str, Any]:
    if mission.limits is None:
        return {}
    limits = mission.limits
    return {"limits": {"cooldown_ms": limits.cooldown_seconds * SECOND_MS, "per_day": limits.per_day, "shadow": limits.shadow}}


def _prizes(mission: Mission) -> dict[str, Any]:
    ranks = [{"from": prize.first, "to": prize.to, "rewards": compiled_rewards(prize.rewards)} for prize in mission.prizes]
    return {"prizes": ranks} if ranks else {}


def _step(step: Step, tree: Snapshot) -> Snapshot:
    members = {
        "key": step.key,
        "name": step.name,
        "requirements": tree,
        "rewards": compiled_rewards(step.rewards),
        "optional": step.optional,
    }
    return {**members, "manual": True} if step.manual else members


def _tier(tier: Tier) -> Snapshot:
    members = {"name": tier.name, "target": plain_decimal(tier.target)}
    return members if tier.rewards is None else {**members, "rewards": compiled_rewards(tier.rewards)}


def _active_hours(hours: ActiveHoursModel) -> Snapshot:
    return {"from": hours.start, "to": hours.end, "zone": None if hours.zone == "player" else hours.zone}


def _tree(tree: GroupAt) -> Snapshot:
    return {"all" if tree.every else "any": [_leaf(child) if isinstance(child, LeafAt) else _tree(child) for child in tree.children]}


def _leaf(leaf: LeafAt) -> Snapshot:
    return {
        "key": leaf.key,
        "action": leaf.action,
        "aggregate": leaf.aggregate,
        "field": leaf.field,
        "where": compiled_conditions(leaf.where),
        "op": leaf.op,
        "target": plain_decimal(leaf.target),
        "target2": None if leaf.target2 is None else plain_decimal(leaf.target2),
        "within_ms": leaf.within_ms,
        "scope": "lifetime" if leaf.lifetime else "period",
        "counter": _counter(leaf) if leaf.lifetime and leaf.aggregate != COLLECTED else None,
        "label": leaf.label,
    }


def _counter(leaf: LeafAt) -> str:
    """Leaves that gather the same share a counter, whatever their target (but for windows): a new target starts from what is there."""
    if leaf.aggregate == "count" and not leaf.where and leaf.within_ms is None:
        return leaf.action
    where = sorted(json.dumps(clause, sort_keys=True) for clause in compiled_conditions(leaf.where))
    window = None if leaf.within_ms is None else [leaf.within_ms, plain_decimal(leaf.target)]  # a window that was full once stays so
    gathered = json.dumps([leaf.action, leaf.aggregate, leaf.field, where, window])
    return f"{leaf.action}|{blake2b(gathered.encode(), digest_size=5).hexdigest()}"
