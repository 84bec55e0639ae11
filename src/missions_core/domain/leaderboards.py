"""Leaderboards: the best scores of one label in order, and a histogram of all of them for those further down.

A label is ranked as one wherever its players live: it becomes final when it is over in the last zone on Earth, and a day later.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Leaf, PeriodKind
from missions_core.domain.events import Event, ScoreChanged
from missions_core.domain.periods import DayClock, Period, day_start, period_before, period_containing
from missions_core.domain.requirements import number, value_of
from missions_core.domain.state import Board, Mission, PlayerState, Progress
from missions_core.errors import InvalidInput

KEPT = 128  # ranks kept in order: those that may be paid, and some more for the sake of players who are erased
LATE_MS = DAY_MS  # how long after a label's end scores still count
# How much earlier than its label a period may begin and still compete, a twenty-fourth of it: on some days clocks give everybody that hour.
HEAD_START_MS = {"daily": HOUR_MS, "weekly": 7 * HOUR_MS, "monthly": 28 * HOUR_MS}
LAST_ZONE = DayClock("Etc/GMT+12")  # UTC-12, where every day ends last
COMPARABLE = Context(prec=38, rounding=ROUND_DOWN)  # as many digits as DynamoDB compares

# Where the buckets of the histogram begin: 1, 2, 5, 10, 20, … Below the first lies whatever is less.
STEPS = tuple(Decimal(digit).scaleb(power) for power in range(21) for digit in (1, 2, 5))
BUCKETS = len(STEPS) + 1

Histogram = tuple[int, ...]
EMPTY: Histogram = (0,) * BUCKETS


@dataclass(frozen=True, slots=True)
class Entry:
    """A player's score, and when it was reached: who was there first is ahead of equals."""

    player: str  # empty once they are erased, where their rank must stay taken
    account: str
    score: Decimal
    reached_at: int

    @property
    def order(self) -> tuple[Decimal, int, str]:
        """What entries are ranked by. No two have the same: equals in score and time are told apart by name."""
        return self.score.copy_negate(), self.reached_at, self.player


def merged(entries: Iterable[Entry], more: Iterable[Entry]) -> tuple[Entry, ...]:
    """The best entries of both, one per player, best first.

    Merging may be repeated and reordered at will. It is exact as long as scores only improve: whoever is pushed out is behind `KEPT`
    others for good, unless a better score of theirs is merged again.
    """
    return tuple(sorted(best((*entries, *more)), key=lambda entry: entry.order)[:KEPT])


def best(entries: Iterable[Entry]) -> list[Entry]:
    """The best entry of each player."""
    found: dict[str, Entry] = {}
    for entry in entries:
        held = found.get(entry.player)
        if held is None or entry.order < held.order:
            found[entry.player] = entry
    return list(found.values())


def without(entries: Iterable[Entry], player: str) -> tuple[Entry, ...]:
    """The entries of all but one player: whoever was behind moves up."""
    return tuple(entry for entry in entries if entry.player != player)


def anonymous(entries: Iterable[Entry], player: str) -> tuple[Entry, ...]:
    """The same ranks, one of them nobody's."""
    return tuple(replace(entry, player="") if entry.player == player else entry for entry in entries)


def moved(histogram: Histogram, moves: Iterable[tuple[Decimal | None, Decimal | None]]) -> Histogram:
    """The histogram after scores moved, each from a value (None: a new player) to another (None: the player left)."""
    counts = list(histogram)
    for before, after in moves:
        if before is not None:
            counts[_bucket(before)] = max(0, counts[_bucket(before)] - 1)
        if after is not None:
            counts[_bucket(after)] += 1
    return tuple(counts)


def estimated_rank(entries: Sequence[Entry], histogram: Histogram, score: Decimal) -> int:
    """The rank of a score that is not among the entries, as if scores were spread evenly within a bucket. A better score never ranks
    worse; no rank is better than those kept in order, nor worse than the last.
    """
    bucket = _bucket(score)
    ahead = sum(histogram[bucket + 1 :])
    others = max(0, histogram[bucket] - 1)
    rank = ahead + 1 + int(others * _share_above(score, bucket))
    return max(len(entries) + 1, min(rank, sum(histogram)))


