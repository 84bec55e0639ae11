"""What makes a requirement tree meaningless, and what to write instead."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.requirement_models import ConditionModel
from missions_core.authoring.requirements import COLLECTED, GroupAt, LeafAt
from missions_core.domain.facts import COUNTED, FACTS, REACHED
from missions_core.domain.requirements import number

MAX_DEPTH = 3
MAX_LEAVES = 20
MAX_DISTINCT = 100
FIELD_AGGREGATES = ("sum", "max", "last", "distinct")
WHOLE_AGGREGATES = ("count", "distinct", "days", COLLECTED)
COMPARISONS = (">=", ">", "<=", "<")
FACT_MEMBERS = {**COUNTED, **REACHED}


def tree_findings(tree: GroupAt) -> Findings:
    """Mistakes in a tree's shape and in each of its leaves."""
    leaves = list(tree.leaves())
    if tree.depth > MAX_DEPTH:
        yield Finding(tree.path, f"nests {tree.depth} groups; write at most {MAX_DEPTH} inside each other")
    if len(leaves) > MAX_LEAVES:
        yield Finding(tree.path, f"has {len(leaves)} requirements; write at most {MAX_LEAVES}")
    keys: set[str] = set()
    for leaf in leaves:
        if leaf.key in keys:
            text = f'"{leaf.key}" is taken by an earlier requirement; write a key of its own, such as {leaf.key}_2'
            yield Finding(leaf.member("key"), text)
        keys.add(leaf.key)
        yield from leaf_findings(leaf)


def leaf_findings(leaf: LeafAt) -> Findings:
    """Mistakes in one requirement."""
    parts = (own_target_findings(leaf), _second_target_findings(leaf), _field_findings(leaf), _within_findings(leaf))
    yield from (finding.below(leaf.path) for finding in chain(*parts))
    yield from where_findings(leaf.where, leaf.path)


def endless_findings(leaf: LeafAt, what: str) -> Findings:
    """Nothing ever settles here, so only what an action itself can decide is possible."""
    if leaf.op not in (">=", ">"):
        yield Finding(leaf.member("op"), f'"{leaf.op}" is decided when a period ends, which {what} never does; write >= or >')
    if leaf.aggregate == "last":
        yield Finding(leaf.member("aggregate"), f"last is decided when a period ends, which {what} never does; write max or sum")


def dealt_findings(tree: GroupAt) -> Findings:
    """What a mission or quest cannot ask for: facts are not known while it is open, and days are counted from its start."""
    for leaf in tree.leaves():
        if leaf.action in FACTS:
            text = f'"{leaf.action}" is a fact of the game, which only achievements can ask for; write an action type'
            yield Finding(leaf.member("action"), text)
        if leaf.aggregate == "days" and leaf.lifetime:
            text = "lifetime does not go with days, which are counted from the start of a mission or quest; write scope: period"
            yield Finding(leaf.member("scope"), text)


def fact_findings(leaf: LeafAt) -> Findings:
    """Mistakes in asking for a fact of the game: for what it does not have, or for a sum of what is reached."""
    members = FACT_MEMBERS.get(leaf.action)
    if members is None:
        return
    if leaf.action in REACHED and leaf.aggregate != "max":
        text = f'{leaf.aggregate} does not go with "{leaf.action}", which is reached; write aggregate: max, field: {members[0]}'
        yield Finding(leaf.member("aggregate"), text)
    asked = [(leaf.member("field"), leaf.field)]
    asked += [((*leaf.path, "where", index, "field"), condition.field) for index, condition in enumerate(leaf.where)]
    for path, name in asked:
        if name is not None and name not in members:
            yield Finding(path, f'"{name}" is not told of "{leaf.action}"; write one of {" ".join(members)}')


