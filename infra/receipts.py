"""Receipts: what became of every message, heard through a queue that lives as long as somebody waits."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.local.stack import STACK_NAME

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeFilterType

POLL_SECONDS = 5
GRACE_SECONDS = 30  # what a message may need on top of its queue's visibility timeout when it comes back after a failure
QUIET_POLLS = 3  # in a row, with nothing under way: whatever is missing now is in the dead-letter queue, or its receipt was lost
WAITING: "list[QueueAttributeFilterType]" = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]
NOT_APPLIED = ("duplicate", "late", "quarantined")


@contextmanager
def receipts_queue(sqs: "SQSClient") -> Iterator[str]:
    """The URL of a queue for receipts, gone afterwards. Its name is one that ingest_actions may send to."""
    url = sqs.create_queue(QueueName=f"{STACK_NAME}-receipts-{secrets.token_hex(6)}")["QueueUrl"]
    try:
        yield url
    finally:
        sqs.delete_queue(QueueUrl=url)


class Receipts:
    """Collects one receipt per message."""

    def __init__(self, sqs: "SQSClient", receipts_url: str, source_url: str) -> None:
        self._sqs = sqs
        self._url = receipts_url
        self._source_url = source_url
        self._outcomes: dict[str, str] = {}

    def collect(self, message_ids: Sequence[str], on_progress: Callable[[int], None]) -> Counter[str]:
        """Wait until every message is accounted for, or nothing more can come; counts applied, duplicate, late, quarantined, missing."""
        awaited = set(message_ids)
        patience = self._visibility_seconds() + GRACE_SECONDS
        heard_at, quiet = time.monotonic(), 0
        while not awaited <= self._outcomes.keys():
            if self._receive():
                heard_at, quiet = time.monotonic(), 0
                on_progress(len(awaited & self._outcomes.keys()))
                continue
            quiet = quiet + 1 if self._nothing_under_way() else 0
            if quiet >= QUIET_POLLS or time.monotonic() - heard_at > patience:
                break
        return Counter(_as_counted(self._outcomes.get(message_id)) for message_id in awaited)

    def _receive(self) -> bool:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=POLL_SECONDS)
        messages = answer.get("Messages", [])
        for message in messages:
            receipt = json.loads(message["Body"])
            self._note(receipt["message_id"], receipt["outcome"])
        if messages:
            handles = [{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=handles)  # type: ignore[arg-type]  # exactly these members
        return bool(messages)

    def _note(self, message_id: str, outcome: str) -> None:
        """A message that SQS delivered twice is answered twice: what it did the first time counts, whichever answer comes first."""
        if self._outcomes.get(message_id, "duplicate") == "duplicate":
            self._outcomes[message_id] = outcome

    def _visibility_seconds(self) -> int:
        answer = self._sqs.get_queue_attributes(QueueUrl=self._source_url, AttributeNames=["VisibilityTimeout"])
        return int(answer["Attributes"]["VisibilityTimeout"])

    def _nothing_under_way(self) -> bool:
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._source_url, AttributeNames=WAITING)["Attributes"]
        return not any(int(count) for count in attributes.values())


def _as_counted(outcome: str | None) -> str:
    if outcome is None:
        return "missing"
    return outcome if outcome in NOT_APPLIED else "applied"
