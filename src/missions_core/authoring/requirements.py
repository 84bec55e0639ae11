"""Requirement trees with their defaults filled in, each node remembering where the author wrote it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from missions_core.authoring.findings import Path
from missions_core.authoring.models import Achievement, CollectionModel, Mission, Quest
from missions_core.authoring.requirement_models import AllGroup, AnyGroup, ConditionModel, LeafModel, Shorthand

COLLECTED = "collected"  # the aggregate of collections; no author can write it


@dataclass(frozen=True, slots=True)
class LeafAt:
    """A requirement and its place."""

    path: Path
    key: str
    action: str
    aggregate: str
    field: str | None
    where: Sequence[ConditionModel]
    op: str
    target: Decimal
    target2: Decimal | None
    within_ms: int | None
    lifetime: bool
    label: dict[str, str]

    def member(self, name: str) -> Path:
        """Where a member is written; in the shorthand, which has none, where the requirement is."""
        return self.path if isinstance(self.path[-1], str) else (*self.path, name)


@dataclass(frozen=True, slots=True)
class GroupAt:
    """A group and its place."""

    path: Path
    every: bool
    children: tuple["LeafAt | GroupAt", ...]

    def leaves(self) -> Iterator[LeafAt]:
        """Every leaf below, in order."""
        for child in self.children:
            if isinstance(child, LeafAt):
                yield child
            else:
                yield from child.leaves()

    @property
    def depth(self) -> int:
        """How many groups enclose the innermost leaf."""
        return 1 + max((child.depth for child in self.children if isinstance(child, GroupAt)), default=0)


@dataclass(frozen=True, slots=True)
class _Defaults:
    aggregate: str = "count"
    lifetime: bool = False


def trees_of(template: Mission | Quest | Achievement) -> list[GroupAt]:
    """The template's requirement trees: one, or one per step of a quest. What asks for nothing has an empty tree."""
    match template:
        case Quest():
            return [_tree(step.requirements, ("steps", index, "requirements"), _Defaults()) for index, step in enumerate(template.steps)]
        case Achievement(collection=CollectionModel() as collection):
            return [_collected(collection)]
    return [_tree(template.requirements, ("requirements",), _defaults(template))]


def _collected(collection: CollectionModel) -> GroupAt:
    """A collection spelt as requirements: as many of the list as it has."""
    lists = (("game.template.completed", "template", collection.templates), ("game.badge.earned", "badge", collection.badges))
    return GroupAt(("collection",), True, tuple(_all_of(*each) for each in lists if each[2]))


def _all_of(fact: str, field: str, wanted: Sequence[str]) -> LeafAt:
    one_of_them = ConditionModel(field=field, op="in", value=list(wanted))
    return LeafAt(
        path=("collection", f"{field}s"),
        key=f"{field}s",
        action=fact,
        aggregate=COLLECTED,
        field=None,
        where=[one_of_them],
        op=">=",
        target=Decimal(len(wanted)),
        target2=None,
        within_ms=None,
        lifetime=True,
        label={},
    )


def _defaults(template: Mission | Achievement) -> _Defaults:
    if isinstance(template, Achievement):
        return _Defaults(lifetime=True)
    return _Defaults("days" if template.type == "streak" else "count", lifetime=template.type == "threshold")


def _tree(requirements: AllGroup | AnyGroup | Shorthand | None, path: Path, defaults: _Defaults) -> GroupAt:
    if requirements is None:
        return GroupAt(path, True, ())
    if isinstance(requirements, Shorthand):
        pairs = requirements.root.items()
        counts = (LeafModel.model_construct(action=action, aggregate="count", target=Decimal(target)) for action, target in pairs)
        return GroupAt(path, True, tuple(_leaf(leaf, (*path, leaf.action), defaults) for leaf in counts))
    return _group(requirements, path, defaults)


def _group(group: AllGroup | AnyGroup, path: Path, defaults: _Defaults) -> GroupAt:
    every = isinstance(group, AllGroup)
    nodes = group.all if isinstance(group, AllGroup) else group.any
    return GroupAt(path, every, tuple(_node(node, (*path, "all" if every else "any", n), defaults) for n, node in enumerate(nodes)))


def _node(node: AllGroup | AnyGroup | LeafModel, path: Path, defaults: _Defaults) -> LeafAt | GroupAt:
    return _leaf(node, path, defaults) if isinstance(node, LeafModel) else _group(node, path, defaults)


def _leaf(leaf: LeafModel, path: Path, defaults: _Defaults) -> LeafAt:
    return LeafAt(
        path=path,
        key=leaf.key or leaf.action,
        action=leaf.action,
        aggregate=leaf.aggregate or defaults.aggregate,
        field=leaf.field,
        where=leaf.where,
        op=leaf.op,
        target=leaf.target,
        target2=leaf.target2,
        within_ms=leaf.within,
        lifetime=defaults.lifetime if leaf.scope is None else leaf.scope == "lifetime",
        label=leaf.label or {},
    )
