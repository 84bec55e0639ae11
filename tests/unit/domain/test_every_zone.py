"""Every IANA zone, around every change of its clock from 2015 to 2035: periods against a watched clock, rolls, and what hopping gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import codec, commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS, PeriodKind
from missions_core.domain.periods import DayClock, Period, day_start, local_day, period_after, period_before, period_containing
from missions_core.domain.roll import welcome
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

MINUTE_MS = 60_000
FIRST, LAST = ms("2015-01-01"), ms("2036-01-01")
LABEL_FORMATS: dict[PeriodKind, str] = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}
START_HOURS = (0, 1, 2, 3, 4, 23)  # clocks change around these; a day may start at any

CATALOG = catalog(
    mission("daily", {"post.created": 1}),
    mission("quiet", {"all": [{"action": "tip.sent", "op": "<=", "target": 1}]}),
    mission("weekly", {"post.created": 3}, period="weekly"),
    mission("monthly", {"post.created": 4}, period="monthly"),
    mission("again", {"post.created": 2}, period="perpetual"),
    rotation={"daily": {"min": 2, "max": 2}, "weekly": {"min": 1, "max": 1}, "monthly": {"min": 1, "max": 1}},
    streaks={"daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 3}}},
)


@dataclass(frozen=True)
class Behaviour:
    """Zones whose clocks read the same at every moment of those years: Europe/Berlin, Europe/Vienna, ..."""

    names: tuple[str, ...]
    changes: tuple[int, ...]

    @property
    def zone(self) -> str:
        return self.names[0]


def wall(instant: int, zone: str) -> datetime:
    """What the clock on the wall reads."""
    return datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).replace(tzinfo=None)


def offset(instant: int, zone: str) -> timedelta:
    return wall(instant, zone) - wall(instant, "UTC")


def changes_of(zone: str) -> Iterator[tuple[int, timedelta]]:
    """The minutes at which a zone's clock changes, and its offset from then on; no zone changes it twice within four days."""
    before = offset(FIRST, zone)
    yield FIRST, before
    for later in range(FIRST + 4 * DAY_MS, LAST, 4 * DAY_MS):
        after = offset(later, zone)
        if after != before:
            low, high = later - 4 * DAY_MS, later
            while high - low > MINUTE_MS:
                middle = (low + high) // 2 // MINUTE_MS * MINUTE_MS
                low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
            yield high, after
        before = after


@cache
def behaviours() -> list[Behaviour]:
    """All zones, those that behave the same together; the longest name first, as it is seldom an alias."""
    groups: dict[tuple[tuple[int, timedelta], ...], list[str]] = {}
    for zone in sorted(available_timezones(), key=lambda name: (-len(name), name)):
        groups.setdefault(tuple(changes_of(zone)), []).append(zone)
    return [Behaviour(tuple(names), tuple(at for at, _ in changes)) for changes, names in groups.items()]


def moments() -> Iterator[tuple[str, int]]:
    """Every change of every behaviour."""
    return ((behaviour.zone, at) for behaviour in behaviours() for at in behaviour.changes)


def first_readings(zone: str, since: int, until: int) -> dict[datetime, int]:
    """When a clock watched minute by minute first reads each full hour, or a later time."""
    readings: dict[datetime, int] = {}
    hour = wall(since, zone).replace(minute=0) + timedelta(hours=1)
    for minute in range(since, until, MINUTE_MS):
        while wall(minute, zone) >= hour:
            readings[hour] = minute
            hour += timedelta(hours=1)
    return readings


def last_day_label(period: Period) -> str:
    """What the wall says just before the period ends; a day belongs to its date until it has lasted to the next start hour."""
    reads = wall(period.end - 1, period.clock.zone) - timedelta(hours=period.clock.start_hour)
    return reads.strftime(LABEL_FORMATS[period.kind])


