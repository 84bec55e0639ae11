"""Taking messages out of a dead-letter queue and back to the queue they came from. Whatever is sent twice on the way counts once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from infra.errors import ToolError
from infra.sending import ATTRIBUTE_BYTES, BATCH, batches

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

LEASE_SECONDS = 60
EMPTY_POLLS = 2  # in a row: one poll does not ask every server of a queue
POLL_SECONDS = 2


def redrive(sqs: "SQSClient", dead_letters_url: str, queue_url: str, *, limit: int | None, on_progress: Callable[[int], None]) -> int:
    """Move up to `limit` messages with their attributes; return how many. A message is deleted only once its queue has it."""
    moved, empty = 0, 0
    while empty < EMPTY_POLLS and (limit is None or moved < limit):
        messages = _receive(sqs, dead_letters_url, BATCH if limit is None else min(BATCH, limit - moved))
        empty = 0 if messages else empty + 1
        if messages:
            moved += _move(sqs, dead_letters_url, queue_url, messages)
            on_progress(moved)
    return moved


def waiting(sqs: "SQSClient", queue_url: str) -> int:
    """About how many messages a queue holds."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def _receive(sqs: "SQSClient", url: str, most: int) -> "list[MessageTypeDef]":
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=most, WaitTimeSeconds=POLL_SECONDS, VisibilityTimeout=LEASE_SECONDS, MessageAttributeNames=["All"]
    )
    return answer.get("Messages", [])


def _move(sqs: "SQSClient", dead_letters_url: str, queue_url: str, messages: "list[MessageTypeDef]") -> int:
    for batch in batches(messages, lambda message: len(message["Body"].encode()) + ATTRIBUTE_BYTES):
        entries: list[Any] = [
            {"Id": str(index), "MessageBody": message["Body"], "MessageAttributes": message.get("MessageAttributes", {})}
            for index, message in enumerate(batch)
        ]
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        handles: list[Any] = [
            {"Id": success["Id"], "ReceiptHandle": batch[int(success["Id"])]["ReceiptHandle"]} for success in answer.get("Successful", [])
        ]
        if handles:
            sqs.delete_message_batch(QueueUrl=dead_letters_url, Entries=handles)
        if failed := answer.get("Failed"):
            raise ToolError(f"the queue did not take {len(failed)} message(s), which stay dead letters: {failed[0].get('Message')}")
    return len(messages)
