"""The simulation on every test run: many seeds, planted bugs, and that a seed decides everything."""

from functools import partial
from pathlib import Path

import pytest

from tests.simulation.engine import Simulation
from tests.simulation.invariants import table
from tests.simulation.planted import BUGS
from tests.simulation.runner import Failure, everywhere, first_caught, report, run, run_seed, run_seeds, shrink
from tests.simulation.runtime import services
from tests.simulation.trace import from_json, to_json, trace_of

SEEDS = 1000
# Traces that once failed, each named after what was wrong then. A seed means another trace with every change of `trace.py`.
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.mark.timeout(1200)
def test_whatever_happens_the_invariants_hold() -> None:
    failures = run_seeds(range(SEEDS))

    assert not failures, "\n\n".join(report(shrink(failure)) for failure in failures[:2])


def test_what_was_wrong_once_is_not_wrong_again() -> None:
    traces = [from_json(kept.read_text()) for kept in REGRESSIONS]

    failures = dict(zip([kept.stem for kept in REGRESSIONS], everywhere(run, traces), strict=True))

    assert len(failures) >= 2
    assert not any(failures.values()), "\n\n".join(f"{name}: {report(failure)}" for name, failure in failures.items() if failure)


def test_a_trace_is_kept_as_it_is() -> None:
    assert all(from_json(to_json(trace_of(seed))) == trace_of(seed) for seed in range(50))


@pytest.mark.timeout(900)
def test_every_planted_bug_is_caught_within_200_seeds_by_the_invariant_it_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    caught = dict(zip(BUGS, everywhere(partial(first_caught, seeds=range(200)), list(BUGS)), strict=True))

    with capsys.disabled():
        for name, failure in caught.items():
            print(f"\n  {name}: " + (f"seed {failure.trace.seed}, {BUGS[name].breaks}" if failure else "NOT CAUGHT"), end="")  # noqa: T201
    assert all(caught.values())


def test_a_seed_decides_everything() -> None:
    first, second = everywhere(_fingerprint, [7, 7])

    assert first == second
    assert len(first[0]) > 100


def test_a_failing_seed_shrinks_to_few_steps_that_still_fail() -> None:
    (failure,) = everywhere(partial(_shrunk, bug="late_actions_dropped_at_rollover"), [0])

    assert failure.trace.steps
    assert len(failure.trace.steps) <= 8
    assert "make simulate SEEDS=1 SEED_BASE=0" in report(failure)


def _fingerprint(seed: int) -> tuple[list[str], list[str]]:
    services()
    simulation = Simulation(trace_of(seed)).run()
    return simulation.network.calls, [str(row) for row in sorted(table().items())]


def _shrunk(seed: int, bug: str) -> Failure:
    failure = run_seed(seed, bug)
    assert failure is not None
    return shrink(failure, bug)
