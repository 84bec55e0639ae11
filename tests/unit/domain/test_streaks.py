"""Streaks: folds over settled, previous and current boards, with freezes, pauses and late actions."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import commands, streaks
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog, StreakRule
from missions_core.domain.events import StreakBroken
from missions_core.domain.periods import DayClock, period_containing
from missions_core.domain.state import Board, Mission, Streak
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-16T10:00")  # a Monday
CLOCK = DayClock("UTC")


def rule(counts: str = "any", *, start: int = 0, max_: int = 2, earn_every: int = 0) -> StreakRule:
    return StreakRule(counts, start, max_, earn_every)


def day(n: int, done: int = 0, of: int = 1, **fields: Any) -> Board:
    period = period_containing("daily", START + n * DAY_MS, CLOCK)
    missions = [Mission(f"m{i}", 1, [None], completed_at=period.start if i < done else None) for i in range(of)]
    return Board(period, missions, period.end + DAY_MS, **fields)


def fold(streak: Streak, boards: list[Board], under: StreakRule) -> Streak:
    for board in boards:
        streak = streaks.after(streak, board, under)
    return streak


def streaky(*, counts: str = "any", kind: str = "daily", **freezes: int) -> Catalog:
    held = {"start": 0, "max": 2, "earn_every": 0} | freezes
    return catalog(
        mission("d"),
        mission("d2", {"tip.sent": 1}),
        mission("w", period="weekly"),
        streaks={kind: {"counts": counts, "freezes": held}},
        pause={"max_days": 1},
    )


@pytest.mark.parametrize(
    ("counts", "done", "of", "counted"),
    [
        ("any", 0, 2, False),
        ("any", 1, 2, True),
        ("any", 2, 2, True),
        ("all", 1, 2, False),
        ("all", 2, 2, True),
        ("none", 2, 2, False),
        ("any", 0, 0, False),
        ("all", 0, 0, False),
    ],
)
def test_the_rule_says_how_much_of_a_board_makes_a_day_count(counts: str, done: int, of: int, counted: bool) -> None:
    assert streaks.counts(day(0, done, of), rule(counts)) is counted


@pytest.mark.parametrize(
    ("held", "board", "left"),
    [
        (Streak(freezes=1, current=4, best=9), day(0, 1), Streak(freezes=1, current=5, best=9)),
        (Streak(freezes=1, current=9, best=9), day(0, 1), Streak(freezes=1, current=10, best=10)),
        (Streak(freezes=1, current=4, best=9), day(0), Streak(freezes=0, current=4, best=9)),  # the freeze keeps the streak, it adds no day
        (Streak(freezes=0, current=4, best=9), day(0), Streak(current=0, best=9, broken_at=day(0).period.end)),
        (Streak(freezes=1, current=0, best=9), day(0), Streak(freezes=1, best=9)),  # nothing to save
        (Streak(freezes=0, current=4, best=9), day(0, shielded=True), Streak(current=4, best=9)),
        (Streak(freezes=0, current=4, best=9), day(0, 1, shielded=True), Streak(current=5, best=9)),  # a pause forbids nothing
        (Streak(freezes=0, current=4, best=9), day(0, of=0), Streak(current=4, best=9)),  # nothing was asked
        (Streak(freezes=0, current=4, best=9), day(0, freezes_gained=1), Streak(current=4, best=9)),  # bought in time, used at once
        (Streak(freezes=2, current=4, best=9), day(0, 1, freezes_gained=1), Streak(freezes=2, current=5, best=9)),  # capped
    ],
)
def test_a_final_day_extends_keeps_or_ends_the_streak(held: Streak, board: Board, left: Streak) -> None:
    assert streaks.after(held, board, rule()) == left


@pytest.mark.parametrize(("length", "freezes"), [(2, 0), (3, 1), (5, 1), (6, 2), (9, 2)])
def test_every_so_many_days_earn_a_freeze_up_to_the_most_a_player_may_hold(length: int, freezes: int) -> None:
    streak = fold(Streak(), [day(n, 1) for n in range(length)], rule(earn_every=3))

    assert (streak.current, streak.freezes) == (length, freezes)


def test_a_freeze_that_is_used_can_be_earned_again() -> None:
    days = [day(0, 1), day(1, 1), day(2), day(3, 1), day(4, 1)]

    assert fold(Streak(), days, rule(earn_every=2)) == Streak(freezes=1, current=4, best=4)


# A model written without looking: a history is a string of days, each h(it), m(issed), p(aused) or f(reeze bought and missed).


def by_hand(history: str, *, start: int, max_: int, earn_every: int) -> tuple[int, int, int]:
    run = longest = 0
    freezes = min(start, max_)
    for letter in history:
        if letter == "f":
            freezes = min(max_, freezes + 1)
        if letter == "h":
            run += 1
            longest = max(run, longest)
            if earn_every > 0 and run % earn_every == 0:
                freezes = min(max_, freezes + 1)
        elif letter in "mf" and run > 0:
            if freezes > 0:
                freezes -= 1
            else:
                run = 0
    return run, longest, freezes


@given(st.text("hhhmpf", max_size=40), st.integers(0, 2), st.integers(0, 3), st.integers(0, 4))
@settings(max_examples=200)
def test_the_fold_equals_the_model(history: str, start: int, max_: int, earn_every: int) -> None:
    under = rule(start=start, max_=max_, earn_every=earn_every)
    boards = [day(n, int(c == "h"), shielded=c == "p", freezes_gained=int(c == "f")) for n, c in enumerate(history)]

    folded = fold(Streak(freezes=min(start, max_)), boards, under)

    assert (folded.current, folded.best, folded.freezes) == by_hand(history, start=start, max_=max_, earn_every=earn_every)


@dataclass(frozen=True)
class Day:
    acts: bool
    late_hours: int  # delivered that much later, still within the late window
    pauses: bool


DAYS = st.lists(st.builds(Day, st.booleans(), st.integers(0, 23), st.booleans()), min_size=1, max_size=12)


@given(DAYS, st.sampled_from([0, 2, 3]))
@settings(max_examples=80)
def test_the_streak_shown_and_the_settled_one_equal_the_model_however_late_actions_arrive(plan: list[Day], earn_every: int) -> None:
    held = {"start": 1, "max": 2, "earn_every": earn_every}
    game = Game(streaky(start=1, max=2, earn_every=earn_every), now=START)
    shielded: set[int] = set()
    todo: list[tuple[int, str, int]] = []
    for n, today in enumerate(plan):
        todo += [(START + n * DAY_MS + HOUR_MS * today.late_hours, "act", n)] if today.acts else []
        todo += [(START + n * DAY_MS + HOUR_MS, "pause", n)] if today.pauses else []
    for now, what, n in sorted(todo):
        if what == "act":
            game.act(action(n, START + n * DAY_MS), now=now)
        else:
            game.at(now).state.paused_until = None  # how often one may pause is not what is looked at here
            commands.pause(game.state, game.catalog, 1, now=now)
            shielded |= {n, n + 1}  # from eleven to eleven
    end = len(plan) - 1
    # Look at the end of the last day plus its late window, then once everything is final.
    history = "".join("h" if today.acts else "p" if n in shielded else "m" for n, today in enumerate(plan))
    game.at(max(START + end * DAY_MS + 13 * HOUR_MS, game.now))
    days_over = (game.now - ms("2026-11-16T00:00")) // DAY_MS - len(plan)
    tail = "".join("p" if end + 1 + n in shielded else "m" for n in range(days_over + 1))
    shown = streaks.shown(game.state, "daily", game.catalog.rules.streaks["daily"])
    today_open = (history + tail)[:-1] if (history + tail)[-1] == "m" else history + tail

    assert (shown.current, shown.best, shown.freezes) == by_hand(today_open, start=1, max_=2, earn_every=held["earn_every"])

    game.night_by_night(START + (end + 5) * DAY_MS)
    final = game.state.streaks["daily"]
    settled_days = len(plan) + 3  # the fourth day after the plan is the previous one: not final yet
    whole = history + "".join("p" if n in shielded else "m" for n in range(len(plan), settled_days))
    assert (final.current, final.best, final.freezes) == by_hand(whole, start=1, max_=2, earn_every=held["earn_every"])


def test_a_late_action_heals_the_streak_because_nothing_was_ever_broken() -> None:
    game = Game(streaky(), now=START)
    game.act(action(1, START))
    game.at(START + 2 * DAY_MS)
    assert game.streak() == 0  # yesterday is missed so far

    game.act(action(2, START + DAY_MS), now=START + 2 * DAY_MS)
    assert game.streak() == 2
    game.act(action(3, START + 2 * DAY_MS))
    game.night_by_night(START + 3 * DAY_MS)

    assert game.streak() == 3
    assert not [event for event in game.events if isinstance(event, StreakBroken)]


def test_a_late_action_gives_back_the_freeze_that_was_only_shown_as_used() -> None:
    game = Game(streaky(start=1), now=START)
    game.act(action(1, START))
    game.at(START + 2 * DAY_MS)
    under = game.catalog.rules.streaks["daily"]
    assert streaks.shown(game.state, "daily", under).freezes == 0

    game.act(action(2, START + DAY_MS), now=START + 2 * DAY_MS)
    assert streaks.shown(game.state, "daily", under) == Streak(freezes=1, current=2, best=2)


def test_today_is_not_missed_while_it_lasts() -> None:
    game = Game(streaky(), now=START)
    game.act(action(1, START))

    assert game.at(ms("2026-11-17T23:59")).streak() == 1
    assert game.at(ms("2026-11-18T00:00")).streak() == 0


def test_a_broken_streak_is_told_once_when_its_missed_day_becomes_final() -> None:
    game = Game(streaky(), now=START)
    for n in range(3):
        game.act(action(n, START + n * DAY_MS))
    game.night_by_night(START + 10 * DAY_MS)

    missed_until = ms("2026-11-20T00:00")
    assert [event for event in game.events if isinstance(event, StreakBroken)] == [StreakBroken("daily", 3, 3, missed_until)]
    assert game.state.streaks["daily"] == Streak(freezes=0, current=0, best=3, broken_at=missed_until)


def test_the_best_streak_survives_its_end() -> None:
    game = Game(streaky(), now=START)
    for n in (0, 1, 2, 6, 7):
        game.act(action(n, START + n * DAY_MS))

    shown = streaks.shown(game.state, "daily", game.catalog.rules.streaks["daily"])
    assert (shown.current, shown.best) == (2, 3)


@pytest.mark.parametrize(("types", "counted"), [([], 0), (["post.created"], 0), (["post.created", "tip.sent"], 1)])
def test_under_the_rule_all_only_a_whole_board_counts(types: list[str], counted: int) -> None:
    game = Game(streaky(counts="all"), now=START)
    for n, type_ in enumerate(types):
        game.act(action(n, START, type_))

    assert game.streak() == counted


def test_under_the_rule_none_there_is_no_streak() -> None:
    game = Game(streaky(counts="none"), now=START)
    for n in range(3):
        game.act(action(n, START + n * DAY_MS))
    game.night_by_night(START + 6 * DAY_MS)

    assert game.streak() == 0
    assert not [event for event in game.events if isinstance(event, StreakBroken)]


def test_weeks_have_a_streak_of_their_own() -> None:
    game = Game(streaky(kind="weekly"), now=START)
    for week in (0, 1, 2):
        game.act(action(week, START + week * 7 * DAY_MS))
    assert (game.streak("weekly"), game.streak("daily")) == (3, 1)

    game.night_by_night(START + 5 * 7 * DAY_MS)
    assert game.streak("weekly") == 0
    assert [event.length for event in game.events if isinstance(event, StreakBroken) and event.kind == "weekly"] == [3]


def test_a_pause_of_one_day_in_a_week_protects_that_week() -> None:
    game = Game(streaky(kind="weekly"), now=START)
    game.act(action(1, START))
    game.at(START + 8 * DAY_MS)
    commands.pause(game.state, game.catalog, 1, now=game.now)
    game.night_by_night(START + 15 * DAY_MS)

    assert game.streak("weekly") == 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "America/Havana"])
def test_a_daily_habit_is_unbroken_whatever_the_clocks_do(zone: str) -> None:
    start = {"Pacific/Apia": "2011-12-27T22:00", "America/Sao_Paulo": "2018-11-01T15:00"}.get(zone, "2026-10-22T15:00")
    game = Game(streaky(), now=ms(start), zone=zone)
    days = 0
    while days < 8:
        game.act(action(days, game.now))
        days += 1
        assert game.streak() == days
        game.night_by_night(game.board("daily").period.end)
        game.at(game.now + 9 * HOUR_MS)
