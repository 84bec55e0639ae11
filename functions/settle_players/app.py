"""SQS settle queue → player states: settle and deal for every player of a shard whose time has come; close final leaderboards."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.use_cases.closing import close_leaderboard
from missions_core.use_cases.integration import SOURCE
from missions_core.use_cases.reset import settle_shard, shard_message
from missions_core.use_cases.stores import stores_of

SAFETY_MS = 10_000  # the time a last player and the answer may take

logger = create_logger()
metrics = create_metrics()
stores = stores_of(settings.table_name)
rewards = Queue(settings.rewards_queue_url)
queue = Queue(settings.settle_queue_url)
bus = EventBus(settings.event_bus_name, SOURCE)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Settle the shards and close the leaderboards of a batch; messages named in the answer are delivered again."""
    again = [record["messageId"] for record in event["Records"] if not _handle(json.loads(record["body"]), context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _handle(message: dict[str, Any], context: LambdaContext) -> bool:
    try:
        if "board" in message:
            close_leaderboard(stores, bus, message["board"], message["label"], now=clock.now())
            return True
        return _settle(message["shard"], message["scheduled_at"], context)
    except RuntimeError:
        logger.exception("not settled", shard=message.get("shard"), board=message.get("board"), label=message.get("label"))
        return False


def _settle(shard: int, scheduled_at: int, context: LambdaContext) -> bool:
    def out_of_time() -> bool:
        return context.get_remaining_time_in_millis() < SAFETY_MS

    done = settle_shard(stores, rewards, shard, now=clock.now(), out_of_time=out_of_time)
    return done or not queue.send([shard_message(shard, scheduled_at)])
