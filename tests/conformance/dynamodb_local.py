"""A pytest plugin (`make conformance`): DynamoDB Local answers for DynamoDB instead of the emulator."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_socket

from infra.dynamodb_local import serving
from infra.errors import ToolError
from infra.local import emulator

JAR = Path(__file__).parents[2] / "build/dynamodb-local/node_modules/amplify-dynamodb-simulator/emulator"

# Tests of the stores that hold on AWS and the emulator, but not on DynamoDB Local, and why.
TRANSACTION_UNITS = "DynamoDB Local counts any small transaction as four units"
DIFFERENT = {
    "test_a_grant_of_nothing_is_recorded_and_moves_nothing": TRANSACTION_UNITS,
    "test_a_grant_costs_four_units_and_two_per_stack_in_one_round_trip": TRANSACTION_UNITS,
}


def pytest_configure(config: pytest.Config) -> None:
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        stack.enter_context(serving(JAR, emulator.free_port()))
    except ToolError as error:
        pytest.exit(str(error), returncode=1)
    pytest_socket.disable_socket = lambda *_, **__: None  # it is asked over one


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in DIFFERENT:
            item.add_marker(pytest.mark.xfail(reason=DIFFERENT[item.name], raises=AssertionError, strict=True))
