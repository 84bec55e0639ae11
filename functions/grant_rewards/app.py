"""SQS rewards queue → ledger: pay each pending grant once."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.grant import grant_all
from missions_core.use_cases.quarantine import QueueMessage

logger = create_logger()
metrics = create_metrics()
ledger = Ledger(settings.table_name)
quarantine = Queue(settings.quarantine_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Pay a batch; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = grant_all(ledger, quarantine, messages)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
