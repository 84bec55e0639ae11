"""Repair: what should have been paid by now and was not is sent again, and nothing else is."""

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import DAY_MS
from missions_core.domain.state import PlayerState
from missions_core.errors import VersionConflict
from missions_core.messaging import Queue
from missions_core.storage.keys import DUE_SHARDS
from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import stores_of
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"
QUIET = {"all": [{"action": "video.watched", "op": "<=", "target": 3}]}
CATALOG = snapshot(mission("gift", {"tip.sent": 1}, auto_claim=True), mission("quiet", QUIET, auto_claim=True, rewards={"gold": 2}))


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, ms("2026-11-21T12:00:10"))
    monkeypatch.setattr("missions_core.clock.now", lambda: world.now)
    world.publish_catalog(CATALOG)
    return world


def repair(world: World, player: str = "ann") -> None:
    reconcile(stores_of("missions"), Queue(world.environment["REWARDS_QUEUE_URL"]), player, now=world.now)


def owe_a_gift(world: World) -> None:
    """The stream never tells anybody what this action earned."""
    world.ingest(post(1, NOON, type_="tip.sent"))
    world.now += DAY_MS


def test_a_stuck_grant_is_looked_up_once_and_sent_once(world: World) -> None:
    owe_a_gift(world)
    world.aws.calls.clear()

    repair(world)

    assert [body["cause"] for body in world.bodies("REWARDS_QUEUE_URL")] == ["mission:gift:2026-11-21"]
    assert [call.operation for call in world.aws.calls].count("BatchGetItem") == 1


def test_what_this_very_night_pays_is_neither_looked_up_nor_sent_twice(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += DAY_MS + 1_000 * 600  # ten minutes after midnight, at which "quiet" was decided
    world.aws.calls.clear()

    repair(world)

    assert "mission:quiet:2026-11-20" in [grant.cause for grant in world.state("ann").pending]
    assert world.bodies("REWARDS_QUEUE_URL") == []
    assert "BatchGetItem" not in [call.operation for call in world.aws.calls]


def test_a_grant_that_was_paid_is_forgotten_and_not_sent(world: World) -> None:
    owe_a_gift(world)
    world.pay()

    repair(world)

    assert "mission:gift:2026-11-21" not in [grant.cause for grant in world.state("ann").pending]
    assert world.bodies("REWARDS_QUEUE_URL") == []


def test_a_queue_that_refuses_leaves_the_player_due_for_the_next_run(world: World) -> None:
    owe_a_gift(world)
    before = world.players.load("ann")
    plain, world.aws.intercept = world.aws.intercept, on("SendMessageBatch", refuse("InternalError"), times=99)
    with pytest.raises(RuntimeError):
        repair(world)
    world.aws.intercept = plain
    assert world.players.load("ann") == before

    world.night()
    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")

    assert Ledger("missions").wallet(world.state("ann").account) == {"xp": 10}


def test_a_run_that_fails_after_sending_sends_again_and_the_ledger_pays_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_a_gift(world)
    plain = Players.save

    def overtaken(self: Players, state: PlayerState, **members: object) -> None:
        monkeypatch.setattr(Players, "save", plain)
        raise VersionConflict("version_conflict", "somebody else was faster")

    monkeypatch.setattr(Players, "save", overtaken)
    repair(world)
    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")

    assert Ledger("missions").wallet(world.state("ann").account) == {"xp": 10}


def test_a_player_who_is_gone_is_not_born_again(world: World) -> None:
    repair(world, "nobody")

    assert world.players.load("nobody") is None


def test_a_player_due_for_a_window_that_was_withdrawn_is_not_found_due_again_and_again(world: World) -> None:
    feast = mission("feast", period="special", active={"from": "2026-11-21T18:00:00Z", "until": "2026-11-22T18:00:00Z"})
    announced = snapshot(mission("gift"), feast, previous=CATALOG)
    world.publish_catalog(announced)
    world.ingest(post(1, NOON))
    world.publish_catalog(snapshot(mission("gift"), previous=announced))
    world.now = ms("2026-11-21T18:15")
    assert due(world) == ["ann"]

    repair(world)

    assert due(world) == []


def due(world: World) -> list[str]:
    return [player for shard in range(DUE_SHARDS) for player in world.players.due(shard, now=world.now, limit=9)]
