"""Leaderboards: one order whatever comes when, estimates that never contradict it, and an end that is the same for everybody."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, PeriodKind
from missions_core.domain.leaderboards import (
    BUCKETS,
    EMPTY,
    KEPT,
    Entry,
    anonymous,
    best,
    comparable,
    estimated_rank,
    final_at,
    label_at,
    label_before,
    merged,
    moved,
    without,
)
from missions_core.domain.periods import DayClock, period_containing
from missions_core.errors import InvalidInput
from tests.support.game import account_of, ms

SCORES = st.one_of(
    st.integers(0, 9).map(Decimal),  # few values: many ties
    st.decimals(-100, 10**22, allow_nan=False, allow_infinity=False, places=3),
)


def entry(player: str, score: Decimal | int, reached_at: int = 0) -> Entry:
    return Entry(player, account_of(player), Decimal(score), reached_at)


# Order ----------------------------------------------------------------------------------------------------------------


def test_ahead_is_the_greater_score_then_who_was_first_then_the_lesser_name() -> None:
    ranked = merged((), [entry("dan", 5, 7), entry("bob", 9, 8), entry("eve", 5, 6), entry("cat", 5, 7)])

    assert [each.player for each in ranked] == ["bob", "eve", "cat", "dan"]


def test_scores_that_differ_in_their_last_digit_are_not_equal() -> None:
    ranked = merged((), [entry("ann", Decimal(f"1{'0' * 37}"), 1), entry("bob", Decimal(f"1{'0' * 36}1"), 2)])

    assert [each.player for each in ranked] == ["bob", "ann"]


def test_of_a_player_the_best_is_kept() -> None:
    assert best([entry("ann", 3, 1), entry("ann", 7, 9), entry("ann", 7, 8), entry("ann", 5, 0)]) == [entry("ann", 7, 8)]


@given(st.integers(0, 400), st.integers(1, 250), st.randoms(use_true_random=False))
def test_merging_is_a_sort_of_everything_in_whatever_order_and_however_often_it_comes(scores: int, players: int, chance: Random) -> None:
    entries = [entry(f"player-{chance.randrange(players)}", chance.randrange(50), chance.randrange(5)) for _ in range(scores)]
    everything = sorted(best(entries), key=lambda each: (-each.score, each.reached_at, each.player))
    again = entries + chance.choices(entries, k=len(entries) // 2) if entries else []
    chance.shuffle(again)

    held: tuple[Entry, ...] = ()
    while again:
        size = chance.randint(1, 200)
        held, again = merged(held, again[:size]), again[size:]

    assert list(held) == everything[:KEPT]


# Histogram ------------------------------------------------------------------------------------------------------------


def histogram_of(scores: list[Decimal]) -> tuple[int, ...]:
    return moved(EMPTY, [(None, score) for score in scores])


def test_a_score_that_rises_moves_its_player_and_counts_nobody_twice() -> None:
    risen = moved(histogram_of([Decimal(1), Decimal(7)]), [(Decimal(1), Decimal(70)), (Decimal(7), Decimal(8))])

    assert risen == histogram_of([Decimal(70), Decimal(8)])
    assert sum(risen) == 2


def test_a_move_that_was_never_counted_takes_nobody_else_away() -> None:
    assert moved(EMPTY, [(Decimal(1), Decimal(70))]) == histogram_of([Decimal(70)])


def test_there_are_64_buckets_and_every_score_has_one() -> None:
    assert BUCKETS == len(EMPTY) == 64
    for score in ("-1e30", "0", "0.5", "1", "5e20", "9e37"):
        assert sum(histogram_of([Decimal(score)])) == 1


@given(st.lists(SCORES, min_size=1, max_size=300), SCORES, SCORES)
def test_a_better_score_is_never_estimated_behind_a_worse_one(scores: list[Decimal], one: Decimal, other: Decimal) -> None:
    histogram = histogram_of(scores)
    kept = merged((), [entry(f"p{n}", score) for n, score in enumerate(scores)])

    better, worse = (estimated_rank(kept, histogram, score) for score in (max(one, other), min(one, other)))

    assert len(kept) < better <= worse <= max(len(kept) + 1, len(scores))


def test_an_estimate_counts_the_players_of_better_buckets_and_a_share_of_its_own() -> None:
    histogram = histogram_of([Decimal(score) for score in (100, 60, *[20] * 31)])  # 31 of 20 to 50

    estimates = [estimated_rank((), histogram, Decimal(score)) for score in (99, 49, 35, 20, 3, 0)]

    assert estimates == [3 - 1, 3 + 1, 3 + 15, 33, 33, 33]


@given(st.lists(st.integers(1, 3000).map(Decimal), min_size=1, max_size=200), st.data())
def test_an_estimate_is_off_by_the_size_of_its_bucket_at_most(scores: list[Decimal], data: st.DataObject) -> None:
    scores.sort(reverse=True)
    index = data.draw(st.integers(0, len(scores) - 1))
    together = max(number for number, own in zip(histogram_of(scores), histogram_of([scores[index]]), strict=True) if own)

    assert abs(estimated_rank((), histogram_of(scores), scores[index]) - (index + 1)) < together


# The end --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "label", "end"),
    [
        ("daily", "2026-11-21", "2026-11-23T12:00"),
        ("daily", "2026-12-31", "2027-01-02T12:00"),
        ("daily", "2028-02-28", "2028-03-01T12:00"),
        ("weekly", "2026-W47", "2026-11-24T12:00"),
        ("weekly", "2026-W53", "2027-01-05T12:00"),
        ("monthly", "2026-11", "2026-12-02T12:00"),
        ("monthly", "2026-12", "2027-01-02T12:00"),
    ],
)
def test_a_label_is_final_a_day_after_it_ended_in_the_last_zone(kind: PeriodKind, label: str, end: str) -> None:
    assert final_at(kind, label) == ms(end)


def zones() -> Iterator[DayClock]:
    for zone in ("Etc/GMT+12", "Pacific/Niue", "America/New_York", "UTC", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Apia"):
        yield from (DayClock(zone, hour) for hour in (0, 4, 23))


@pytest.mark.parametrize("kind", ["daily", "weekly", "monthly"])
def test_no_players_period_outlives_its_leaderboard(kind: PeriodKind) -> None:
    for clock in zones():
        for day in range(0, 400, 13):
            period = period_containing(kind, ms("2026-01-01T07:00") + day * DAY_MS, clock)
            assert period.end <= final_at(kind, period.label)


@pytest.mark.parametrize(
    ("kind", "label", "before"),
    [("daily", "2026-03-01", "2026-02-28"), ("weekly", "2027-W01", "2026-W53"), ("monthly", "2027-01", "2026-12")],
)
def test_the_label_before_is_that_of_the_calendar(kind: PeriodKind, label: str, before: str) -> None:
    assert label_before(kind, label) == before


@pytest.mark.parametrize(("kind", "label"), [("daily", "2026-11-22"), ("weekly", "2026-W47"), ("monthly", "2026-11")])
def test_without_a_player_the_label_is_that_of_utc(kind: PeriodKind, label: str) -> None:
    assert label_at(kind, ms("2026-11-22T23:59")) == label


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("daily", "2026-W47"),
        ("daily", "2026-11"),
        ("daily", "20261121"),
        ("daily", "2026-02-30"),
        ("daily", "9999-12-31"),
        ("daily", ""),
        ("weekly", "2026-W54"),
        ("weekly", "2026-W47-1"),
        ("weekly", "2026-11-21"),
        ("weekly", "0001-W01"),
        ("monthly", "2026-13"),
        ("monthly", "2026-11-21"),
        ("monthly", "next"),
    ],
)
def test_what_is_no_label_of_the_kind_is_refused_with_an_example(kind: PeriodKind, label: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        final_at(kind, label)

    assert (refused.value.code, refused.value.field) == ("invalid_period", "period")
    assert label_at(kind, ms("2026-11-21T12:00")) in refused.value.message


def test_a_score_has_as_many_digits_as_are_compared_and_is_never_rounded_up() -> None:
    assert comparable(Decimal("9" * 45)) == Decimal("9" * 38 + "0" * 7)
    assert comparable(Decimal("-1.5")) == Decimal("-1.5")


# Leaving --------------------------------------------------------------------------------------------------------------


def test_who_leaves_makes_room_and_who_is_made_anonymous_does_not() -> None:
    entries = merged((), [entry("ann", 3), entry("bob", 2), entry("cat", 1)])

    assert [each.player for each in without(entries, "bob")] == ["ann", "cat"]
    hidden = anonymous(entries, "bob")
    assert [each.player for each in hidden] == ["ann", "", "cat"]
    assert [each.account for each in hidden] == [each.account for each in entries]
    assert without(entries, "dan") == anonymous(entries, "dan") == entries


def test_the_histogram_forgets_who_leaves() -> None:
    counted = moved(EMPTY, [(None, Decimal(5)), (None, Decimal(7)), (Decimal(5), Decimal(30))])
    assert moved(counted, [(Decimal(30), None)]) == moved(EMPTY, [(None, Decimal(7))])
    assert moved(EMPTY, [(Decimal(30), None)]) == EMPTY, "what was never counted"
