"""What reaches players' lists, by way of the bus and the notifications queue: once, in its place, and nothing behind an erasure."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS
from missions_core.messaging import Queue
from missions_core.settings import settings
from missions_core.storage.notifications import Notification, Notifications
from missions_core.use_cases.notifications import metrics, write_notifications
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.stores import stores_of
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.rules import set_rule
from tests.support.world import World, post

NOW = ms("2026-11-21T12:00:10")
NOON = "2026-11-21T12:00:00Z"
AT = "2026-11-21T12:00:00.000Z"
COMPLETED = {"mission": "one:2026-11-21", "template": "one", "type": "count", "rewards": {"amounts": {"xp": 10}}, "completed_at": AT}


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    set_rule(world, "NotificationsRule", "NOTIFICATIONS_QUEUE_URL")
    return world


@pytest.fixture(autouse=True)
def no_metrics_left() -> Iterator[None]:
    yield
    metrics.provider.clear_metrics()


def event(type_: str = "MissionCompleted", data: Any = None, **members: Any) -> str:
    """An event as EventBridge hands it to a queue."""
    detail = {"id": "e1", "type": type_, "subject": "ann", "time": AT, "data": COMPLETED if data is None else data} | members
    return json.dumps({"detail-type": type_, "source": "missions", "detail": detail})


def deliver(*bodies: str) -> list[str]:
    messages = [QueueMessage(f"m{n}", body) for n, body in enumerate(bodies)]
    return write_notifications(stores_of("missions"), Queue(settings.quarantine_queue_url), messages)


def told(player: str = "ann") -> list[Notification]:
    return Notifications("missions").newest(player, limit=100, cursor=None, now=NOW)[0]


def types(player: str = "ann") -> list[str]:
    return [each.type for each in reversed(told(player))]


def erase(world: World, player: str) -> None:
    """Leave a player's tombstone."""
    key = {"PK": f"PLAYER#{player}", "SK": "STATE"}
    boto3.resource("dynamodb").Table("missions").put_item(Item=key | {"version": 9, "erased_at": NOW})


def test_players_are_told_of_what_happened_and_not_of_what_they_did(world: World) -> None:
    world.publish_catalog(
        snapshot(
            mission("one"),
            achievement("first"),
            quest("tour", step("look", {"post.created": 1}), time_limit_hours=48),
            quest("trip", step("far", {"post.created": 99}), time_limit_hours=24),
        )
    )
    world.ingest(post(1, NOON))
    world.notify()
    assert sorted(types()) == ["achievement.unlocked", "mission.completed", "quest.completed"], (
        "nothing of grants, claims and first progress"
    )

    for _ in range(4):
        world.now += DAY_MS
        world.night()
    world.notify()
    assert sorted(types())[3:] == ["quest.failed", "streak.broken"]
    assert {each.type: each.template for each in told()} == {
        "mission.completed": "one",
        "achievement.unlocked": "first",
        "quest.completed": "tour",
        "quest.failed": "trip",
        "streak.broken": None,
    }


def test_a_prize_is_told_with_its_board_and_rank(world: World) -> None:
    prizes = [{"from": 1, "to": 1, "rewards": {"xp": 100}}]
    world.publish_catalog(snapshot(mission("race", {"post.created": 99}, type="competitive", prizes=prizes)))
    world.ingest(post(1, NOON))
    world.compete()
    world.now = ms("2026-11-23T20:00")

    world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    world.notify()

    (prize,) = [each for each in told() if each.type == "prize.won"]
    assert prize.template == "race"
    assert {name: prize.data[name] for name in ("board", "label", "rank")} == {"board": "race", "label": "2026-11-21", "rank": 1}
    assert prize.data["rewards"] == {"amounts": {"xp": 100}}


