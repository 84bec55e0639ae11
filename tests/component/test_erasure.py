"""Erasure: a tombstone at once, and minutes later nothing that names the player is left, whatever fails in between."""

import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from infra.inprocess import SERVICES, Deliver, InProcessAws, Request
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.errors import Erased
from missions_core.files import PlayerFiles, evidence_key
from missions_core.messaging import Queue
from missions_core.storage import keys
from missions_core.storage.ledger import Ledger
from missions_core.storage.scores import Leaderboard, Scores
from missions_core.use_cases.closing import UNDER_WAY_MS
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import stores_of
from tests.component.http.conftest import Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import lose_answer, on, refuse
from tests.support.game import ms
from tests.support.world import World, post

NOW = ms("2026-11-21T12:00:10")
NOON = "2026-11-21T12:00:00Z"
BOARD = ("race", "2026-11-21")
CLOSES = ms("2026-11-23T12:00")
DELAY_MS = 900_000
PRIZES = [{"from": 1, "to": 2, "rewards": {"gold": 5}}]
CATALOG = snapshot(
    mission("race", {"post.created": 99}, type="competitive", prizes=PRIZES),
    mission("one_post", rewards={"xp": 50, "gold": 5, "items": [{"id": "hat"}]}),
    check_in={"base": {"gold": 10}},
)
ANN = ("ann", "Known as ANN", "YW5u")  # the last: ann in base64url
KINDS = {"PROFILE", "HISTORY#", "SEEN#", "EVIDENCE#", "NOTE#", "WHATEVER#", "SCORES#race#2026-11-21#", "TOP", "evidence/", "exports/"}


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    return world


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


def live(world: World, player: str = "ann", posts: int = 3) -> Client:
    """A day with everything: actions, a claim, a check-in, a profile, a past day, a leaderboard, an upload."""
    client = Client(world, player)
    world.ingest(*(post(f"{player}-{n}", NOON, player=player) for n in range(posts)))
    client.post("/v1/me/missions/one_post:2026-11-21/claim")
    client.post("/v1/me/check-ins")
    client.send("PATCH", "/v1/me/profile", {"name": f"Known as {player.upper()}", "zone": "UTC"})
    world.pay()
    world.deliver("STANDINGS_QUEUE_URL", "update_standings")
    files(world).write_export(player, NOW, 1, b"{}", is_last=True)
    upload(world, evidence_key(player, "m:1", 1))
    return client


def upload(world: World, key: str) -> None:
    s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    s3.put_object(Bucket=world.environment["PLAYER_FILES_BUCKET"], Key=key, Body=b"x")


def files(world: World) -> PlayerFiles:
    return PlayerFiles(world.environment["PLAYER_FILES_BUCKET"])


def sweep(world: World) -> list[Any]:
    """What the erasure queue brings once its delay is over."""
    world.publish()
    world.now += DELAY_MS
    return world.deliver("ERASURE_QUEUE_URL", "erase_players")


def table(world: World) -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=world.environment["TABLE_NAME"], ConsistentRead=True)["Items"]


def tombstone(world: World, player: str = "ann") -> dict[str, Any]:
    key = dict(zip(("PK", "SK"), keys.state(player), strict=True))
    return boto3.resource("dynamodb").Table("missions").get_item(Key=key)["Item"]


def traces(world: World, *marks: str) -> list[str]:
    """Rows and files that name somebody, apart from the key of their tombstone. Bytes are unpacked by `repr` of what they decode to."""
    rows = [row for row in table(world) if (row["PK"]["S"], row["SK"]["S"]) not in {keys.state(mark) for mark in marks}]
    texts = [f"{row['PK']['S']} {row['SK']['S']} {opened(row)}" for row in rows]
    bucket = boto3.client("s3").list_objects_v2(Bucket=world.environment["PLAYER_FILES_BUCKET"]).get("Contents", [])
    return [text for text in [*texts, *(entry["Key"] for entry in bucket)] if any(mark in text for mark in marks)]


def opened(row: dict[str, Any]) -> str:
    """A row's text, with the one packed thing that names several players unpacked."""
    if row["SK"]["S"] == "TOP":
        board = Scores("missions").load(*keys.board_of(row["PK"]["S"]), consistent=True)
        return repr(board and board.entries)
    return repr(row)


