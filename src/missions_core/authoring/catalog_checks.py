"""Checks across templates: what one refers to exists and can be reached; and notices of what is never dealt or unlocked."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.models import Achievement, Mission, Quest
from missions_core.authoring.requirements import trees_of
from missions_core.authoring.reward_models import RewardsModel
from missions_core.authoring.rule_models import RulesModel
from missions_core.authoring.score_checks import score_notices
from missions_core.authoring.template_checks import AnyTemplate
from missions_core.domain.facts import FACTS


def reference_findings(template: AnyTemplate, by_key: Mapping[str, AnyTemplate], all_keys: Collection[str]) -> Findings:
    """Templates it waits for or collects that nobody defined (`all_keys` also has those with mistakes), or that wait for it."""
    needed = (template.key, *_needed(template))
    for path, key in _references(template):
        if key not in all_keys:
            yield Finding(path, f'"{key}" is not a template of this catalog; write the key of one, or remove it')
        elif key in needed and template.key in _all_needed(key, by_key):
            yield Finding(path, f'"{key}" itself waits for "{template.key}", so neither could ever be had; remove one of the two')
    for index, key in enumerate(template.prerequisites):
        if key in template.prerequisites[:index]:
            yield Finding(("prerequisites", index), f'"{key}" is there twice; write it once')


def _references(template: AnyTemplate) -> Iterator[tuple[Path, str]]:
    for index, key in enumerate(template.prerequisites):
        yield ("prerequisites", index), key
    for index, key in enumerate(_collected(template)):
        yield ("collection", "templates", index), key


def _collected(template: AnyTemplate) -> list[str]:
    return template.collection.templates if isinstance(template, Achievement) and template.collection else []


def _all_needed(key: str, by_key: Mapping[str, AnyTemplate]) -> set[str]:
    """A template and everything that must be had before it."""
    found, waiting = set[str](), [key]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _needed(by_key[current]) if current in by_key else []
    return found


def _needed(template: AnyTemplate) -> list[str]:
    """What must be had before it; the first tier of a collection may ask for a part of it."""
    tiered = isinstance(template, Achievement) and template.tiers
    return [*template.prerequisites, *([] if tiered else _collected(template))]


def template_notices(template: AnyTemplate, rules: RulesModel, badges: Collection[str]) -> Findings:
    """What is valid and not dealt, or not as far as the author may think; `badges` are those that something pays."""
    had = "unlocked" if isinstance(template, Achievement) else "dealt"
    prevented = _prevented(rules)
    for tree in trees_of(template):
        for leaf in tree.leaves():
            if leaf.action not in rules.known_actions | FACTS:
                text = f'"{leaf.action}" is not in rules.actions or rules.derive; "{template.key}" is never {had} until it is'
                yield Finding(leaf.member("action"), text)
            if leaf.action in prevented:
                text = f'"{leaf.action}" never happens while {prevented[leaf.action]}; "{template.key}" is never {had}'
                yield Finding(leaf.member("action"), text)
    if isinstance(template, Mission) and template.type != "competitive" and template.period in _undrawn(rules):
        yield Finding(("period",), f'"{template.key}" is never dealt: rules.rotation.{template.period}.max is 0')
    yield from score_notices(template, rules)
    yield from _badge_notices(template, badges)
    if template.evidence and template.evidence.review == "auto" and "invite_code" in template.evidence.types:
        text = "no check knows which codes exist: with review: auto any code is approved, unless a moderation endpoint refuses it"
        yield Finding(("evidence", "types", template.evidence.types.index("invite_code")), text)


def _badge_notices(template: AnyTemplate, badges: Collection[str]) -> Findings:
    if isinstance(template, Achievement) and template.collection:
        for index, badge in enumerate(template.collection.badges):
            if badge not in badges:
                yield Finding(("collection", "badges", index), f'"{badge}" is a badge that nothing in this catalog pays')


def paid_badges(templates: Iterable[AnyTemplate], rules: RulesModel) -> set[str]:
    """Badges that a player can collect: paid by what they complete or win, or for checking in."""
    paid = [rewards for template in templates for rewards in _pays(template)]
    if rules.referral:
        paid += [rules.referral.inviter, rules.referral.invitee]
    if rules.check_in:
        paid += [rules.check_in.base, *(milestone.reward for milestone in rules.check_in.milestones)]
        paid += [rules.check_in.monthly.reward] if rules.check_in.monthly else []
    return {badge for rewards in paid for badge in rewards.badges}


def _pays(template: AnyTemplate) -> Iterator[RewardsModel]:
    yield template.rewards
    match template:
        case Quest():
            yield from (step.rewards for step in template.steps)
        case Achievement():
            yield from (tier.rewards for tier in template.tiers if tier.rewards is not None)
        case Mission():
            yield from (prize.rewards for prize in template.prizes)


def _prevented(rules: RulesModel) -> dict[str, str]:
    """Facts of the game that the rules rule out, and how."""
    streaks = (("daily", rules.streaks.daily), ("weekly", rules.streaks.weekly))
    found = {f"game.streak.{kind}": f"rules.streaks.{kind}.counts is none" for kind, rule in streaks if rule.counts == "none"}
    return found if rules.check_in else found | {"game.check_in.completed": "there is no rules.check_in"}


def _undrawn(rules: RulesModel) -> set[str]:
    rotation = rules.rotation
    return {kind for kind, rule in (("daily", rotation.daily), ("weekly", rotation.weekly), ("monthly", rotation.monthly)) if rule.max == 0}
