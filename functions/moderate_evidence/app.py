"""SQS evidence queue → decisions and the moderators' queue: check what was handed in or uploaded."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.files import PlayerFiles
from missions_core.messaging import Queue, secret
from missions_core.observability import create_logger, create_metrics
from missions_core.outbound import Endpoint
from missions_core.settings import settings
from missions_core.use_cases.examination import Tools
from missions_core.use_cases.moderation import Moderation, moderate
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.stores import stores_of

TIMEOUT_SECONDS = 5.0
ATTEMPTS = 2

logger = create_logger()
metrics = create_metrics()


def _endpoint() -> Endpoint | None:
    if not settings.moderation_url:
        return None
    return Endpoint(
        settings.moderation_url,
        secret=partial(secret, settings.moderation_secret_arn),
        timeout_seconds=TIMEOUT_SECONDS,
        attempts=ATTEMPTS,
        allow_loopback=settings.stage == "local",
    )


stores = stores_of(settings.table_name)
tools = Tools(stores.evidence, PlayerFiles(settings.player_files_bucket), _endpoint())
moderation = Moderation(stores, tools, Queue(settings.quarantine_queue_url))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Check a batch; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = moderate(moderation, messages, now=clock.now())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
