"""Component tests: the real code on AWS services inside this process, empty before each test."""

from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest

from infra.inprocess import InProcessAws, create_resources, running
from missions_core import clock


@pytest.fixture
def environment() -> dict[str, str]:
    """The functions' environment variables, filled by `aws`."""
    return {}


@pytest.fixture(autouse=True)
def aws(socket_disabled: None, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Iterator[InProcessAws]:
    """The services, with everything the template creates; the functions' environment names it."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))  # its retries need not wait here
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)
    with running() as services:
        environment |= create_resources()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        services.calls.clear()
        yield services


@pytest.fixture
def table_name() -> str:
    """The product's table."""
    return "missions"
