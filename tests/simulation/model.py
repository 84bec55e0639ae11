"""What should have come of it: the rules of the game once more, written for clarity and from the design, not from the code.

It knows what was done and when each thing took effect, and nothing of how the product stores or computes anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.simulation.catalogs import FREEZES, QuestSpec, Spec
from tests.simulation.trace import DAY_MS

SHORTEST = {"daily": DAY_MS, "weekly": 6 * DAY_MS, "monthly": 25 * DAY_MS}


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that took effect: when it happened, and when it was applied."""

    type: str
    amount: int
    time: int
    applied_at: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that took effect: of one mission, or of everything that waited (""), after so many deeds."""

    wanted: str
    at: int
    deeds: int


@dataclass(slots=True)
class Life:
    """Everything one player did, each at the instant it took effect."""

    born_at: int
    deeds: dict[str, Deed] = field(default_factory=dict)
    zones: list[tuple[int, str]] = field(default_factory=list)
    zone_came_first: bool = False  # the first zone was set before anything was done
    check_ins: list[int] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)  # when, and for how many ms; 0 ends one
    starts: dict[str, int] = field(default_factory=dict)  # quests the player began, each after so many deeds
    words: dict[str, int] = field(default_factory=dict)  # quests whose manual step the player called done
    freezes: list[int] = field(default_factory=list)  # bought, each for the day of this instant
    submissions: list[int] = field(default_factory=list)  # of evidence
    approvals: dict[str, tuple[int, int]] = field(default_factory=dict)  # mission -> when evidence was approved, and which
    claims: list[Claim] = field(default_factory=list)

    def claim(self, wanted: str, at: int) -> None:
        """Note a claim."""
        self.claims.append(Claim(wanted, at, len(self.deeds)))

    def so_far(self) -> "Life":
        """As it is now, whatever happens later."""
        return Life(**{each.name: copy(getattr(self, each.name)) for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Span:
    """One period of a player's chain."""

    kind: str
    label: str
    start: int
    end: int
    zone: str


@lru_cache(maxsize=100_000)
def day_starts(day: date, zone: str, hour: int) -> int:
    """The first instant at which the local clock reads this hour of this date or later: no clock changes but at full quarters."""
    wanted = datetime.combine(day, time(hour))
    at = datetime.combine(day, time(hour), UTC) - timedelta(hours=15)
    while at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted:
        at += timedelta(minutes=15)
    return int(at.timestamp() * 1000)


def local_date(instant: int, zone: str, hour: int) -> date:
    """The player's date: it changes at `hour`."""
    day = datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).date()
    while day_starts(day, zone, hour) > instant:
        day -= timedelta(days=1)
    while day_starts(day + timedelta(days=1), zone, hour) <= instant:
        day += timedelta(days=1)
    return day


def first_day(kind: str, day: date) -> date:
    """The first date of the calendar period a date belongs to."""
    if kind == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "monthly" else day


def next_first_day(kind: str, day: date) -> date:
    """The first date of the period after the one that begins on this date."""
    return first_day(kind, day + timedelta(days={"daily": 1, "weekly": 7, "monthly": 31}[kind]))


def label_of(kind: str, day: date) -> str:
    """How a period is called after its last day."""
    return {"daily": day.isoformat(), "weekly": f"{day:%G-W%V}", "monthly": f"{day:%Y-%m}"}[kind]


class Calendar:
    """A player's chains of periods."""

    def __init__(self, life: Life, hour: int) -> None:
        self.life = life
        self.hour = hour
        self.began_at = life.born_at
        self.first_zone = "UTC"
        self._chains: dict[str, list[Span]] = {}
        today = self._calendar_period("daily", life.born_at, "UTC")
        if life.zone_came_first and life.zones[0][0] < today.end:  # a first zone applies at once while no board has progress or is final
            self.began_at, self.first_zone = life.zones[0]

    def chain(self, kind: str, until: int) -> list[Span]:
        """The periods of a kind, from the one before the player's beginning to the one after that which contains `until`."""
        if kind not in self._chains:
            around = self._calendar_period(kind, self.began_at, self.first_zone)
            self._chains[kind] = [self._calendar_period(kind, around.start - 1, self.first_zone), around]
        spans = self._chains[kind]
        while spans[-2].end <= until:
            spans.append(self._next(spans[-1]))
        return spans

    def zone_at(self, instant: int) -> str:
        """The zone in force when the next period is cut at this instant."""
        return next((zone for at, zone in reversed(self.life.zones) if at < instant), self.first_zone)

    def _calendar_period(self, kind: str, instant: int, zone: str) -> Span:
        first = first_day(kind, local_date(instant, zone, self.hour))
        return self._span(kind, day_starts(first, zone, self.hour), day_starts(next_first_day(kind, first), zone, self.hour), zone)

    def _next(self, last: Span) -> Span:
        zone = self.zone_at(last.end)
        if zone == last.zone:
            return self._calendar_period(last.kind, last.end, zone)
        day = first_day(last.kind, local_date(last.start, zone, self.hour))
        while True:
            day = next_first_day(last.kind, day)
            span = self._span(last.kind, last.end, day_starts(day, zone, self.hour), zone)
            if span.end - span.start >= SHORTEST[last.kind] and span.label > last.label:
                return span

    def _span(self, kind: str, start: int, end: int, zone: str) -> Span:
        label = label_of(kind, local_date(end - 1, zone, self.hour)) if end > start else ""
        return Span(kind, label, start, end, zone)


