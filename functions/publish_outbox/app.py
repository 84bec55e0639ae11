"""Table stream → queues and event bus: whatever state writes put into their outboxes leaves here."""

from base64 import b64decode
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.integration import SOURCE
from missions_core.use_cases.publish import Outlets, StreamRecord, publish

logger = create_logger()
metrics = create_metrics()
outlets = Outlets(
    rewards=Queue(settings.rewards_queue_url),
    standings=Queue(settings.standings_queue_url),
    erasures=Queue(settings.erasure_queue_url),
    evidence=Queue(settings.evidence_queue_url),
    bus=EventBus(settings.event_bus_name, SOURCE),
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Publish a batch; the stream is delivered again from the record named in the answer."""
    records = [_record(record["dynamodb"]) for record in event["Records"] if "outbox" in record["dynamodb"].get("NewImage", {})]
    failed = publish(outlets, records)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


def _record(change: dict[str, Any]) -> StreamRecord:
    return StreamRecord(change["SequenceNumber"], b64decode(change["NewImage"]["outbox"]["B"]))
