"""Sending lines of a file to a queue: in batches, at a rate, each until the queue has it or says why it never will."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from infra.errors import ToolError
from infra.lines import Line

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

Item = TypeVar("Item")

BATCH = 10
BATCH_BYTES = 256 * 1024
ATTRIBUTE_BYTES = 1024  # more than the receipts attribute takes
BATCHES_PER_SECOND = 4  # at least, where the rate is low: a trickle rather than gusts
ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class Sent:
    """What became of the lines: how many the queue took, and why it did not take the others."""

    count: int = 0
    message_ids: list[str] = field(default_factory=list)  # kept only where receipts will be matched to them
    refused: list[str] = field(default_factory=list)


class Sender:
    """Sends to one queue; `receipts` is the URL of a queue that wants to hear what becomes of each message."""

    def __init__(self, sqs: "SQSClient", queue_url: str, *, receipts: str | None = None, rate: float | None = None) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._attributes = attributes_with(receipts)
        self._rate = rate

    def send(self, lines: Iterable[Line], on_progress: Callable[[int], None]) -> Sent:
        """Send every line; however long the file, only what receipts need is kept."""
        sent = Sent()
        started = time.monotonic()
        done = 0
        for batch in batches(_sendable(lines, sent), _size, self._batch_size()):
            self._keep_to_rate(started, done)
            self._send_batch(batch, sent)
            done += len(batch)
            on_progress(done)
        return sent

    def _batch_size(self) -> int:
        return BATCH if self._rate is None else max(1, min(BATCH, int(self._rate / BATCHES_PER_SECOND)))

    def _keep_to_rate(self, started: float, done: int) -> None:
        if self._rate is not None:
            time.sleep(max(0.0, started + done / self._rate - time.monotonic()))

    def _send_batch(self, batch: list[Line], sent: Sent) -> None:
        pause = FIRST_PAUSE_SECONDS
        for _ in range(ATTEMPTS):
            batch = self._try(batch, sent)
            if not batch:
                return
            time.sleep(random.uniform(pause / 2, pause))
            pause *= 2
        raise ToolError(f"the queue keeps refusing line {batch[0].number}: {sent.count} were sent; sending all again is safe")

    def _try(self, batch: list[Line], sent: Sent) -> list[Line]:
        """Send once; returns the lines to try again."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(index), "MessageBody": line.text, "MessageAttributes": self._attributes} for index, line in enumerate(batch)
        ]
        answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        taken = answer.get("Successful", [])
        sent.count += len(taken)
        if self._attributes:
            sent.message_ids += [success["MessageId"] for success in taken]
        failed = answer.get("Failed", [])
        sent.refused += [
            f"line {batch[int(failure['Id'])].number}: {failure.get('Message') or failure['Code']}"
            for failure in failed
            if failure["SenderFault"]
        ]
        return [batch[int(failure["Id"])] for failure in failed if not failure["SenderFault"]]


def attributes_with(receipts: str | None) -> "dict[str, MessageAttributeValueTypeDef]":
    """The message attributes that ask for a receipt."""
    return {"receipts": {"DataType": "String", "StringValue": receipts}} if receipts else {}


def batches(items: Iterable[Item], size: Callable[[Item], int], most: int = BATCH) -> Iterator[list[Item]]:
    """Groups that fit into one SendMessageBatch; an item that fits into none comes alone."""
    batch: list[Item] = []
    room = BATCH_BYTES
    for item in items:
        if batch and (len(batch) == most or size(item) > room):
            yield batch
            batch, room = [], BATCH_BYTES
        batch.append(item)
        room -= size(item)
    if batch:
        yield batch


def _size(line: Line) -> int:
    return len(line.text.encode()) + ATTRIBUTE_BYTES


def _sendable(lines: Iterable[Line], sent: Sent) -> Iterator[Line]:
    for line in lines:
        if _size(line) <= BATCH_BYTES:
            yield line
        else:
            sent.refused.append(f"line {line.number}: {len(line.text):,} characters do not fit into a queue message")
