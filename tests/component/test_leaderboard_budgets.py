"""What a busy leaderboard may cost: little more than a write unit per score and three read units per look, however many players."""

import math
import string
from decimal import Decimal
from random import Random

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.events import ScoreChanged
from missions_core.messaging import Queue
from missions_core.settings import settings
from missions_core.storage import keys
from missions_core.use_cases.closing import UNDER_WAY_MS
from missions_core.use_cases.merging import Timer
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.standings import standings_body, update_standings
from missions_core.use_cases.stores import stores_of
from tests.component.http.conftest import Client
from tests.support.catalogs import mission, snapshot
from tests.support.game import ms
from tests.support.world import World

NOW = ms("2026-11-21T12:00:10")
CLOSES = ms("2026-11-24T12:00")
CHANCE = Random(7)
# As long as ids may be, of text that does not compress.
PLAYERS = ["".join(CHANCE.choices(string.ascii_letters + string.digits, k=128)) for _ in range(400)]
ACCOUNTS = {player: f"{CHANCE.getrandbits(128):032x}" for player in PLAYERS}
BATCH = 100  # the function takes up to five times as many


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    prizes = [{"from": 1, "to": 100, "rewards": {"gold": 1}}]
    world.publish_catalog(snapshot(mission("race", type="competitive", period="weekly", rewards={}, prizes=prizes)))
    return world


def rounds(number: int) -> int:
    """Let every player score so many times, in batches of a few seconds each; returns how many scores that were."""
    stores, quarantine, timer = stores_of("missions"), Queue(settings.quarantine_queue_url), Timer(NOW, lambda _: None)
    scores = dict.fromkeys(PLAYERS, Decimal(0))
    for _ in range(number):
        for start in range(0, len(PLAYERS), BATCH):
            messages = []
            for player in PLAYERS[start : start + BATCH]:
                scores[player] += CHANCE.randint(1, 500)
                changed = ScoreChanged("race", "2026-W47", str(scores[player]), NOW + CHANCE.randint(0, 10**8), CLOSES, 1)
                messages.append(QueueMessage(player, standings_body(player, ACCOUNTS[player], [changed], at=timer.now) or ""))
            assert update_standings(stores, quarantine, messages, timer, erasure_delay_ms=HOUR_MS) == []
            timer.now += 5000
    return number * len(PLAYERS)


def read_units(key: keys.Key) -> float:
    """What an eventually consistent read of a row costs: the emulator counts every row as a small one."""
    item = boto3.client("dynamodb").get_item(TableName="missions", Key=dict(zip(("PK", "SK"), ({"S": part} for part in key), strict=True)))[
        "Item"
    ]
    size = sum(len(name) + len(next(iter(value.values()))) for name, value in item.items())
    return math.ceil(size / 4096) / 2


def test_a_score_costs_little_more_than_a_write_unit_where_a_hundred_are_merged_at_once(world: World) -> None:
    world.aws.calls.clear()

    scores = rounds(3)

    assert 1 < world.aws.write_units() / scores <= 1.2


def test_a_score_that_comes_again_costs_no_merged_row(world: World) -> None:
    rounds(1)
    body = standings_body(PLAYERS[0], ACCOUNTS[PLAYERS[0]], [ScoreChanged("race", "2026-W47", "0.5", NOW, CLOSES, 1)], at=NOW)
    world.aws.calls.clear()

    world.invoke("update_standings", {"Records": [{"messageId": str(n), "body": body} for n in range(50)]})

    assert [(call.operation, call.status) for call in world.aws.calls] == [("GetItem", 200), ("PutItem", 400)]


@pytest.mark.parametrize("shards", [1, 16, 64])
def test_the_best_hundred_are_read_for_three_units_however_many_shards_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    monkeypatch.setattr(keys, "SCORE_SHARDS", shards)
    rounds(1)
    first = Client(world, stores_of("missions").scores.load("race", "2026-W47", consistent=True).entries[0].player)  # type: ignore[union-attr]
    first.get("/v1/leaderboards/race")
    world.aws.calls.clear()

    shown = first.get("/v1/leaderboards/race", limit=100).body

    assert len(shown["items"]) == 100
    assert shown["me"]["rank"] == 1
    assert [call.operation for call in world.aws.calls] == ["GetItem", "GetItem"]  # the caller's own state, and the leaderboard
    assert read_units(keys.top("race", "2026-W47")) <= 3


def test_friends_further_down_are_read_at_once(world: World) -> None:
    rounds(1)
    someone = Client(world, PLAYERS[0])
    someone.get("/v1/leaderboards/race")
    world.aws.calls.clear()

    shown = someone.get("/v1/leaderboards/race", players=",".join(PLAYERS[1:80])).body

    assert sum(standing["estimated"] for standing in shown["players"]) > 30
    assert [call.operation for call in world.aws.calls] == ["GetItem", "GetItem", "BatchGetItem"]


def test_a_hundred_prizes_cost_a_read_a_look_and_a_write_each(world: World) -> None:
    players = [f"player-{n}" for n in range(3)]
    for player in players:
        Client(world, "host", "service").send("PUT", f"/v1/players/{player}", {"zone": "UTC"})
        body = standings_body(player, world.state(player).account, [ScoreChanged("race", "2026-W47", "5", NOW, CLOSES, 1)], at=NOW)
        world.invoke("update_standings", {"Records": [{"messageId": "1", "body": body}]})
    world.now = CLOSES + UNDER_WAY_MS
    world.night()
    world.invoke("rotate_missions", {})
    [[message]] = world.take("SETTLE_QUEUE_URL")
    world.aws.calls.clear()

    world.invoke("settle_players", {"Records": [message]})

    operations = [call.operation for call in world.aws.calls]
    assert operations == ["GetItem", "PutItem", *["GetItem", "BatchGetItem", "PutItem"] * 3, "PutEvents", "PutItem"]
