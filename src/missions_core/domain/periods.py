"""Periods: sealed UTC intervals cut from a player's local calendar, and the chain rule that makes their labels strictly increase.

A local day starts at the first instant whose local clock reads `day_start_hour` of that date or later: a DST jump over that hour
starts the day late, a repeated hour starts no second day. A period is computed once and never changes. Its label is the date, ISO
week or month of the local day its last instant belongs to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from missions_core.domain.catalog import DAY_MS, PeriodKind

Label = str
FOREVER = 2**53  # the end of a board that only its own completion closes; safe as a JSON number

# A period cut under other clock settings than the one before it must be at least this long, else zone-hopping would mint days.
SHORTEST_AFTER_CHANGE_MS = {"daily": DAY_MS, "weekly": 6 * DAY_MS, "monthly": 25 * DAY_MS}


@dataclass(frozen=True, slots=True)
class DayClock:
    """Whose days: an IANA zone and the hour at which its days start."""

    zone: str
    start_hour: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """`[start, end)` in epoch milliseconds, sealed under one clock."""

    kind: PeriodKind
    label: Label
    start: int
    end: int
    clock: DayClock

    def covers(self, instant: int) -> bool:
        """Whether the instant lies inside."""
        return self.start <= instant < self.end


def period_containing(kind: PeriodKind, instant: int, clock: DayClock) -> Period:
    """The calendar period of a kind (daily, weekly, monthly) around an instant."""
    first = _first_date(kind, date.fromordinal(local_day(instant, clock)))
    return _between(kind, day_start(first, clock), day_start(_next_first_date(kind, first), clock), clock)


def period_before(period: Period) -> Period:
    """The calendar period that ends where this one starts, under the same clock."""
    return period_containing(period.kind, period.start - 1, period.clock)


def period_after(period: Period, clock: DayClock) -> Period:
    """The period that follows in a player's chain, under the clock in force now.

    Under an unchanged clock that is the next calendar period. Under a changed one it ends at the first period start of the new
    clock that is far enough away and whose label is greater than the last.
    """
    shortest = SHORTEST_AFTER_CHANGE_MS[period.kind] if clock != period.clock else 1
    first = _first_date(period.kind, date.fromordinal(local_day(period.end, clock)))
    while True:
        first = _next_first_date(period.kind, first)
        candidate = _between(period.kind, period.end, day_start(first, clock), clock)
        if candidate.end - candidate.start >= shortest and candidate.label > period.label:
            return candidate


def local_day(instant: int, clock: DayClock) -> int:
    """The ordinal (date.toordinal) of the local day the instant belongs to."""
    guess = _local(instant, clock.zone).date().toordinal()
    while day_start(date.fromordinal(guess), clock) > instant:
        guess -= 1
    while day_start(date.fromordinal(guess + 1), clock) <= instant:
        guess += 1
    return guess


def local_hour(instant: int, zone: str) -> int:
    """The hour of the local clock, 0-23."""
    return _local(instant, zone).hour


@lru_cache(maxsize=4096)
def day_start(day: date, clock: DayClock) -> int:
    """The first instant whose local clock reads `start_hour` of this date or later."""
    wall = datetime.combine(day, time(clock.start_hour))
    zone = ZoneInfo(clock.zone)
    earlier, later = sorted(_to_ms(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if _local(earlier, clock.zone).replace(tzinfo=None) == wall:
        return earlier
    # The wall time does not exist: it falls into a jump of the clock, which lies between the two readings.
    while later - earlier > 1:
        middle = (earlier + later) // 2
        earlier, later = (earlier, middle) if _local(middle, clock.zone).replace(tzinfo=None) >= wall else (middle, later)
    return later


def _local(instant: int, zone: str) -> datetime:
    return datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(zone)) + timedelta(milliseconds=instant % 1000)


def _to_ms(moment: datetime) -> int:
    return round(moment.timestamp()) * 1000


def _between(kind: PeriodKind, start: int, end: int, clock: DayClock) -> Period:
    return Period(kind, LABELS[kind](date.fromordinal(local_day(end - 1, clock))), start, end, clock)


def _week_label(day: date) -> Label:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


LABELS: dict[str, Callable[[date], Label]] = {
    "daily": date.isoformat,
    "weekly": _week_label,
    "monthly": lambda day: f"{day.year}-{day.month:02}",
}


def _first_date(kind: PeriodKind, day: date) -> date:
    if kind == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "monthly" else day


def _next_first_date(kind: PeriodKind, first: date) -> date:
    if kind == "monthly":
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if kind == "weekly" else 1)
