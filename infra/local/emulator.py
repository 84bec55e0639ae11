"""The emulator's process: started, found again and stopped through its run directory."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from infra.errors import ToolError

HOST = "127.0.0.1"
REGION = "us-east-1"
START_SECONDS = 60
STOP_SECONDS = 15

_children: dict[int, subprocess.Popen[bytes]] = {}  # emulators this process started: their exit status is ours to collect


def endpoint_url(port: int) -> str:
    """Where the emulator on `port` answers every AWS call."""
    return f"http://{HOST}:{port}"


def start(run_dir: Path, port: int, state_dir: Path | None) -> int:
    """Start the emulator and wait until it answers; return its process id.

    With `state_dir` its data outlives it. `AUTH=true` in the environment makes it enforce the functions' roles.
    """
    require_free(port)
    run_dir.mkdir(parents=True, exist_ok=True)
    for leftover in ("tmp", "state"):
        shutil.rmtree(run_dir / leftover, ignore_errors=True)
    if state_dir:
        _rewind_streams(state_dir)
    with _lock_path(run_dir).open("a+") as lock, log_path(run_dir).open("wb") as log:
        # The emulator inherits the lock and holds it as long as it lives: a stale process id can never be mistaken for it.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ToolError("another `missions local up` is starting: wait for it, or `missions local down`") from None
        lock.truncate(0)
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.bounded_emulator"],
            env=_environment(run_dir, port, state_dir),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
        _children[process.pid] = process
        lock.write(str(process.pid))
    _wait_until_ready(process, run_dir, port)
    return process.pid


def running_pid(run_dir: Path) -> int | None:
    """The process id of the emulator that runs from `run_dir`, if one does."""
    if not _lock_path(run_dir).exists():
        return None
    with _lock_path(run_dir).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None  # empty while it is being started
    return None


def stop(run_dir: Path) -> bool:
    """Stop the emulator of `run_dir` and its workers, letting it save its state; return whether there was one."""
    pid = running_pid(run_dir)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_pid(run_dir) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # what is left of its session: function workers, or a process that would not end
    if child := _children.pop(pid, None):
        child.wait()
    return True


def log_path(run_dir: Path) -> Path:
    """Where the emulator, and every function it runs, logs."""
    return run_dir / "ministack.log"


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def require_free(port: int) -> None:
    """Raise when something else listens on `port`."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ToolError(f"port {port} is in use: choose another with `--port`, or stop what runs there with `missions local down`")


def _lock_path(run_dir: Path) -> Path:
    return run_dir / "ministack.pid"


def _environment(run_dir: Path, port: int, state_dir: Path | None) -> dict[str, str]:
    data_dir = (state_dir or run_dir / "state").resolve()
    temporary = (run_dir / "tmp").resolve()
    for directory in (data_dir, temporary):
        directory.mkdir(parents=True, exist_ok=True)
    persist = "1" if state_dir else "0"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}  # no way out to a real account
    return inherited | {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": persist,
        "STATE_DIR": str(data_dir),
        "S3_PERSIST": persist,
        "S3_DATA_DIR": str(data_dir / "s3"),
        "TMPDIR": str(temporary),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",  # would listen on a fixed port, and is most of a start
        "AWS_ENDPOINT_URL": endpoint_url(port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
    }


def _rewind_streams(state_dir: Path) -> None:
    """The emulator saves how far a stream was read, but not the stream: the next run's first records would count as read."""
    saved = state_dir / "lambda.json"
    if saved.exists():
        state = json.loads(saved.read_text())
        state["payload"]["dynamodb_stream_positions"]["data"] = {}
        saved.write_text(json.dumps(state))


def _wait_until_ready(process: subprocess.Popen[bytes], run_dir: Path, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ToolError(f"the emulator ended at once with code {process.returncode}: see {log_path(run_dir)}")
        try:
            with urllib.request.urlopen(f"{endpoint_url(port)}/_ministack/ready", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    stop(run_dir)
    raise ToolError(f"the emulator did not answer within {START_SECONDS} s: see {log_path(run_dir)}")
