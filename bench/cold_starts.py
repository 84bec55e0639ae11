"""What importing a function costs, in terms of `import boto3` and one client: fresh interpreters, measured between two of those."""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from statistics import mean

BASE = 'import boto3; boto3.client("dynamodb")'
REPORT = "import os, time; print(time.process_time(), flush=True); os._exit(0)"  # a cold start does not include tidying up

# Fed by queues, the stream and schedules: these do without pydantic.
LEAN = (
    "deliver_webhooks",
    "erase_players",
    "grant_rewards",
    "ingest_actions",
    "moderate_evidence",
    "nightly_reset",
    "publish_outbox",
    "rotate_missions",
    "settle_players",
    "update_standings",
    "write_notifications",
)
# Whose input are the models of a published contract: requests, and in `consume_events` the events of neighbours.
MODELLED = ("admin_api", "check_in", "claim_reward", "consume_events", "health", "player_commands", "player_queries", "post_actions")

BUDGETS = dict.fromkeys(LEAN, 1.5) | dict.fromkeys(MODELLED, 2.0)


def one_round(functions: Iterable[str]) -> dict[str, float]:
    """The CPU times of cold starts over the base's, by function; the bare interpreter is taken off both.

    The base is measured before and after, so that a machine that becomes busy meanwhile slows both.
    """
    before = _cpu_seconds(BASE)
    ours = {function: _cpu_seconds(f"import functions.{function}.app") for function in functions}
    base = mean((before, _cpu_seconds(BASE)))
    return {function: (seconds - _bare()) / (base - _bare()) for function, seconds in ours.items()}


@cache
def _bare() -> float:
    return min(_cpu_seconds("pass") for _ in range(5))


def _cpu_seconds(code: str) -> float:
    command = [sys.executable, "-c", f"{code}; {REPORT}"]
    numbers = {"ERASURE_DELAY_SECONDS": "900"}  # read at import
    return float(subprocess.run(command, env=os.environ | numbers, check=True, stdout=subprocess.PIPE, text=True).stdout)
