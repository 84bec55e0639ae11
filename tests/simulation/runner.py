"""Running many seeds on every core, and making a failing one as short as it gets."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from tests.simulation.engine import Simulation
from tests.simulation.invariants import violations
from tests.simulation.planted import BUGS, planted
from tests.simulation.runtime import services
from tests.simulation.trace import Step, Trace, trace_of

Item = TypeVar("Item")
Result = TypeVar("Result")
SHRINK_RUNS = 250


@dataclass(frozen=True, slots=True)
class Failure:
    """A trace after which something does not hold."""

    trace: Trace
    violations: Sequence[str]

    @property
    def invariants(self) -> list[str]:
        """The names of those broken."""
        return [violation.partition(":")[0] for violation in self.violations]


def run(trace: Trace, bug: str | None = None) -> Failure | None:
    """Run one trace, on the product as it is or with a planted bug; None: everything holds."""
    services()
    context: AbstractContextManager[None] = planted(bug) if bug else nullcontext()
    with context:
        found = violations(Simulation(trace).run())
    return Failure(trace, found) if found else None


def run_seed(seed: int, bug: str | None = None) -> Failure | None:
    """Run the trace of a seed."""
    return run(trace_of(seed), bug)


def first_caught(bug: str, seeds: range) -> Failure | None:
    """The first seed in which a planted bug breaks the invariant it is known for."""
    failures = filter(None, (run_seed(seed, bug) for seed in seeds))
    return next((failure for failure in failures if BUGS[bug].breaks in failure.invariants), None)


def shrink(failure: Failure, bug: str | None = None) -> Failure:
    """The shortest trace found, by leaving steps out, that still breaks the same invariant."""
    runs = 0
    size = len(failure.trace.steps) // 2
    while size:
        for shorter in _without(failure.trace, size):
            runs += 1
            again = run(shorter, bug) if runs <= SHRINK_RUNS else None
            if again is not None and failure.invariants[0] in again.invariants:
                failure = again
                break
        else:
            size //= 2
    return failure


def report(failure: Failure, bug: str | None = None) -> str:
    """What a person needs to see it again: what broke, the shortest trace, and the commands."""
    trace = failure.trace
    planted_bug = f" BUG={bug}" if bug else ""
    return "\n".join(
        [
            f"seed {trace.seed} breaks: {failure.invariants[0]}",
            *(f"  {violation[:500]}" for violation in failure.violations[:5]),
            f"shortest trace found, {len(trace.steps)} steps from {trace.start} ({list(trace.zones)}, days from {trace.day_start_hour} h):",
            *(f"  {step}" for step in trace.steps),
            f"see it again:   make simulate SEEDS=1 SEED_BASE={trace.seed}{planted_bug}",
            f"keep the trace: make -s trace SEED_BASE={trace.seed}{planted_bug} > tests/simulation/regressions/WHAT_WAS_WRONG.json",
        ]
    )


def everywhere(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Results in order, from a process per core: each has AWS services of its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        yield from pool.map(work, items, chunksize=max(1, min(10, len(items) // 20)))


def run_seeds(seeds: Sequence[int], bug: str | None = None) -> list[Failure]:
    """The failing ones of many seeds."""
    return [failure for failure in everywhere(partial(run_seed, bug=bug), seeds) if failure]


def _without(trace: Trace, size: int) -> Iterator[Trace]:
    steps: Sequence[Step] = trace.steps
    for start in range(0, len(steps), size):
        yield replace(trace, steps=[*steps[:start], *steps[start + size :]])
