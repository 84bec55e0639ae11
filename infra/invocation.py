"""Running a real handler in this process: against the local stack, or against AWS services that live in this process too."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from infra.aws import environment
from infra.errors import ToolError
from infra.local.deploy import function_names
from infra.local.stack import ROOT, LocalStack, local_session, sdk_environment

TIMEOUT_MS = 30_000

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """Enough of a Lambda context for a handler and Powertools."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def invoked_function_arn(self) -> str:
        """As Lambda spells it."""
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Always all of it: nothing is cut short here."""
        return TIMEOUT_MS


def names() -> list[str]:
    """Every function there is."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def invoke(function: str, event: Event) -> Any:
    """What the handler answers in the environment as it is; its logs go to stderr. ToolError where it raises."""
    with redirect_stdout(sys.stderr):
        handler = cold_start(function)
        try:
            return handler(event, Context(function))
        except Exception as error:
            traceback.print_exc()
            raise ToolError(f"{function} raised {type(error).__name__}: {error}") from error


def cold_start(function: str) -> Callable[[Event, Context], Any]:
    """The handler of a freshly imported function: what it binds at import is the environment of now."""
    module = f"functions.{function}.app"
    sys.modules.pop(module, None)
    handler: Callable[[Event, Context], Any] = import_module(module).handler
    return handler


def failure(response: Any) -> str | None:
    """Why a response means that the function did not do its work; None: it did."""
    if not isinstance(response, Mapping):
        return None
    if response.get("statusCode", 200) >= 500:
        return f"it answered {response['statusCode']}"
    if failures := response.get("batchItemFailures"):
        return f"it wants {len(failures)} record(s) delivered again: {', '.join(each['itemIdentifier'] for each in failures)}"
    return None


@contextmanager
def local_environment(stack: LocalStack, function: str) -> Iterator[None]:
    """The environment the function has in the local stack."""
    session = local_session()
    logical_id = f"{function.title().replace('_', '')}Function"
    name = function_names(session.client("cloudformation", endpoint_url=stack.endpoint_url)).get(logical_id)
    if name is None:
        raise ToolError(f"the local stack has no {logical_id}: `missions local up` deploys template.yaml again")
    configuration = session.client("lambda", endpoint_url=stack.endpoint_url).get_function_configuration(FunctionName=name)
    with environment({**sdk_environment(stack.endpoint_url), **configuration["Environment"]["Variables"]}):
        yield


@contextmanager
def memory_environment(catalog_dir: Path, event: Event) -> Iterator[None]:
    """An empty system in this process with a catalog and a seeded player, its clock stopped at the event's own time."""
    from infra.inprocess import create_resources, running  # the emulator: not needed for the local stack
    from infra.seed import SAMPLE_PLAYER, seed
    from missions_core import clock

    at = event_time(event) or clock.real_now()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    access = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_ENDPOINT_URL": None,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    # A saved token must not be expired by the time it is looked at: it is as old as its event.
    stopped_clock = patch.multiple(clock, now=lambda: at, real_now=lambda: at)
    with environment(access), running(), stopped_clock:
        variables = create_resources()
        with environment(variables):
            seed(variables["TABLE_NAME"], catalog_dir, _player(event) or SAMPLE_PLAYER, at=at)
            yield


def event_time(event: Event) -> int | None:
    """When an event happened, in epoch milliseconds, by what AWS itself writes into it."""
    if "timeEpoch" in event.get("requestContext", {}):
        return int(event["requestContext"]["timeEpoch"])
    if isinstance(event.get("time"), str):
        return round(datetime.fromisoformat(event["time"]).timestamp() * 1000)
    return max((time for record in event.get("Records", []) if (time := _record_time(record)) is not None), default=None)


def _player(event: Event) -> str | None:
    """Whom an HTTP request is about: the player in its path, else whom its token speaks for."""
    if "player_id" in (event.get("pathParameters") or {}):
        return str(event["pathParameters"]["player_id"])
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    subject: str | None = authorizer.get("jwt", {}).get("claims", {}).get("sub")
    return subject


def _record_time(record: Event) -> int | None:
    if "SentTimestamp" in record.get("attributes", {}):
        return int(record["attributes"]["SentTimestamp"])
    if "ApproximateCreationDateTime" in record.get("dynamodb", {}):
        return round(float(record["dynamodb"]["ApproximateCreationDateTime"]) * 1000)
    return None
