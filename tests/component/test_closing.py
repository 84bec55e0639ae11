"""Closing leaderboards: once they are final, whoever is ahead is paid, once, whatever fails in between."""

import json
from dataclasses import replace
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Interceptor, Request
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.errors import MisconfiguredError
from missions_core.storage import keys
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import Ledger
from missions_core.storage.scores import Leaderboard, Scores
from missions_core.use_cases.closing import UNDER_WAY_MS
from tests.component.http.conftest import Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import Fault, lose_answer, on, refuse
from tests.support.game import ms
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"
NOW = ms("2026-11-21T12:00:10")
CLOSES = ms("2026-11-23T12:00")
BOARD = ("race", "2026-11-21")
PRIZES = [
    {"from": 1, "to": 1, "rewards": {"xp": 100, "badges": ["champion"]}},
    {"from": 3, "to": 3, "rewards": {"gold": 5}},
]
CONTEST = mission("race", {"post.created": 99}, type="competitive", prizes=PRIZES)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """Four players have scored: dan 4, cat 3, bob 2, ann 1."""
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(snapshot(CONTEST, mission("other", {"tip.sent": 1})))
    for times, player in enumerate(("ann", "bob", "cat", "dan"), start=1):
        world.ingest(*(post(f"{player}-{n}", NOON, player=player) for n in range(times)))
    world.compete()
    world.now = CLOSES + UNDER_WAY_MS
    return world


def close(world: World) -> list[Any]:
    """The hourly job, and what it asks for."""
    world.invoke("rotate_missions", {})
    return world.deliver("SETTLE_QUEUE_URL", "settle_players")


def held(world: World) -> Leaderboard:
    found = Scores("missions").load(*BOARD, consistent=True)
    assert found is not None
    return found


def paid(world: World) -> dict[str, dict[str, dict[str, int]]]:
    """What each player's ledger says, by cause."""
    return {player: grants for player in ("ann", "bob", "cat", "dan") if (grants := _grants(world.state(player).account))}


def _grants(account: str) -> dict[str, dict[str, int]]:
    grants, _ = Ledger("missions").grants(account, limit=50, cursor=None)
    assert len({grant.cause for grant in grants}) == len(grants)
    return {grant.cause: dict(grant.rewards.amounts) for grant in grants}


def announced(events: list[Any]) -> list[Any]:
    """Leaderboards the world was told of, one entry each time."""
    return [event for event in events if event["type"] == "LeaderboardClosed"]


@pytest.fixture
def told(world: World) -> list[Any]:
    """Every event the bus took."""
    events: list[Any] = []
    inner = world.aws.intercept

    def watch(request: Request, deliver: Deliver) -> AWSResponse:
        answer = inner(request, deliver)
        if request.operation == "PutEvents" and answer.status_code == 200:
            events.extend(json.loads(entry["Detail"]) for entry in json.loads(request.prepared.body)["Entries"])  # type: ignore[arg-type]
        return answer

    world.aws.intercept = watch
    return events


PAID = {
    "dan": {"board:race:2026-11-21:1": {"xp": 100}},
    "bob": {"board:race:2026-11-21:3": {"gold": 5}},
}


def test_the_best_are_paid_by_rank_once_the_leaderboard_is_final(world: World, told: list[Any]) -> None:
    close(world)
    world.pay()

    assert paid(world) == PAID  # the second rank has no prize
    assert world.state("dan").lifetime_xp == 100
    assert (held(world).closed_at, held(world).is_paid) == (world.now, True)
    [event] = announced(told)
    assert (event["id"], event["subject"], event["time"]) == ("LeaderboardClosed:race:2026-11-21", "race", "2026-11-23T19:00:00.000Z")
    assert (event["data"]["participants"], [winner["player"] for winner in event["data"]["winners"]]) == (4, ["dan", "bob"])


def test_a_prize_waits_in_the_state_until_the_ledger_has_it(world: World) -> None:
    close(world)

    [owed] = world.state("dan").pending
    assert owed.cause == "board:race:2026-11-21:1"
    world.take("STANDINGS_QUEUE_URL")
    world._stream.clear()  # and nobody is told
    world.now += DAY_MS
    world.night()
    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")
    assert paid(world) == PAID


def test_nothing_is_closed_before_scores_that_are_under_way_had_their_time(world: World) -> None:
    world.now = CLOSES + UNDER_WAY_MS - 1
    assert Client(world, "ann").get("/v1/leaderboards/race", period="2026-11-21").body["status"] == "provisional"
    assert world.invoke("rotate_missions", {}) == {"announced": 0, "closing": 0}

    world.now += 1
    assert world.invoke("rotate_missions", {}) == {"announced": 0, "closing": 1}


def test_a_message_that_comes_too_soon_does_nothing(world: World) -> None:
    world.now = CLOSES - 1
    before = held(world)

    world.invoke("settle_players", {"Records": [{"messageId": "1", "body": json.dumps({"board": "race", "label": "2026-11-21"})}]})

    assert held(world) == before


