"""Every call the functions make, against their roles: the emulator enforces actions and resources, this also the partition keys.

Too narrow a role would only show on AWS; one broader than what was seen here is found, too.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.inprocess import InProcessAws, Request
from infra.invocation import names
from missions_core import clock
from tests.component.http.conftest import NOW
from tests.support.eventful import live
from tests.support.roles import Statement, actions, allowed, leading_keys
from tests.support.world import World

Row = tuple[str, str]  # an action, and the partition key it is done to

# Not seen here: reading templates as they were dealt, once the catalog has others (test_catalogs.py does).
REPLACED_TEMPLATES = ("dynamodb:BatchGetItem", "CATALOG")
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Watched(World):
    """Remembers which function did what to which rows."""

    function: str | None = None

    def invoke(self, function: str, event: dict[str, Any], **context: Any) -> Any:
        self.function = function
        try:
            return super().invoke(function, event, **context)
        finally:
            self.function = None


@pytest.fixture
def done(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, set[Row]]:
    """What each function did to the table's rows in some eventful days."""
    world = Watched(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    monkeypatch.setattr(clock, "real_now", lambda: NOW)
    seen: dict[str, set[Row]] = defaultdict(set)
    inner = aws.intercept

    def watch(request: Request, deliver: Any) -> Any:
        if world.function and request.service == "dynamodb":
            seen[world.function] |= set(rows(request.operation, json.loads(request.prepared.body)))  # type: ignore[arg-type]
        return inner(request, deliver)

    aws.intercept = watch
    live(world)
    return seen


def rows(operation: str, body: dict[str, Any]) -> Iterator[Row]:
    """What a call asks permission for. A query's first value is that of its partition key."""
    match operation:
        case "Query" if "IndexName" in body:
            return
        case "Query":
            yield f"dynamodb:{operation}", next(iter(body["ExpressionAttributeValues"].values()))["S"]
        case "BatchGetItem":
            yield from ((f"dynamodb:{operation}", key["PK"]["S"]) for table in body["RequestItems"].values() for key in table["Keys"])
        case "TransactWriteItems":
            for (kind, item), *_ in (each.items() for each in body["TransactItems"]):
                yield f"dynamodb:{TRANSACTED[kind]}", item.get("Key", item.get("Item"))["PK"]["S"]
        case _:
            yield f"dynamodb:{operation}", body.get("Key", body.get("Item"))["PK"]["S"]


def permissions(statement: Statement) -> set[Row]:
    """What a statement allows: actions, and patterns of partition keys."""
    return {(action, pattern) for action in actions(statement) for pattern in leading_keys(statement)}


def covers(permission: Row, call: Row) -> bool:
    return permission[0] == call[0] and fnmatchcase(call[1], permission[1])


def test_every_call_is_allowed_by_the_functions_role(done: dict[str, set[Row]]) -> None:
    for function, calls in done.items():
        granted = set().union(*map(permissions, allowed(function)))
        assert [call for call in calls if not any(covers(permission, call) for permission in granted)] == [], function
    reaching = {function for function in names() if any(leading_keys(statement) for statement in allowed(function))}
    assert done.keys() == reaching, "every function that may touch rows has been seen at work"


def test_no_statement_allows_what_none_of_its_functions_does(done: dict[str, set[Row]]) -> None:
    calls: dict[str, set[Row]] = defaultdict(set)
    for function in done:
        for statement in allowed(function):
            calls[json.dumps(statement)] |= done[function]
    for statement, made in calls.items():
        granted = permissions(json.loads(statement)) - {REPLACED_TEMPLATES}
        assert [permission for permission in granted if not any(covers(permission, call) for call in made)] == [], statement
