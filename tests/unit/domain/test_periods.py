"""Local days, weeks and months in real zones: sealed periods whose labels strictly increase."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.periods import DayClock, Period, local_hour, period_after, period_before, period_containing

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
    assert all(period_containing(kind, period.end, period.clock).start == period.end for period in hops)


def test_a_period_ends_before_the_instant_the_next_one_starts() -> None:
    period = period_containing("daily", ms("2026-11-21T10:00"), DayClock("UTC"))

    assert [period.covers(instant) for instant in (period.start - 1, period.start, period.end - 1, period.end)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_short_day_follows_where_the_clock_is_the_same_as_before() -> None:
    berlin = DayClock("Europe/Berlin")
    saturday = period_containing("daily", ms("2026-03-28T12:00"), berlin)

    sunday = period_after(saturday, berlin)

    assert (sunday.label, sunday.end - sunday.start) == ("2026-03-29", 23 * HOUR_MS)


@pytest.mark.parametrize(("kind", "days"), [("daily", 1), ("weekly", 7), ("monthly", 31)])
def test_moving_to_a_zone_that_reads_the_same_time_changes_nothing(kind: str, days: int) -> None:
    period = period_containing(kind, ms("2026-11-30T12:00"), DayClock("UTC"))

    following = period_after(period, DayClock("Africa/Abidjan"))

    assert following.end - following.start == days * DAY_MS


def test_a_clock_that_is_set_back_over_midnight_does_not_return_to_yesterday() -> None:
    st_johns = DayClock("America/St_Johns")  # one minute after midnight it was 23:01 of the sixth again

    for inside in ("2010-11-07T02:30", "2010-11-07T02:45", "2010-11-07T03:31"):
        assert period_containing("daily", ms(inside), st_johns).label == "2010-11-07"


def test_an_hour_lasts_to_its_last_millisecond() -> None:
    last_second = ms("2026-11-21T11:59:59")

    assert {local_hour(last_second + n, "Europe/Berlin") for n in range(1000)} == {12}
    assert local_hour(last_second + 1000, "Europe/Berlin") == 13
