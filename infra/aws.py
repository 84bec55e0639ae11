"""Pointing `missions_core` at an account: it finds endpoint and credentials in the environment, as it does in Lambda."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from infra.errors import ToolError
from infra.local.stack import sdk_environment
from missions_core.storage.table import StorageError, connect

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@contextmanager
def aws_at(endpoint_url: str | None, profile: str | None = None) -> Iterator[None]:
    """Let every store of this process reach an emulator (`endpoint_url`), or else AWS as `profile` or the environment says.

    What a table answers that makes no sense to go on with becomes one line.
    """
    with environment(_access(endpoint_url, profile)):
        connect.cache_clear()  # a connection made before leads somewhere else
        try:
            yield
        except StorageError as error:
            raise ToolError(f"the table cannot be used: {error.cause_response_message or error.cause or error}") from error
        finally:
            connect.cache_clear()


@contextmanager
def environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables (None: unset), and put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _access(endpoint_url: str | None, profile: str | None) -> Mapping[str, str | None]:
    if endpoint_url:
        return {**sdk_environment(endpoint_url), "AWS_SESSION_TOKEN": None, "AWS_PROFILE": None}
    if profile:
        return {**dict.fromkeys(CREDENTIALS), "AWS_PROFILE": profile}  # botocore prefers credentials in the environment
    return {}


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
