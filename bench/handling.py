"""One action from its queue message to the saved state, in terms of the two bare calls it cannot do without."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any
from unittest.mock import patch

import boto3

from bench.emulated import emulated_aws
from bench.player import NOW, action, player, snapshot
from bench.table import Row, cpu_seconds
from infra.inprocess import create_resources
from missions_core.domain import codec
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.stores import stores_of
from missions_core.use_cases.track import track

BUDGET = 1.5
ROUNDS = 24
TIMES = 8  # in a round: not so many in all that grants wait for a ledger, which nobody runs here
PAUSE_MS = 120_000  # a busy player: thirty actions an hour


def rows() -> Iterator[Row]:
    """The median ratio."""
    yield Row("CPU: one action handled ÷ bare GetItem + PutItem", f"{median(ratios(rounds=ROUNDS)):.2f}", f"<= {BUDGET}")


def ratios(*, rounds: int) -> Iterator[float]:
    """The ratio, pair by pair: CPU of this process alone, for AWS is another one (and without TLS, which would add to both)."""
    catalog = snapshot()
    with emulated_aws(), patch.dict(os.environ, create_resources()):
        Catalogs("missions").publish(catalog)
        bare, handling = _bare_calls(player(catalog_from_snapshot(catalog))), _handling()
        handling()  # loads the catalog
        for _ in range(rounds):
            yield cpu_seconds(handling, times=TIMES) / cpu_seconds(bare, times=TIMES)


def _bare_calls(state: PlayerState) -> Callable[[], None]:
    """One bare GetItem and one bare PutItem of a state-sized item."""
    client = boto3.client("dynamodb")
    item: dict[str, Any] = {"PK": {"S": "BENCH"}, "SK": {"S": "STATE"}, "version": {"N": "1"}, "state": {"B": codec.encode(state)}}

    def run() -> None:
        client.get_item(TableName="missions", Key={"PK": item["PK"], "SK": item["SK"]}, ConsistentRead=True)
        client.put_item(TableName="missions", Item=item)

    return run


def _handling() -> Callable[[], None]:
    stores = stores_of("missions")
    numbers = count()

    def run() -> None:
        number = next(numbers)
        at = NOW + number * PAUSE_MS
        track(stores, [action(number, at=at)], now=at)

    return run
