"""Settling ever more players: the time for each must not grow with their number."""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from unittest.mock import patch

from bench.player import NOW, player, snapshot
from bench.table import Row, budgeted
from infra.inprocess import create_resources, running
from infra.memory import (
    MemoryCatalogs,
    MemoryLedger,
    MemoryPlayers,
)
from missions_core.domain.catalog import DAY_MS, Catalog
from missions_core.domain.roll import due_at
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.messaging import Queue
from missions_core.storage.keys import DUE_SHARDS
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import Stores, stores_of
from tests.support.world import World

NIGHT = NOW + DAY_MS
LINEAR = 1.25  # what grows with the logarithm of the number would be 1.67 at a hundred times as many
NO_QUEUE = Queue("nothing is stuck, so nothing is sent")


Settling = Callable[[Catalog, int], float]  # CPU seconds of each of so many players


def rows(*, quick: bool) -> Iterator[Row]:
    """On both kinds of stores."""
    yield from _growth("stores in memory", _in_memory, [1_000, 10_000, 20_000 if quick else 100_000])
    yield from _growth("handlers on the emulator", _on_dynamodb, [1_000, 2_000 if quick else 5_000])


def _growth(where: str, settling: Settling, sizes: list[int]) -> Iterator[Row]:
    catalog = catalog_from_snapshot(snapshot())
    seconds = {size: settling(catalog, size) for size in sizes}
    for size in sizes:
        yield Row(f"settle, {where}, {size:,} players: ms of CPU each (this machine)", f"{seconds[size] * 1000:.2f}")
    growth = seconds[sizes[-1]] / seconds[sizes[0]]
    yield budgeted(f"settle, {where}: each of {sizes[-1]:,} ÷ each of {sizes[0]:,} (linear: 1)", growth, most=LINEAR)


def _in_memory(catalog: Catalog, size: int) -> float:
    ledger = MemoryLedger()
    players = MemoryPlayers(ledger)
    stores = Stores(players, ledger, MemoryCatalogs(catalog), table_name="memory")
    _create(stores, catalog, size)
    players.events.clear()
    start = time.process_time()
    settled = 0
    while (due := players.next_due(NIGHT)) is not None:
        reconcile(stores, NO_QUEUE, due[1], now=NIGHT)
        settled += 1
    assert settled == size
    return (time.process_time() - start) / size


def _on_dynamodb(catalog: Catalog, size: int) -> float:
    """Through the queue and the handlers, all shards."""
    with running() as aws, patch.dict(os.environ, create_resources()), patch("missions_core.clock.now", lambda: NIGHT):
        world = World(aws, dict(os.environ), NIGHT)
        world.publish_catalog(snapshot())
        _create(stores_of("missions"), catalog, size)
        with redirect_stdout(io.StringIO()):
            start = time.process_time()
            world.night()
            seconds = time.process_time() - start
        assert not any(world.players.due(shard, now=NIGHT, limit=1) for shard in range(DUE_SHARDS))
        return seconds / size


def _create(stores: Stores, catalog: Catalog, size: int) -> None:
    state = player(catalog)
    due = due_at(state, catalog)
    for number in range(size):
        state.player = f"player-{number}"
        stores.players.save(state, version=None, events=[], due_at=due)
