"""`missions demo` and `missions run`: everything they show happens, and nothing is left running."""

from pathlib import Path

from infra.local import emulator
from tests.e2e.conftest import run_missions


def test_the_demonstration_shows_every_step(tmp_path: Path) -> None:
    done = run_missions(tmp_path, "demo", "--json")

    assert done.code == 0, done.errors
    assert done.facts["passed"]
    assert len(done.facts["steps"]) == 19
    assert all(step["shown"] for step in done.facts["steps"])


def test_the_simulation_moves_and_stops_what_it_started(tmp_path: Path) -> None:
    done = run_missions(tmp_path, "run", "--port", str(emulator.free_port()), "--rate", "5", "--for", "5s")

    assert done.code == 0, done.errors
    assert "over SQS" in done.output
    assert "checks in: 10 points" in done.output
    assert emulator.running_pid(tmp_path) is None
