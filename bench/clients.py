"""Eight clients at once against the deployed local stack: HTTP, gateway, function, table. Services: players' own actions are limited."""

import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from bench.month import FORUM
from bench.table import Row
from infra.local import emulator
from infra.local.api import Answer, Api
from infra.local.lifecycle import up
from infra.local.stack import LocalStack
from infra.local.tokens import issue_token

CLIENTS = 8
Request = Callable[[Api], Answer]
REQUESTS: dict[str, Request] = {
    "GET /health/live": lambda api: api.get("/health/live"),
    "GET /v1/me/missions": lambda api: api.get("/v1/me/missions"),
    "POST /v1/actions": lambda api: api.post("/v1/actions", _action()),
}


def rows(*, quick: bool) -> Iterator[Row]:
    """Percentiles of what the clients waited, and in terms of a request that touches nothing."""
    with _stack() as stack:
        apis = [Api(stack.api_url, issue_token(stack, f"client-{number}", "service").token) for number in range(CLIENTS)]
        waited = {name: _waited(apis, request, 5 if quick else 40) for name, request in REQUESTS.items()}
    bare = waited["GET /health/live"]
    for name, seconds in waited.items():
        for percent in (50, 99):
            mine, base = _percentile(seconds, percent), _percentile(bare, percent)
            what = f"{CLIENTS} clients, emulated gateway and Lambda, {name}: p{percent} ms (this machine)"
            yield Row(what, f"{mine * 1000:.0f}", "" if seconds is bare else f"{mine / base:.2f} × GET /health/live")


@contextlib.contextmanager
def _stack() -> Iterator[LocalStack]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield up(Path(folder), emulator.free_port(), None, FORUM, lambda _: contextlib.nullcontext())
        finally:
            emulator.stop(Path(folder))


def _waited(apis: list[Api], request: Request, times: int) -> list[float]:
    """Seconds of each request, after every client has made one that is not counted: functions start cold."""
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(lambda api: _timed(api, request), apis))
        return list(chain.from_iterable(threads.map(lambda api: [_timed(api, request) for _ in range(times)], apis)))


def _timed(api: Api, request: Request) -> float:
    start = time.perf_counter()
    answer = request(api)
    assert answer.status == 200, answer
    return time.perf_counter() - start


def _action() -> dict[str, object]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "specversion": "1.0",
        "id": str(time.perf_counter_ns()),
        "source": "app",
        "type": "post.created",
        "subject": f"player-{random.randrange(CLIENTS)}",
        "time": now,
        "data": {"length": 20},
    }


def _percentile(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[-(-len(seconds) * percent // 100) - 1]