def held(board: tuple[str, str] = BOARD) -> Leaderboard:
    found = Scores("missions").load(*board, consistent=True)
    assert found is not None
    return found


def names(leaderboard: Leaderboard) -> list[str]:
    return [entry.player for entry in leaderboard.entries]


def sums(account: str) -> dict[str, int]:
    """What the ledger adds up to."""
    grants, _ = Ledger("missions").grants(account, limit=100, cursor=None)
    found: dict[str, int] = {}
    for grant in grants:
        for currency, amount in grant.rewards.amounts.items():
            found[currency] = found.get(currency, 0) + amount
    return found


def test_erasing_is_at_once_and_for_good(world: World) -> None:
    ann = live(world)

    answer = ann.send("DELETE", "/v1/me")

    assert (answer.status, answer.body) == (200, {"erased_at": "2026-11-21T12:00:10.000Z"})
    assert tombstone(world).keys() == {"PK", "SK", "version", "erased_at", "outbox", "due_shard", "due_at"}
    for path in ("hub", "missions", "wallet", "grants", "history", "profile", "stats", "notifications"):
        assert ann.get(f"/v1/me/{path}").problem[:2] == (410, "player_erased"), path
    for path in ("claims", "check-ins", "pause"):
        assert ann.post(f"/v1/me/{path}", {"days": 1} if path == "pause" else None).problem[:2] == (410, "player_erased"), path
    assert ann.send("PATCH", "/v1/me/profile", {"name": "Again"}).problem[:2] == (410, "player_erased")
    assert Client(world, "host", "service").send("PUT", "/v1/players/ann", {"level": 3}).problem[:2] == (410, "player_erased")


def test_whoever_repeats_it_hears_when_it_was(world: World) -> None:
    ann = live(world)
    first = ann.send("DELETE", "/v1/me").body
    world.now += HOUR_MS
    before = tombstone(world)

    assert ann.send("DELETE", "/v1/me").body == first
    assert tombstone(world) == before


def test_nothing_names_an_erased_player_but_the_key_of_the_tombstone(world: World, told: list[Any]) -> None:
    ann = live(world)
    live(world, "bob")
    world.now += DAY_MS
    world.night()  # so there are past days, too
    world.now += DAY_MS
    world.night()
    world.compete()
    account = world.state("ann").account
    for sort in ("SEEN#1", "EVIDENCE#m#1", "NOTE#1#2", "WHATEVER#MAY#COME"):
        boto3.resource("dynamodb").Table("missions").put_item(Item={"PK": "PLAYER#ann", "SK": sort})
    assert {kind for kind in KINDS if any(kind in trace for trace in traces(world, *ANN))} == KINDS
    paid = sums(account)

    ann.send("DELETE", "/v1/me")
    assert sweep(world) == [{"batchItemFailures": []}]

    assert traces(world, *ANN) == []
    assert tombstone(world).keys() == {"PK", "SK", "version", "erased_at"}
    assert Ledger("missions").wallet(account) == sums(account) == paid
    assert len(paid) == 2
    assert traces(world, "bob") != []
    [confirmed] = [event for event in told if event["type"] == "PlayerErased"]
    assert (confirmed["subject"], confirmed["data"]) == ("ann", {"erased_at": "2026-11-23T12:00:10.000Z"})
    assert account not in json.dumps(confirmed)


def test_late_actions_change_nothing_and_reveal_nothing(world: World) -> None:
    live(world).send("DELETE", "/v1/me")
    sweep(world)
    before, logged = table(world), _logged(world)

    assert world.ingest(post("late", NOON, player="ann"), post("worse", "2020-01-01T00:00:00Z", player="ann")) == []
    answer = Client(world, "host", "service").post("/v1/actions", post("late-2", NOON, player="ann"))

    assert (answer.status, answer.body["outcome"], answer.body["outcomes"]) == (200, "no_mission", [])
    assert table(world) == before
    assert _logged(world) == logged, "nor is what they did kept in the log"
    assert world.bodies("QUARANTINE_QUEUE_URL") == []


def _logged(world: World) -> int:
    return boto3.client("s3").list_objects_v2(Bucket=world.environment["ACTION_LOG_BUCKET"])["KeyCount"]


