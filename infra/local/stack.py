"""The running local stack: its addresses, saved in the run directory for every other command."""

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

import boto3

from infra.errors import ToolError
from infra.local import emulator

ROOT = Path(__file__).resolve().parents[2]
STACK_NAME = "missions-local"
RUN_DIR_VARIABLE = "MISSIONS_RUN_DIR"


@dataclasses.dataclass(frozen=True, slots=True)
class LocalStack:
    """Where everything is; the fields are what `missions local status --json` prints."""

    api_url: str
    ws_url: str | None
    actions_queue_url: str
    actions_dead_letter_queue_url: str
    quarantine_queue_url: str
    rewards_queue_url: str
    rewards_dead_letter_queue_url: str
    settle_queue_url: str
    event_bus: str
    table: str
    action_log_bucket: str
    user_pool_id: str
    client_id: str
    endpoint_url: str
    region: str
    pid: int
    port: int

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str], pid: int, port: int) -> "LocalStack":
        """The stack with these CloudFormation outputs, on the emulator `pid` that listens on `port`."""
        return cls(
            api_url=outputs["ApiUrl"],
            ws_url=None,
            actions_queue_url=outputs["ActionsQueueUrl"],
            actions_dead_letter_queue_url=outputs["ActionsDeadLetterQueueUrl"],
            quarantine_queue_url=outputs["QuarantineQueueUrl"],
            rewards_queue_url=outputs["RewardsQueueUrl"],
            rewards_dead_letter_queue_url=outputs["RewardsDeadLetterQueueUrl"],
            settle_queue_url=outputs["SettleQueueUrl"],
            event_bus=outputs["EventBusName"],
            table=outputs["TableName"],
            action_log_bucket=outputs["ActionLogBucket"],
            user_pool_id=outputs["UserPoolId"],
            client_id=outputs["UserPoolClientId"],
            endpoint_url=emulator.endpoint_url(port),
            region=emulator.REGION,
            pid=pid,
            port=port,
        )

    def save(self, run_dir: Path) -> None:
        """Leave the addresses for other commands; whole or not at all."""
        temporary = run_dir / "stack.json.new"
        temporary.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")
        temporary.replace(run_dir / "stack.json")


def default_run_dir() -> Path:
    """Where the local stack keeps its process id, log and addresses."""
    return Path(os.environ.get(RUN_DIR_VARIABLE) or ROOT / ".missions")


def find_stack(run_dir: Path | None = None) -> LocalStack | None:
    """The local stack that runs now, if one does."""
    directory = run_dir or default_run_dir()
    pid = emulator.running_pid(directory)
    if pid is None or not (directory / "stack.json").exists():
        return None
    stack = LocalStack(**json.loads((directory / "stack.json").read_text()))
    return stack if stack.pid == pid else None  # the file of an earlier run is no stack


def load_stack(run_dir: Path | None = None) -> LocalStack:
    """The local stack that runs now; raises when there is none."""
    stack = find_stack(run_dir)
    if stack is None:
        raise ToolError("no local stack is running: start one with `missions local up --detach`")
    return stack


def local_session() -> boto3.Session:
    """A session with the emulator's made-up credentials: with it, no call can reach a real account."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=emulator.REGION)  # noqa: S106


def sdk_environment(endpoint_url: str) -> dict[str, str]:
    """The same for code that takes its account and endpoint from the environment, as `missions_core` does."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": emulator.REGION,
        "AWS_DEFAULT_REGION": emulator.REGION,
    }
