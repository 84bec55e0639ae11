"""One requirement: what it gathers from actions, what that amounts to, and when it holds."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import HOUR_MS, Condition, Leaf
from missions_core.domain.requirements import gather, holds, holds_where, longest_run, number, shown_value, value_of
from missions_core.domain.state import Progress
from tests.support.catalogs import catalog, mission
from tests.support.game import action, ms

START = ms("2026-11-21T10:00")
MINUTE_MS = 60_000
AMOUNT = {"field": "amount"}


def leaf(target: Any = 5, *, period: str = "special", **fields: Any) -> Leaf:
    window = {"active": {"from": "2026-11-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}} if period == "special" else {}
    requirement = {"action": "post.created", "target": target} | fields
    return catalog(mission("m", {"all": [requirement]}, period=period, **window)).templates["m"].leaves[0]


def gathered(of: Leaf, values: list[Any], *, every_ms: int = MINUTE_MS, days: list[int] | None = None) -> Progress:
    progress: Progress = None
    for n, value in enumerate(values):
        data = {} if value is None else {"amount": value}
        after = gather(of, progress, action(n + 1, START + n * every_ms, **data), days[n] if days else 0)
        progress = progress if after is None else after
    return progress


@pytest.mark.parametrize(
    ("fields", "values", "amounts_to"),
    [
        ({}, [], 0),
        ({}, [None, None, None], 3),
        ({"aggregate": "sum"} | AMOUNT, [1, 2.5, Decimal("0.1")], "3.6"),
        ({"aggregate": "sum"} | AMOUNT, [0.1, 0.2], "0.3"),  # exact: floats would say 0.30000000000000004
        ({"aggregate": "sum"} | AMOUNT, [Decimal("999999999999999999"), Decimal("1E-18")], "999999999999999999.000000000000000001"),
        ({"aggregate": "max"} | AMOUNT, [3, 7, 5], 7),
        ({"aggregate": "max"} | AMOUNT, [-3, -7], -3),
        ({"aggregate": "max"} | AMOUNT, [], None),
        ({"aggregate": "last"} | AMOUNT, [3, 7, 5], 5),
        ({"aggregate": "last"} | AMOUNT, [], None),
        ({"aggregate": "distinct"} | AMOUNT, ["a", "b", "a"], 2),
        ({"aggregate": "distinct"} | AMOUNT, [1, 1.0, Decimal("1.00"), "1"], 2),  # one number, one text
        ({"aggregate": "distinct"} | AMOUNT, [Decimal("0"), Decimal("-0.0")], 1),
        ({"aggregate": "distinct"} | AMOUNT, [True, "True", "true"], 3),
    ],
)
def test_an_aggregate_adds_up_what_actions_bring(fields: dict[str, Any], values: list[Any], amounts_to: Any) -> None:
    of = leaf(**fields)

    assert value_of(of, gathered(of, values)) == (None if amounts_to is None else Decimal(amounts_to))


@pytest.mark.parametrize("aggregate", ["sum", "max", "last"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        "12",
        "",
        True,
        [1],
        {"a": 1},
        Decimal("1E+18"),
        Decimal("-1E+18"),
        Decimal("1E-19"),
        Decimal("1E+9999999"),
        10**30,
        float("inf"),
    ],
)
def test_a_missing_or_useless_amount_is_not_gathered(aggregate: str, value: Any) -> None:
    data = {} if value is None else {"amount": value}

    assert gather(leaf(aggregate=aggregate, field="amount"), None, action(1, START, **data), 0) is None


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_distinct_ignores_what_is_no_single_value(value: Any) -> None:
    assert gather(leaf(aggregate="distinct", field="amount"), None, action(1, START, amount=value), 0) is None


def test_a_sum_takes_no_negative_amounts_so_that_it_never_falls() -> None:
    of = leaf(aggregate="sum", field="amount")

    assert gather(of, gathered(of, [3]), action(9, START, amount=-1), 0) is None


def test_last_goes_by_the_actions_time_not_by_arrival() -> None:
    of = leaf(aggregate="last", field="amount")
    progress = gather(of, None, action(1, START + HOUR_MS, amount=7), 0)
    progress = gather(of, progress, action(2, START, amount=3), 0)

    assert value_of(of, progress) == 7


def test_distinct_remembers_one_value_more_than_its_target_at_most() -> None:
    of = leaf(3, aggregate="distinct", field="amount")

    assert value_of(of, gathered(of, list(range(50)))) == 4


@pytest.mark.parametrize(
    ("days", "longest"),
    [([], 0), ([0], 1), ([0, 0, 0], 1), ([0, 1, 2], 3), ([2, 0, 1], 3), ([0, 2, 4], 1), ([0, 1, 3, 4, 5, 6], 4), ([0, 30], 1)],
)
def test_days_amounts_to_the_longest_run_of_consecutive_days(days: list[int], longest: int) -> None:
    of = leaf(5, aggregate="days")

    assert value_of(of, gathered(of, [None] * len(days), days=days)) == longest


@given(st.integers(0, 2**40))
@settings(max_examples=100)
def test_the_longest_run_is_the_longest_text_of_ones(bits: int) -> None:
    assert longest_run(bits) == max(map(len, bin(bits)[2:].split("0")))


@pytest.mark.parametrize(
    ("op", "target", "target2", "value", "at_once", "in_the_end"),
    [
        (">=", 5, None, 4, False, False),
        (">=", 5, None, 5, True, True),
        (">", 5, None, 5, False, False),
        (">", 5, None, 6, True, True),
        ("==", 5, None, 5, False, True),
        ("==", 5, None, 6, False, False),
        ("<=", 5, None, 5, False, True),
        ("<=", 5, None, 0, False, True),
        ("<=", 5, None, 6, False, False),
        ("<", 5, None, 4, False, True),
        ("<", 5, None, 5, False, False),
        ("between", 2, 5, 1, False, False),
        ("between", 2, 5, 2, False, True),
        ("between", 2, 5, 5, False, True),
        ("between", 2, 5, 6, False, False),
    ],
)
def test_only_what_no_later_action_can_undo_holds_at_once(
    op: str, target: int, target2: int | None, value: int, at_once: bool, in_the_end: bool
) -> None:
    second: dict[str, Any] = {"target2": target2} if target2 else {}
    of = leaf(target, op=op, **second)

    assert holds(of, value, settling=False) is at_once
    assert holds(of, value, settling=True) is in_the_end


def test_last_waits_for_the_end_because_an_older_action_may_still_arrive() -> None:
    of = leaf(5, aggregate="last", field="amount")
    progress = gathered(of, [9])

    assert (holds(of, progress, settling=False), holds(of, progress, settling=True)) == (False, True)


@pytest.mark.parametrize("op", [">=", ">", "==", "<=", "<"])
@pytest.mark.parametrize("aggregate", ["max", "last"])
def test_an_amount_that_was_never_sent_meets_nothing(aggregate: str, op: str) -> None:
    assert holds(leaf(5, aggregate=aggregate, field="amount", op=op), None, settling=True) is False


@pytest.mark.parametrize(("op", "value", "shown"), [(">=", 3, 3), (">=", 9, 5), (">", 9, 9), ("<=", 9, 9), ("==", 9, 9)])
def test_players_see_no_more_than_a_target_that_is_met_by_reaching_it(op: str, value: int, shown: int) -> None:
    assert shown_value(leaf(5, op=op), value) == shown


def test_the_target_is_a_decimal_too() -> None:
    of = leaf(0.3, aggregate="sum", field="amount")

    assert holds(of, gathered(of, [0.1, 0.2]), settling=False)


# Conditions


@pytest.mark.parametrize(
    ("op", "value", "sent", "holds_"),
    [
        (">=", 10, 10, True),
        (">=", 10, 9.99, False),
        (">", 10, 10, False),
        ("<=", 10, 10, True),
        ("<", 10, 10, False),
        ("<", 10, -1, True),
        (">=", 10, "11", False),
        (">=", 10, True, False),
        (">=", 10, Decimal("1E+9999999"), False),
        ("==", 1, 1.0, True),
        ("==", 1, True, False),
        ("==", "a", "a", True),
        ("==", "a", "A", False),
        ("==", True, True, True),
        ("!=", "a", "b", True),
        ("!=", "a", "a", False),
        ("!=", "a", 1, True),
        ("in", ["a", 1], "a", True),
        ("in", ["a", 1], 1.0, True),
        ("in", ["a", 1], True, False),
        ("in", ["a", 1], "b", False),
        ("between", [2, 5], 2, True),
        ("between", [2, 5], 5, True),
        ("between", [2, 5], 5.01, False),
        ("between", [2, 5], "3", False),
        ("exists", True, 0, True),
        ("exists", True, False, True),
        ("exists", False, 0, False),
    ],
)
def test_a_condition_compares_a_field_with_a_value(op: str, value: Any, sent: Any, holds_: bool) -> None:
    assert holds_where(Condition("amount", op, value), {"amount": sent}) is holds_


@pytest.mark.parametrize("data", [{}, {"amount": None}])
@pytest.mark.parametrize(
    ("op", "value", "holds_"),
    [
        (">=", 0, False),
        ("==", 0, False),
        ("!=", 0, False),
        ("in", [0], False),
        ("between", [0, 1], False),
        ("exists", True, False),
        ("exists", False, True),
    ],
)
def test_a_missing_field_only_meets_a_condition_that_asks_for_its_absence(op: str, value: Any, holds_: bool, data: dict[str, Any]) -> None:
    assert holds_where(Condition("amount", op, value), data) is holds_


def test_all_conditions_must_hold() -> None:
    of = leaf(where=[{"field": "a", "op": ">=", "value": 1}, {"field": "b", "op": "==", "value": "x"}])

    sent: list[dict[str, Any]] = [{"a": 1, "b": "x"}, {"a": 0, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1}]
    assert [gather(of, None, action(1, START, **data), 0) for data in sent] == [1, None, None, None]


@given(st.one_of(st.integers(), st.floats(), st.decimals(), st.booleans(), st.text(max_size=3)))
@settings(max_examples=150)
def test_a_number_is_exact_finite_and_of_sensible_size_or_none_at_all(value: Any) -> None:
    exact = number(value)

    if exact is not None:
        assert exact == Decimal(str(value))
        assert abs(exact) < 10**18


# Sliding windows


@pytest.mark.parametrize(
    ("minutes", "met"),
    [
        ([0, 30, 60], True),
        ([0, 60, 115], True),
        ([0, 125, 250], False),
        ([0, 10, 300, 310], False),
        ([0, 10, 300, 310, 320], True),
    ],
)
def test_a_window_slides_over_the_times_of_the_actions(minutes: list[int], met: bool) -> None:
    of = leaf(3, within="2h")
    progress: Progress = None
    for n, minute in enumerate(minutes):
        progress = gather(of, progress, action(n + 1, START + minute * MINUTE_MS), 0)

    assert holds(of, progress, settling=False) is met


@given(st.lists(st.integers(0, 30 * 60), min_size=1, max_size=30), st.sampled_from([2, 3, 5]), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_a_window_never_misses_a_burst_nor_stretches_beyond_its_length_in_any_order(minutes: list[int], target: int, random: Any) -> None:
    of, window = leaf(target, within="4h"), 4 * 60
    grain = window // 24
    random.shuffle(minutes)
    progress: Progress = None
    for n, minute in enumerate(minutes):
        progress = gather(of, progress, action(n + 1, START + minute * MINUTE_MS), 0)
    met = holds(of, progress, settling=False)

    times = sorted(minutes)
    spans = [times[n + target - 1] - times[n] for n in range(len(times) - target + 1)]
    if any(span <= window - grain for span in spans):
        assert met
    if all(span >= window + grain for span in spans):
        assert not met
    assert not isinstance(progress, dict) or len(progress) <= 30 * 60 // grain + 1


def test_a_window_that_was_full_once_stays_met() -> None:
    of = leaf(2, within="1h")
    progress = gathered(of, [None, None])

    assert gather(of, progress, action(9, START + 50 * HOUR_MS), 0) == progress
    assert (shown_value(of, progress), holds(of, progress, settling=False)) == (Decimal(2), True)


# Order


AGGREGATES: list[dict[str, Any]] = [
    {},
    {"aggregate": "sum"} | AMOUNT,
    {"aggregate": "max"} | AMOUNT,
    {"aggregate": "last"} | AMOUNT,
    {"aggregate": "distinct"} | AMOUNT,
    {"aggregate": "days"},
    {"within": "2h"},
    {"aggregate": "sum", "within": "2h"} | AMOUNT,
]
SENT = st.tuples(st.integers(0, 500), st.sampled_from([0, 1, 2.5, 7, "x", None, Decimal("0.1")]))


@pytest.mark.parametrize("fields", AGGREGATES)
@given(sent=st.lists(SENT, max_size=15), random=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_any_order_gathers_the_same(fields: dict[str, Any], sent: list[tuple[int, Any]], random: Any) -> None:
    of = leaf(4, **fields)
    actions = [action(n, START + minute * MINUTE_MS, amount=amount) for n, (minute, amount) in enumerate(sent)]

    def fold(order: list[Any]) -> Progress:
        progress: Progress = None
        for act in order:
            after = gather(of, progress, act, (act.time - START) // HOUR_MS)
            progress = progress if after is None else after
        return progress

    shuffled = list(actions)
    random.shuffle(shuffled)

    assert fold(shuffled) == fold(actions)


@given(st.lists(st.decimals(0, 10**6, places=4), max_size=12))
@settings(max_examples=60)
def test_progress_towards_a_sum_never_falls(amounts: list[Decimal]) -> None:
    of = leaf(5, aggregate="sum", field="amount")
    steps = [shown_value(of, gathered(of, amounts[:n])) for n in range(len(amounts) + 1)]

    assert all(earlier <= later for earlier, later in pairwise(steps))
