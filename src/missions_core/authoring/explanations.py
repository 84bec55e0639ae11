"""Turns validation errors of the models into findings: a path as the author wrote it and what to write there."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.schema import Schema, catalog_schema
from missions_core.authoring.values import FORMS

NOUNS = {"op": "an operator", "achievement_type": "an achievement type", "aggregate": "an aggregate"}


def explained(error: ValidationError, prefix: Path) -> Findings:
    """Yield one finding per error of a model read at `prefix` in a catalog file."""
    return (_explained(details, prefix) for details in error.errors(include_url=False))


def _explained(details: ErrorDetails, prefix: Path) -> Finding:
    location = (*prefix, *details["loc"])
    path, parent, schema = _locate(location)
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    match kind:
        case "union_tag_invalid":
            return Finding((*path, "kind"), f"{_shown(context['tag'])} is not a kind; write one of mission quest achievement")
        case "union_tag_not_found":
            return Finding((*path, "kind"), "is missing; write one of mission quest achievement")
        case "missing":
            return Finding(path, f"is missing; write {_sample(path, schema)}")
        case "extra_forbidden":
            return Finding(path, _unknown_field(str(path[-1]), parent))
        case "literal_error":
            return Finding(path, _unknown_choice(value, _member_name(location, path), schema))
        case "int_type" if parent.get("title") == "RewardsModel" and not isinstance(value, int | float):
            goods = "items, badges, titles, frames (lists), boost (a mapping)"
            return Finding(path, f'"{path[-1]}" is neither {goods} nor a currency (a whole number); write one of these')
    fix = _FIXES.get(kind)
    if fix is None:
        return Finding(path, details["msg"] if isinstance(value, list | dict) else f"{_shown(value)} {details['msg']}")
    form = FORMS.get(str(context.get("pattern")))
    return Finding(path, f"{_state_of(kind, value)}; write {fix.format(form=form, members=_members(schema), **context)}")


_FIXES = {
    "int_type": "a whole number such as 5, without quotes or decimals",
    "bool_type": "true or false, without quotes",
    "string_type": "text, in quotes if it looks like a number or contains a comma, colon or #",
    "invalid_key": "the key in quotes",
    "list_type": "a list such as [a, b]",
    "dict_type": "a mapping such as {{name: value}}",
    "model_type": "a mapping{members}",
    "model_attributes_type": "a mapping{members}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "{form}",
    "string_too_short": "a text",
    "too_short": "at least {min_length} entry, or leave the member out if it is optional",
    "too_long": "at most {max_length} entries",
    "invalid-json-value": "it in quotes",
}


def _state_of(kind: str, value: object) -> str:
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} has another form"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"{_shown(value)} is too {'small' if kind[0] == 'g' else 'large'}"
    if kind.endswith("too_short"):
        return "is empty"
    if kind == "too_long":
        return "has too many entries"
    names = {
        str: "is text",
        bool: "is true or false",
        int: "is a whole number",
        float: "is a decimal",
        list: "is a list",
        dict: "is a mapping",
    }
    text = names.get(type(value), "has no value" if value is None else "is no JSON value")
    return text if value is None or isinstance(value, list | dict) else f"{_shown(value)} {text}"


def _members(schema: Schema) -> str:
    names = list(cast(Schema, schema.get("properties", {})))
    return f" {{…}} of {', '.join(names[:6])}" if names else " such as {name: value}"


def _member_name(location: Path, path: Path) -> str:
    """What an error with a choice is about: the member's name, for a mapping's key the mapping's."""
    name = path[-2] if location[-1] == "[key]" else path[-1]
    return name if isinstance(name, str) else "entry"


def _sample(path: Path, schema: Schema) -> str:
    choices = _choices(schema)
    if choices:
        return "one of " + " ".join(choices)
    examples = cast(list[object], schema.get("examples", []))
    text = f"{path[-1]}: {examples[0]}" if examples else f"{path[-1]}: …"
    return f"it, such as `{text}`"


def _unknown_field(name: str, parent: Schema) -> str:
    known = list(cast(Schema, parent.get("properties", {})))
    if name in ("all", "any"):
        return "does not go together with its sibling; a group is either all or any: nest one inside the other"
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    return f"is an unknown field; write {close[0]}" if close else f"is an unknown field; remove it or write one of {' '.join(known)}"


def _unknown_choice(value: object, member: str, schema: Schema) -> str:
    choices = _choices(schema)
    noun = NOUNS.get(member, f"a valid {member}")
    close = get_close_matches(value, choices, n=1) if isinstance(value, str) else []
    hint = f" (meant {close[0]}?)" if close and noun != NOUNS["op"] else ""
    return f"{_shown(value)} is not {noun}{hint}; write one of {' '.join(choices)}"


def _choices(schema: Schema) -> list[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [str(value) for value in cast(list[object], values)]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value[:60]}"'
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else str(value)


def _locate(location: tuple[str | int, ...]) -> tuple[Path, Schema, Schema]:
    """Follow an error's location through the schema: the path without union tags, the parent's schema, the member's schema."""
    path: list[str | int] = []
    parent: Schema = {}
    node = catalog_schema()
    for step in location:
        if "oneOf" in node:
            node = _branch(node, str(step))
        elif step == "[key]":
            node = cast(Schema, parent.get("propertyNames", {}))
        else:
            path.append(step)
            parent, node = node, _child(node, step)
    return tuple(path), parent, node


def _branch(node: Schema, tag: str) -> Schema:
    mapping = cast(Mapping[str, str], cast(Schema, node.get("discriminator", {})).get("mapping", {}))
    return _definition(mapping.get(tag, f"#/$defs/{tag}"))


def _child(node: Schema, step: str | int) -> Schema:
    properties = cast(Mapping[str, Schema], node.get("properties", {}))
    further = node.get("items" if isinstance(step, int) else "additionalProperties")
    by_pattern = list(cast(Mapping[str, Schema], node.get("patternProperties", {})).values())
    found = properties.get(str(step)) or (by_pattern[0] if by_pattern else further if isinstance(further, Mapping) else {})
    return _resolved(found)


def _resolved(node: Schema) -> Schema:
    """Follow references, and the useful branch of an optional member; siblings of the reference (examples) win."""
    if "$ref" in node:
        return {**_definition(str(node["$ref"])), **{name: value for name, value in node.items() if name != "$ref"}}
    branches = [branch for branch in cast(list[Schema], node.get("anyOf", [])) if branch.get("type") != "null"]
    if branches:
        return {**_resolved(branches[-1]), **{name: value for name, value in node.items() if name in ("examples", "description")}}
    return node


def _definition(reference: str) -> Schema:
    definitions = cast(Mapping[str, Schema], catalog_schema()["$defs"])
    return definitions.get(reference.rpartition("/")[2], {})
