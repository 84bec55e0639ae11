"""Every 15 minutes → settle queue: one message per shard of players whose day may have ended."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.storage.jobs import Jobs
from missions_core.use_cases.reset import fan_out

logger = create_logger()
metrics = create_metrics()
queue = Queue(settings.settle_queue_url)
jobs = Jobs(settings.table_name)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Start a reset; running it twice only looks twice."""
    now = clock.now()
    shards = fan_out(queue, scheduled_at=now)
    jobs.record("nightly_reset", now, {"shards": shards})
    metrics.add_metric("ResetsStarted", MetricUnit.Count, 1)
    logger.info("reset started", shards=shards)
    return {"shards": shards}
