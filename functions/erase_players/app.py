"""SQS erasure queue → everywhere: remove what lies around the tombstones of erased players, and tell the world."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.files import PlayerFiles
from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.storage.remains import Remains
from missions_core.storage.scores import Scores
from missions_core.use_cases.integration import SOURCE
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.sweep import Places, sweep_all

logger = create_logger()
metrics = create_metrics()
places = Places(
    remains=Remains(settings.table_name),
    scores=Scores(settings.table_name),
    files=PlayerFiles(settings.player_files_bucket),
    bus=EventBus(settings.event_bus_name, SOURCE),
)
quarantine = Queue(settings.quarantine_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Remove a batch of players; messages named in the answer are delivered again."""
    messages = [QueueMessage(record["messageId"], record["body"]) for record in event["Records"]]
    again = sweep_all(places, quarantine, messages, now=clock.now())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
