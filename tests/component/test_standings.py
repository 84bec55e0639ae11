"""The standings queue's messages: merged, merged before, not to be read, not merged this time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core import clock
from missions_core.domain.catalog import Rewards
from missions_core.domain.events import AchievementUnlocked, Event, PlayerJoined, ScoreChanged
from missions_core.domain.leaderboards import Entry
from missions_core.messaging import Queue
from missions_core.settings import settings
from missions_core.storage.scores import Leaderboard
from missions_core.use_cases import merging
from missions_core.use_cases.merging import Timer
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.standings import metrics, standings_body, update_standings
from missions_core.use_cases.stores import Stores, stores_of
from tests.support.catalogs import achievement, mission, snapshot
from tests.support.faults import lose_answer, on, refuse
from tests.support.game import account_of
from tests.support.world import World, post

NOW = 1_795_255_200_000
CLOSES = NOW + 10**9
DELAY_MS = 900_000
TIERS = [{"name": "bronze", "target": 1}, {"name": "silver", "target": 2}]


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    contest = mission("race", type="competitive", rewards={})
    world.publish_catalog(snapshot(contest, achievement("prolific", tiers=TIERS), achievement("plain")))
    aws.calls.clear()
    return world


@pytest.fixture
def stores(world: World) -> Stores:
    return stores_of("missions")


@pytest.fixture(autouse=True)
def counted() -> Iterator[dict[str, Any]]:
    """The metrics' values so far."""
    yield metrics.provider.metric_set
    metrics.provider.clear_metrics()


@pytest.fixture
def sleeps() -> list[float]:
    return []


def score(value: int, board: str = "race", **members: Any) -> ScoreChanged:
    return replace(ScoreChanged(board, "2026-11-21", str(value), NOW - 1000 + value, CLOSES, 1), **members)


def body(player: str, *events: Event) -> str:
    written = standings_body(player, account_of(player), events, at=NOW)
    assert written is not None
    return written


def update(stores: Stores, *bodies: str, now: int = NOW, sleeps: list[float] | None = None) -> list[str]:
    messages = [QueueMessage(f"m{n}", each) for n, each in enumerate(bodies)]
    quarantine = Queue(settings.quarantine_queue_url)
    timer = Timer(now, (sleeps if sleeps is not None else []).append)
    return update_standings(stores, quarantine, messages, timer, erasure_delay_ms=DELAY_MS)


def held(stores: Stores, board: str = "race") -> Leaderboard:
    found = stores.scores.load(board, "2026-11-21", consistent=True)
    assert found is not None
    return found


def ranked(stores: Stores, board: str = "race") -> list[tuple[str, int]]:
    return [(entry.player, int(entry.score)) for entry in held(stores, board).entries]


def at_the_row(fault: Any, *, times: int) -> Any:
    """The fault hits the first writes of a merged row; score rows are written."""
    left = [times]

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == "PutItem" and json.loads(request.prepared.body)["Item"]["SK"] == {"S": "TOP"} and left[0]:  # type: ignore[arg-type]
            left[0] -= 1
            return fault(request, deliver)
        return deliver(request)

    return intercept


# Merging --------------------------------------------------------------------------------------------------------------


def test_scores_of_many_players_are_ranked(stores: Stores) -> None:
    assert update(stores, body("ann", score(3)), body("bob", score(9)), body("eve", score(9, reached_at=NOW))) == []

    assert ranked(stores) == [("bob", 9), ("eve", 9), ("ann", 3)]
    assert (held(stores).closes_at, held(stores).template_version, held(stores).participants) == (CLOSES, 1, 3)
    assert held(stores).entries[2] == Entry("ann", account_of("ann"), Decimal(3), NOW - 997)


def test_several_scores_of_a_player_are_one_row_and_one_place(stores: Stores, aws: InProcessAws) -> None:
    update(stores, body("ann", score(3)), body("ann", score(7)), body("ann", score(5)))

    assert ranked(stores) == [("ann", 7)]
    assert [call.operation for call in aws.calls].count("PutItem") == 2


