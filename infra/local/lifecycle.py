"""Bringing the local stack up and down: emulator, deployment, demo players, catalog, self check."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from infra.errors import ToolError
from infra.local import emulator
from infra.local.clock import clock_offset, set_clock
from infra.local.deploy import deploy, restart_functions
from infra.local.stack import ROOT, LocalStack, find_stack, local_session
from infra.local.tokens import ensure_user

DEFAULT_PORT = 4566
DEMO_PLAYERS = ("alice", "bob", "carol")

Step = Callable[[str], AbstractContextManager[object]]  # shows one step of long work while it runs


def up(run_dir: Path, port: int | None, state_dir: Path | None, catalog_dir: Path, step: Step) -> LocalStack:
    """Start the emulator unless it runs already, deploy, publish the catalog and check it all; a failed start leaves nothing running."""
    from infra.catalogs import apply_catalog  # imports the engine: not needed to stop or to ask for the status
    from infra.selfcheck import check_stack

    running = emulator.running_pid(run_dir) is not None
    pid, port = _join(run_dir, port) if running else _start(run_dir, port or DEFAULT_PORT, state_dir, step)
    try:
        with step("Deploying template.yaml"):
            stack = _deploy(run_dir, pid, port)
        with step(f"Creating demo players {', '.join(DEMO_PLAYERS)}"):
            _create_demo_players(stack)
        with step(f"Publishing the catalog {catalog_dir}"):
            apply_catalog(stack.endpoint_url, stack.table, catalog_dir)
            if running:
                restart_functions(stack.endpoint_url)
        with step("Checking: one action through the queue to a paid grant"):
            check_stack(stack, catalog_dir)
    except BaseException:
        if not running:
            emulator.stop(run_dir)
        raise
    return stack


def _join(run_dir: Path, port: int | None) -> tuple[int, int]:
    stack = find_stack(run_dir)
    if stack is None:
        raise ToolError("another `missions local up` is starting, or was interrupted: `missions local down` clears it")
    if port not in (None, stack.port):
        raise ToolError(f"the local stack already runs on port {stack.port}: leave out `--port`, or `missions local down` first")
    return stack.pid, stack.port


def _start(run_dir: Path, port: int, state_dir: Path | None, step: Step) -> tuple[int, int]:
    if state_dir:
        _keep_port(state_dir, port)
    with step(f"Starting the emulator on {emulator.HOST}:{port}"):
        return emulator.start(run_dir, port, state_dir), port


def _keep_port(state_dir: Path, port: int) -> None:
    """Saved state names its queues by address, so it lives on the port it was made on."""
    state_dir.mkdir(parents=True, exist_ok=True)
    marker = state_dir / "port"
    if marker.exists() and marker.read_text() != str(port):
        raise ToolError(f"the state in {state_dir} was made on port {marker.read_text()}: use `--port {marker.read_text()}`")
    marker.write_text(str(port))


def _deploy(run_dir: Path, pid: int, port: int) -> LocalStack:
    before = find_stack(run_dir)
    offset = clock_offset(before) if before else 0
    outputs = deploy(ROOT, emulator.endpoint_url(port))
    stack = LocalStack.from_outputs(outputs, pid, port)
    stack.save(run_dir)
    if offset:  # a deployment takes every function back to the template's environment
        set_clock(stack, offset)
    return stack


def _create_demo_players(stack: LocalStack) -> None:
    cognito = local_session().client("cognito-idp", endpoint_url=stack.endpoint_url)
    for name in DEMO_PLAYERS:
        ensure_user(cognito, stack.user_pool_id, name)