def test_a_leaderboard_whose_prizes_nobody_knows_waits_until_they_are_back(world: World) -> None:
    world.publish_catalog(snapshot(mission("other", {"tip.sent": 1}), previous=Catalogs("missions").published()))
    table, key = boto3.resource("dynamodb").Table("missions"), {"PK": "CATALOG", "SK": "TEMPLATE#race#1"}
    row = table.get_item(Key=key)["Item"]
    table.delete_item(Key=key)

    with pytest.raises(MisconfiguredError, match="race version 1"):
        close(world)
    world.pay()
    assert (paid(world), held(world).is_paid) == ({}, False)

    table.put_item(Item=row)
    close(world)
    world.pay()
    assert (paid(world), held(world).is_paid) == (PAID, True)


def test_a_leaderboard_that_does_not_exist_is_closed_already(world: World) -> None:
    message = {"messageId": "1", "body": json.dumps({"board": "race", "label": "2026-11-20"})}

    assert world.invoke("settle_players", {"Records": [message]}) == {"batchItemFailures": []}


def test_closing_again_changes_nothing(world: World, told: list[Any]) -> None:
    world.invoke("rotate_missions", {})
    world.invoke("rotate_missions", {})
    for _ in range(2):
        world.invoke("rotate_missions", {})
        world.deliver("SETTLE_QUEUE_URL", "settle_players")
        world.pay()
        world.now += HOUR_MS
    close(world)
    world.pay()

    assert paid(world) == PAID
    assert len(announced(told)) == 1


def test_a_score_that_comes_after_closing_changes_no_rank_and_no_prize(world: World) -> None:
    world.now = NOW + 10 * HOUR_MS
    world.ingest(*(post(f"late-{n}", NOON, player="ann") for n in range(9)))
    world.publish()  # told in time, but merged late
    world.now = CLOSES + UNDER_WAY_MS
    close(world)
    world.deliver("STANDINGS_QUEUE_URL", "update_standings")
    world.pay()

    assert [(entry.player, int(entry.score)) for entry in held(world).entries] == [("dan", 4), ("cat", 3), ("bob", 2), ("ann", 1)]
    assert paid(world) == PAID


def test_a_score_that_is_merged_before_closing_counts(world: World) -> None:
    world.now = NOW + 10 * HOUR_MS
    world.ingest(*(post(f"late-{n}", NOON, player="ann") for n in range(9)))
    world.now = CLOSES + UNDER_WAY_MS
    world.compete()
    close(world)
    world.pay()

    assert paid(world) == {"ann": {"board:race:2026-11-21:1": {"xp": 100}}, "cat": {"board:race:2026-11-21:3": {"gold": 5}}}


def test_what_was_scored_in_time_counts_though_it_left_as_late_as_the_stream_lets_it(world: World) -> None:
    world.now = CLOSES - HOUR_MS
    Client(world, "host", "service").send("PUT", "/v1/players/eve", {"zone": "Etc/GMT+12"})  # where the label ends last
    world.ingest(*(post(f"late-{n}", "2026-11-22T11:00:00Z", player="eve") for n in range(9)))
    world.now = CLOSES + 5 * HOUR_MS
    close(world)
    world.compete()  # nothing left for six hours
    world.now = CLOSES + UNDER_WAY_MS
    close(world)
    world.pay()

    assert _grants(world.state("eve").account) == {"board:race:2026-11-21:1": {"xp": 100}}
    assert list(paid(world)) == ["cat"]


def test_one_winners_trouble_does_not_keep_the_others_waiting(world: World, told: list[Any]) -> None:
    table = boto3.resource("dynamodb").Table("missions")
    key = dict(zip(("PK", "SK"), keys.state("dan"), strict=True))
    row = table.get_item(Key=key)["Item"]
    table.put_item(Item={**row, "state": b"damaged"})

    [answer] = close(world)
    assert len(answer["batchItemFailures"]) == 1
    assert (announced(told), held(world).is_paid) == ([], False)

    table.put_item(Item=row)
    world.pay()
    assert paid(world) == {"bob": PAID["bob"]}
    close(world)
    world.pay()
    assert paid(world) == PAID
    assert len(announced(told)) == 1


def test_who_was_erased_and_came_back_as_somebody_new_is_not_paid(world: World) -> None:
    board = held(world)
    Scores("missions").save(
        replace(board, entries=tuple(replace(e, account="of another") for e in board.entries), version=board.version + 1)
    )

    close(world)
    world.pay()

    assert paid(world) == {}
    assert held(world).is_paid


def test_who_is_not_there_any_more_is_not_created(world: World) -> None:
    boto3.resource("dynamodb").Table("missions").delete_item(Key=dict(zip(("PK", "SK"), keys.state("dan"), strict=True)))

    close(world)

    assert world.players.load("dan") is None
    assert held(world).is_paid


# The catalog changed meanwhile ----------------------------------------------------------------------------------------


def republish(world: World, *templates: dict[str, Any]) -> World:
    """Publish another catalog, which functions that start now know."""
    from missions_core.storage.catalogs import Catalogs

    world.publish_catalog(snapshot(*templates, mission("other", {"tip.sent": 1}), previous=Catalogs("missions").published()))
    return World(world.aws, world.environment, world.now)


