"""Runs of scheduled jobs, so that a run knows what the one before it did."""

from collections.abc import Mapping

from missions_core.storage import keys
from missions_core.storage.table import JobRow, bind

KEPT_SECONDS = 90 * 24 * 3600


class Jobs:
    """The job runs of one table."""

    def __init__(self, table_name: str) -> None:
        self._runs = bind(JobRow, table_name)

    def record(self, name: str, scheduled_at: int, summary: Mapping[str, int | str]) -> None:
        """Remember what a run scheduled for this instant did; the same run again replaces it."""
        self._runs(*keys.job(name, scheduled_at), summary=dict(summary), ttl=scheduled_at // 1000 + KEPT_SECONDS).save()

    def last(self, name: str) -> dict[str, int | str]:
        """What the latest run did; empty: there was none."""
        newest = next(iter(self._runs.query(keys.jobs(name), limit=1, scan_index_forward=False, consistent_read=True)), None)
        return {} if newest is None else newest.summary
