"""Models of requirement trees as authors write them: groups, leaves, conditions, the count shorthand."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Field, JsonValue, RootModel, Tag, model_validator
from pydantic_core import PydanticCustomError

from missions_core.authoring.values import ActionType, AtLeastOne, DataField, DurationMs, LeafKey, NamedText, Number, Strict

Aggregate = Literal["count", "sum", "max", "last", "distinct", "days"]
Operator = Literal[">=", ">", "==", "<=", "<", "between"]
Scope = Literal["period", "lifetime"]


class ConditionModel(Strict):
    """One `where` clause on a field of the action's data."""

    field: DataField
    op: Literal[">=", ">", "<=", "<", "==", "!=", "in", "between", "exists"]
    value: JsonValue = Field(examples=["10"])


class LeafModel(Strict):
    """One requirement; what is left out depends on the template's kind and type."""

    key: LeafKey | None = None
    action: ActionType
    aggregate: Aggregate | None = None
    field: DataField | None = None
    where: list[ConditionModel] = Field(default=[])
    op: Operator = ">="
    target: Number = Field(examples=["5"])
    target2: Number | None = None
    within: DurationMs | None = None
    scope: Scope | None = None
    label: NamedText | None = None


class AllGroup(Strict):
    """Every child must hold."""

    all: "list[Node]" = Field(min_length=1)


class AnyGroup(Strict):
    """One child must hold."""

    any: "list[Node]" = Field(min_length=1)


class Shorthand(RootModel[dict[ActionType, AtLeastOne]]):
    """`{post.created: 5}`: one `all` group of plain counts."""

    model_config = ConfigDict(strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _not_a_bare_leaf(cls, value: object) -> object:
        if isinstance(value, dict) and "action" in value:
            raise PydanticCustomError("bare_leaf", "is a requirement without a group; write all: [{…}] around it")
        if value == {}:
            raise PydanticCustomError("empty_tree", "asks for nothing; write at least one requirement such as {post.created: 5}")
        return value


def _group_tag(value: object) -> str | None:
    if not isinstance(value, dict):
        return type(value).__name__ if isinstance(value, AllGroup | AnyGroup) else None
    return "AllGroup" if "all" in value else "AnyGroup" if "any" in value else None


def _node_tag(value: object) -> str:
    return _group_tag(value) or "LeafModel"


def _tree_tag(value: object) -> str:
    return _group_tag(value) or "Shorthand"


# Tags are the models' names, so that an error's location can be followed through the JSON Schema's definitions.
Node = Annotated[
    Annotated[AllGroup, Tag("AllGroup")] | Annotated[AnyGroup, Tag("AnyGroup")] | Annotated[LeafModel, Tag("LeafModel")],
    Discriminator(_node_tag),
]
Requirements = Annotated[
    Annotated[AllGroup, Tag("AllGroup")] | Annotated[AnyGroup, Tag("AnyGroup")] | Annotated[Shorthand, Tag("Shorthand")],
    Discriminator(_tree_tag),
]
AllGroup.model_rebuild()
AnyGroup.model_rebuild()
