"""Notices of scores that one request could win: sums and greatest values that players send themselves and nothing bounds.

Only of scores: what has a target pays no more for a value that is far beyond it.
"""

from collections.abc import Iterable, Iterator, Sequence

from missions_core.authoring.findings import Finding, Findings
from missions_core.authoring.models import Mission
from missions_core.authoring.requirement_models import ConditionModel
from missions_core.authoring.requirements import trees_of
from missions_core.authoring.rule_models import DerivationModel, RulesModel
from missions_core.authoring.template_checks import AnyTemplate

BOUNDING = ("<=", "<", "==", "between", "in")


def score_notices(template: AnyTemplate, rules: RulesModel) -> Findings:
    """What a competitive mission leaves to players' honesty."""
    scores = trees_of(template)[0].leaves() if isinstance(template, Mission) and template.type == "competitive" else ()
    for leaf in scores:
        for sent, conditions in _sent_as(leaf.action, rules, rules.derive):
            if leaf.field is not None and not _is_bounded(leaf.field, [*leaf.where, *conditions], sent, rules):
                text = (
                    f'players send "{sent}" themselves, and nothing bounds its "{leaf.field}": one request could win; '
                    f'write where: [{{field: {leaf.field}, op: "<=", value: 100}}] or a rule in rules.fraud.impossible'
                )
                yield Finding(leaf.member("field"), text)


def _sent_as(action: str, rules: RulesModel, derive: Sequence[DerivationModel]) -> Iterator[tuple[str, list[ConditionModel]]]:
    """The types players may send that count as this one, each with the conditions on which it does; derivations apply in order."""
    if action in rules.actions and rules.actions[action].client:
        yield action, []
    for index, derivation in enumerate(derive):
        if derivation.produces == action:
            for sent, conditions in _sent_as(derivation.when, rules, derive[:index]):
                yield sent, [*conditions, *derivation.where]


def _is_bounded(field: str, conditions: Iterable[ConditionModel], sent: str, rules: RulesModel) -> bool:
    if any(condition.field == field and condition.op in BOUNDING for condition in conditions):
        return True
    impossible = [rule.where for rule in rules.fraud.impossible if rule.action == sent and not rule.shadow] if rules.fraud else []
    return any([(where.field, where.op) for where in wheres] in ([(field, ">")], [(field, ">=")]) for wheres in impossible)
