"""Local days, weeks and months in real zones: sealed periods whose labels strictly increase."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.periods import DayClock, Period, local_day, period_after, period_before, period_containing

ZONES = sorted(available_timezones())
KINDS = st.sampled_from(["daily", "weekly", "monthly"])
INSTANTS = st.integers(946_684_800_000, 946_684_800_000 + 30 * 366 * DAY_MS)
CLOCKS = st.builds(DayClock, st.sampled_from(ZONES), st.integers(0, 23))


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def utc(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(
    ("zone", "inside", "label", "start", "end"),
    [
        ("UTC", "2026-11-21T10:00", "2026-11-21", "2026-11-21T00:00", "2026-11-22T00:00"),
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours: spring forward
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours: fall back
        (
            "America/Sao_Paulo",
            "2018-11-04T12:00",
            "2018-11-04",
            "2018-11-04T03:00",
            "2018-11-05T02:00",
        ),  # midnight skipped: starts at 01:00
        ("America/Havana", "2018-11-04T12:00", "2018-11-04", "2018-11-04T04:00", "2018-11-05T05:00"),  # midnight hour twice: one start
        ("America/Sao_Paulo", "2018-02-17T12:00", "2018-02-17", "2018-02-17T02:00", "2018-02-18T03:00"),  # 23:00 repeated on the same day
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-29", "2011-12-29T10:00", "2011-12-30T10:00"),  # the 30th never happened there
        ("Pacific/Apia", "2011-12-30T11:00", "2011-12-31", "2011-12-30T10:00", "2011-12-31T10:00"),
        ("Asia/Kathmandu", "2026-11-21T18:14", "2026-11-21", "2026-11-20T18:15", "2026-11-21T18:15"),
    ],
)
def test_a_local_day_starts_at_the_first_instant_of_its_date(zone: str, inside: str, label: str, start: str, end: str) -> None:
    period = period_containing("daily", ms(inside), DayClock(zone))

    assert (period.label, utc(period.start), utc(period.end)) == (label, start, end)


def test_a_day_may_start_at_another_hour_and_keeps_its_own_date() -> None:
    period = period_containing("daily", ms("2026-11-22T03:59"), DayClock("UTC", 4))

    assert (period.label, utc(period.start), utc(period.end)) == ("2026-11-21", "2026-11-21T04:00", "2026-11-22T04:00")


@pytest.mark.parametrize(
    ("kind", "inside", "label", "start", "end"),
    [
        ("weekly", "2026-11-22T23:59", "2026-W47", "2026-11-16T00:00", "2026-11-23T00:00"),  # a Sunday belongs to the week before
        ("weekly", "2026-12-31T12:00", "2026-W53", "2026-12-28T00:00", "2027-01-04T00:00"),
        ("monthly", "2028-02-29T12:00", "2028-02", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_weeks_start_on_monday_and_months_on_the_first(kind: str, inside: str, label: str, start: str, end: str) -> None:
    period = period_containing(kind, ms(inside), DayClock("UTC"))

    assert (period.label, utc(period.start), utc(period.end)) == (label, start, end)


@given(KINDS, INSTANTS, CLOCKS)
@settings(max_examples=400)
def test_calendar_periods_tile_time_in_every_zone(kind: str, instant: int, clock: DayClock) -> None:
    period = period_containing(kind, instant, clock)
    following = period_after(period, clock)

    assert period.covers(instant)
    assert following.start == period.end
    assert following.label > period.label
    assert following == period_containing(kind, period.end, clock)
    assert period_before(following) == period


@given(st.sampled_from(["daily", "weekly", "monthly"]), INSTANTS, st.lists(CLOCKS, min_size=2, max_size=20))
@settings(max_examples=300)
def test_hopping_zones_never_repeats_a_label_nor_mints_periods(kind: str, instant: int, clocks: list[DayClock]) -> None:
    shortest = {"daily": DAY_MS, "weekly": 6 * DAY_MS, "monthly": 25 * DAY_MS}[kind]
    period = period_containing(kind, instant, clocks[0])
    chain: list[Period] = [period]
    for clock in clocks[1:]:
        chain.append(period_after(chain[-1], clock))

    assert all(later.label > earlier.label for earlier, later in pairwise(chain))
    assert all(later.start == earlier.end for earlier, later in pairwise(chain))
    hops = [later for earlier, later in pairwise(chain) if later.clock != earlier.clock]
    assert all(period.end - period.start >= shortest for period in hops)


def test_hopping_between_tokyo_and_sao_paulo_deals_no_more_than_one_day_per_day() -> None:
    zones = [DayClock("America/Sao_Paulo"), DayClock("Asia/Tokyo")]
    period = period_containing("daily", ms("2026-11-01T09:00"), zones[1])
    started = 0
    while period.end < ms("2026-11-01T09:00") + 7 * DAY_MS:
        period = period_after(period, zones[started % 2])
        started += 1

    assert started <= 7


@given(INSTANTS, CLOCKS)
def test_every_instant_belongs_to_exactly_one_local_day(instant: int, clock: DayClock) -> None:
    day = local_day(instant, clock)

    assert local_day(instant + DAY_MS + 2 * HOUR_MS, clock) >= day
    assert period_containing("daily", instant, clock).covers(instant)
