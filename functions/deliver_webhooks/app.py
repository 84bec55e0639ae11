"""Event bus → SQS webhook queue → the host's endpoint: integration events, each posted and signed until it is accepted."""

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import Queue, secret
from missions_core.observability import create_logger, create_metrics
from missions_core.outbound import Endpoint
from missions_core.settings import settings
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.webhooks import deliver

TIMEOUT_SECONDS = 5  # an endpoint accepts an event at once and works on it later

logger = create_logger()
metrics = create_metrics()
quarantine = Queue(settings.quarantine_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Post a batch; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = deliver(endpoint(), quarantine, messages, now=clock.real_now())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


@cache
def endpoint() -> Endpoint | None:
    """The host's endpoint, kept with its connection. A second attempt, for that may have gone stale; further ones are the queue's."""
    if not settings.webhook_url:
        return None
    return Endpoint(
        settings.webhook_url,
        secret=partial(secret, settings.webhook_secret_arn),
        timeout_seconds=TIMEOUT_SECONDS,
        attempts=2,
        allow_loopback=settings.stage == "local",
    )