def test_who_was_erased_before_they_ever_acted_never_comes_to_be(world: World, told: list[Any]) -> None:
    Client(world, "zoe").send("DELETE", "/v1/me")

    world.ingest(post("late", NOON, player="zoe"))
    world.pay()
    sweep(world)

    assert [row["PK"]["S"] for row in table(world) if "zoe" in repr(row)] == ["PLAYER#zoe"]
    assert [event["subject"] for event in told] == ["zoe"]


@pytest.mark.parametrize("lost", ["record", "message"])
def test_a_removal_that_got_lost_is_asked_for_again_until_it_is_done(world: World, told: list[Any], lost: str) -> None:
    live(world).send("DELETE", "/v1/me")
    if lost == "message":
        world.publish()
        world.take("ERASURE_QUEUE_URL")
    world._stream.clear()

    world.now += HOUR_MS - 1
    world.night()
    assert sweep(world) == [], "too early: it may be on its way"
    world.now += HOUR_MS
    world.night()
    sweep(world)

    assert set(tombstone(world)) == {"PK", "SK", "version", "erased_at"}
    assert [event["type"] for event in told].count("PlayerErased") == 1
    before = tombstone(world)
    world.now += DAY_MS
    world.night()
    assert tombstone(world) == before


def test_those_who_loop_over_players_are_done_with_an_erased_one(world: World) -> None:
    ann = live(world)
    live(world, "bob", posts=2)
    ann.send("DELETE", "/v1/me")
    world.now = CLOSES + UNDER_WAY_MS  # the leaderboard still names ann: she was not removed yet

    reconcile(stores_of("missions"), Queue(world.environment["REWARDS_QUEUE_URL"]), "ann", now=world.now)
    world.invoke("rotate_missions", {})
    [answer] = world.deliver("SETTLE_QUEUE_URL", "settle_players")

    assert answer == {"batchItemFailures": []}
    assert held().is_paid
    assert "state" not in tombstone(world)


# Races ----------------------------------------------------------------------------------------------------------------


def test_an_action_that_is_saved_first_is_erased_with_the_rest(world: World) -> None:
    _meanwhile(world, "PutItem", lambda: world.ingest(post("first", NOON, player="ann")))

    assert Client(world, "ann").send("DELETE", "/v1/me").status == 200

    with pytest.raises(Erased):
        world.players.load("ann")
    world.compete()
    assert names(held()) == ["ann"]
    sweep(world)
    assert traces(world, *ANN) == []


def test_an_action_that_loaded_the_state_before_loses_against_the_tombstone(world: World) -> None:
    live(world)
    _meanwhile(world, "PutItem", lambda: Client(world, "ann").send("DELETE", "/v1/me"))

    answer = Client(world, "host", "service").post("/v1/actions", post("second", NOON, player="ann"))

    assert answer.body["outcome"] == "no_mission"
    assert "state" not in tombstone(world)


def test_a_lost_answer_is_found_out_about(world: World) -> None:
    ann = live(world)
    world.aws.intercept = on("PutItem", lose_answer, times=1)

    assert ann.send("DELETE", "/v1/me").status == 200


def _meanwhile(world: World, operation: str, other: Any) -> None:
    """Let something else happen right before the first such call."""
    inner = world.aws.intercept

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == operation:
            world.aws.intercept = inner
            other()
        return inner(request, deliver)

    world.aws.intercept = intercept


def test_an_upload_that_ends_after_everything_else_was_removed_is_removed_too(world: World) -> None:
    live(world).send("DELETE", "/v1/me")
    sweep(world)
    key = evidence_key("ann", "m:1", 2)
    upload(world, key)
    arrived = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"object": {"key": key}}}

    assert world.invoke("moderate_evidence", {"Records": [{"messageId": "1", "body": json.dumps(arrived)}]}) == {"batchItemFailures": []}

    assert traces(world, *ANN) == []


# Leaderboards ---------------------------------------------------------------------------------------------------------


def compete(world: World) -> None:
    """Three players: cat 3, ann 2, bob 1."""
    for times, player in ((3, "cat"), (2, "ann"), (1, "bob")):
        world.ingest(*(post(f"{player}-{n}", NOON, player=player) for n in range(times)))
    world.compete()


