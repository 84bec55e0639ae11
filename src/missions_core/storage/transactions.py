"""Transactions: several writes or none, tried again while others hold the same rows."""

import random
import time
from collections.abc import Sequence
from typing import Any

from pynamodb.connection import TableConnection
from pynamodb.exceptions import TransactWriteError

from missions_core.errors import Contention

PAUSES_SECONDS = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)  # at most, after each attempt
# Reasons that pass by themselves; botocore retries throttled requests, but not what DynamoDB calls a cancelled transaction.
PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Write = dict[str, Any]  # as TableConnection.get_operation_kwargs makes it


def transact(connection: TableConnection, puts: Sequence[Write], updates: Sequence[Write], *, about: str) -> None:
    """Write everything, or nothing. Contention: others kept writing the same rows, which `about` names.

    TransactWriteError where trying again is no use; `is_refused` tells whose condition did not hold. A put's is final, whatever else
    stood in the way; an update's only once nothing did, because what it waits for may be another write of the same request.
    """
    for pause in PAUSES_SECONDS:
        try:
            connection.connection.transact_write_items([], [], puts, updates)
        except TransactWriteError as error:
            if any(is_refused(error, index) for index in range(len(puts))) or PASSING.isdisjoint(_codes(error)):
                raise
            time.sleep(random.uniform(0, pause))
        else:
            return
    raise Contention("contention", f"{about} is being changed by many at once; try again")


def is_refused(error: TransactWriteError, index: int) -> bool:
    """Whether the condition of the write at this place (puts first, then updates) did not hold."""
    return _codes(error)[index : index + 1] == ["ConditionalCheckFailed"]


def found_by(error: TransactWriteError, index: int) -> dict[str, dict[str, Any]]:
    """The row that this write's condition found, if it asked for it (ALL_OLD); empty if there was none."""
    reason = error.cancellation_reasons[index]
    return reason.raw_item or {} if reason else {}


def _codes(error: TransactWriteError) -> list[str | None]:
    return [reason.code if reason else None for reason in error.cancellation_reasons]
