"""Event bus → SQS integration events queue → player states: what neighbouring services say of players."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.contracts.incoming import parse_event
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.consume import consume
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.stores import stores_of

logger = create_logger()
metrics = create_metrics()
stores = stores_of(settings.table_name)
quarantine = Queue(settings.quarantine_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = consume(stores, quarantine, messages, parse_event, now=clock.now())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
