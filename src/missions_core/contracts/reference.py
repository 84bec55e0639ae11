"""The reference in docs/events.md, written from the contracts: `python -m missions_core.contracts.reference`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from missions_core.contracts.incoming import INCOMING_MODELS, IncomingEvent
from missions_core.contracts.integration import DATA_MODELS, CloudEvent

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "events.md"
OUTGOING_EXAMPLES = ROOT / "events" / "integration"
INCOMING_EXAMPLES = ROOT / "events" / "incoming"
MARK = "<!-- From here on written by `python -m missions_core.contracts.reference`. -->\n"

LIMITS = {"minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMinimum": "> {}", "minLength": "≥ {} characters", "maxLength": "≤ {} characters"}
LIMITS |= {"maxItems": "≤ {} items", "pattern": "`{}`"}

Schema = Mapping[str, Any]


def rendered(page: str) -> str:
    """The page with its reference as it must be now; what is written above the mark stays."""
    return page.partition(MARK)[0] + MARK + "".join(_reference())


def _reference() -> Iterator[str]:
    yield "\n## The envelope of our events\n\n"
    yield from _model(CloudEvent)
    yield "\n## Our events\n"
    for name, model in DATA_MODELS.items():
        yield from _event(name, model, OUTGOING_EXAMPLES)
    yield "\n## Shapes within them\n"
    for name, schema in sorted(_shapes().items()):
        yield f"\n### {name}\n\n{schema['description']}\n\n{_table(schema)}"
    yield "\n## The envelope of neighbours' events\n\n"
    yield from _model(IncomingEvent)
    yield "\n## Neighbours' events\n"
    for name, incoming in INCOMING_MODELS.items():
        yield from _event(name, incoming, INCOMING_EXAMPLES)


def _event(name: str, model: type[BaseModel], examples: Path) -> Iterator[str]:
    yield f"\n### {name}\n\n"
    yield from _model(model)
    yield f"\n```json\n{(examples / f'{name}.json').read_text(encoding='utf-8')}```\n"


def _model(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema()
    yield f"{schema['description']}\n\n{_table(schema)}"


def _shapes() -> dict[str, Schema]:
    """What the events' members are made of, by name."""
    return {name: shape for model in DATA_MODELS.values() for name, shape in model.model_json_schema().get("$defs", {}).items()}


def _table(schema: Schema) -> str:
    required = schema.get("required", [])
    rows = (f"| `{name}` | {_type(member)} | {'yes' if name in required else ''} |\n" for name, member in schema["properties"].items())
    return "| Member | Type | Always there |\n|---|---|---|\n" + "".join(rows)


def _type(schema: Schema) -> str:
    """A member's type in words, with its limits."""
    match schema:
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": choices}:
            return " or ".join(_type(choice) for choice in choices)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return _limited(f"list of {_type(items)}", schema)
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"object of {_type(values)}"
        case {"format": "date-time"}:
            return "RFC 3339 timestamp"
    return _limited(schema["type"], schema)


def _limited(text: str, schema: Schema) -> str:
    limits = [limit.format(str(schema[name]).replace("|", "\\|")) for name, limit in LIMITS.items() if name in schema]
    return ", ".join([text, *limits])


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
