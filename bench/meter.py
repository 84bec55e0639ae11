"""What each use of a system asks of AWS: calls, capacity units, and the CPU time in between."""

import base64
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from statistics import mean
from typing import Any

from botocore.awsrequest import AWSResponse

from infra.inprocess import Call, Deliver, InProcessAws, Request


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a system, such as one action handled."""

    calls: tuple[Call, ...]
    batch_rows: int  # asked for by BatchGetItem, of which the emulator tells no units: one each
    largest_read: int  # bytes of the largest row that was read by its key: up to 4 KB it is the one unit that the emulator counts for any
    cpu_seconds: float

    @property
    def read_units(self) -> float:
        """Read units consumed."""
        return sum(call.read_units for call in self.calls) + self.batch_rows

    @property
    def write_units(self) -> float:
        """Write units consumed."""
        return sum(call.write_units for call in self.calls)

    def operations(self, service: str = "dynamodb") -> list[str]:
        """The calls of a service, in order."""
        return [call.operation for call in self.calls if call.service == service]


class Uses(list[Use]):
    """Many uses of one kind."""

    def mean(self, unit: str) -> float:
        """The mean of `read_units`, `write_units` or `cpu_seconds`."""
        return float(mean(getattr(use, unit) for use in self))

    def percentile(self, unit: str, percent: int) -> float:
        """The smallest figure that this share of the uses does not exceed."""
        ordered = sorted(getattr(use, unit) for use in self)
        return float(ordered[-(-len(ordered) * percent // 100) - 1])

    def calls(self) -> dict[str, float]:
        """Calls per use, by operation."""
        found = Counter(call.operation for use in self for call in use.calls)
        return {operation: found[operation] / len(self) for operation in sorted(found)}


class Meter:
    """Watches one set of services."""

    def __init__(self, aws: InProcessAws) -> None:
        self.uses: dict[str, Uses] = defaultdict(Uses)
        self._aws = aws
        self._batch_rows = 0
        self._found: list[bytes] = []
        inner = aws.intercept
        aws.intercept = lambda request, deliver: inner(request, lambda again: self._observed(again, deliver))

    @contextmanager
    def use(self, kind: str) -> Iterator[None]:
        """Everything in the block is one use of this kind."""
        self._aws.calls.clear()
        self._batch_rows = 0
        self._found.clear()
        start = time.process_time()
        yield
        seconds = time.process_time() - start
        largest = max((_bytes(row) for answer in self._found for row in _rows(json.loads(answer))), default=0)
        self.uses[kind].append(Use(tuple(self._aws.calls), self._batch_rows, largest, seconds))

    def _observed(self, request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == "BatchGetItem":
            body: Any = request.prepared.body
            tables = json.loads(body)["RequestItems"].values()
            self._batch_rows += sum(len(table["Keys"]) for table in tables)
        response = deliver(request)
        if request.operation in ("GetItem", "BatchGetItem") and response.status_code == HTTPStatus.OK:
            self._found.append(response.content)
        return response


def _rows(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """The rows in the answer to a read."""
    if "Item" in answer:
        yield answer["Item"]
    for rows in answer.get("Responses", {}).values():
        yield from rows


def _bytes(row: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of a row as AWS counts it, or a little more."""
    values = ((kind, value) for attribute in row.values() for kind, value in attribute.items())
    return len("".join(row).encode()) + sum(len(base64.b64decode(value) if kind == "B" else str(value).encode()) for kind, value in values)
