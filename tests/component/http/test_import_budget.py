"""Cold starts: what importing an HTTP function may cost, in terms of `import boto3` and one client in the same run."""

import os
import resource
import subprocess
import sys

import pytest

BUDGET = 2.0
ROUNDS = 12  # one undisturbed pair is enough
BASE = 'import boto3; boto3.client("dynamodb")'


def cpu_seconds(code: str) -> float:
    """CPU time of a fresh interpreter running the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("function", ["player_queries", "player_commands"])
def test_a_cold_start_stays_within_its_budget(function: str) -> None:
    ratios: list[float] = []
    for _ in range(ROUNDS):
        bare, base, ours = cpu_seconds("pass"), cpu_seconds(BASE), cpu_seconds(f"import functions.{function}.app")
        ratios.append((ours - bare) / (base - bare))  # measured one after the other: a busy machine slows both
        if ratios[-1] <= BUDGET:
            return
    pytest.fail(f"importing functions/{function} costs {min(ratios):.2f} times `{BASE}`, more than {BUDGET}: {ratios}")
