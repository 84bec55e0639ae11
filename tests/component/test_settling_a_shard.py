"""The night of one shard: everybody in it is settled in one run, whoever cannot be, and whatever the index says meanwhile."""

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import DAY_MS
from missions_core.storage import keys
from missions_core.storage.players import Players
from missions_core.use_cases import reconcile, reset
from tests.support.catalogs import mission, snapshot
from tests.support.game import ms
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"
MANY = [f"p{number:03}" for number in range(reset.PAGE + 12)]


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """More players in one shard than one page of the index names, all due."""
    for module in (keys, reset):
        monkeypatch.setattr(module, "DUE_SHARDS", 1)
    world = World(aws, environment, ms("2026-11-21T12:00:10"))
    monkeypatch.setattr("missions_core.clock.now", lambda: world.now)
    world.publish_catalog(snapshot(mission("one_post")))
    assert world.ingest(*(post(player, NOON, player=player) for player in MANY)) == []
    world.now += DAY_MS
    return world


def settle(world: World) -> list[str]:
    """Run the night; returns the messages that come back."""
    world.invoke("nightly_reset", {})
    answers = world.deliver("SETTLE_QUEUE_URL", "settle_players")
    return [failed["itemIdentifier"] for answer in answers for failed in answer["batchItemFailures"]]


def due(world: World) -> list[str]:
    return world.players.due(0, now=world.now, limit=2 * len(MANY))


def test_a_shard_of_more_than_a_page_is_settled_in_one_run(world: World) -> None:
    assert sorted(due(world)) == MANY

    assert settle(world) == []

    assert due(world) == []


@pytest.mark.parametrize("troubled", [1, reset.PAGE, reset.PAGE + 3])
def test_players_who_cannot_be_settled_keep_nobody_waiting_and_bring_the_message_back(
    world: World, monkeypatch: pytest.MonkeyPatch, troubled: int
) -> None:
    first = due(world)[:troubled]
    change = reconcile.change

    def trouble(stores: object, player: str, command: object, **options: object) -> object:
        if player in first:
            raise RuntimeError("no way")
        return change(stores, player, command, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reconcile, "change", trouble)

    assert len(settle(world)) == 1
    assert due(world) == first


def test_an_index_that_lags_behind_ends_no_run_early(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = due(world)
    monkeypatch.setattr(Players, "due", lambda self, shard, *, now, limit: everybody[:limit])

    assert settle(world) == []

    assert [player for player in MANY if world.state(player).updated_at < world.now] == []
