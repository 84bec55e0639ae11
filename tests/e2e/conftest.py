"""The deployed local stack, started once per test run on a free port, with the functions' roles enforced."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.local import emulator
from infra.local.api import Api
from infra.local.lifecycle import up
from infra.local.stack import ROOT, RUN_DIR_VARIABLE, LocalStack
from infra.local.tokens import Role, issue_token

CATALOG = ROOT / "catalog" / "forum"


class Caller(NamedTuple):
    """Someone with a token."""

    player: str
    api: Api


class Finished(NamedTuple):
    """What a `missions` command left behind."""

    code: int
    output: str
    errors: str

    @property
    def facts(self) -> Any:
        """The last line of its output, as JSON."""
        return json.loads(self.output.splitlines()[-1])


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's run directory: log, process id, addresses."""
    return tmp_path_factory.mktemp("missions")


@pytest.fixture(scope="session")
def stack(run_dir: Path) -> Iterator[LocalStack]:
    """The stack with the forum catalog, checked by itself before the first test sees it."""
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AUTH", "true")  # this emulator then refuses what a function's role does not allow
            started = up(run_dir, emulator.free_port(), None, CATALOG, lambda _: nullcontext())
        yield started
    finally:
        emulator.stop(run_dir)
    log = emulator.log_path(run_dir).read_text()
    assert "is not authorized to perform" not in log, "a function's role lacks a permission it needs"


@pytest.fixture(scope="session")
def sign_in(stack: LocalStack) -> Callable[..., Caller]:
    """`sign_in("ann")` or `sign_in("ops", "admin")`: a caller of the API."""

    def caller(name: str, role: Role | None = None) -> Caller:
        issued = issue_token(stack, name, role)
        return Caller(issued.player, Api(stack.api_url, issued.token))

    return caller


@pytest.fixture(scope="session")
def missions(run_dir: Path) -> Callable[..., Finished]:
    """`missions("token", "ann", "--json")`: runs the command against this stack."""

    return partial(run_missions, run_dir)


def run_missions(run_dir: Path, *arguments: str) -> Finished:
    """Run the command as a person would, for the stack of `run_dir`."""
    command = [str(Path(sys.executable).with_name("missions")), *arguments]
    done = subprocess.run(command, env=os.environ | {RUN_DIR_VARIABLE: str(run_dir)}, capture_output=True, text=True, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)
