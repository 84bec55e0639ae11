"""SQS standings queue → leaderboards and statistics: merge scores, count players and holders."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.merging import Timer
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.standings import update_standings
from missions_core.use_cases.stores import stores_of

logger = create_logger()
metrics = create_metrics()
stores = stores_of(settings.table_name)
quarantine = Queue(settings.quarantine_queue_url)
erasure_delay_ms = int(settings.erasure_delay_seconds) * 1000


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge a batch; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = update_standings(stores, quarantine, messages, Timer(clock.now(), clock.sleep), erasure_delay_ms=erasure_delay_ms)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