# What is known of clocks that do unusual things. A day that starts late, twice, or never.
ODD = [
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # skipped the 30th: the 31st starts when it would have
    ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00"),  # skipped the 21st
    ("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00"),  # half an hour back, at 02:00
    ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30"),
    ("Pacific/Chatham", "2024-04-07", "2024-04-06T10:15"),
    ("Africa/Casablanca", "2024-03-10", "2024-03-09T23:00"),  # an hour back for Ramadan
    ("Africa/Casablanca", "2024-04-14", "2024-04-14T00:00"),
    ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00"),  # midnight itself is skipped: starts at 01:00
    ("Africa/Cairo", "2024-11-01", "2024-10-31T22:00"),  # 23:00 repeats on the 31st
    ("America/Havana", "2024-03-10", "2024-03-10T05:00"),  # starts at 01:00
    ("America/Havana", "2024-11-03", "2024-11-03T04:00"),  # 00:00 comes twice: starts at the first
    ("America/Santiago", "2024-04-07", "2024-04-07T04:00"),  # 23:00 repeats on the 6th
    ("America/Santiago", "2024-09-08", "2024-09-08T04:00"),  # starts at 01:00
    ("Asia/Gaza", "2015-03-28", "2015-03-27T22:00"),  # 00:00 to 01:00
    ("Antarctica/Troll", "2024-03-31", "2024-03-31T00:00"),  # two hours at once
]


@pytest.mark.parametrize(("zone", "date", "start"), ODD)
def test_odd_clocks_start_the_day_when_their_wall_first_shows_it(zone: str, date: str, start: str) -> None:
    midnight = datetime.fromisoformat(date)
    around = ms(date)

    assert day_start(midnight.date(), DayClock(zone)) == ms(start)
    assert first_readings(zone, around - 2 * DAY_MS, around + 2 * DAY_MS)[midnight] == ms(start)


def test_zones_that_are_grouped_read_the_same_clock() -> None:
    assert sum(len(behaviour.names) for behaviour in behaviours()) == len(available_timezones())
    for behaviour in behaviours():
        for at in behaviour.changes[1:]:
            before, after = offset(at - MINUTE_MS, behaviour.zone), offset(at, behaviour.zone)
            assert before != after
            assert all((offset(at - MINUTE_MS, name), offset(at, name)) == (before, after) for name in behaviour.names)


def test_a_day_starts_when_a_watched_clock_first_reads_its_hour_in_every_zone() -> None:
    for zone, at in moments():
        for hour, first in first_readings(zone, at - 5 * HOUR_MS, at + 20 * HOUR_MS).items():
            clock = DayClock(zone, hour.hour)
            assert day_start(hour.date(), clock) == first, (clock, hour)
            assert (local_day(first - 1, clock), local_day(first, clock)) == (hour.toordinal() - 1, hour.toordinal()), (clock, hour)


@pytest.mark.parametrize("kind", LABEL_FORMATS)
def test_periods_tile_time_and_are_named_after_their_last_day_in_every_zone(kind: PeriodKind) -> None:
    for zone, at in moments():
        for start_hour in START_HOURS:
            clock = DayClock(zone, start_hour)
            around = period_containing(kind, at, clock)
            chain = [period_before(around), around, period_after(around, clock)]

            for earlier, later in pairwise(chain):
                assert earlier.start < earlier.end == later.start, clock
                assert earlier.label < later.label, clock
                assert period_containing(kind, earlier.end - 1, clock) == earlier
                assert period_containing(kind, earlier.end, clock) == later
            assert [period.label for period in chain] == [last_day_label(period) for period in chain], clock


def played_around(at: int, zone: str) -> Game:
    """A player who acted on the days before a change of the clock, and on both sides of it."""
    game = Game(CATALOG, now=at - 50 * HOUR_MS, zone=zone)
    for n, hours in enumerate((-49, -20, -1, 0, 1)):
        game.act(action(n, at + hours * HOUR_MS))
    return game


def everything(game: Game) -> tuple[bytes, object, list[bytes]]:
    return codec.encode(game.state), game.events, [codec.encode_board(board) for board in game.settled]