def test_on_an_open_leaderboard_whoever_was_behind_moves_up(world: World) -> None:
    compete(world)
    assert (names(held()), sum(held().histogram)) == (["cat", "ann", "bob"], 3)

    Client(world, "ann").send("DELETE", "/v1/me")
    sweep(world)

    assert (names(held()), held().participants, sum(held().histogram)) == (["cat", "bob"], 2, 2)
    world.now = CLOSES + UNDER_WAY_MS
    world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    world.pay()
    assert [sums(world.state(player).account)["gold"] for player in ("cat", "bob")] == [5, 5]


def test_on_a_closed_one_the_rank_stays_taken_by_nobody(world: World, told: list[Any]) -> None:
    compete(world)
    account = world.state("ann").account
    world.now = CLOSES + UNDER_WAY_MS
    world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    world.pay()

    Client(world, "ann").send("DELETE", "/v1/me")
    sweep(world)

    assert names(held()) == ["cat", "", "bob"]
    assert held().entries[1].account == account
    shown = Client(world, "cat").get("/v1/leaderboards/race", period="2026-11-21").body
    assert [(item["rank"], item["player"]) for item in shown["items"]] == [(1, "cat"), (2, None), (3, "bob")]
    assert sums(account) == Ledger("missions").wallet(account)


def test_an_erased_winner_is_not_announced_and_not_paid(world: World, told: list[Any]) -> None:
    compete(world)
    account = world.state("ann").account
    world.now = CLOSES + UNDER_WAY_MS
    Client(world, "ann").send("DELETE", "/v1/me")

    world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    world.pay()

    [closed] = [event for event in told if event["type"] == "LeaderboardClosed"]
    assert [winner["player"] for winner in closed["data"]["winners"]] == ["cat"]
    assert not any("board" in cause for cause in sums(account))


@pytest.mark.parametrize("minutes", [0, 13, 15, 60])
def test_a_score_that_arrives_late_does_not_bring_a_player_back(world: World, minutes: int) -> None:
    world.ingest(post("a", NOON, player="ann"), post("b", NOON, player="bob"))
    world.publish()
    late = world.take("STANDINGS_QUEUE_URL")
    Client(world, "ann").send("DELETE", "/v1/me")
    if minutes * 60_000 >= DELAY_MS:
        sweep(world)
    world.now = NOW + minutes * 60_000

    for batch in late:
        assert world.invoke("update_standings", {"Records": batch}) == {"batchItemFailures": []}
    sweep(world)

    assert names(held()) == ["bob"]
    assert traces(world, *ANN) == []


# Trouble --------------------------------------------------------------------------------------------------------------


class Died(BaseException):
    """The function was ended, at once."""


def dying_at(world: World, call: int, *, did_it: bool) -> None:
    """Let the function that runs next die at its n-th call, before or after that was done."""
    inner, calls = world.aws.intercept, count(1)

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if next(calls) == call:
            world.aws.intercept = inner
            if did_it:
                inner(request, deliver)
            raise Died
        return inner(request, deliver)

    world.aws.intercept = intercept


def test_a_removal_that_dies_at_any_call_is_finished_by_the_next(world: World, told: list[Any]) -> None:
    compete(world)
    world.now = ms("2026-11-23T01:00")
    world.night()  # the day is history, its leaderboard still open
    assert "2026-11-21" not in {board.period.label for board in world.state("ann").boards}
    Client(world, "ann").send("DELETE", "/v1/me")
    world.publish()
    [message] = world.take("ERASURE_QUEUE_URL")
    before, working = pickle.dumps(emulated()), world.aws.intercept

    for call in count(1):
        for did_it in (False, True):
            bring_back(before)
            told.clear()
            dying_at(world, call, did_it=did_it)
            if survives(world, message):
                assert call > 15, "leaderboards, files, rows, the confirmation and the tombstone"
                return
            world.aws.intercept = working

            assert world.invoke("erase_players", {"Records": message}) == {"batchItemFailures": []}

            assert (traces(world, *ANN), names(held())) == ([], ["cat", "bob"]), call
            assert tombstone(world).keys() == {"PK", "SK", "version", "erased_at"}, call
            assert {event["id"] for event in told} == {json.loads(message[0]["body"])["id"]}, call


