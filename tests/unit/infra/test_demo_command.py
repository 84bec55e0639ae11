"""`missions demo` says what happened, and fails if anything did not."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from infra.cli import demo as command
from infra.cli import main
from infra.errors import ToolError


class FakeStory:
    """Two steps that work and one that does not."""

    def __init__(self, *_: object) -> None:
        self.told: list[str] = []

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        return [("First", lambda: "happened"), ("Second", self.fail), ("Third", lambda: "never reached")]

    def fail(self) -> str:
        raise ToolError("waited 60 s for a wonder")


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """No stack is started; which ones were stopped is noted."""
    stopped: list[object] = []
    monkeypatch.setattr(command, "up", lambda *_: None)
    monkeypatch.setattr(command, "Story", FakeStory)
    monkeypatch.setattr(command, "interrupt_on_signals", lambda: None)
    monkeypatch.setattr(command.emulator, "stop", stopped.append)
    monkeypatch.setattr(command.emulator, "free_port", lambda: 1)
    return stopped


def test_a_step_that_does_not_happen_fails_the_demonstration_and_the_stack_is_stopped(stopped: list[object]) -> None:
    done = CliRunner().invoke(main, ["demo"])

    assert done.exit_code == 1
    assert "✓ │ First" in done.output
    assert "✗ │ Second │ did not happen" in done.output
    assert "Error: Second: waited 60 s for a wonder" in done.output
    assert len(stopped) == 1


def test_scripts_hear_the_same(stopped: list[object]) -> None:
    done = CliRunner().invoke(main, ["demo", "--json"])

    told = json.loads(done.stdout)
    assert (done.exit_code, told["passed"]) == (1, False)
    assert [step["shown"] for step in told["steps"]] == ["happened", None]
