"""The `missions local`, `token` and `clock` commands against a running stack, and against a production one."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.errors import ToolError
from infra.local import emulator
from infra.local.api import Api
from infra.local.clock import clock_offset, set_clock
from infra.local.deploy import deploy
from infra.local.stack import ROOT, LocalStack
from tests.e2e.conftest import Caller, Finished, run_missions

Missions = Callable[..., Finished]


@contextmanager
def deployed(run_dir: Path, stage: str) -> Iterator[LocalStack]:
    """A second emulator with the template deployed for `stage`."""
    port = emulator.free_port()
    pid = emulator.start(run_dir, port, None)
    try:
        yield LocalStack.from_outputs(deploy(ROOT, emulator.endpoint_url(port), {"Stage": stage, "ErasureDelaySeconds": "900"}), pid, port)
    finally:
        emulator.stop(run_dir)


def test_status_names_everything_a_script_needs(stack: LocalStack, missions: Missions) -> None:
    done = missions("local", "status", "--json")
    assert done.code == 0
    assert done.facts["api_url"] == stack.api_url
    assert done.facts["catalog_version"] >= 1
    assert {"ws_url", "actions_queue_url", "event_bus", "table", "user_pool_id", "client_id"} <= set(done.facts)


def test_the_functions_reach_the_table_and_the_catalog_with_their_own_roles(stack: LocalStack) -> None:
    ready = Api(stack.api_url).get("/health/ready")
    assert ready.status == 200, ready.body


def test_status_and_token_without_a_stack_fail_in_one_line(tmp_path: Path) -> None:
    for command in (("local", "status"), ("token", "ann")):
        done = run_missions(tmp_path, *command)
        assert done.code == 1
        assert done.errors == "Error: no local stack is running: start one with `missions local up --detach`\n"


def test_stopping_nothing_is_no_error(tmp_path: Path) -> None:
    assert run_missions(tmp_path, "local", "down").code == 0


def test_up_twice_updates_what_runs(stack: LocalStack, missions: Missions) -> None:
    done = missions("local", "up", "--detach", "--json")
    assert done.code == 0, done.errors
    assert done.facts["pid"] == stack.pid


def test_up_on_another_port_says_what_to_do(stack: LocalStack, missions: Missions) -> None:
    done = missions("local", "up", "--detach", "--port", str(emulator.free_port()))
    assert done.code == 1
    assert "missions local down" in done.errors


def test_a_busy_port_is_an_error_that_names_the_fix(tmp_path: Path) -> None:
    with socket.create_server((emulator.HOST, 0)) as taken, pytest.raises(ToolError, match=r"--port.*missions local down"):
        emulator.start(tmp_path, taken.getsockname()[1], None)


def test_a_token_names_the_same_player_every_time(missions: Missions, sign_in: Callable[..., Caller]) -> None:
    done = missions("token", "dora", "--json")
    assert set(done.facts) == {"token", "player"}
    assert sign_in("dora").player == done.facts["player"]


def test_wrong_usage_has_its_own_exit_code(missions: Missions) -> None:
    assert missions("token", "dora", "--role", "king").code == 2
    assert missions("clock", "set", "tomorrow").code == 2


def test_the_clock_moves_ahead_and_back(stack: LocalStack, missions: Missions) -> None:
    try:
        assert missions("clock", "set", "+1d12h").code == 0
        assert clock_offset(stack) == 36 * 3600
    finally:
        assert missions("clock", "set", "now").code == 0
    assert clock_offset(stack) == 0


def test_the_clock_of_a_production_stack_cannot_be_moved(tmp_path: Path) -> None:
    with deployed(tmp_path, "prod") as production:
        with pytest.raises(ToolError, match="stage is prod"):
            set_clock(production, 86_400)
        assert clock_offset(production) == 0
