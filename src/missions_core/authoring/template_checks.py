"""Checks of one template: what its kind, type and period ask for, and what they rule out."""

from collections.abc import Sequence
from itertools import pairwise

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.models import Achievement, Mission, Quest
from missions_core.authoring.requirement_checks import target_findings, tree_findings
from missions_core.authoring.requirements import GroupAt, LeafAt, trees_of
from missions_core.authoring.reward_checks import rewards_findings

LONGEST_RUN = {"daily": 1, "weekly": 7, "monthly": 31}
AnyTemplate = Mission | Quest | Achievement


def template_findings(template: AnyTemplate, currencies: Sequence[str] | None) -> Findings:
    """Mistakes in a template, paths from the template down."""
    trees = trees_of(template)
    for tree in trees:
        yield from tree_findings(tree)
    yield from rewards_findings(template.rewards, currencies, ("rewards",))
    yield from _time_findings(template)
    if template.level.max is not None and template.level.max < template.level.min:
        yield Finding(("level", "max"), f"{template.level.max} is below min {template.level.min}; write at least {template.level.min}")
    match template:
        case Mission():
            yield from _mission_findings(template, trees[0])
        case Quest():
            yield from _quest_findings(template, trees, currencies)
        case Achievement():
            yield from _achievement_findings(template, trees[0])


def repeats(template: AnyTemplate) -> bool:
    """Whether it is a perpetual mission that starts over at each completion."""
    return isinstance(template, Mission) and template.period == "perpetual" and template.type != "unique" and template.max_completions != 1


def _time_findings(template: AnyTemplate) -> Findings:
    window, hours = template.active, template.active_hours
    if window and window.start is not None and window.until is not None and window.start >= window.until:
        yield Finding(("active", "until"), "is not after from; write a later instant")
    if hours and hours.start == hours.end % 24:
        yield Finding(("active_hours", "to"), f"{hours.end} leaves no hours or all of them; write another hour, or remove active_hours")
    timed = isinstance(template, Quest) or (isinstance(template, Mission) and template.type == "timebound")
    if template.time_limit_hours is not None and not timed:
        yield Finding(("time_limit_hours",), "is for timebound missions and quests; remove it or write type: timebound")


def _mission_findings(mission: Mission, tree: GroupAt) -> Findings:
    if mission.type == "timebound" and mission.time_limit_hours is None:
        yield Finding(("time_limit_hours",), "is missing; a timebound mission needs it: write time_limit_hours: 4, for example")
    if mission.type == "unique" and mission.max_completions not in (None, 1):
        yield Finding(("max_completions",), "contradicts type: unique, which is once ever; remove it or choose another type")
    if mission.period == "special" and (mission.active is None or mission.active.start is None or mission.active.until is None):
        example = "{from: 2026-12-20T00:00:00Z, until: 2026-12-28T00:00:00Z}"
        yield Finding(("active",), f"must say from and until for a special mission; write active: {example}")
    if repeats(mission) and mission.cooldown_hours:
        text = "does not go with a repeating perpetual mission, whose next one opens at once; write 0, or make it daily or weekly"
        yield Finding(("cooldown_hours",), text)
    longest = LONGEST_RUN.get(mission.period)
    for leaf in tree.leaves():
        if longest and leaf.aggregate == "days" and not leaf.lifetime and leaf.op != "<=" and leaf.target > longest:
            text = f"{leaf.target:f} days never fit into a {mission.period} period; write at most {longest}"
            yield Finding(leaf.member("target"), text)
        if leaf.aggregate == "days" and leaf.lifetime:
            text = "lifetime does not go with days, which are counted on a mission's own board; write scope: period"
            yield Finding(leaf.member("scope"), text)
        if mission.period == "perpetual":
            yield from _endless_findings(leaf, "a perpetual mission")
            if repeats(mission):
                yield from _repeating_findings(leaf)


def _endless_findings(leaf: LeafAt, what: str) -> Findings:
    """Nothing ever settles here, so only what an action itself can decide is possible."""
    if leaf.op not in (">=", ">"):
        yield Finding(leaf.member("op"), f'"{leaf.op}" is decided when a period ends, which {what} never does; write >= or >')
    if leaf.aggregate == "last":
        yield Finding(leaf.member("aggregate"), f"last is decided when a period ends, which {what} never does; write max or sum")


def _repeating_findings(leaf: LeafAt) -> Findings:
    """Each completion takes its share out of the sum of all progress, which must therefore be a sum."""
    once = "or max_completions: 1 if it is done once"
    reason = "adds progress up across completions"
    if leaf.aggregate not in ("count", "sum", "last"):  # last is ruled out for all endless boards
        text = f"{leaf.aggregate} does not go with a repeating perpetual mission, which {reason}; write count or sum, {once}"
        yield Finding(leaf.member("aggregate"), text)
    if leaf.within_ms is not None:
        yield Finding(leaf.member("within"), f"does not go with a repeating perpetual mission, which {reason}; remove it, {once}")
    if leaf.op == ">":
        yield Finding(leaf.member("op"), f'">" does not go with a repeating perpetual mission, which {reason}; write >=, {once}')
    if leaf.lifetime:
        text = f"lifetime does not go with a repeating perpetual mission, which would complete for ever; write scope: period, {once}"
        yield Finding(leaf.member("scope"), text)


def _quest_findings(quest: Quest, trees: Sequence[GroupAt], currencies: Sequence[str] | None) -> Findings:
    keys = [step.key for step in quest.steps]
    for index, (step, tree) in enumerate(zip(quest.steps, trees, strict=True)):
        if step.key in keys[:index]:
            yield Finding(("steps", index, "key"), f'"{step.key}" is taken by an earlier step; write a key of its own')
        yield from rewards_findings(step.rewards, currencies, ("steps", index, "rewards"))
        for leaf in tree.leaves():
            yield from _endless_findings(leaf, "a quest")
    if all(step.optional for step in quest.steps):
        yield Finding(("steps",), "are all optional, so there is nothing to do; write optional: false for one of them")


def _achievement_findings(achievement: Achievement, tree: GroupAt) -> Findings:
    for leaf in tree.leaves():
        yield from _endless_findings(leaf, "an achievement")
    first, tiers = next(tree.leaves()), achievement.tiers
    names = [tier.name for tier in tiers]
    for index, tier in enumerate(tiers):
        path: Path = ("tiers", index)
        if tier.name in names[:index]:
            yield Finding((*path, "name"), f'"{tier.name}" is taken by an earlier tier; write a name of its own')
        yield from target_findings(first, tier.target, (*path, "target"))
    for index, (lower, higher) in enumerate(pairwise(tiers), start=1):
        if higher.target <= lower.target:
            yield Finding(("tiers", index, "target"), f"{higher.target:f} is not above the tier before; write the tiers in ascending order")
