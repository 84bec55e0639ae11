"""Checks of achievements: one thing to reach, tiers in ascending order, nothing that belongs to what is dealt for a time."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.models import Achievement
from missions_core.authoring.requirement_checks import endless_findings, fact_findings, own_target_findings
from missions_core.authoring.requirements import GroupAt, LeafAt
from missions_core.authoring.reward_checks import rewards_findings

FOR_A_TIME = ("requires_start", "cooldown_hours", "max_completions", "active_hours", "typical_minutes")


def achievement_findings(achievement: Achievement, tree: GroupAt, currencies: Sequence[str] | None) -> Findings:
    """Mistakes in an achievement, paths from it down."""
    for name in FOR_A_TIME:
        if getattr(achievement, name):
            yield Finding((name,), "does not go with an achievement, which is there for everybody and unlocked once; remove it")
    yield from _collection_findings(achievement)
    leaves = list(tree.leaves())
    for leaf in leaves:
        yield from endless_findings(leaf, "an achievement")
        yield from _lifetime_findings(leaf)
        yield from fact_findings(leaf)
    if leaves:
        yield from _tier_findings(achievement, leaves[0], currencies)


def _collection_findings(achievement: Achievement) -> Findings:
    collection = achievement.collection
    if collection is None:
        if achievement.requirements is None:
            text = "is missing; write it, such as `requirements: {post.created: 5}`, or a collection"
            yield Finding(("requirements",), text)
        return
    if achievement.requirements is not None:
        yield Finding(("collection",), "does not go together with requirements; remove one of the two")
    if not (collection.templates or collection.badges):
        yield Finding(("collection",), "is empty; write templates: […] or badges: […]")
    for name, wanted in (("templates", collection.templates), ("badges", collection.badges)):
        for index, key in enumerate(wanted):
            if key in wanted[:index]:
                yield Finding(("collection", name, index), f'"{key}" is there twice; write it once')


def _lifetime_findings(leaf: LeafAt) -> Findings:
    if not leaf.lifetime:
        yield Finding(leaf.member("scope"), "period does not go with an achievement, which has none; remove it")
    if leaf.aggregate == "days":
        streak = "{action: game.streak.daily, aggregate: max, field: length, target: 7}"
        yield Finding(leaf.member("aggregate"), f"days does not go with an achievement, which has no period; ask for a streak: {streak}")


def _tier_findings(achievement: Achievement, first: LeafAt, currencies: Sequence[str] | None) -> Findings:
    tiers = achievement.tiers
    if tiers and first.within_ms is not None:
        yield Finding(("tiers",), "do not go with within, which stops gathering at its own target; remove one of the two")
    names = [tier.name for tier in tiers]
    for index, tier in enumerate(tiers):
        path: Path = ("tiers", index)
        if tier.name in names[:index]:
            yield Finding((*path, "name"), f'"{tier.name}" is taken by an earlier tier; write a name of its own')
        yield from (finding.below(path) for finding in own_target_findings(replace(first, target=tier.target)))
        if achievement.collection is not None and tier.target > first.target:
            yield Finding((*path, "target"), f"{tier.target:f} is more than there is to collect; write at most {first.target:f}")
        if tier.rewards is not None:
            yield from rewards_findings(tier.rewards, currencies, (*path, "rewards"))
    for index, (lower, higher) in enumerate(pairwise(tiers), start=1):
        if higher.target <= lower.target:
            yield Finding(("tiers", index, "target"), f"{higher.target:f} is not above the tier before; write the tiers in ascending order")
