"""One action from its queue message to the saved state, in terms of the two bare calls it cannot do without."""

import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse

from bench.player import NOW, action, player, snapshot
from bench.table import Row, cpu_seconds
from infra.inprocess import Deliver, InProcessAws, Request, create_resources, running
from missions_core.domain import codec
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.stores import stores_of
from missions_core.use_cases.track import track

ROUNDS = 24
TIMES = 8  # in a round: not so many in all that grants wait for a ledger, which nobody runs here
PAUSE_MS = 120_000  # a busy player: thirty actions an hour


def rows() -> Iterator[Row]:
    """The ratio, pair by pair, without the emulator's own CPU."""
    catalog = snapshot()
    with running() as aws, patch.dict(os.environ, create_resources()):
        Catalogs("missions").publish(catalog)
        bare, handling = _bare_calls(player(catalog_from_snapshot(catalog))), _handling()
        handling()  # loads the catalog
        ratios = [_client_seconds(aws, handling) / _client_seconds(aws, bare) for _ in range(ROUNDS)]
    yield Row("CPU: one action handled ÷ bare GetItem + PutItem", f"{median(ratios):.2f}", "<= 1.5")


def _client_seconds(aws: InProcessAws, work: Callable[[], None]) -> float:
    """CPU seconds of a piece of work, but for those in which the emulator answers."""
    answering = 0.0

    def timed(request: Request, deliver: Deliver) -> AWSResponse:
        nonlocal answering
        start = time.process_time()
        try:
            return deliver(request)
        finally:
            answering += time.process_time() - start

    with patch.object(aws, "intercept", timed):
        return cpu_seconds(work, times=TIMES) - answering


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