def survives(world: World, message: list[dict[str, Any]]) -> bool:
    try:
        return bool(world.invoke("erase_players", {"Records": message}))
    except Died:
        return False


def emulated() -> dict[str, dict[Any, Any]]:
    """Everything the emulator keeps, by name."""
    members = ((f"{service} {name}", member) for service, module in SERVICES.items() for name, member in vars(module).items())
    return {name: member._data for name, member in members if isinstance(member, AccountScopedDict | AccountRegionScopedDict)}


def bring_back(kept: bytes) -> None:
    for name, content in pickle.loads(kept).items():
        emulated()[name].clear()
        emulated()[name].update(content)


@pytest.mark.parametrize("operation", ["GetItem", "Query", "DeleteItem", "PutItem", "ListObjectsV2", "DeleteObject", "PutEvents"])
def test_while_a_service_refuses_the_message_comes_back(world: World, operation: str) -> None:
    live(world).send("DELETE", "/v1/me")
    world.publish()
    [message] = world.take("ERASURE_QUEUE_URL")
    working = world.aws.intercept
    world.aws.intercept = on(operation, refuse("AccessDeniedException"), times=99)

    answer = world.invoke("erase_players", {"Records": message})

    assert answer == {"batchItemFailures": [{"itemIdentifier": message[0]["messageId"]}]}
    world.aws.intercept = working
    assert "outbox" in tombstone(world)
    assert world.invoke("erase_players", {"Records": message}) == {"batchItemFailures": []}
    assert traces(world, *ANN) == []


def test_what_the_stream_cannot_hand_over_stays_in_it(world: World) -> None:
    live(world).send("DELETE", "/v1/me")
    working = world.aws.intercept
    world.aws.intercept = on("SendMessageBatch", refuse("AccessDeniedException"), times=99)
    assert len(world.publish()) == 1

    world.aws.intercept = working

    assert sweep(world) == [{"batchItemFailures": []}]


MESSAGE = {"id": "1", "player": "ann", "boards": [["race", "2026-11-21"]], "erased_at": NOW}


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        json.dumps({**MESSAGE, "player": None}),
        json.dumps({**MESSAGE, "boards": [["race"]]}),
        json.dumps({**MESSAGE, "boards": [["race", 7]]}),
        json.dumps({**MESSAGE, "erased_at": "now"}),
        json.dumps({**MESSAGE, "erased_at": True}),
    ],
)
def test_what_is_no_erasure_goes_to_quarantine(world: World, body: str) -> None:
    assert world.invoke("erase_players", {"Records": [{"messageId": "1", "body": body}]}) == {"batchItemFailures": []}
    [kept] = world.bodies("QUARANTINE_QUEUE_URL")
    assert (kept["reason"], kept["origin"], kept["body"]) == ("malformed_erasure", "erasures", body)


def test_nobody_is_removed_whom_nobody_erased(world: World) -> None:
    live(world)
    before = table(world)

    assert world.invoke("erase_players", {"Records": [{"messageId": "1", "body": json.dumps(MESSAGE)}]}) == {"batchItemFailures": []}

    assert table(world) == before
    [kept] = world.bodies("QUARANTINE_QUEUE_URL")
    assert kept["reason"] == "player_not_erased"