def test_looking_often_equals_looking_once_across_a_change_of_the_clock_in_every_zone() -> None:
    recent = [(behaviour.zone, at) for behaviour in behaviours() for at in behaviour.changes[-2:]]
    for zone, at in recent:
        in_steps = played_around(at, zone)
        at_once = in_steps.copy()
        for hours in (1, 23, 24, 25, 7 * 24, 9 * 24):
            in_steps.at(at + hours * HOUR_MS)

        assert everything(in_steps) == everything(at_once.at(at + 9 * DAY_MS)), zone


ZONES = st.sampled_from([behaviour.zone for behaviour in behaviours()]) | st.sampled_from(
    ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Tokyo", "America/Sao_Paulo"]
)
HOPS = st.lists(st.tuples(st.integers(0, 50) | st.integers(29 * 24, 34 * 24), ZONES), min_size=1, max_size=15)
BEGINNINGS = st.integers(FIRST, ms("2034-01-01"))


def hopped(began: int, hops: list[tuple[int, str]]) -> Game:
    """A player who acts wherever they are, and then claims to be somewhere else."""
    game = Game(CATALOG, now=began, zone=None)
    for n, (hours, zone) in enumerate(hops):
        game.act(action(n, game.now + hours * HOUR_MS))
        commands.set_zone(game.state, zone)
        welcome(game.state, CATALOG, now=game.now)
    return game


def dealt(game: Game, kind: PeriodKind) -> list[Period]:
    return [board.period for board in [*game.settled, *game.state.boards] if board.period.kind == kind]


def assert_hopping_gained_nothing(game: Game) -> None:
    for kind in LABEL_FORMATS:
        periods = dealt(game, kind)
        assert all(earlier.label < later.label and earlier.end <= later.start for earlier, later in pairwise(periods))
    starts = [period.start for period in dealt(game, "daily")]
    # N + 1 days that begin within N real days: the last begins more than N - 1 of them after the first.
    assert all(starts[n] - starts[first] > (n - first - 1) * DAY_MS for first in range(len(starts)) for n in range(first + 1, len(starts)))


@given(BEGINNINGS, HOPS)
@settings(max_examples=200)
def test_a_player_who_hops_between_zones_gets_no_more_days_than_pass(began: int, hops: list[tuple[int, str]]) -> None:
    assert_hopping_gained_nothing(hopped(began, hops))


@pytest.mark.parametrize("hours", [1, 6, 11, 12, 13, 23, 24, 25, 26])
@pytest.mark.parametrize("zones", [("Pacific/Kiritimati", "Pacific/Niue"), ("Asia/Tokyo", "America/Sao_Paulo")])
def test_hopping_half_way_round_the_world_and_back_gains_nothing(zones: tuple[str, str], hours: int) -> None:
    game = hopped(ms("2026-11-01T09:30"), [(hours, zone) for _ in range(30) for zone in zones])

    assert_hopping_gained_nothing(game)


def test_who_was_moved_west_while_away_returns_to_a_day_after_the_last() -> None:
    game = Game(CATALOG, now=ms("2026-11-01T12:00"), zone="Pacific/Kiritimati")
    last = [board for board in game.copy().at(game.now + 60 * DAY_MS).settled if board.period.kind == "daily"][-1]
    game.at(last.settles_at)
    commands.set_zone(game.state, "Pacific/Niue")

    game.act(action(1, game.now))  # it is still the last day there

    assert_hopping_gained_nothing(game)


@given(BEGINNINGS, HOPS, st.lists(st.integers(0, 20 * DAY_MS), min_size=1, max_size=6))
@settings(max_examples=60)
def test_looking_often_equals_looking_once_wherever_the_player_went(began: int, hops: list[tuple[int, str]], looks: list[int]) -> None:
    in_steps = hopped(began, hops)
    at_once = in_steps.copy()
    begin = in_steps.now
    for look in sorted(looks):
        in_steps.at(begin + look)

    assert everything(in_steps) == everything(at_once.at(begin + max(looks)))
