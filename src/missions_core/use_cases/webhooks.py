"""Integration events to an HTTP endpoint of the host's, for those who are not on EventBridge."""

import json
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.errors import InvalidInput, MisconfiguredError, Unreachable
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.outbound import Endpoint
from missions_core.use_cases.quarantine import QueueMessage, put_aside

logger = create_logger()
metrics = create_metrics()

ORIGIN = "webhook"
CLOUD_EVENT = "application/cloudevents+json; charset=utf-8"


def deliver(endpoint: Endpoint | None, quarantine: Queue, messages: Sequence[QueueMessage], *, now: int) -> list[str]:
    """Post a batch, each event under its own id; return the ids of the messages to deliver again. None: there is no webhook any more."""
    metrics.add_metric("WebhooksReceived", MetricUnit.Count, len(messages))
    if endpoint is None:
        logger.warning("no webhook is configured: nobody is told", messages=len(messages))
        return []
    again = [message.id for message in messages if not _handle(endpoint, quarantine, message, now=now)]
    metrics.add_metric("WebhooksDelivered", MetricUnit.Count, len(messages) - len(again))
    logger.info("webhooks delivered", messages=len(messages), again=len(again))
    return again


def _handle(endpoint: Endpoint, quarantine: Queue, message: QueueMessage, *, now: int) -> bool:
    try:
        event = _read(message.body)
        answer = endpoint.post(json.dumps(event), id=event["id"], now=now, content_type=CLOUD_EVENT)
    except InvalidInput as reason:
        return put_aside(quarantine, ORIGIN, message, reason)
    except (Unreachable, MisconfiguredError) as error:
        logger.error("webhook not delivered", reason=error.code, detail=error.message, message_id=message.id)
        return False
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are posted.
        logger.exception("webhook not delivered", message_id=message.id)
        return False
    if not answer.is_success:
        logger.error("webhook not accepted", status=answer.status, event_id=event["id"])
    return answer.is_success


def _read(body: str) -> dict[str, Any]:
    """The event in what EventBridge sent."""
    try:
        event: dict[str, Any] = json.loads(body)["detail"]
        event_id = event["id"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput("malformed_event", f"not an integration event: {type(error).__name__}") from None
    if not isinstance(event_id, str) or not (event_id.isascii() and event_id.isprintable()):
        raise InvalidInput("malformed_event", "an integration event's id is a text that a header can carry", field="detail.id")
    return event
