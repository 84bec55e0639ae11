"""`missions player show`: what the table holds of a player, decoded."""

import json
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.use_cases.erase import erase
from missions_core.use_cases.stores import stores_of
from tests.support.catalogs import mission, quest, snapshot, step
from tests.support.game import ms
from tests.support.world import World, post

NOW = ms("2026-11-21T12:00:10")


@pytest.fixture(autouse=True)
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    gift = mission("gift", {"tip.sent": 1}, auto_claim=True, rewards={"gold": 7, "badges": ["giver"]})
    tour = quest("tour", step("hello"), step("two_posts", {"post.created": 2}), time_limit_hours=48)
    world.publish_catalog(snapshot(mission("three_posts", {"post.created": 3}), gift, tour))
    world.ingest(post(1, "2026-11-21T12:00:00Z"), post(2, "2026-11-21T12:00:00Z", type_="tip.sent"))
    return world


def show(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["player", "show", *arguments, "--table", "missions"])


def shown() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(show("ann", "--json").stdout)
    return found


def test_the_item_as_the_table_has_it(world: World) -> None:
    found = shown()

    assert (found["player"], found["version"], found["catalog_version"]) == ("ann", 1, 1)
    assert found["due_at"] == "2026-11-22T00:00:00.000Z"
    assert found["duplicate_window"]["ids"] == 2
    assert found["pending"][0]["rewards"] == {"amounts": {"gold": 7}, "badges": ["giver"]}


def test_of_an_erased_player_there_is_nothing_to_show(world: World) -> None:
    erase(stores_of("missions"), "ann", now=NOW)

    done = show("ann")

    assert (done.exit_code, done.output) == (1, "Error: this player was erased; nothing is kept of them, and nothing counts any more\n")


def test_the_size_is_what_dynamodb_counts() -> None:
    item = boto3.client("dynamodb").get_item(TableName="missions", Key={"PK": {"S": "PLAYER#ann"}, "SK": {"S": "STATE"}})["Item"]
    texts = sum(len(value["S"]) for value in item.values() if "S" in value)
    blobs = sum(len(value["B"]) for value in item.values() if "B" in value)

    assert shown()["item_bytes"] == sum(map(len, item)) + texts + blobs + 2 + 8  # version 1; due_at has 13 digits


def test_boards_and_progress_are_readable() -> None:
    text = show("ann").output

    assert "daily 2026-11-21: 2026-11-21 00:00 to 2026-11-22 00:00" in text
    assert "██████░░░░░░░░░░░░░░  33 %  three_posts  active     post.created 1 >= 3" in text
    assert "quest tour:run-1: in_progress, ends 2026-11-23 12:00  → 100 gold" in text
    assert "██████████░░░░░░░░░░  50 %  two_posts  open   → 1 gold" in text
    assert "pending mission:gift:2026-11-21: 7 gold, giver" in text


def test_looking_writes_nothing(world: World) -> None:
    world.aws.calls.clear()
    show("ann")

    assert world.aws.write_units() == 0


def test_an_unknown_player_is_an_error_that_says_when_there_is_one() -> None:
    done = show("nobody")

    assert done.exit_code == 1
    assert done.output.startswith("Error: there is no player 'nobody'")
