"""Every use case, every call it makes, everything that can befall that call: afterwards the world is as if nothing had.

`python -m tests.simulation.crash_matrix` prints what was covered.
"""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from types import SimpleNamespace
from unittest.mock import patch
from warnings import catch_warnings

import boto3
import botocore.endpoint
from botocore.retries.quota import RetryQuota

from missions_core.storage import audit, catalogs, evidence, jobs, ledger, players, remains, scores, transactions
from missions_core.storage import table as table_module
from missions_core.use_cases import retrying
from tests.simulation.crash_cases import CASES, FIRST, NOW, Source
from tests.simulation.crash_faults import FAULTS, Died, Fault
from tests.simulation.crash_world import Converged, CrashWorld, crash_world
from tests.simulation.runner import everywhere

DELIVERIES = 5  # as often as a queue delivers before it gives up
STORES = (audit, catalogs, evidence, jobs, ledger, players, remains, scores)
STAGES = ("redelivered", "delivered once more", "a night later")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@dataclass
class Covered:
    """What was run of one use case: its calls, the runs per fault, and what did not converge."""

    name: str
    calls: list[str]
    runs: dict[str, int] = field(default_factory=lambda: dict.fromkeys([fault.name for fault in FAULTS], 0))
    diverged: list[str] = field(default_factory=list)


def cover(name: str) -> Covered:
    """Let every fault befall every call the use case of that name makes when nothing does."""
    prepare = CASES[name]
    with _quiet(), crash_world(FIRST, NOW) as world:
        source = prepare(world)
        restore = world.checkpoint()
        expected = _stages(world, source)
        requests = world.wire.calls
        covered = Covered(name, [request.operation for request in requests])
        if told := _compare(*expected[:2]):
            covered.diverged.append(f"{name}, undisturbed, delivered once more, {told}")
        for at, fault in [(at, fault) for at, request in enumerate(requests) for fault in FAULTS if fault.concerns(request)]:
            restore()
            covered.runs[fault.name] += 1
            if told := _difference(expected, world, source, fault, at):
                covered.diverged.append(f"{name}, call {at + 1} ({covered.calls[at]}), {fault.name}: {told}")
    return covered


def table(all_covered: Sequence[Covered]) -> str:
    """Runs by use case and fault."""
    heads = ["use case", "calls", *(fault.name for fault in FAULTS), "runs", "diverged"]
    rows = [[each.name, len(each.calls), *each.runs.values(), sum(each.runs.values()), len(each.diverged)] for each in all_covered]
    rows.append(["all", *(sum(int(row[column]) for row in rows) for column in range(1, len(heads)))])
    widths = [max(len(str(row[column])) for row in [heads, *rows]) for column in range(len(heads))]
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows])


def _stages(world: CrashWorld, source: Source, fault: Fault | None = None, at: int | None = None) -> list[Converged]:
    """The world once the invocation was repeated until it was done, once all of it was delivered again, and after a night."""
    source.again(world)
    _strike(world, source, fault, at)
    found = [world.converged()]
    source.again(world)
    assert source.invoke(world), "what is delivered once more is not done at once"
    world.drain()
    found.append(world.converged())
    world.night()
    return [*found, world.converged()]


def _difference(expected: list[Converged], world: CrashWorld, source: Source, fault: Fault, at: int) -> str | None:
    try:
        found = _stages(world, source, fault, at)
    except AssertionError as error:
        return repr(error)
    return next((f"{stage}, {told}" for stage, *worlds in zip(STAGES, expected, found, strict=True) if (told := _compare(*worlds))), None)


def _compare(expected: Converged, found: Converged) -> str | None:
    parts = [part for part in expected if expected[part] != found[part]]
    return f"{parts[0]}: {_first_difference(expected[parts[0]], found[parts[0]])}" if parts else None


def _first_difference(expected: object, found: object) -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        key = next(key for key in [*expected, *found] if expected.get(key) != found.get(key))
        return f"{key}: {found.get(key)} instead of {expected.get(key)}"
    return f"{found} instead of {expected}"


def _strike(world: CrashWorld, source: Source, fault: Fault | None, at: int | None) -> None:
    """One invocation in a new execution environment, which a fault befalls, and the deliveries it takes after that."""
    world.restart()
    world.expect_deliveries([world.now + number * source.pause_ms for number in range(DELIVERIES + 1)])  # and once more
    done = False
    with world.wire.watching(fault, at):
        try:
            done = source.invoke(world)
        except Died:
            world.restart()
        except Exception:  # noqa: BLE001  # Lambda reports whatever it is, and the source delivers again
            pass
    assert at is None or at < len(world.wire.calls), "the call to be struck was never made"
    world.go_on(world.deliveries[1])
    for instant in world.deliveries[1:-1]:
        world.now = instant
        done = done or source.invoke(world)
    assert done, f"not done after {DELIVERIES} deliveries"
    world.go_on(world.deliveries[-1])


@contextmanager
def _quiet() -> Iterator[None]:
    """No logs and no waiting; and clients, which live through hundreds of disasters here, do not run out of retries over them."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ENVIRONMENT))
        stack.enter_context(catch_warnings(action="ignore"))  # of metrics, by functions that die before they have any
        stack.enter_context(redirect_stdout(StringIO()))  # metrics
        for waiting in (botocore.endpoint, retrying, transactions):
            stack.enter_context(patch.object(waiting, "time", SimpleNamespace(sleep=lambda seconds: None)))
        bound = cache(table_module.bind)
        for store in STORES:
            stack.enter_context(patch.object(store, "bind", bound))  # a third of a cold start, and every run has several
        stack.enter_context(patch.object(boto3, "client", cache(boto3.client)))
        stack.enter_context(patch.object(RetryQuota, "acquire", lambda *_: True))
        before = logging.root.manager.disable
        stack.callback(logging.disable, before)
        logging.disable(logging.CRITICAL)
        yield


if __name__ == "__main__":
    everything = list(everywhere(cover, list(CASES)))
    sys.stdout.write("\n".join([table(everything), *(line for each in everything for line in each.diverged), ""]))
    sys.exit(any(each.diverged for each in everything))
