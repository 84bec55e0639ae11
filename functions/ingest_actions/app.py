"""SQS actions queue → player states: apply each action once, quarantine what cannot be one."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import ActionLog, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.ingest import Message, ingest
from missions_core.use_cases.stores import stores_of

logger = create_logger()
metrics = create_metrics()
stores = stores_of(settings.table_name)
quarantine = Queue(settings.quarantine_queue_url)
action_log = ActionLog(settings.action_log_bucket)
gives_receipts = settings.stage != "prod"


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch; messages named in the answer are delivered again."""
    messages = [_message(record) for record in event["Records"]]
    again = ingest(stores, quarantine, action_log, messages, now=clock.now())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _message(record: dict[str, Any]) -> Message:
    receipts = record["messageAttributes"].get("receipts", {}).get("stringValue") if gives_receipts else None
    return Message(record["messageId"], record["body"], receipts)
