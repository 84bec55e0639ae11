"""What every read answers while a part of what it shows is missing or cannot be read: the rest. And what only an outage may excuse."""

import sys
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request, respond
from missions_core import clock
from missions_core.domain.catalog import DAY_MS
from tests.component.http.conftest import NOW, Answer, Client
from tests.support.api_document import OPERATIONS
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.faults import Fault, lose_answer, refuse
from tests.support.rules import set_rule
from tests.support.world import World, post

PLAYER = "11111111-1111-4111-8111-111111111111"
AIMS = {
    "get_mission": {"mission_id": "weekly_ten:2026-W47"},
    "get_achievement": {"key": "regular"},
    "get_badge": {"key": "regular"},
    "get_quest": {"key": "tour"},
    "get_leaderboard": {"key": "race"},
}
# Of somebody else's, or all or nothing: an export that leaves out a part would be a lie.
OTHERS = ("/v1/admin/", "/v1/me/export")
READS = {
    operation["operationId"]: path.format(**AIMS.get(operation["operationId"], {}))
    for (method, path), operation in OPERATIONS.items()
    if method == "GET" and "security" in operation and not path.startswith(OTHERS)
}


class Part(NamedTuple):
    """Something reads look at: by which call, naming what; and what they are about without which they would have nothing to say."""

    operation: str
    about: str
    subject_of: frozenset[str] = frozenset()


PARTS = {
    "profile": Part("GetItem", '"PROFILE"'),
    "templates": Part("BatchGetItem", "TEMPLATE#"),
    "statistics": Part("BatchGetItem", "STATS#"),
    "unread": Part("Query", '"Select": "COUNT"'),
    "wallet": Part("GetItem", '"WALLET"', frozenset({"get_wallet"})),
    "paid": Part("BatchGetItem", "LEDGER#", frozenset({"get_wallet"})),
    "grants": Part("Query", "LEDGER#", frozenset({"list_grants"})),
    "goods": Part("Query", "ITEM#", frozenset({"list_inventory"})),
    "history": Part("Query", "HISTORY#", frozenset({"list_history"})),
    "notes": Part("Query", "NOTE#", frozenset({"list_notifications"})),
    "top": Part("GetItem", '"TOP"', frozenset({"get_leaderboard"})),
}
ESSENTIAL = {"state": Part("GetItem", '"STATE"'), "pointer": Part("GetItem", '"CURRENT"'), "snapshot": Part("Query", "SNAPSHOT#")}


def catalog(previous: Any = None, **weekly: Any) -> Any:
    return snapshot(
        mission("daily_one", rewards={"xp": 5, "items": [{"id": "hat", "quantity": 1}]}),
        mission("weekly_ten", {"post.created": 10}, period="weekly", **weekly),
        mission("race", {"post.created": 99}, type="competitive", period="weekly"),
        achievement("regular", auto_claim=False, **weekly),
        quest("tour", step("look", {"post.created": 2}), step("wave"), **weekly),
        quest("errand", step("go", {"post.created": 1}, rewards={}), rewards={"gold": 7}, auto_claim=False, time_limit_hours=96, **weekly),
        check_in={"base": {"gold": 10}},
        previous=previous,
    )


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """Two days of a player of whom there is something everywhere; the templates she was dealt have since been replaced."""
    world = World(aws, environment, NOW - 2 * DAY_MS)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    set_rule(world, "NotificationsRule", "NOTIFICATIONS_QUEUE_URL")
    before = catalog()
    world.publish_catalog(before)
    ann = Client(world, PLAYER)
    assert ann.send("PATCH", "/v1/me/profile", {"name": "Ann", "zone": "UTC"}).status == 200
    for day in (19, 20, 21):
        world.ingest(post(day, f"2026-11-{day}T12:00:00Z", PLAYER))
        assert ann.post(f"/v1/me/missions/daily_one:2026-11-{day}/claim").status == 200
        world.pay()
        world.deliver("STANDINGS_QUEUE_URL", "update_standings")
        world.deliver("NOTIFICATIONS_QUEUE_URL", "write_notifications")
        world.now = min(world.now + DAY_MS, NOW)
        world.night()
    ann.post("/v1/me/check-ins")  # a payment on its way
    world.publish_catalog(catalog(before, priority=5))
    for name in [name for name in sys.modules if name.startswith("functions.")]:
        del sys.modules[name]  # cold starts: nothing is remembered
    return world


@pytest.fixture
def ann(world: World) -> Client:
    client = Client(world, PLAYER)
    client._requests = count(1000)  # apart from those of the days before
    return client


def read_all(ann: Client) -> dict[str, Answer]:
    return {name: ann.get(path) for name, path in READS.items()}


def fail(world: World, part: Part, fault: Fault) -> list[str]:
    """From now on a part cannot be read; the calls that met this."""
    hit: list[str] = []
    inner = world.aws.intercept  # faults met before stay, behind this one

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == part.operation and part.about.encode() in bytes(request.prepared.body or b""):  # type: ignore[arg-type]
            hit.append(request.operation)
            return fault(request, deliver)
        return inner(request, deliver)

    world.aws.intercept = intercept
    return hit


def broken(request: Request, deliver: Deliver) -> AWSResponse:
    """The service fails."""
    return respond(request, 500, b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "injected"}')


FAULTS: Mapping[str, Fault] = {"throttled": refuse("ThrottlingException"), "broken": broken, "silent": lose_answer}


