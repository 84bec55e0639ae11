"""Checks of quests: steps that can be told apart, done, and decided by actions alone."""

from collections.abc import Sequence

from missions_core.authoring.findings import Finding, Findings
from missions_core.authoring.models import Quest
from missions_core.authoring.requirement_checks import endless_findings
from missions_core.authoring.requirements import GroupAt
from missions_core.authoring.reward_checks import rewards_findings


def quest_findings(quest: Quest, trees: Sequence[GroupAt], currencies: Sequence[str] | None) -> Findings:
    """Mistakes in a quest, paths from it down; `trees` are those of its steps."""
    keys = [step.key for step in quest.steps]
    for index, (step, tree) in enumerate(zip(quest.steps, trees, strict=True)):
        path = ("steps", index)
        if step.key in keys[:index]:
            yield Finding((*path, "key"), f'"{step.key}" is taken by an earlier step; write a key of its own')
        if step.requirements is None and not step.manual:
            text = "is missing; write it, such as `requirements: {post.created: 1}`, or manual: true if the player says when it is done"
            yield Finding((*path, "requirements"), text)
        yield from rewards_findings(step.rewards, currencies, (*path, "rewards"))
        for leaf in tree.leaves():
            yield from endless_findings(leaf, "a quest")
            if leaf.lifetime and (quest.max_completions or 1) > 1:
                text = "lifetime does not go with a quest that can be repeated, which would complete for ever; write scope: period"
                yield Finding(leaf.member("scope"), f"{text}, or max_completions: 1")
    if all(step.optional for step in quest.steps):
        yield Finding(("steps",), "are all optional, so there is nothing to do; write optional: false for one of them")
