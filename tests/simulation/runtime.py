"""One process as the AWS of many simulations: services in process, functions warm in two execution environments, one virtual clock."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID

import botocore.endpoint
import botocore.retries.quota
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from infra import inprocess
from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.storage import catalogs, keys, statistics, transactions
from missions_core.use_cases import changes, erase, reset, retrying
from missions_core.use_cases.stores import Stores, stores_of
from tests.simulation.network import CrashError, Network
from tests.support.world import Context

TABLE = "missions"
SHARDS = 2  # of the due index: asking 64 of them about three players would be most of a simulation
QUEUES = ("actions", "quarantine", "rewards", "settle", "standings", "erasure", "evidence")
HTTP = ("post_actions", "claim_reward", "check_in", "player_commands", "player_queries", "admin_api")
ENVIRONMENT = {
    "STAGE": "local",
    "TABLE_NAME": TABLE,
    **{f"{queue.upper()}_QUEUE_URL": f"https://sqs.eu-west-1.amazonaws.com/000000000000/{queue}" for queue in QUEUES},
    "EVENT_BUS_NAME": "missions",
    "ACTION_LOG_BUCKET": "action-log",
    "PLAYER_FILES_BUCKET": "player-files",
    "ERASURE_DELAY_SECONDS": "0",
    "POWERTOOLS_SERVICE_NAME": "missions",
    "POWERTOOLS_METRICS_NAMESPACE": "Missions",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
}


class Clock:
    """The virtual clock of the simulation under way, in epoch milliseconds."""

    now = 0


CLOCK = Clock()


@cache
def services() -> InProcessAws:
    """This process's services, once and for all; everything the product asks the operating system for becomes virtual."""
    os.environ.update(ENVIRONMENT)
    logging.disable(logging.CRITICAL)
    running = inprocess.running()
    aws = running.__enter__()
    _kept.append(running)  # never left: it would switch the services off
    clock.now = lambda: CLOCK.now
    clock.sleep = lambda seconds: None
    no_waiting: Any = SimpleNamespace(sleep=lambda seconds: None, monotonic=lambda: CLOCK.now / 1000)
    for module in (retrying, transactions, catalogs, botocore.endpoint):
        module.time = no_waiting  # type: ignore[attr-defined]
    for method in ("add_metric", "add_cold_start_metric", "flush_metrics"):
        setattr(AmazonCloudWatchEMFProvider, method, lambda *_, **__: None)
    # The SDK's quota of retries would carry over from one simulation to the next.
    botocore.retries.quota.RetryQuota.acquire = lambda self, capacity_amount: True  # type: ignore[method-assign, assignment]
    keys.DUE_SHARDS = reset.DUE_SHARDS = SHARDS
    return aws


_kept: list[Any] = []


class Runtime:
    """The functions of one simulation. Two environments keep a catalog each, as warm as they were left."""

    def __init__(self, network: Network, chance: Random) -> None:
        self.network = network
        aws = services()
        inprocess.SERVICES["dynamodb"].reset()
        aws.calls.clear()
        aws.intercept = lambda request, deliver: deliver(request)
        inprocess.create_table(TABLE)
        changes.uuid4 = erase.uuid4 = lambda: UUID(int=chance.getrandbits(128), version=4)
        statistics.random = SimpleNamespace(randrange=chance.randrange)  # type: ignore[attr-defined]
        self._aws = aws
        self._environments = [stores_of(TABLE), stores_of(TABLE)]
        self.stores = stores_of(TABLE)  # the tests' own

    def invoke(self, function: str, event: dict[str, Any], chance: Random) -> dict[str, Any] | None:
        """Call a handler over the network; None: it raised or died."""
        module = import_module(f"functions.{function}.app")
        context = Context(aws_request_id="request", remaining_ms=chance.choice([60_000, 60_000, 9_000]))
        with _environment(module, chance.choice(self._environments)), self._network():
            try:
                answer: dict[str, Any] = module.handler(event, context)
            except (Exception, CrashError):  # noqa: BLE001  # whatever it is: to Lambda, the invocation failed
                return None
        return answer

    @contextmanager
    def _network(self) -> Iterator[None]:
        before, self._aws.intercept = self._aws.intercept, self.network.intercept
        try:
            yield
        finally:
            self._aws.intercept = before

    def publish_catalog(self, snapshot: Any) -> bool:
        """An operator publishes a catalog over the network; False: it did not work out."""
        with self._network():
            try:
                catalogs.Catalogs(TABLE).publish(snapshot)
            except (Exception, CrashError):  # noqa: BLE001  # the operator tries again
                return False
        return True


@contextmanager
def _environment(module: ModuleType, stores: Stores) -> Iterator[None]:
    """Let a function's module work with an environment's stores, and leave what it keeps per request as it was: an invocation
    that begins while another one waits for an answer has, in AWS, an environment of its own."""
    routes = import_module(f"missions_core.http.routes.{module.__name__.split('.')[1]}").routes if _is_http(module) else None
    owner, name = (routes, "stores") if routes else (module, "stores")
    kept = {key: getattr(owner, key) for key in ("stores", "caller") if hasattr(owner, key)}
    request = {key: getattr(BaseRouter, key, None) for key in ("current_event", "lambda_context")}
    if hasattr(owner, name):
        setattr(owner, name, stores)
    if hasattr(module, "catalogs"):
        module.catalogs = stores.catalogs  # type: ignore[attr-defined]
    if hasattr(module, "moderation"):
        module.moderation = replace(module.moderation, stores=stores)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for key, value in kept.items():
            setattr(owner, key, value)
        for key, value in request.items():
            setattr(BaseRouter, key, value)


def _is_http(module: ModuleType) -> bool:
    return module.__name__.split(".")[1] in HTTP
