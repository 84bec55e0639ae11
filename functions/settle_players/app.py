"""SQS settle queue → player states: close, settle and deal for every player of a shard whose time has come."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.reset import settle_shard, shard_message
from missions_core.use_cases.stores import stores_of

SAFETY_MS = 10_000  # the time a last player and the answer may take

logger = create_logger()
metrics = create_metrics()
stores = stores_of(settings.table_name)
rewards = Queue(settings.rewards_queue_url)
queue = Queue(settings.settle_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Settle the shards of a batch; messages named in the answer are delivered again."""
    again = [record["messageId"] for record in event["Records"] if not _handle(json.loads(record["body"]), context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _handle(message: dict[str, int], context: LambdaContext) -> bool:
    def out_of_time() -> bool:
        return context.get_remaining_time_in_millis() < SAFETY_MS

    try:
        done = settle_shard(stores, rewards, message["shard"], now=clock.now(), out_of_time=out_of_time)
        if not done and queue.send([shard_message(message["shard"], message["scheduled_at"])]):
            return False
    except RuntimeError:
        logger.exception("shard not settled", shard=message["shard"])
        return False
    return True
