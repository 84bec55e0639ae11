"""Trees of requirements: all, any, how far along, and what a repeating mission takes out of its progress."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import HOUR_MS, Template
from missions_core.domain.requirements import complete, consume, percent
from missions_core.domain.state import Progress
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
TYPES = ("post.created", "tip.sent", "video.watched")
ANY = {"any": [{"action": "tip.sent", "target": 2}, {"action": "video.watched", "target": 3}]}
MIXED = {"all": [{"action": "post.created", "target": 2}, ANY]}


def tree(requirements: Any, **fields: Any) -> Template:
    return catalog(mission("m", requirements, **fields)).templates["m"]


@pytest.mark.parametrize(
    ("requirements", "progress", "met"),
    [
        ({"post.created": 2, "tip.sent": 1}, [2, 1], True),
        ({"post.created": 2, "tip.sent": 1}, [2, None], False),
        (ANY, [2, None], True),
        (ANY, [None, 3], True),
        (ANY, [1, 2], False),
        (MIXED, [2, 2, None], True),
        (MIXED, [2, None, 3], True),
        (MIXED, [2, 1, 2], False),
        (MIXED, [1, 2, 3], False),
        ({"any": [{"all": [{"action": "post.created", "target": 1}, {"any": [{"action": "tip.sent", "target": 1}]}]}]}, [1, 1], True),
        ({"any": [{"all": [{"action": "post.created", "target": 1}, {"any": [{"action": "tip.sent", "target": 1}]}]}]}, [1, None], False),
    ],
)
def test_all_wants_every_child_and_any_wants_one(requirements: Any, progress: list[Progress], met: bool) -> None:
    assert complete(tree(requirements), progress, settling=False) is met


def test_an_alternative_only_the_end_can_tell_does_not_hold_up_the_other_one() -> None:
    either = tree({"any": [{"action": "tip.sent", "op": "<=", "target": 3}, {"action": "post.created", "target": 2}]})

    assert complete(either, [None, 2], settling=False)
    assert not complete(either, [None, 1], settling=False)
    assert complete(either, [None, 1], settling=True)
    assert not complete(either, [4, 1], settling=True)


def test_everything_waits_for_the_one_requirement_only_the_end_can_tell() -> None:
    both = tree({"all": [{"action": "tip.sent", "op": "between", "target": 1, "target2": 3}, {"action": "post.created", "target": 2}]})

    assert not complete(both, [2, 2], settling=False)
    assert complete(both, [2, 2], settling=True)


@pytest.mark.parametrize(
    ("requirements", "progress", "shown"),
    [
        ({"post.created": 3}, [None], 0),
        ({"post.created": 3}, [1], 33),  # rounded down
        ({"post.created": 3}, [2], 66),
        ({"post.created": 3}, [9], 100),
        ({"post.created": 2, "tip.sent": 2}, [2, None], 50),
        ({"post.created": 1, "tip.sent": 1, "video.watched": 1}, [1, 1, 1], 100),  # three thirds are a whole
        (ANY, [1, 2], 66),
        (MIXED, [1, 2, None], 75),
        ({"all": [{"action": "tip.sent", "op": "<=", "target": 3}]}, [None], 100),
        ({"all": [{"action": "tip.sent", "op": "<=", "target": 3}]}, [4], 0),
        ({"all": [{"action": "tip.sent", "op": "==", "target": 3}]}, [2], 0),
        ({"all": [{"action": "tip.sent", "aggregate": "max", "field": "a", "target": 3}]}, ["-7"], 0),
    ],
)
def test_percent_is_the_mean_of_all_and_the_best_of_any(requirements: Any, progress: list[Progress], shown: int) -> None:
    template = tree(requirements)
    assert percent(template.tree, template.leaves, progress) == shown


COUNTS = st.lists(st.integers(0, 6), min_size=3, max_size=3)


@given(COUNTS)
@settings(max_examples=60)
def test_a_hundred_percent_is_shown_exactly_when_complete(counts: list[int]) -> None:
    template = tree(MIXED)
    progress: list[Progress] = [*counts]

    assert (percent(template.tree, template.leaves, progress) == 100) is complete(template, progress, settling=False)


# Perpetual missions


@pytest.mark.parametrize(
    ("requirements", "progress", "left"),
    [
        ({"post.created": 4}, [4], [0]),
        ({"post.created": 4}, [7], [3]),
        ({"post.created": 2, "tip.sent": 1}, [5, 2], [3, 1]),
        (ANY, [2, 3], [0, 3]),  # the first that holds pays alone
        (ANY, [1, 5], [1, 2]),
        (MIXED, [3, 1, 3], [1, 1, 0]),
        (MIXED, [3, 2, 3], [1, 0, 3]),
        ({"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 2.5}]}, ["3.1"], ["0.6"]),
    ],
)
def test_a_completion_takes_its_share_and_leaves_the_rest(requirements: Any, progress: list[Progress], left: list[Progress]) -> None:
    repeating = tree(requirements, period="perpetual")

    assert consume(repeating, progress) == left


@given(COUNTS)
@settings(max_examples=60)
def test_consuming_never_leaves_a_debt_and_comes_to_an_end(counts: list[int]) -> None:
    repeating = tree(MIXED, period="perpetual")
    progress: list[Progress] = [*counts]

    rounds = 0
    while complete(repeating, progress, settling=False):
        progress = consume(repeating, progress)
        rounds += 1

    posts, tips, videos = counts
    assert rounds == min(posts // 2, tips // 2 + videos // 3)
    assert all(isinstance(left, int) and left >= 0 for left in progress)


def test_a_repeating_mission_completes_again_and_again_under_rising_ordinals() -> None:
    game = Game(catalog(mission("again", {"post.created": 2}, period="perpetual", auto_claim=True)), now=START)
    for n in range(7):
        game.act(action(n, START + n * HOUR_MS))

    assert game.paid() == ["mission:again:always-0", "mission:again:always-1", "mission:again:always-2"]
    assert game.mission("again").progress == [1]


@given(st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 47)), max_size=30), st.booleans())
@settings(max_examples=60)
def test_a_repeating_mission_loses_and_invents_no_completion(sent: list[tuple[str, int]], auto_claim: bool) -> None:
    game = Game(catalog(mission("again", {"post.created": 2, "tip.sent": 1}, period="perpetual", auto_claim=auto_claim)), now=START)
    for n, (type_, hour) in enumerate(sorted(sent, key=lambda pair: pair[1])):
        game.act(action(n, START + hour * HOUR_MS, type_))
    game.claim_all()

    posts, tips = (sum(type_ == wanted for type_, _ in sent) for wanted in ("post.created", "tip.sent"))
    assert game.completions()["again"] == min(posts // 2, tips)
    assert len(set(game.paid())) == len(game.paid()) == min(posts // 2, tips)


def test_one_large_amount_completes_a_repeating_sum_once_so_that_order_cannot_matter() -> None:
    tips = {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 10}]}
    game = Game(catalog(mission("tips", tips, period="perpetual")), now=START)
    game.act(action(1, START, "tip.sent", amount=1000))

    assert game.completions()["tips"] == 1
    assert game.mission("tips").progress == ["0"]


@pytest.mark.parametrize(
    ("fields", "completions"), [({"type": "unique"}, 1), ({"max_completions": 1}, 1), ({"max_completions": 3}, 3), ({}, 8)]
)
def test_a_perpetual_mission_stops_where_the_template_says(fields: dict[str, Any], completions: int) -> None:
    game = Game(catalog(mission("again", {"post.created": 1}, period="perpetual", **fields)), now=START)
    for n in range(8):
        game.act(action(n, START + n * HOUR_MS))
        game.claim_all()
    game.night_by_night(START + 72 * HOUR_MS)

    assert game.completions()["again"] == completions
