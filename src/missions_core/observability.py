"""Logs and metrics: JSON lines and embedded metrics of Powertools. No Tracer: importing it costs more than everything else together."""

import json
from functools import partial

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics


def create_logger() -> Logger:
    """A logger named after POWERTOOLS_SERVICE_NAME: compact JSON, UTC, one line per entry."""
    return Logger(utc=True, use_rfc3339=True, json_serializer=partial(json.dumps, default=str, separators=(",", ":")))


def create_metrics() -> Metrics:
    """Metrics of POWERTOOLS_METRICS_NAMESPACE, written with the logs."""
    return Metrics()