def compete(state: PlayerState, board: Board, mission: Mission, leaf: Leaf, before: Progress, action: Action) -> list[Event]:
    """What an action the score took came to for the leaderboard: nothing, where the score is no better or comes too late."""
    was, score = value_of(leaf, before), value_of(leaf, mission.progress[0])
    reached_at = _reached_at(leaf, mission.reached_at, action, was=was, score=score)
    if score is None or reached_at is None or (score == was and reached_at == mission.reached_at):
        return []
    mission.reached_at = reached_at
    period = board.period
    closes_at = period.end + LATE_MS if period.kind == "special" else final_at(period.kind, period.label)
    if state.updated_at >= closes_at:
        return []
    return [ScoreChanged(mission.template, period.label, f"{comparable(score):f}", reached_at, closes_at, mission.version)]


def _reached_at(leaf: Leaf, held: int | None, action: Action, *, was: Decimal | None, score: Decimal | None) -> int | None:
    """When a score was reached: the greatest value with the first action that had it, what adds up with the last that added to it.

    Neither depends on the order of delivery.
    """
    if score != was:
        return action.time if leaf.aggregate == "max" else max(action.time, held or 0)
    has_it_too = leaf.aggregate == "max" and number(action.data.get(leaf.field or "")) == score
    return min(action.time, held) if has_it_too and held is not None else held


@lru_cache(maxsize=256)  # asked for every action that raises a score
def final_at(kind: PeriodKind, label: str) -> int:
    """From when on no score of a daily, weekly or monthly label counts any more. InvalidInput: not such a label."""
    return _period_of(kind, label, LAST_ZONE).end + LATE_MS


def is_longer(period: Period) -> bool:
    """Whether a change of clock has lengthened a player's period: it begins well before its label does there, and would gather more."""
    return period.start < _period_of(period.kind, period.label, period.clock).start - HEAD_START_MS[period.kind]


def label_at(kind: PeriodKind, instant: int) -> str:
    """The label of the UTC period around an instant."""
    return period_containing(kind, instant, DayClock("UTC")).label


def label_before(kind: PeriodKind, label: str) -> str:
    """The label of the period before. InvalidInput: not a label of that kind."""
    return period_before(_period_of(kind, label, LAST_ZONE)).label


def comparable(score: Decimal) -> Decimal:
    """A score cut down to the digits that are compared."""
    return COMPARABLE.create_decimal(score)


def _period_of(kind: PeriodKind, label: str, clock: DayClock) -> Period:
    """The period of a label under a clock."""
    try:
        first = date.fromisoformat(f"{label}-01" if kind == "monthly" else label)
        period = period_containing(kind, day_start(first, clock), clock)
    except (ValueError, OverflowError):
        raise not_a_label(kind) from None
    if period.label != label or first.year == MAXYEAR:  # another date's spelling, such as 20261121; or one with no time after it
        raise not_a_label(kind)
    return period


def not_a_label(kind: PeriodKind) -> InvalidInput:
    """Why a period is none of this kind."""
    spelled = {"daily": "2026-11-21", "weekly": "2026-W47", "monthly": "2026-11"}.get(kind, "2026-12-20")
    return InvalidInput("invalid_period", f"period must be current, previous or a label like {spelled}", field="period")


def _bucket(score: Decimal) -> int:
    return bisect_right(STEPS, score)


def _share_above(score: Decimal, bucket: int) -> Fraction:
    """How much of its bucket lies above a score, 0 to 1."""
    lower = STEPS[bucket - 1] if bucket else Decimal(0)
    upper = STEPS[bucket] if bucket < len(STEPS) else 10 * lower
    return min(Fraction(1), max(Fraction(0), (Fraction(upper) - Fraction(score)) / Fraction(upper - lower)))
