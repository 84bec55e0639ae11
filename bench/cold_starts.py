"""What importing a function costs, in terms of `import boto3` and one client: fresh interpreters, measured in pairs."""

import subprocess
import sys
from collections.abc import Iterator

BASE = 'import boto3; boto3.client("dynamodb")'
REPORT = "import os, time; print(time.process_time(), flush=True); os._exit(0)"  # a cold start does not include tidying up

# Function and budget. The others are wired from the same modules.
BUDGETS = {
    "ingest_actions": 1.5,
    "settle_players": 1.5,
    "grant_rewards": 1.5,
    "publish_outbox": 1.5,
    "claim_reward": 2.0,
    "player_queries": 2.0,
    "player_commands": 2.0,
}


def ratios(function: str, *, rounds: int) -> Iterator[float]:
    """The CPU time of a function's cold start over the base's, once per round; the bare interpreter is taken off both.

    Each pair is measured one after the other, so that a busy machine slows both.
    """
    for _ in range(rounds):
        bare, base, ours = _cpu_seconds("pass"), _cpu_seconds(BASE), _cpu_seconds(f"import functions.{function}.app")
        yield (ours - bare) / (base - bare)


def _cpu_seconds(code: str) -> float:
    command = [sys.executable, "-c", f"{code}; {REPORT}"]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