def test_a_quarantine_that_refuses_keeps_the_message(world: World) -> None:
    world.aws.intercept = on("SendMessageBatch", refuse("AccessDeniedException"), times=99)
    answer = world.invoke("erase_players", {"Records": [{"messageId": "1", "body": "{"}]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_scores_whose_player_may_be_erased_wait_until_that_can_be_told(world: World) -> None:
    world.ingest(post("a", NOON, player="ann"))
    world.publish()
    [late] = world.take("STANDINGS_QUEUE_URL")
    world.now += HOUR_MS
    working = world.aws.intercept
    world.aws.intercept = on("BatchGetItem", refuse("AccessDeniedException"), times=99)

    assert world.invoke("update_standings", {"Records": late})["batchItemFailures"]

    assert Scores("missions").load(*BOARD, consistent=True) is None
    world.aws.intercept = working
    assert world.invoke("update_standings", {"Records": late}) == {"batchItemFailures": []}
    assert names(held()) == ["ann"]


def test_on_time_nobody_asks_who_is_erased(world: World) -> None:
    world.ingest(post("a", NOON, player="ann"))
    world.publish()
    world.now += DELAY_MS - 61_000
    world.aws.calls.clear()

    world.deliver("STANDINGS_QUEUE_URL", "update_standings")

    assert "BatchGetItem" not in {call.operation for call in world.aws.calls}


def test_leaving_a_leaderboard_outlasts_others_who_change_it(world: World) -> None:
    compete(world)
    Client(world, "ann").send("DELETE", "/v1/me")
    world.publish()
    _meanwhile(world, "DeleteItem", lambda: _meanwhile(world, "PutItem", lambda: _merge(world, "dan")))

    world.deliver("ERASURE_QUEUE_URL", "erase_players")

    assert (names(held()), sum(held().histogram)) == (["cat", "dan", "bob"], 3)


def _merge(world: World, player: str) -> None:
    world.now += 10_000
    world.ingest(post(f"{player}-1", NOON, player=player), post(f"{player}-2", NOON, player=player))
    world.compete()


# Any order ------------------------------------------------------------------------------------------------------------


class Interleaving:
    """One player's steps in a world that others share; messages may be held back and delivered later."""

    def __init__(self, world: World, player: str) -> None:
        self.world = world
        self.player = player
        self.client = Client(world, player)
        self.account: str | None = None
        self.held: list[tuple[str, list[dict[str, Any]]]] = []
        self._ids = count(1)

    def act(self) -> None:
        at = datetime.fromtimestamp(self.world.now / 1000, UTC).isoformat()
        assert self.world.ingest(post(f"{self.player}-{next(self._ids)}", at, player=self.player)) == []
        with suppress(Erased):
            self.account = self.world.state(self.player).account

    def claim(self) -> None:
        self.client.post("/v1/me/claims")

    def check_in(self) -> None:
        self.client.post("/v1/me/check-ins")

    def rename(self) -> None:
        self.client.send("PATCH", "/v1/me/profile", {"name": f"name of {self.player}"})

    def export(self) -> None:
        assert self.client.get("/v1/me/export").status == 200

    def erase(self) -> None:
        assert self.client.send("DELETE", "/v1/me").status == 200

    def publish(self) -> None:
        assert self.world.publish() == []

    def hold(self) -> None:
        for queue, function in RECEIVERS.items():
            self.held += [(function, batch) for batch in self.world.take(queue)]

    def deliver(self) -> None:
        for queue, function in RECEIVERS.items():
            assert not any(answer["batchItemFailures"] for answer in self.world.deliver(queue, function))

    def redeliver(self) -> None:
        for function, batch in self.held:
            assert self.world.invoke(function, {"Records": batch}) == {"batchItemFailures": []}

    def remove(self) -> None:
        """The erasure queue holds its messages back for so long."""
        self.publish()
        self.world.now += DELAY_MS
        assert not any(answer["batchItemFailures"] for answer in self.world.deliver("ERASURE_QUEUE_URL", "erase_players"))

    def night(self) -> None:
        self.world.now += DAY_MS
        self.world.night()


RECEIVERS = {"REWARDS_QUEUE_URL": "grant_rewards", "STANDINGS_QUEUE_URL": "update_standings"}
STEPS = ("act", "claim", "check_in", "rename", "export", "erase", "publish", "hold", "deliver", "redeliver", "remove", "night")


@settings(max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.lists(st.sampled_from(STEPS), max_size=10), after=st.lists(st.sampled_from(STEPS), max_size=8))
def test_in_any_order_nothing_of_the_player_stays_and_sums_add_up(world: World, before: list[str], after: list[str]) -> None:
    game = Interleaving(world, f"player-{uuid4().hex}")

    for step in ("act", *before, "erase", *after, "publish", "deliver", "remove", "redeliver"):
        getattr(game, step)()

    assert traces(world, game.player) == []
    assert tombstone(world, game.player).keys() == {"PK", "SK", "version", "erased_at"}
    assert game.account is not None
    assert {name: amount for name, amount in sums(game.account).items() if amount} == Ledger("missions").wallet(game.account)
