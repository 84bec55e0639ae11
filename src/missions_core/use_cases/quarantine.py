"""Quarantine: where a message goes that no retry can help, with its reason."""

import json

from missions_core.errors import InvalidInput

LARGEST_MESSAGE = 240_000  # bytes, as JSON escapes whatever is not ASCII; SQS takes 256 KB


def quarantine_body(origin: str, body: str, reason: InvalidInput) -> str:
    """The quarantine queue's message: a machine-readable reason and the original body (its beginning, if it would not fit)."""
    document = {"reason": reason.code, "field": reason.field, "detail": reason.message, "origin": origin, "body": body}
    text = json.dumps(document)
    kept = len(body)
    while len(text) > LARGEST_MESSAGE:
        kept //= 2
        text = json.dumps({**document, "body": body[:kept], "body_truncated": True})
    return text
