"""Checks across templates: prerequisites exist and can be reached; and notices of what is never dealt."""

from collections.abc import Collection, Mapping

from missions_core.authoring.findings import Finding, Findings
from missions_core.authoring.models import Mission
from missions_core.authoring.requirements import trees_of
from missions_core.authoring.rule_models import RulesModel
from missions_core.authoring.template_checks import AnyTemplate


def prerequisite_findings(template: AnyTemplate, by_key: Mapping[str, AnyTemplate], all_keys: Collection[str]) -> Findings:
    """Prerequisites nobody defined (`all_keys` also has templates with mistakes of their own), or that depend on this template."""
    for index, key in enumerate(template.prerequisites):
        path = ("prerequisites", index)
        if key not in all_keys:
            yield Finding(path, f'"{key}" is not a template of this catalog; write the key of one, or remove it')
        elif key in template.prerequisites[:index]:
            yield Finding(path, f'"{key}" is there twice; write it once')
        elif template.key in _all_prerequisites(key, by_key):
            yield Finding(path, f'"{key}" itself waits for "{template.key}", so neither could ever be dealt; remove one of the two')


def _all_prerequisites(key: str, by_key: Mapping[str, AnyTemplate]) -> set[str]:
    found, waiting = set[str](), [key]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += by_key[current].prerequisites if current in by_key else []
    return found


def template_notices(template: AnyTemplate, rules: RulesModel) -> Findings:
    """What is valid and not dealt, or not as far as the author may think."""
    if template.kind != "mission":
        yield Finding((), f'{template.kind} "{template.key}" is kept but not dealt yet: {template.kind}s have no engine yet')
    if isinstance(template, Mission) and template.type == "competitive":
        yield Finding(("type",), f'"{template.key}" is kept but not dealt yet: competitive missions have no engine yet')
    if template.evidence:
        yield Finding(("evidence",), f'"{template.key}" is kept but not dealt yet: nothing asks for evidence yet')
    for tree in trees_of(template):
        for leaf in tree.leaves():
            if leaf.action not in rules.known_actions:
                text = f'"{leaf.action}" is not in rules.actions or rules.derive; "{template.key}" is never dealt until it is'
                yield Finding(leaf.member("action"), text)
    if isinstance(template, Mission) and template.period in _undrawn(rules):
        yield Finding(("period",), f'"{template.key}" is never dealt: rules.rotation.{template.period}.max is 0')


def _undrawn(rules: RulesModel) -> set[str]:
    rotation = rules.rotation
    return {kind for kind, rule in (("daily", rotation.daily), ("weekly", rotation.weekly), ("monthly", rotation.monthly)) if rule.max == 0}
