"""Cold starts: what importing a function may cost, in terms of `import boto3` and one client in the same run."""

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

import pytest

from bench.cold_starts import BASE, BUDGETS, LEAN, MODELLED, one_round
from infra.invocation import names

FEWEST_ROUNDS = 5
MOST_ROUNDS = 25  # on a busy machine

WITHOUT_TABLE = {"deliver_webhooks", "publish_outbox"}
AFTER_IMPORT = """
import json, sys
from botocore.client import ClientCreator
built, create = [], ClientCreator.create_client
ClientCreator.create_client = lambda creator, **options: built.append(options["service_name"]) or create(creator, **options)
import functions.{function}.app
print(json.dumps([built, sorted(sys.modules)]))
"""


def test_every_function_has_a_budget() -> None:
    assert sorted(BUDGETS) == names()


@pytest.mark.parametrize("functions", [LEAN, MODELLED], ids=["lean", "modelled"])
def test_cold_starts_stay_within_their_budgets(functions: Sequence[str]) -> None:
    seen: dict[str, list[float]] = {function: [] for function in functions}
    over = list(functions)
    for number in range(1, MOST_ROUNDS + 1):
        for function, ratio in one_round(over).items():
            seen[function].append(ratio)
        if number >= FEWEST_ROUNDS:  # of fewer the median is chance
            over = [function for function in over if median(seen[function]) > BUDGETS[function]]
        if not over:
            return
    pytest.fail("\n".join(f"importing functions/{each} costs {median(seen[each]):.2f} times `{BASE}`: {seen[each]}" for each in over))


@pytest.mark.parametrize("function", LEAN)
def test_a_queue_fed_function_starts_without_pydantic_and_with_the_one_client_of_its_table(function: str) -> None:
    code = AFTER_IMPORT.format(function=function)
    built, modules = json.loads(subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout)

    assert built == ([] if function in WITHOUT_TABLE else ["dynamodb"])
    assert not {"pydantic", "boto3", "missions_core.http", "missions_core.authoring"} & set(modules)
