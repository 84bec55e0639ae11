"""The sample events: one for every function and more by what they ask, each works on the real handler with nothing running."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.invocation import failure, invoke, memory_environment, names
from infra.local.stack import ROOT

EVENTS = ROOT / "events"
CATALOG = ROOT / "catalog" / "forum"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


SAMPLES = sorted(path.stem for path in EVENTS.glob("*.json"))


def test_every_function_has_a_sample_and_every_sample_a_function() -> None:
    assert {name for name in SAMPLES if "." not in name} == set(names()) == {name.split(".")[0] for name in SAMPLES}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_does_its_work(name: str) -> None:
    event, function = sample(name), name.split(".")[0]

    with memory_environment(CATALOG, event):
        response = invoke(function, event)

    assert failure(response) is None
    assert response.get("statusCode", 200) == 200, response


@pytest.mark.parametrize(("function", "counted"), [("nightly_reset", "shards"), ("rotate_missions", "announced")])
def test_the_samples_of_jobs_give_them_something_to_do(function: str, counted: str) -> None:
    event = sample(function)

    with memory_environment(CATALOG, event):
        assert invoke(function, event)[counted] >= 1


def missions(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    command = [str(Path(sys.executable).with_name("missions")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_the_response_and_nothing_else() -> None:
    done = missions("invoke", "claim_reward", "events/claim_reward.json", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(json.loads(done.stdout)["body"])["mission"]["status"] == "claimed"


def test_a_handler_that_raises_fails_in_one_line_after_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text('{"Records": [{}]}')

    done = missions("invoke", "ingest_actions", str(tmp_path / "event.json"))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ingest_actions raised KeyError")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_is_no_event_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "event.json").write_text(text)

    done = missions("invoke", "health", str(tmp_path / "event.json"))

    assert done.returncode == 1
    assert f"{tmp_path}/event.json is not" in done.stderr
