"""Moving the local stack's clock, so that a night can be watched in a minute. Never production's: there is no way to ask for it."""

import ipaddress
import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.errors import ToolError
from infra.local.deploy import function_names
from infra.local.stack import LocalStack, local_session

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

OFFSET_VARIABLE = "CLOCK_OFFSET_SECONDS"
SCHEDULED = ("NightlyResetFunction", "RotateMissionsFunction")


def set_clock(stack: LocalStack, offset_seconds: int) -> datetime:
    """Put the clock of every function `offset_seconds` ahead of the real one and let the night pass; return the new time."""
    require_on_this_machine(stack.endpoint_url)
    session = local_session()
    lambda_ = session.client("lambda", endpoint_url=stack.endpoint_url)
    functions = function_names(session.client("cloudformation", endpoint_url=stack.endpoint_url))
    environments = {name: _environment(lambda_, name) for name in functions.values()}
    require_no_production(environments.values())
    for name, environment in environments.items():
        _write_offset(lambda_, name, environment, offset_seconds)
    moved = datetime.fromtimestamp(time.time() + offset_seconds, UTC)
    for job in SCHEDULED:
        _start(lambda_, functions[job], moved)
    return moved


def clock_offset(stack: LocalStack) -> int:
    """How many seconds the stack's clock is ahead of the real one."""
    session = local_session()
    lambda_ = session.client("lambda", endpoint_url=stack.endpoint_url)
    functions = function_names(session.client("cloudformation", endpoint_url=stack.endpoint_url))
    return int(_environment(lambda_, functions["NightlyResetFunction"]).get(OFFSET_VARIABLE, "0"))


def require_no_production(environments: Iterable[Mapping[str, str]]) -> None:
    """Raise when a function with one of these environments serves production."""
    if any(environment.get("STAGE") == "prod" for environment in environments):
        raise ToolError("this stack's stage is prod: its clock cannot be moved")


def require_on_this_machine(endpoint_url: str) -> None:
    """Raise when `endpoint_url` leads anywhere else."""
    host = urlsplit(endpoint_url).hostname or ""
    if host != "localhost" and not (_is_address(host) and ipaddress.ip_address(host).is_loopback):
        raise ToolError(f"{endpoint_url} is not on this machine: only a local stack's clock can be moved")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _environment(lambda_: "LambdaClient", name: str) -> dict[str, str]:
    return lambda_.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})


def _write_offset(lambda_: "LambdaClient", name: str, environment: dict[str, str], offset_seconds: int) -> None:
    variables = {key: value for key, value in environment.items() if key != OFFSET_VARIABLE}
    if offset_seconds:
        variables[OFFSET_VARIABLE] = str(offset_seconds)
    if variables != environment:
        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def _start(lambda_: "LambdaClient", name: str, scheduled: datetime) -> None:
    """What its schedule does in the time that is skipped."""
    event = {
        "version": "0",
        "id": f"clock-{int(scheduled.timestamp())}",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "time": scheduled.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [],
        "detail": "{}",
    }
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    if answer.get("FunctionError"):
        raise ToolError(f"the clock moved, but {name} failed: {answer['Payload'].read().decode()}")
