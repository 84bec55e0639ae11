"""Cold starts: what importing a function may cost, in terms of `import boto3` and one client in the same run."""

import json
import subprocess
import sys
from statistics import median

import pytest

from bench.cold_starts import BASE, BUDGETS, ratios

FEWEST_ROUNDS = 5
MOST_ROUNDS = 25  # on a busy machine

QUEUE_FED = [
    "ingest_actions",
    "settle_players",
    "grant_rewards",
    "publish_outbox",
    "nightly_reset",
    "rotate_missions",
    "write_notifications",
]
AFTER_IMPORT = """
import json, sys
from botocore.client import ClientCreator
built, create = [], ClientCreator.create_client
ClientCreator.create_client = lambda creator, **options: built.append(options["service_name"]) or create(creator, **options)
import functions.{function}.app
print(json.dumps([built, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(("function", "budget"), BUDGETS.items())
def test_a_cold_start_stays_within_its_budget(function: str, budget: float) -> None:
    seen: list[float] = []
    for ratio in ratios(function, rounds=MOST_ROUNDS):
        seen.append(ratio)
        if len(seen) >= FEWEST_ROUNDS and median(seen) <= budget:
            return
    pytest.fail(f"importing functions/{function} costs {median(seen):.2f} times `{BASE}`, more than {budget}: {seen}")


@pytest.mark.parametrize("function", QUEUE_FED)
def test_a_queue_fed_function_starts_without_pydantic_and_with_the_one_client_of_its_table(function: str) -> None:
    code = AFTER_IMPORT.format(function=function)
    built, modules = json.loads(subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout)

    assert built == ([] if function == "publish_outbox" else ["dynamodb"])
    assert not {"pydantic", "boto3", "missions_core.http", "missions_core.authoring"} & set(modules)
