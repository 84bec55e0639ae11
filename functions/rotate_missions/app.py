"""Hourly → event bus, settle queue: announce special missions as their windows open and close, have final leaderboards closed."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core import clock
from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.settings import settings
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.jobs import Jobs
from missions_core.storage.scores import Scores
from missions_core.use_cases.closing import ask_for_closing
from missions_core.use_cases.integration import SOURCE
from missions_core.use_cases.rotate import rotate

JOB = "rotate_missions"

logger = create_logger()
metrics = create_metrics()
catalogs = Catalogs(settings.table_name)
jobs = Jobs(settings.table_name)
scores = Scores(settings.table_name)
settling = Queue(settings.settle_queue_url)
bus = EventBus(settings.event_bus_name, SOURCE)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Announce what opened or closed since the last run, ask for leaderboards to be closed; the next run makes up for a failed one."""
    now = clock.now()
    open_before = frozenset(str(jobs.last(JOB).get("open", "")).split())
    open_now = rotate(catalogs.current(), bus, open_before=open_before, now=now)
    jobs.record(JOB, now, {"open": " ".join(sorted(open_now))})
    announced = len(open_before ^ open_now)
    metrics.add_metric("SpecialMissionsAnnounced", MetricUnit.Count, announced)
    closing = ask_for_closing(scores, settling, now=now)
    metrics.add_metric("LeaderboardsFinal", MetricUnit.Count, closing)
    logger.info("missions rotated", announced=announced, closing=closing)
    return {"announced": announced, "closing": closing}
