"""The demonstration's time of day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from infra.stage import MORNING_HOUR, morning_zone


@pytest.mark.parametrize("hour", range(24))
def test_whenever_the_demonstration_runs_it_is_early_where_its_players_live(hour: int) -> None:
    now = datetime(2026, 11, 21, hour, 30, tzinfo=UTC)

    assert now.astimezone(ZoneInfo(morning_zone(now))).hour == MORNING_HOUR
