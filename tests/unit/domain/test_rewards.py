"""Reward arithmetic: base x period x streak x speed x perfect, floored once, fixed by the write that completes the mission."""

from copy import deepcopy
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, HOUR_MS, ItemReward, Rewards
from missions_core.domain.events import MissionCompleted
from missions_core.domain.holds import revoke
from missions_core.domain.rewards import combined, level, level_of, owe, settled_level
from missions_core.domain.state import Flag
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-18T10:00")  # a Wednesday
MINUTE_MS = 60_000
SPECIAL = {"period": "special", "active": {"from": "2026-11-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}}
# The product brief's numbers.
NUMBERS: dict[str, Any] = {
    "defaults": {"daily": {"dgt": 10}, "weekly": {"dgt": 50}},
    "period_multiplier": {"xp": {"weekly": 2.5, "special": 5}},
    "streak_multiplier": [
        {"from": 3, "multiply": {"xp": 1.5, "dgt": 1.5}},
        {"from": 7, "multiply": {"xp": 2, "dgt": 2}},
        {"from": 14, "multiply": {"xp": 2.5, "dgt": 2.5}},
        {"from": 30, "multiply": {"xp": 3, "dgt": 3}},
    ],
    "speed_bonus": {"under": 0.5, "multiply": {"xp": 1.5, "dgt": 1.25}},
    "perfect_bonus": {"multiply": {"xp": 1.25}},
}
NEVER = mission("never", {"video.watched": 99})  # keeps a board from being perfect


def pays(*templates: dict[str, Any], numbers: dict[str, Any] | None = None) -> Game:
    return Game(catalog(*templates, currencies=["xp", "dgt"], rewards=NUMBERS if numbers is None else numbers), now=START)


def paid(game: Game, template: str) -> dict[str, int]:
    return [dict(event.rewards.amounts) for event in game.events if isinstance(event, MissionCompleted) and event.template == template][-1]


@pytest.mark.parametrize(
    ("fields", "amounts"),
    [
        ({"rewards": {"xp": 101}}, {"xp": 101, "dgt": 10}),  # the catalog's default where the template names no amount
        ({"rewards": {"xp": 101, "dgt": 3}}, {"xp": 101, "dgt": 3}),
        ({"rewards": {"xp": 101, "dgt": 0}}, {"xp": 101, "dgt": 0}),
        ({"rewards": {"xp": 101}, "period": "weekly"}, {"xp": 252, "dgt": 50}),  # floor(101 x 2.5)
        ({"rewards": {"xp": 101}, "period": "monthly"}, {"xp": 101}),
        ({"rewards": {"xp": 101}} | SPECIAL, {"xp": 505}),
    ],
)
def test_the_base_is_multiplied_by_the_period_of_the_mission(fields: dict[str, Any], amounts: dict[str, int]) -> None:
    game = pays(mission("m", **fields), numbers={**NUMBERS, "perfect_bonus": None})
    game.act(action(1, START))

    assert paid(game, "m") == amounts


@pytest.mark.parametrize(
    ("streak", "amounts"),
    [
        (1, {"xp": 101, "dgt": 10}),
        (2, {"xp": 101, "dgt": 10}),
        (3, {"xp": 151, "dgt": 15}),
        (6, {"xp": 151, "dgt": 15}),
        (7, {"xp": 202, "dgt": 20}),
        (13, {"xp": 202, "dgt": 20}),
        (14, {"xp": 252, "dgt": 25}),
        (29, {"xp": 252, "dgt": 25}),
        (30, {"xp": 303, "dgt": 30}),
        (31, {"xp": 303, "dgt": 30}),
    ],
)
def test_the_streak_that_multiplies_includes_the_day_itself(streak: int, amounts: dict[str, int]) -> None:
    game = pays(mission("m", rewards={"xp": 101}), NEVER)
    for day in range(streak):
        game.act(action(day, START + day * DAY_MS))

    assert game.streak() == streak
    assert paid(game, "m") == amounts


@pytest.mark.parametrize(
    ("minutes", "amounts"),
    [
        (1, {"xp": 151, "dgt": 12}),
        (14.9, {"xp": 151, "dgt": 12}),
        (15, {"xp": 101, "dgt": 10}),  # half of the typical 30 is not under half
        (40, {"xp": 101, "dgt": 10}),
    ],
)
def test_a_mission_done_in_under_half_its_typical_time_pays_more(minutes: float, amounts: dict[str, int]) -> None:
    game = pays(mission("m", {"post.created": 2}, rewards={"xp": 101}, typical_minutes=30), NEVER)
    game.act(action(1, START))
    game.act(action(2, START + int(minutes * MINUTE_MS)))

    assert paid(game, "m") == amounts


def test_speed_is_measured_from_the_opt_in_where_there_is_one() -> None:
    game = pays(mission("m", {"post.created": 2}, rewards={"xp": 100}, typical_minutes=30, requires_start=True), NEVER)
    game.mission("m").started_at = START
    game.act(action(1, START + 20 * MINUTE_MS))
    game.act(action(2, START + 21 * MINUTE_MS))

    assert paid(game, "m")["xp"] == 100


@pytest.mark.parametrize("typical", [{}, {"typical_minutes": 30}])
def test_a_single_action_has_no_duration_to_be_quick_in(typical: dict[str, int]) -> None:
    game = pays(mission("m", rewards={"xp": 100}, **typical), NEVER)
    game.act(action(1, START))

    assert paid(game, "m")["xp"] == 100


def test_the_completion_that_makes_the_board_perfect_pays_more_and_the_earlier_ones_are_not_repriced() -> None:
    game = pays(mission("first", rewards={"xp": 101}), mission("second", {"tip.sent": 1}, rewards={"xp": 101}))
    game.act(action(1, START))
    game.act(action(2, START + HOUR_MS, "tip.sent"))

    assert (paid(game, "first"), paid(game, "second")) == ({"xp": 101, "dgt": 10}, {"xp": 126, "dgt": 10})
    assert game.mission("first").paid.amounts == {"xp": 101, "dgt": 10}


def test_everything_is_multiplied_exactly_and_floored_once() -> None:
    game = pays(
        mission("m", {"post.created": 2}, period="weekly", rewards={"xp": 33, "dgt": 7}, typical_minutes=60), mission("d", {"tip.sent": 1})
    )
    for day in range(3):
        game.act(action(day, START + day * DAY_MS, "tip.sent"))
    game.act(action(10, START + 2 * DAY_MS))
    game.act(action(11, START + 2 * DAY_MS + MINUTE_MS))

    # 33 x 2.5 x 1.5 x 1.5 x 1.25 = 232.03; flooring after each factor would give 230
    assert paid(game, "m") == {"xp": 232, "dgt": floor(Fraction(7) * Fraction("1.5") * Fraction("1.25"))}


@given(
    base=st.integers(0, 10**9),
    thirds=st.fractions(0, 10, max_denominator=97),
    more=st.fractions(0, 10, max_denominator=89),
)
@settings(max_examples=40)
def test_the_product_is_exact_for_any_rational_multiplier(base: int, thirds: Fraction, more: Fraction) -> None:
    numbers = {
        "period_multiplier": {"xp": {"daily": f"{thirds.numerator}/{thirds.denominator}"}},
        "perfect_bonus": {"multiply": {"xp": f"{more.numerator}/{more.denominator}"}},
    }
    game = pays(mission("m", rewards={"xp": base}), numbers=numbers)
    game.act(action(1, START))

    assert paid(game, "m").get("xp", 0) == base * thirds.numerator * more.numerator // (thirds.denominator * more.denominator)


def test_what_a_mission_pays_is_fixed_when_it_completes() -> None:
    game = pays(mission("m", rewards={"xp": 100}), NEVER)
    game.act(action(1, START))
    promised = deepcopy(game.mission("m").paid)
    game.catalog = catalog(mission("m", rewards={"xp": 1}), NEVER, currencies=["xp", "dgt"])
    game.claim_all()

    assert game.state.pending[-1].rewards == promised


def test_goods_are_paid_as_the_template_names_them() -> None:
    rewards = {"xp": 10, "badges": ["trader"], "titles": ["Sir"], "frames": ["gold"], "items": [{"id": "hat", "quantity": 2}]}
    game = pays(mission("m", rewards=rewards), NEVER)
    game.act(action(1, START))
    game.claim_all()

    granted = game.state.pending[-1].rewards
    assert (granted.badges, granted.titles, granted.frames, [(i.id, i.quantity) for i in granted.items]) == (
        ("trader",),
        ("Sir",),
        ("gold",),
        [("hat", 2)],
    )


# Levels


@pytest.mark.parametrize(
    ("xp", "reached"), [(0, 1), (99, 1), (100, 2), (299, 2), (300, 3), (999, 4), (1000, 5), (1399, 5), (1400, 6), (1800, 7), (5000, 15)]
)
def test_levels_start_at_their_lifetime_xp_and_the_last_step_repeats(xp: int, reached: int) -> None:
    assert level_of(xp, [0, 100, 300, 600, 1000]) == reached


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(0, 20_000))
@settings(max_examples=80)
def test_more_xp_never_means_a_lower_level(steps: list[int], xp: int) -> None:
    levels = [sum(steps[:n]) for n in range(len(steps) + 1)]

    assert level_of(xp, levels) <= level_of(xp + 1, levels) <= level_of(xp, levels) + 1


def test_a_players_level_is_the_greater_of_the_hosts_and_the_earned_one() -> None:
    game = pays(mission("m"))
    game.state.level_base = 4
    assert level(game.state, game.catalog.rules) == 4

    owe(game.state, "gift", Rewards(amounts={"xp": 1000, "dgt": 9000}), at=START)
    assert level(game.state, game.catalog.rules) == 5


def test_a_grants_xp_counts_for_the_level_from_the_write_that_owes_it() -> None:
    game = pays(mission("m", rewards={"xp": 100}), NEVER)
    game.act(action(1, START))
    assert game.state.lifetime_xp == 0

    game.claim_all()
    assert (game.state.lifetime_xp, level(game.state, game.catalog.rules)) == (100, 2)


def test_what_was_revoked_is_taken_off_the_level_once() -> None:
    """Both count: the level that is shown, and the one without xp that a late action could still change."""
    game = pays(mission("m", rewards={"xp": 100}), NEVER)
    owe(game.state, "before", Rewards(amounts={"xp": 1000}), at=START)
    settled = settled_level(game.state, game.catalog.rules)
    game.act(action(1, START))
    game.state.flags.append(Flag("x", "d", START, START, hold=True))
    game.claim_all()
    [held] = [grant for grant in game.state.pending if grant.kind == "held"]
    assert settled_level(game.state, game.catalog.rules) == settled

    revoke(game.state, held, "ops: no")

    assert game.state.lifetime_xp == 1000
    assert settled_level(game.state, game.catalog.rules) == settled


# Sums


def test_combined_rewards_name_each_good_once() -> None:
    total = combined(
        Rewards(amounts={"xp": 1, "dgt": 2}, items=(ItemReward("hat"), ItemReward("hat", 2, 24)), badges=("a", "b")),
        Rewards(),
        Rewards(amounts={"xp": 10}, items=(ItemReward("hat", 5), ItemReward("cup")), badges=("b", "c"), titles=("t",), frames=("f",)),
    )

    assert total.amounts == {"xp": 11, "dgt": 2}
    assert {(item.id, item.expires_after_hours): item.quantity for item in total.items} == {
        ("hat", None): 6,
        ("hat", 24): 2,
        ("cup", None): 1,
    }
    assert len(total.items) == 3
    assert (total.badges, total.titles, total.frames) == (("a", "b", "c"), ("t",), ("f",))


@pytest.mark.parametrize(
    ("rewards", "worth_anything"),
    [(Rewards(), False), (Rewards(amounts={"xp": 0}), False), (Rewards(amounts={"xp": 1}), True), (Rewards(badges=("b",)), True)],
)
def test_rewards_are_true_when_they_pay_anything(rewards: Rewards, worth_anything: bool) -> None:
    assert bool(rewards) is worth_anything