def test_prizes_are_those_published_when_it_closes(world: World) -> None:
    doubled = mission("race", {"post.created": 99}, type="competitive", prizes=[{"from": 1, "to": 1, "rewards": {"xp": 200}}])
    later = republish(world, doubled)

    close(later)
    later.pay()

    assert paid(world) == {"dan": {"board:race:2026-11-21:1": {"xp": 200}}}


def test_a_closing_that_runs_again_pays_what_it_began_to_pay(world: World) -> None:
    table = boto3.resource("dynamodb").Table("missions")
    row = table.get_item(Key=dict(zip(("PK", "SK"), keys.state("dan"), strict=True)))["Item"]
    table.put_item(Item={**row, "state": b"damaged"})
    close(world)
    world.pay()
    table.put_item(Item=row)
    cheaper = mission("race", {"post.created": 99}, type="competitive", prizes=[{"from": 1, "to": 9, "rewards": {"xp": 1}}])
    later = republish(world, cheaper)

    close(later)
    later.pay()

    assert paid(world) == PAID


@pytest.mark.parametrize("left", [[], [mission("race", {"post.created": 99})]])
def test_a_contest_that_was_withdrawn_pays_what_it_promised(world: World, left: list[Any]) -> None:
    later = republish(world, *left)

    close(later)
    later.pay()

    assert paid(world) == PAID


# Faults ---------------------------------------------------------------------------------------------------------------


def dies_after(request: Request, deliver: Deliver) -> AWSResponse:
    """The function is killed when the request was served."""
    deliver(request)
    raise SystemExit("killed")


FAULTS: list[Fault] = [refuse("AccessDeniedException"), lose_answer, dies_after]


class OneFault:
    """A network on which the call of one number goes wrong."""

    def __init__(self, working: Interceptor, number: int, fault: Fault) -> None:
        self.working = working
        self.number = number
        self.fault = fault
        self.calls = 0

    def __call__(self, request: Request, deliver: Deliver) -> AWSResponse:
        self.calls += 1
        if self.calls == self.number:
            return self.fault(request, lambda again: self.working(again, deliver))
        return self.working(request, deliver)


def attempt(world: World, message: dict[str, Any]) -> bool:
    """The message is delivered; whether it need not be delivered again."""
    try:
        return not world.invoke("settle_players", {"Records": [message]})["batchItemFailures"]
    except (Exception, SystemExit):  # noqa: BLE001  # whatever it is: to Lambda, the invocation failed
        return False


@pytest.mark.parametrize("fault", FAULTS, ids=["refused", "answer lost", "killed"])
def test_whatever_call_fails_prizes_are_paid_once(world: World, told: list[Any], fault: Any) -> None:
    message = {"messageId": "1", "body": json.dumps({"board": "race", "label": "2026-11-21"})}
    table, working = boto3.resource("dynamodb").Table("missions"), world.aws.intercept
    start = table.scan()["Items"]
    for number in count(1):
        _restore(table, start)
        told.clear()
        world.aws.intercept = network = OneFault(working, number, fault)
        while not attempt(world, message):
            pass
        world.aws.intercept = working
        assert attempt(world, message)
        world.pay()
        assert paid(world) == PAID, f"call {number}"
        assert world.state("dan").lifetime_xp == 100
        assert all(event == announced(told)[0] for event in announced(told))
        assert held(world).is_paid
        if network.calls < number:
            break  # there are no more calls to go wrong
    assert number > 12


def _restore(table: Any, start: list[dict[str, Any]]) -> None:
    """Put the table back to what it was."""
    kept = {(row["PK"], row["SK"]) for row in start}
    for row in table.scan()["Items"]:
        if (row["PK"], row["SK"]) not in kept:
            table.delete_item(Key={"PK": row["PK"], "SK": row["SK"]})
    for row in start:
        table.put_item(Item=row)


def test_a_prize_that_was_paid_and_forgotten_meanwhile_is_not_owed_again(world: World) -> None:
    working, refused = world.aws.intercept, refuse("InternalFailure")
    world.aws.intercept = lambda request, deliver: (refused if request.operation == "PutEvents" else working)(request, deliver)
    assert close(world) != [{"batchItemFailures": []}]
    world.aws.intercept = working
    for player in ("dan", "bob"):  # what is owed is paid, and an hour later the state knows it
        world.pay()
        world.now += HOUR_MS
        world.ingest(post(f"later-{player}", "2026-11-23T12:00:00Z", player=player, type_="tip.sent"))
        assert world.state(player).pending == []

    assert close(world) == [{"batchItemFailures": []}]
    world.pay()

    assert paid(world) == PAID
    assert world.state("dan").lifetime_xp == 100


def test_a_queue_that_refuses_is_asked_again_by_the_next_run(world: World) -> None:
    working = world.aws.intercept
    world.aws.intercept = on("SendMessageBatch", refuse("AccessDenied"), times=9)
    with pytest.raises(RuntimeError, match="settle queue"):
        world.invoke("rotate_missions", {})

    world.aws.intercept = working
    close(world)
    world.pay()
    assert paid(world) == PAID
