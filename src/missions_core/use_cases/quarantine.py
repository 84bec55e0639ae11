"""Quarantine: where a message goes that no retry can help, with its reason."""

import json
from dataclasses import dataclass

from missions_core.errors import InvalidInput
from missions_core.messaging import Queue
from missions_core.observability import create_logger

logger = create_logger()

LARGEST_MESSAGE = 240_000  # bytes, as JSON escapes whatever is not ASCII; SQS takes 256 KB


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message of a queue."""

    id: str
    body: str


def put_aside(quarantine: Queue, origin: str, message: QueueMessage, reason: InvalidInput) -> bool:
    """Quarantine a message; False: the quarantine did not take it, so it must come back."""
    logger.error("message quarantined", origin=origin, reason=reason.code, field=reason.field, message_id=message.id)
    return not quarantine.send([quarantine_body(origin, message.body, reason)])


def quarantine_body(origin: str, body: str, reason: InvalidInput) -> str:
    """The quarantine queue's message: a machine-readable reason and the original body (its beginning, if it would not fit)."""
    document = {"reason": reason.code, "field": reason.field, "detail": reason.message, "origin": origin, "body": body}
    text = json.dumps(document)
    kept = len(body)
    while len(text) > LARGEST_MESSAGE:
        kept //= 2
        text = json.dumps({**document, "body": body[:kept], "body_truncated": True})
    return text
