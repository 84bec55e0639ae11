"""Checks of one template: what its kind asks for, and what it rules out."""

from collections.abc import Sequence

from missions_core.authoring.achievement_checks import achievement_findings
from missions_core.authoring.findings import Finding, Findings
from missions_core.authoring.mission_checks import mission_findings
from missions_core.authoring.models import Achievement, Mission, Quest
from missions_core.authoring.quest_checks import quest_findings
from missions_core.authoring.requirement_checks import dealt_findings, tree_findings
from missions_core.authoring.requirements import trees_of
from missions_core.authoring.reward_checks import rewards_findings

AnyTemplate = Mission | Quest | Achievement


def template_findings(template: AnyTemplate, currencies: Sequence[str] | None) -> Findings:
    """Mistakes in a template, paths from the template down."""
    trees = trees_of(template)
    for tree in trees:
        yield from tree_findings(tree)
        if not isinstance(template, Achievement):
            yield from dealt_findings(tree)
    yield from rewards_findings(template.rewards, currencies, ("rewards",))
    yield from _time_findings(template)
    if template.level.max is not None and template.level.max < template.level.min:
        yield Finding(("level", "max"), f"{template.level.max} is below min {template.level.min}; write at least {template.level.min}")
    if template.evidence and not isinstance(template, Mission):
        yield Finding(("evidence",), f"is for missions; remove it from this {template.kind}")
    match template:
        case Mission():
            yield from mission_findings(template, trees[0], currencies)
        case Quest():
            yield from quest_findings(template, trees, currencies)
        case Achievement():
            yield from achievement_findings(template, trees[0], currencies)


def _time_findings(template: AnyTemplate) -> Findings:
    window, hours = template.active, template.active_hours
    if window and window.start is not None and window.until is not None and window.start >= window.until:
        yield Finding(("active", "until"), "is not after from; write a later instant")
    if hours and hours.start == hours.end % 24:
        yield Finding(("active_hours", "to"), f"{hours.end} leaves no hours or all of them; write another hour, or remove active_hours")
    timed = isinstance(template, Quest) or (isinstance(template, Mission) and template.type == "timebound")
    if template.time_limit_hours is not None and not timed:
        yield Finding(("time_limit_hours",), "is for timebound missions and quests; remove it or write type: timebound")