def test_what_is_delivered_again_changes_nothing_and_waits_for_nothing(stores: Stores, sleeps: list[float]) -> None:
    bodies = [body("ann", score(3), score(1, "other")), body("bob", score(9))]
    update(stores, *bodies)
    before = held(stores)

    assert update(stores, *bodies, *bodies, sleeps=sleeps) == []

    assert held(stores) == before
    assert sleeps == []


def test_a_lower_score_that_comes_late_changes_nothing(stores: Stores) -> None:
    update(stores, body("ann", score(7)))

    assert update(stores, body("ann", score(5)), now=NOW + 5000) == []

    assert ranked(stores) == [("ann", 7)]
    assert sum(held(stores).histogram) == 1


def test_a_score_that_rises_is_counted_once(stores: Stores) -> None:
    for n, value in enumerate((1, 30, 900)):
        update(stores, body("ann", score(value)), now=NOW + n * 5000)

    assert sum(held(stores).histogram) == 1
    assert held(stores).histogram[9] == 1  # 500 to 1000


def test_a_batch_that_died_between_its_two_writes_is_merged_when_it_comes_again(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = at_the_row(refuse("AccessDeniedException"), times=1)
    assert update(stores, body("ann", score(3)), body("bob", score(9))) == ["m0", "m1"]
    assert set(stores.scores.held("race", "2026-11-21", ["ann", "bob"])) == {"ann", "bob"}

    assert update(stores, body("ann", score(3)), body("bob", score(9))) == []

    assert ranked(stores) == [("bob", 9), ("ann", 3)]


def test_of_many_players_the_best_are_kept_in_order_and_all_are_counted(stores: Stores) -> None:
    bodies = [body(f"player-{n:03}", score(n)) for n in range(1, 301)]

    for start in (150, 0):
        assert update(stores, *bodies[start : start + 150], now=NOW + (150 - start) * 1000) == []

    assert ranked(stores) == [(f"player-{n:03}", n) for n in range(300, 172, -1)]
    assert held(stores).participants == 300


# A row that is not to be written too often ----------------------------------------------------------------------------


def test_a_row_that_was_just_written_is_waited_for(stores: Stores, sleeps: list[float]) -> None:
    update(stores, body("ann", score(3)))

    update(stores, body("bob", score(9)), now=NOW + 1000, sleeps=sleeps)
    update(stores, body("eve", score(1)), now=NOW + 6000, sleeps=sleeps)

    assert sleeps == [2.0]
    assert len(held(stores).entries) == 3
    assert held(stores).merged_at == NOW + 6000


def test_a_clock_that_was_put_back_is_not_waited_for(stores: Stores, sleeps: list[float]) -> None:
    update(stores, body("ann", score(3)))

    assert update(stores, body("bob", score(9)), now=NOW - 10**9, sleeps=sleeps) == []
    assert sleeps == []


def test_leaderboards_of_one_batch_wait_together(stores: Stores, sleeps: list[float]) -> None:
    boards = [f"board{n}" for n in range(5)]
    update(stores, body("ann", *(score(3, board) for board in boards)))

    update(stores, body("bob", *(score(9, board) for board in boards)), now=NOW + 1000, sleeps=sleeps)

    assert sleeps == [2.0]
    assert all(ranked(stores, board) == [("bob", 9), ("ann", 3)] for board in boards)


def test_whoever_was_merged_meanwhile_stays(stores: Stores, aws: InProcessAws) -> None:
    def other_first(request: Request, deliver: Deliver) -> AWSResponse:
        update(stores_of("missions"), body("bob", score(9)))
        return deliver(request)

    aws.intercept = at_the_row(other_first, times=1)
    assert update(stores, body("ann", score(3))) == []

    assert ranked(stores) == [("bob", 9), ("ann", 3)]
    assert sum(held(stores).histogram) == 2


def test_an_answer_that_is_lost_counts_nobody_twice(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = at_the_row(lose_answer, times=1)

    assert update(stores, body("ann", score(3))) == []

    assert (held(stores).version, sum(held(stores).histogram)) == (1, 1)


def test_a_row_that_keeps_changing_sends_the_messages_back(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = at_the_row(refuse("ConditionalCheckFailedException"), times=99)

    assert update(stores, body("ann", score(3))) == ["m0"]
    assert [call.operation for call in aws.calls].count("GetItem") == merging.ATTEMPTS


def test_one_leaderboards_trouble_does_not_hold_back_the_others(stores: Stores, aws: InProcessAws, counted: dict[str, Any]) -> None:
    aws.intercept = at_the_row(refuse("AccessDeniedException"), times=1)  # of the first board in order

    assert update(stores, body("ann", score(3, "a")), body("bob", score(4, "b")), body("eve", score(5, "a"), score(5, "b"))) == ["m0", "m2"]

    assert stores.scores.load("a", "2026-11-21", consistent=True) is None
    assert ranked(stores, "b") == [("eve", 5), ("bob", 4)]
    assert {name: metric["Value"] for name, metric in counted.items()} == {"StandingsReceived": [3.0], "ScoresMerged": [2.0]}


# Closed ---------------------------------------------------------------------------------------------------------------


def test_a_closed_leaderboard_takes_no_score_and_keeps_none(stores: Stores, counted: dict[str, Any]) -> None:
    update(stores, body("ann", score(3)))
    closed = replace(held(stores), closed_at=NOW, version=2)
    stores.scores.save(closed)

    assert update(stores, body("bob", score(9)), body("ann", score(8))) == []

    assert held(stores) == closed
    assert stores.scores.held("race", "2026-11-21", ["bob"]) == {}
    assert counted["ScoresTooLate"]["Value"] == [2.0]


def test_a_leaderboard_that_closes_meanwhile_stays_as_it_closed(stores: Stores, aws: InProcessAws) -> None:
    update(stores, body("ann", score(3)))
    closed = replace(held(stores), closed_at=NOW, version=2)

    def close_first(request: Request, deliver: Deliver) -> AWSResponse:
        stores.scores.save(closed)
        return deliver(request)

    aws.intercept = at_the_row(close_first, times=1)
    assert update(stores, body("bob", score(9)), now=NOW + 5000) == []

    assert held(stores) == closed


def test_the_latest_end_and_the_newest_template_count(stores: Stores) -> None:
    update(stores, body("ann", score(3, version=2)), body("bob", score(4, closes_at=CLOSES + 5)))
    update(stores, body("eve", score(5, closes_at=CLOSES - 5)), now=NOW + 5000)

    assert (held(stores).closes_at, held(stores).template_version) == (CLOSES + 5, 2)


# Counting -------------------------------------------------------------------------------------------------------------


def unlocked(key: str, tier: str | None) -> AchievementUnlocked:
    return AchievementUnlocked(key, tier, "milestone", Rewards(), NOW)


def test_who_joined_and_who_reached_a_first_tier_is_counted(stores: Stores) -> None:
    update(
        stores,
        body("ann", PlayerJoined(NOW), unlocked("prolific", "bronze"), unlocked("prolific", "silver"), unlocked("plain", None)),
        body("bob", PlayerJoined(NOW)),
        body("eve", unlocked("prolific", "silver"), unlocked("withdrawn", None), unlocked("race", None)),
    )

    assert stores.statistics.shares() == {"prolific": 0.5, "plain": 0.5}


def test_a_batch_is_counted_in_one_write_of_one_unit(stores: Stores, aws: InProcessAws) -> None:
    update(stores, *(body(f"player-{n}", PlayerJoined(NOW), unlocked("plain", None)) for n in range(50)))

    assert [(call.operation, call.units) for call in aws.calls if call.write_units] == [("UpdateItem", 1)]


def test_the_catalog_is_not_asked_where_nothing_was_unlocked(stores: Stores, aws: InProcessAws) -> None:
    update(stores, body("ann", PlayerJoined(NOW)))

    assert [call.operation for call in aws.calls] == ["UpdateItem"]


def test_what_comes_back_for_its_score_is_counted_then(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = at_the_row(refuse("AccessDeniedException"), times=1)
    both = body("ann", PlayerJoined(NOW), score(3), unlocked("plain", None)), body("bob", PlayerJoined(NOW))

    assert update(stores, *both) == ["m0"]
    assert update(stores, both[0]) == []

    assert stores.statistics.shares() == {"plain": 0.5}


def test_what_could_not_be_counted_comes_back_though_its_score_is_merged(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("UpdateItem", refuse("AccessDeniedException"), times=1)

    assert update(stores, body("ann", PlayerJoined(NOW), score(3)), body("bob", score(4))) == ["m0"]
    assert ranked(stores) == [("bob", 4), ("ann", 3)]


# What cannot be read --------------------------------------------------------------------------------------------------


def spoilt(**members: Any) -> str:
    replaced = json.loads(body("ann", score(3))) | members
    return json.dumps({name: member for name, member in replaced.items() if member is not None})


def spoilt_score(**members: Any) -> str:
    written = json.loads(body("ann", score(3)))["scores"][0] | members
    return spoilt(scores=[{name: member for name, member in written.items() if member is not None}])


def quarantined() -> list[Any]:
    received = boto3.client("sqs").receive_message(QueueUrl=settings.quarantine_queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.mark.parametrize(
    "malformed",
    [
        "not json",
        "[]",
        "7",
        spoilt(player=None),
        spoilt(player=7),
        spoilt(account=["a"]),
        spoilt(scores=None),
        spoilt(scores=[7]),
        spoilt(unlocked=["prolific"]),
        spoilt(joined="yes"),
        spoilt_score(score="much"),
        spoilt_score(score="NaN"),
        spoilt_score(score=3.5),
        spoilt_score(score=None),
        spoilt_score(closes_at="soon"),
        spoilt_score(reached_at=True),
        spoilt_score(board=7),
        spoilt_score(label="a#b"),
        spoilt_score(stranger=1),
    ],
)
def test_what_is_no_message_is_quarantined_with_its_reason_and_its_neighbours_count(stores: Stores, malformed: str) -> None:
    assert update(stores, malformed, body("bob", score(9))) == []

    [kept] = quarantined()
    assert (kept["origin"], kept["body"], kept["reason"]) == ("standings", malformed, "malformed_standings")
    assert ranked(stores) == [("bob", 9)]


def test_a_message_that_is_not_taken_by_the_quarantine_comes_back(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("SendMessageBatch", refuse("AccessDenied"), times=9)

    assert update(stores, body("bob", score(9)), "not json") == ["m1"]


# From the outbox ------------------------------------------------------------------------------------------------------


def test_one_message_says_what_a_state_write_means_for_all(world: World) -> None:
    world.ingest(*(post(n, "2026-11-21T09:00:00Z") for n in range(3)))
    world.publish()

    [told] = world.bodies("STANDINGS_QUEUE_URL")
    assert (told["player"], told["account"], told["joined"]) == ("ann", world.state("ann").account, True)
    assert [(each["board"], each["label"], each["score"]) for each in told["scores"]] == [("race", "2026-11-21", "3")]
    assert told["unlocked"] == [["plain", None], ["prolific", "bronze"], ["prolific", "silver"]]


def test_a_write_that_means_nothing_for_others_is_not_reported(world: World) -> None:
    world.ingest(post(1, "2026-11-21T09:00:00Z", type_="tip.sent"))
    world.publish()
    assert [told["joined"] for told in world.bodies("STANDINGS_QUEUE_URL")] == [True]

    world.ingest(post(2, "2026-11-21T09:00:00Z", type_="tip.sent"))
    world.publish()

    assert world.bodies("STANDINGS_QUEUE_URL") == []


def test_what_the_standings_queue_does_not_take_is_published_again(world: World) -> None:
    working = world.aws.intercept
    world.ingest(post(1, "2026-11-21T09:00:00Z"))
    url = world.environment["STANDINGS_QUEUE_URL"]

    def refusing(request: Request, deliver: Deliver) -> AWSResponse:
        is_ours = request.operation == "SendMessageBatch" and url in str(request.prepared.body)
        return refuse("AccessDenied")(request, deliver) if is_ours else working(request, deliver)

    world.aws.intercept = refusing
    assert world.publish() == [{"itemIdentifier": "1"}]

    world.aws.intercept = working
    assert world.publish() == []
    assert len(world.bodies("STANDINGS_QUEUE_URL")) == 1
