"""The product as a system to measure: its real handlers where a queue feeds them, its use cases behind HTTP."""

import io
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

from bench.month import PLAYER
from infra.inprocess import InProcessAws
from missions_core.domain import commands
from missions_core.domain.catalog import Snapshot
from missions_core.messaging import Queue
from missions_core.use_cases.check_in import check_in
from missions_core.use_cases.claim import claim
from missions_core.use_cases.read import read_player
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import stores_of
from tests.support.world import World


class Product:
    """Missions with one player."""

    def __init__(self, aws: InProcessAws, environment: dict[str, str], snapshot: Snapshot) -> None:
        with patch.dict("os.environ", environment):
            self._stores = stores_of(environment["TABLE_NAME"])
            self._rewards = Queue(environment["REWARDS_QUEUE_URL"])
        self._world = World(aws, environment, now=0)
        self._environment = environment
        self._world.publish_catalog(snapshot)
        self._stores.catalogs.current()

    def act(self, event: dict[str, Any], now: int) -> None:
        """The queue's message, and what the stream then brings out."""
        with patch.dict("os.environ", self._environment), patch("missions_core.clock.now", lambda: now), redirect_stdout(io.StringIO()):
            assert self._world.ingest(event) == []
            self._publish()

    def check_in(self, request: str, now: int) -> None:
        """The request, and what the stream then brings out."""
        check_in(self._stores, PLAYER, request=request, now=now)
        self._publish()

    def claimable(self, now: int) -> list[str]:
        """The ids of completed missions."""
        return commands.claimable(read_player(self._stores, PLAYER, now=now).state)

    def claim(self, mission: str, request: str, now: int) -> None:
        """The request, and what the stream then brings out."""
        claim(self._stores, PLAYER, mission, request=request, now=now)
        self._publish()

    def owed(self) -> list[Any]:
        """The rewards queue's messages."""
        return [message for batch in self._world.take("REWARDS_QUEUE_URL") for message in batch]

    def pay(self, message: Any) -> None:
        """One message alone."""
        with patch.dict("os.environ", self._environment), redirect_stdout(io.StringIO()):
            assert self._world.invoke("grant_rewards", {"Records": [message]})["batchItemFailures"] == []

    def settle(self, now: int) -> None:
        """The player's part of a shard."""
        reconcile(self._stores, self._rewards, PLAYER, now=now)
        self._publish()

    def _publish(self) -> None:
        with patch.dict("os.environ", self._environment), redirect_stdout(io.StringIO()):
            assert self._world.publish() == []
