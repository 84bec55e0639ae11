"""The project's own promises: a pure domain, locks that agree, tests that reach nothing outside."""

import os
import re
import socket
import sys
from pathlib import Path

import boto3
import grimp
import pytest
from pytest_socket import SocketBlockedError

ROOT = Path(__file__).parents[2]


def pins(lock: str) -> set[str]:
    return {line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#")}


def test_the_domain_imports_only_itself_errors_and_the_standard_library() -> None:
    graph = grimp.build_graph("missions_core", include_external_packages=True, cache_dir=None)
    domain = {"missions_core.domain"} | graph.find_descendants("missions_core.domain")

    imported = {name for module in domain for name in graph.find_modules_directly_imported_by(module)} - domain

    assert {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names} <= {"missions_core.errors"}


def test_the_development_lock_holds_the_runtime_lock() -> None:
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-sam.txt"])
def test_a_lock_pins_every_package_and_names_no_registry(lock: str) -> None:
    assert [line for line in pins(lock) if not re.match(r"[a-z0-9-]+(\[.+\])?==[^/]+$", line)] == []


def test_unit_tests_cannot_open_a_socket() -> None:
    with pytest.raises(SocketBlockedError):
        socket.socket()


def test_the_credentials_of_tests_are_fake() -> None:
    credentials = boto3.Session().get_credentials()

    assert credentials is not None
    assert credentials.access_key == "testing"
    assert os.environ["AWS_REGION"] == "eu-west-1"