def own_target_findings(leaf: LeafAt) -> Findings:
    """Mistakes in a leaf's own target, path from the leaf down."""
    yield from _any_target_findings(leaf, leaf.target, ("target",))
    if leaf.op in (">=", "==", "between") and leaf.aggregate in WHOLE_AGGREGATES and leaf.target < (0 if leaf.op == "between" else 1):
        yield Finding(("target",), f"{leaf.target:f} holds before anything is done; write at least 1")
    if leaf.op in (">", "<=") and leaf.aggregate in WHOLE_AGGREGATES and leaf.target < 0:
        yield Finding(("target",), f"{leaf.target:f} is negative; write 0 or more")
    if leaf.op == "<" and leaf.aggregate in WHOLE_AGGREGATES and leaf.target < 1:
        yield Finding(("target",), f"{leaf.target:f} can never hold with <; write at least 1")


def _any_target_findings(leaf: LeafAt, target: Decimal, path: Path) -> Findings:
    """Mistakes that hold for each target of a leaf: its own and the second."""
    if leaf.aggregate in WHOLE_AGGREGATES and target != int(target):
        yield Finding(path, f"{target:f} is not whole; {leaf.aggregate} counts, so write {int(target)} or {int(target) + 1}")
    if leaf.aggregate == "distinct" and target > MAX_DISTINCT:
        yield Finding(path, f"{target:f} distinct values are too many to remember; write at most {MAX_DISTINCT}")


def _second_target_findings(leaf: LeafAt) -> Findings:
    if leaf.op != "between":
        if leaf.target2 is not None:
            yield Finding(("target2",), f"is only used by op between; remove it or write op: between instead of {leaf.op}")
    elif leaf.target2 is None:
        yield Finding(("target2",), f"is missing; between needs both ends: write target2: {leaf.target:f} or more")
    else:
        if leaf.target2 < leaf.target:
            yield Finding(("target2",), f"{leaf.target2:f} is below target {leaf.target:f}; write the larger number here")
        yield from _any_target_findings(leaf, leaf.target2, ("target2",))


def _field_findings(leaf: LeafAt) -> Findings:
    if leaf.aggregate in FIELD_AGGREGATES and leaf.field is None:
        example = FACT_MEMBERS.get(leaf.action, ("amount",))[0]
        yield Finding(("field",), f"is missing; {leaf.aggregate} needs a field of the action's data: write field: {example}, for example")
    if leaf.aggregate not in FIELD_AGGREGATES and leaf.field is not None:
        yield Finding(("field",), f"is not used by {leaf.aggregate}; remove it or write aggregate: {', '.join(FIELD_AGGREGATES)}")


def _within_findings(leaf: LeafAt) -> Findings:
    if leaf.within_ms is None:
        return
    if leaf.aggregate not in ("count", "sum"):
        yield Finding(("within",), f"does not go with {leaf.aggregate}; remove it or write aggregate: count or sum")
    if leaf.op != ">=":
        yield Finding(("op",), f'"{leaf.op}" does not go with within; write >=')


def where_findings(where: Sequence[ConditionModel], parent: Path) -> Findings:
    """Mistakes in conditions: each operator takes one kind of value."""
    for index, condition in enumerate(where):
        text = _value_mistake(condition)
        if text:
            yield Finding((*parent, "where", index, "value"), text)


def _value_mistake(condition: ConditionModel) -> str | None:
    op, value = condition.op, condition.value
    if op in COMPARISONS:
        return None if _is_number(value) else f"does not fit {op}; write a number such as 10"
    if op == "between":
        ends = [Decimal(str(end)) for end in value if _is_number(end)] if isinstance(value, list) and len(value) == 2 else []
        if len(ends) < 2:
            return "does not fit between; write two numbers such as [10, 20]"
        return None if ends[0] <= ends[1] else "has its ends the wrong way round; write the smaller number first"
    if op == "in":
        fits = isinstance(value, list) and value and all(isinstance(entry, str | int | float) for entry in value)
        return None if fits else "does not fit in; write a list such as [news, sports]"
    if op == "exists":
        return None if isinstance(value, bool) else "does not fit exists; write true or false"
    return None if isinstance(value, str | int | float) else f"does not fit {op}; write one text, number or truth value"


def _is_number(value: object) -> bool:
    """A number that the engine could find in an action, too."""
    return number(value) is not None