def remove(world: World, *marks: str) -> int:
    """Delete the rows whose keys hold one of the marks; how many there were."""
    table = boto3.resource("dynamodb").Table(world.environment["TABLE_NAME"])
    rows = [row for row in table.scan()["Items"] if any(mark in f"{row['PK']}/{row['SK']}" for mark in marks)]
    for row in rows:
        table.delete_item(Key={"PK": row["PK"], "SK": row["SK"]})
    return len(rows)


def test_all_reads_answer_while_everything_works(ann: Client) -> None:
    assert {name: answer.status for name, answer in read_all(ann).items()} == dict.fromkeys(READS, 200)


@pytest.mark.parametrize("name", PARTS)
def test_a_read_does_without_a_part_that_cannot_be_read_unless_it_is_about_that(world: World, ann: Client, name: str) -> None:
    part = PARTS[name]
    for fault in FAULTS.values():
        hit = fail(world, part, fault)

        answers = read_all(ann)

        assert hit, "else this shows nothing"
        assert {read for read, answer in answers.items() if answer.status != 200} == part.subject_of
        for read in part.subject_of:
            assert answers[read].problem == (503, "unavailable", None)
            assert int(answers[read].headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ESSENTIAL)
def test_without_the_state_or_the_catalog_every_read_says_when_to_come_back(world: World, ann: Client, name: str) -> None:
    fail(world, ESSENTIAL[name], broken)

    for read, answer in read_all(ann).items():
        assert (read, *answer.problem) == (read, 503, "unavailable", None)
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (503, b"<html>Service Unavailable</html>"),
        (503, b'{"__type": "com.amazonaws.dynamodb.v20120810#ServiceUnavailableException", "message": "injected"}'),
        (400, b'{"__type": "com.amazonaws.dynamodb.v20120810#TransactionInProgressException", "message": "injected"}'),
        (400, b'{"__type": "com.amazonaws.dynamodb.v20120810#RequestTimeoutException", "message": "injected"}'),
    ],
)
def test_a_service_may_break_in_other_words(world: World, ann: Client, status: int, body: bytes) -> None:
    fail(world, ESSENTIAL["state"], lambda request, deliver: respond(request, status, body))

    answer = ann.get("/v1/me/missions")
    assert (*answer.problem, answer.headers["retry-after"]) == (503, "unavailable", None, "5")


@pytest.mark.parametrize(
    "marks", [("PROFILE",), ("TEMPLATE#",), ("STATS#",), ("SCORES#",), ("/WALLET",), ("/ITEM#",), ("/GRANT#",), ("HISTORY#",), ("NOTE#",)]
)
def test_what_is_not_there_is_not_missed(world: World, ann: Client, marks: tuple[str, ...]) -> None:
    assert remove(world, *marks) > 0

    assert {name: answer.status for name, answer in read_all(ann).items()} == dict.fromkeys(READS, 200)


def test_what_stands_in_for_a_part_says_that_it_is_not_known(world: World, ann: Client) -> None:
    for part in (PARTS["wallet"], PARTS["profile"], PARTS["statistics"], PARTS["unread"], PARTS["templates"]):
        fail(world, part, broken)

    hub = ann.get("/v1/me/hub").body
    assert hub["wallet"] is None
    assert "weekly_ten:2026-W47" in [each["id"] for each in hub["missions"]]
    assert ann.get("/v1/me/profile").body["name"] is None
    assert ann.get("/v1/me/achievements").body["items"][0]["rarity"] is None
    assert ann.get("/v1/me/notifications").body["unread"] is None
    weekly = ann.get("/v1/me/missions/weekly_ten:2026-W47").body
    assert (weekly["name"], weekly["type"], weekly["status"], weekly["requirements"]) == ("weekly_ten", "unknown", "active", [])


def test_a_role_that_may_not_read_a_part_is_a_bug_and_loud(world: World, ann: Client) -> None:
    fail(world, PARTS["profile"], refuse("AccessDeniedException"))
    with pytest.raises(Exception, match="AccessDenied"):
        ann.get("/v1/me/profile")


def test_writes_say_when_to_come_back_too_and_coming_back_works(world: World, ann: Client) -> None:
    inner = world.aws.intercept
    fail(world, Part("PutItem", '"STATE"'), broken)
    writes = {"/v1/me/claims": {}, "/v1/me/check-ins": {}, "/v1/me/pause": {"days": 1}, "/v1/me/notifications/read": {}}

    world.now += DAY_MS
    for path, body in writes.items():
        answer = ann.post(path, body, idempotency_key=path)
        assert (path, *answer.problem) == (path, 503, "unavailable", None)
        assert answer.headers["retry-after"] == "5"
    world.aws.intercept = inner
    assert {ann.post(path, body, idempotency_key=path).status for path, body in writes.items()} == {200}


# A template version the table lost ------------------------------------------------------------------------------------


def test_whatever_would_write_waits_for_lost_templates_and_then_nothing_is_missing(world: World, ann: Client) -> None:
    table = boto3.resource("dynamodb").Table(world.environment["TABLE_NAME"])
    kept = [row for row in table.scan()["Items"] if row["SK"].startswith("TEMPLATE#")]
    assert remove(world, "TEMPLATE#") == len(kept) == 4
    version = world.players.load(PLAYER).version

    assert world.ingest(post("late", "2026-11-21T12:00:05Z", PLAYER)) == ["0"], "it comes back"
    assert world.players.load(PLAYER).version == version
    assert ann.get("/v1/me/missions").status == 200

    for row in kept:
        table.put_item(Item=row)
    assert world.ingest(post("late", "2026-11-21T12:00:05Z", PLAYER)) == []
    assert world.state(PLAYER).current("weekly").find("weekly_ten").progress == [4]
