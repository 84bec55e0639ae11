"""JSON Schema of what pydantic does not check: actions are read by the domain, which the queue uses too."""

from typing import Any

from missions_core.domain.actions import MAX_TEXT

_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}

ACTION: dict[str, Any] = {
    "title": "Action",
    "description": "A CloudEvents 1.0 object. Players may leave out subject (themselves) and time (now); services must not.",
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "description": "Unique within the source: the same source and id count once within 14 days."},
        "source": _TEXT,
        "type": {**_TEXT, "examples": ["post.created"]},
        "subject": {**_TEXT, "description": "The player."},
        "time": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened. Of a player's own action it only tells duplicates apart.",
        },
        "data": {"type": "object", "description": "What the missions look at; at most 8 KB."},
    },
}

ACTION_REFERENCE = {"$ref": "#/components/schemas/Action"}

ACTIONS_BODY: dict[str, Any] = {
    "oneOf": [
        ACTION_REFERENCE,
        {"title": "Actions", "type": "array", "maxItems": 100, "items": ACTION_REFERENCE},
        {
            "title": "ActionBatch",
            "type": "object",
            "required": ["actions"],
            "additionalProperties": False,
            "properties": {"actions": {"type": "array", "maxItems": 100, "items": ACTION_REFERENCE}},
        },
    ]
}
