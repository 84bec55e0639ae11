"""Actions from their queue messages to the saved states, in terms of the two bare calls that each player cannot do without."""

import io
import json
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from statistics import median
from typing import Any
from unittest.mock import patch

import boto3

from bench.emulated import emulated_aws
from bench.player import NOW, action, player, snapshot
from bench.table import Row, budgeted, cpu_seconds
from infra.inprocess import create_resources
from missions_core import clock
from missions_core.domain import codec
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.storage.catalogs import Catalogs
from tests.support.world import Context

FUNCTION = "functions.ingest_actions.app"
BUDGET = 1.5
BATCH = 50  # messages of as many players; a function is given up to a hundred
ROUNDS = 12
PAUSE_MS = 120_000  # busy players: thirty actions an hour


def rows() -> Iterator[Row]:
    """The median ratios: of a batch, and of a message alone, which bears log line, metrics and the action log's object by itself."""
    of_batch, alone = measured(BATCH, 1)
    yield budgeted(f"CPU: ingest_actions, an action of {BATCH} players', ÷ bare GetItem + PutItem", of_batch, most=BUDGET)
    yield Row("CPU: ingest_actions, an action alone ÷ bare GetItem + PutItem", f"{alone:.2f}")


def measured(*batches: int) -> list[float]:
    """The median ratio of each size of batch, from a process of its own: clients keep to the AWS they first met."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own_process:
        return own_process.submit(_medians, *batches).result()


def _medians(*batches: int) -> list[float]:
    logging.disable(logging.CRITICAL)
    return [median(column) for column in zip(*ratios(*batches, rounds=ROUNDS), strict=True)]


def ratios(*batches: int, rounds: int) -> Iterator[list[float]]:
    """A ratio per size of batch and round: CPU of this process alone, for AWS is another one (and without TLS, which would add to both)."""
    catalog = snapshot()
    with emulated_aws(), patch.dict(os.environ, create_resources()):
        Catalogs("missions").publish(catalog)
        bare = _bare_calls(player(catalog_from_snapshot(catalog)))
        handlings = [(_handling(batch), batch) for batch in batches]
        for handling, _ in handlings:
            handling()  # loads the catalog, and deals
        for _ in range(rounds):
            yield [cpu_seconds(handling) / cpu_seconds(bare, times=batch) for handling, batch in handlings]


def _bare_calls(state: PlayerState) -> Callable[[], None]:
    """One bare GetItem and one bare PutItem of a state-sized item."""
    client = boto3.client("dynamodb")
    item: dict[str, Any] = {"PK": {"S": "BENCH"}, "SK": {"S": "STATE"}, "version": {"N": "1"}, "state": {"B": codec.encode(state)}}

    def run() -> None:
        client.get_item(TableName="missions", Key={"PK": item["PK"], "SK": item["SK"]}, ConsistentRead=True)
        client.put_item(TableName="missions", Item=item)

    return run


def _handling(batch: int) -> Callable[[], None]:
    """The function's real handler, on an action of each of so many players."""
    sys.modules.pop(FUNCTION, None)  # what it was bound to before is not this AWS
    function = import_module(FUNCTION)
    numbers = count()

    def run() -> None:
        number = next(numbers)
        now = NOW + number * PAUSE_MS
        records = [_record(number, f"player-{batch}-{index}", now) for index in range(batch)]
        with patch.object(clock, "now", lambda: now), redirect_stdout(io.StringIO()):
            answer = function.handler({"Records": records}, Context(aws_request_id="bench", remaining_ms=60_000))
        assert answer == {"batchItemFailures": []}

    return run


def _record(number: int, subject: str, now: int) -> dict[str, Any]:
    """An SQS record as the function reads it."""
    taken = action(number)
    members = {"specversion": "1.0", "id": f"{subject}-{number}", "source": "bench", "type": taken.type, "subject": subject}
    time = datetime.fromtimestamp(now / 1000, UTC).isoformat()
    body = json.dumps(members | {"time": time, "data": taken.data})
    return {"messageId": subject, "body": body, "messageAttributes": {}}
