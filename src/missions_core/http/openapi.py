"""The OpenAPI document, generated from the routes: `python -m missions_core.http.openapi` writes openapi.json beside this module."""

import json
import re
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from missions_core.http.api import Routes
from missions_core.http.problems import PROBLEM_JSON
from missions_core.http.routes import (  # noqa: F401  # some of them only add their routes to those of others
    admin_api,
    admin_fraud,
    admin_missions,
    admin_reviews,
    check_in,
    claim_reward,
    evidence,
    health,
    leaderboards,
    notification_queries,
    notifications,
    player_commands,
    player_data,
    player_queries,
    post_actions,
    purchases,
)
from missions_core.http.schemas import ACTION

FILE = Path(__file__).with_name("openapi.json")
OPENAPI_VERSION = "3.1.0"

BY_FUNCTION: dict[str, Routes] = {
    "post_actions": post_actions.routes,
    "player_queries": player_queries.routes,
    "claim_reward": claim_reward.routes,
    "check_in": check_in.routes,
    "player_commands": player_commands.routes,
    "admin_api": admin_api.routes,
    "health": health.routes,
}
DESCRIPTION = (
    "Missions, streaks, check-ins and rewards. Every route but health and docs needs an access token (Authorization: Bearer ...); "
    "players are known by their token alone. Errors are problem documents (RFC 9457) with a stable `code`."
)
PUBLIC_TAG = "health"
LOCALISED_TAGS = frozenset({"missions", "quests", "rewards", "achievements", "leaderboards", "notifications"})
REPEATABLE = frozenset(
    {
        "post_claim",
        "post_claims",
        "post_quest_claim",
        "post_achievement_claim",
        "post_check_in",
        "post_reroll",
        "post_freeze",
        "post_evidence",
        "post_regenerate",
        "post_quest_start",
        "post_step",
    }
)
LOOKED_AT = frozenset({"post_actions", "post_claim", "post_claims", "post_quest_claim", "post_achievement_claim", "post_check_in"})

PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a stable `code`, the `field` where one is at fault, and details of the code.",
    "required": ["type", "title", "status", "detail", "code", "field"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": ["string", "null"]},
    },
}
PROBLEM_RESPONSE = {
    "description": "What is wrong and what to do",
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
LANG = {
    "name": "lang",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "The language of texts; Accept-Language by default.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "description": "The same key again within a day changes nothing and hears the first answer.",
}

DEVICE_ID = {
    "name": "X-Device-Id",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "A random id of the player's device, the same in every request; only its hash is kept.",
}

Document = dict[str, Any]


def generate() -> Document:
    """The document for all routes."""
    resolver = APIGatewayHttpResolver(enable_validation=True)
    for routes in BY_FUNCTION.values():
        resolver.include_router(routes)
    document: Document = json.loads(
        resolver.get_openapi_json_schema(title="Missions", version="1", openapi_version=OPENAPI_VERSION, description=DESCRIPTION)
    )
    for methods in document["paths"].values():
        for operation in methods.values():
            _complete(operation)
    _complete_components(document)
    return document


def spelled(document: Document) -> str:
    """The document as it is stored."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _complete(operation: Document) -> None:
    """Say what the handlers' signatures cannot: errors, tokens, headers."""
    operation["operationId"] = re.sub(r"_(v1|health)_.*$", "", operation["operationId"])
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = PROBLEM_RESPONSE
    if PUBLIC_TAG in operation["tags"]:
        return
    operation["security"] = [{"accessToken": []}]
    parameters = [LANG] if LOCALISED_TAGS.intersection(operation["tags"]) else []
    parameters += [IDEMPOTENCY_KEY] if operation["operationId"] in REPEATABLE else []
    parameters += [DEVICE_ID] if operation["operationId"] in LOOKED_AT else []
    if parameters:
        operation["parameters"] = operation.get("parameters", []) + parameters


def _complete_components(document: Document) -> None:
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"] |= {"Action": ACTION, "Problem": PROBLEM}
    components["securitySchemes"] = {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document.pop("servers", None)  # it is served by whatever host it is asked from


if __name__ == "__main__":
    FILE.write_text(spelled(generate()))