def test_what_is_told_again_is_written_once(world: World) -> None:
    world.publish_catalog(snapshot(mission("one")))
    world.ingest(post(1, NOON))
    stream = list(world._stream)
    world.publish()
    first = [message for batch in world.take("NOTIFICATIONS_QUEUE_URL") for message in batch]
    world._stream = stream
    world.publish()
    again = [message for batch in world.take("NOTIFICATIONS_QUEUE_URL") for message in batch]

    assert {message["messageId"] for message in first}.isdisjoint(message["messageId"] for message in again)
    for batch in ([*first, *first], again):
        assert world.invoke("write_notifications", {"Records": batch}) == {"batchItemFailures": []}
        assert types() == ["mission.completed"]
        world.now += DAY_MS


def test_notifications_lie_where_they_happened_not_where_they_arrived(world: World) -> None:
    times = ["2026-11-21T11:00:00.000Z", "2026-11-21T09:00:00.000Z", "2026-11-21T10:00:00.000Z"]
    assert deliver(*(event(id=f"e{n}", time=time) for n, time in enumerate(times))) == []

    assert [each.event for each in told()] == ["e0", "e2", "e1"]
    assert next(each.id for each in told()) == f"{ms('2026-11-21T11:00')}-e0"


def test_nothing_is_written_behind_an_erased_player(world: World) -> None:
    erase(world, "ann")

    assert deliver(event(), event(subject="bob"), event(id="e2")) == []

    assert told() == []
    assert types("bob") == ["mission.completed"]


def test_unless_it_is_known_who_was_erased_nothing_is_written(world: World) -> None:
    world.aws.intercept = on("BatchGetItem", refuse("AccessDeniedException"), times=1)

    assert deliver(event(), event(subject="bob"), event("RewardClaimed", {"cause": "mission:x"})) == ["m0", "m1"]
    assert told() == told("bob") == []


def test_one_that_cannot_be_written_holds_back_no_other(world: World) -> None:
    world.aws.intercept = on("PutItem", refuse("AccessDeniedException"), times=1)

    assert deliver(event(), event(subject="bob"), event(subject="cat")) == ["m0"]
    assert types("bob") == types("cat") == ["mission.completed"]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "{}",
        '{"detail": null}',
        event(id=""),
        event(id=7),
        event(subject=None),
        event(subject="x" * 257),
        event(subject="x" * 3000),
        event(subject="a\nb"),
        event(subject="\ud800"),
        event(id="x" * 257),
        event(time="yesterday"),
        event(time="1969-12-31T00:00:00Z"),
        event(time="2300-01-01T00:00:00Z"),
        event(data=[]),
        event("RewardClaimed", {}),
        event("RewardClaimed", {"cause": "board:race:2026-11-21:first"}),
        event("EvidenceDecided", {}),
    ],
)
def test_what_is_no_event_of_ours_goes_to_quarantine_and_holds_back_no_other(world: World, body: str) -> None:
    assert deliver(body, event(subject="bob")) == []

    (found,) = world.bodies("QUARANTINE_QUEUE_URL")
    assert (found["origin"], found["reason"], found["body"]) == ("notifications", "malformed_notification", body)
    assert types("bob") == ["mission.completed"]


def test_what_the_quarantine_does_not_take_is_delivered_again(world: World) -> None:
    world.aws.intercept = on("SendMessageBatch", refuse("AccessDeniedException"), times=9)

    assert deliver("{", event()) == ["m0"]


def test_an_event_that_is_no_news_is_done_with(world: World) -> None:
    claimed = event("RewardClaimed", {"cause": "mission:one:2026-11-21", "rewards": {}})

    assert deliver(claimed, event("SomethingElse", {})) == []
    assert told() == []
    assert world.bodies("QUARANTINE_QUEUE_URL") == []


def test_a_notification_is_kept_for_ninety_days(world: World) -> None:
    deliver(event())
    rows = boto3.resource("dynamodb").Table("missions").scan()["Items"]
    assert [row["ttl"] for row in rows] == [ms("2026-11-21T12:00") // 1000 + 90 * 86_400]


def test_a_batch_asks_once_who_was_erased_and_costs_a_write_each(world: World) -> None:
    bodies = [event(id=f"e{n}", subject=f"p{n % 30}") for n in range(100)]
    world.aws.calls.clear()

    assert deliver(*bodies) == []

    assert [call.operation for call in world.aws.calls].count("BatchGetItem") == 1
    assert world.aws.write_units() == 100