def value(spec: Spec, deeds: Iterable[Deed], span: Span, *, settles_at: int | None, hour: int) -> int:
    """What a requirement gathered: the deeds of its period that took effect before it became final."""
    mine = [deed for deed in deeds if deed.type == spec.action and span.start <= deed.time < span.end]
    mine = [deed for deed in mine if settles_at is None or deed.applied_at < settles_at]
    match spec.aggregate:
        case "count":
            return len(mine)
        case "sum":
            return sum(deed.amount for deed in mine)
        case _:
            return longest_run({local_date(deed.time, span.zone, hour) for deed in mine})


def score(deeds: Iterable[Deed], action: str, span: Span, *, before: int) -> tuple[int, int] | None:
    """How many deeds of a period took effect in time for its leaderboard, and when the last of them happened; None: no deed."""
    times = [deed.time for deed in deeds if deed.type == action and span.start <= deed.time < span.end and deed.applied_at < before]
    return (len(times), max(times)) if times else None


def final_at(week: str) -> int:
    """When a week's label is over in the last zone on Earth, and a day later."""
    return day_starts(next_first_day("weekly", monday_of(week)), "Etc/GMT+12", 0) + DAY_MS


def is_lengthened(week: Span, hour: int) -> bool:
    """Whether a week is longer than its label by more than a twenty-fourth."""
    return day_starts(monday_of(week.label), week.zone, hour) - week.start > 7 * DAY_MS // 24


def monday_of(week: str) -> date:
    """The first date of a week's label."""
    return date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)


def steps_done(quest: QuestSpec, life: Life, key: str, span: Span) -> list[bool]:
    """Which steps of a run are done: in order, each by so many deeds of its time, or by the player's word."""
    done: list[bool] = []
    deeds = list(life.deeds.values())[life.starts.get(key, 0) :]
    for step in quest.steps.values():
        mine = [deed for deed in deeds if deed.type == step.action and span.start <= deed.time < span.end]
        in_time = [deed for deed in mine if quest.hours is None or deed.applied_at < span.end + DAY_MS]
        holds = len(in_time) >= step.target if step.action else key in life.words
        done.append(holds and all(done))
    return done


def longest_run(days: set[date]) -> int:
    """The longest run of consecutive dates."""
    longest = run = 0
    for before, day in pairwise([date.min, *sorted(days)]):
        run = run + 1 if day - before == timedelta(days=1) else 1
        longest = max(longest, run)
    return longest


def is_complete(spec: Spec, gathered: int, *, settled: bool) -> bool:
    """At once for `>=`, only in the end for `==`."""
    return gathered >= spec.target if spec.op == ">=" else settled and gathered == spec.target


def shielded(life: Life, span: Span) -> bool:
    """Whether a pause was in force in any part of the period; the one in which it begins is, however soon it ends."""
    for number, (start, length) in enumerate(life.pauses):
        ended = [at for at, further in life.pauses[number + 1 :] if not further]
        end = min([start + length, *ended])
        if length and (span.start <= start < span.end or (start < span.end and span.start < end)):
            return True
    return False


@dataclass
class StreakResult:
    """A streak once all these days are final."""

    current: int = 0
    best: int = 0
    freezes: int = 0
    breaks: list[int] = field(default_factory=list)


def streak(days: Iterable[tuple[bool, bool, int, int]], *, freezes: bool) -> StreakResult:
    """Fold days, each (counts, shielded, its end, freezes bought): a missed one takes a freeze if there is one, else the streak ends."""
    result = StreakResult(freezes=FREEZES["start"] if freezes else 0)
    for counts, is_shielded, end, bought in days:
        if freezes:
            result.freezes = min(FREEZES["max"], result.freezes + bought)
        if counts:
            result.current += 1
            result.best = max(result.best, result.current)
            if freezes and result.current % FREEZES["earn_every"] == 0:
                result.freezes = min(FREEZES["max"], result.freezes + 1)
        elif is_shielded or not result.current:
            continue
        elif result.freezes:
            result.freezes -= 1
        else:
            result.current = 0
            result.breaks.append(end)
    return result


def paused_until(life: Life) -> int | None:
    """When the last pause ends or ended; None: there never was one."""
    return sum(life.pauses[-1]) if life.pauses else None


def check_in_days(life: Life, days: Sequence[Span]) -> Iterator[Span]:
    """The days signed in for."""
    return (day for day in days if any(day.start <= at < day.end for at in life.check_ins))


def check_in_streak(life: Life, days: Sequence[Span], now: int) -> tuple[int, int]:
    """The sign-in streak now, and the best there was."""
    current = best = 0
    for day in days:
        if any(day.start <= at < day.end for at in life.check_ins):
            current += 1
            best = max(best, current)
        elif day.end <= now and not shielded(life, day):
            current = 0
    return current, best


def as_number(progress: object) -> Decimal:
    """A progress value as the product stores it: nothing yet, a whole number, or a decimal in text."""
    return Decimal(str(progress or 0))
