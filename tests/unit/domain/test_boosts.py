"""Boosts: for some hours completed missions pay more of a currency; they are known as long as a completion may fall into them."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, HOUR_MS, Boost, Rewards
from missions_core.domain.rewards import combined, owe
from missions_core.domain.state import ActiveBoost, Flag, PlayerState
from tests.support.catalogs import achievement, catalog, mission, quest, step
from tests.support.game import Game, action, ms

START = ms("2026-11-18T10:00")  # a Wednesday


def boosted(hours: int = 2, multiply: str = "2", currency: str = "xp") -> Rewards:
    return Rewards(boost={currency: Boost(Fraction(multiply), hours)})


def game_of(*templates: dict[str, Any], **rules: Any) -> Game:
    return Game(catalog(*(templates or (mission("m", rewards={"xp": 15, "gold": 3}),)), **rules), now=START)


def paid(game: Game, template: str = "m") -> dict[str, int]:
    done = game.mission(template)
    assert done.paid is not None
    return dict(done.paid.amounts)


def state_with(*spans: tuple[int, int], multiply: str = "2") -> PlayerState:
    state = game_of().state
    state.boosts = [ActiveBoost("xp", multiply, since, until) for since, until in spans]
    return state


@pytest.mark.parametrize(
    ("after", "xp"),
    [(-1, 15), (0, 30), (HOUR_MS, 30), (2 * HOUR_MS - 1, 30), (2 * HOUR_MS, 15), (9 * HOUR_MS, 15)],
)
def test_a_boost_counts_from_the_instant_it_is_owed_to_before_its_end(after: int, xp: int) -> None:
    game = game_of()
    owe(game.state, "prize", boosted(), at=START)

    game.act(action(1, START + after), now=START + DAY_MS // 2)

    assert paid(game) == {"xp": xp, "gold": 3}


def test_what_an_action_that_comes_late_completes_is_paid_as_of_when_it_was_done() -> None:
    game = game_of(mission("m", rewards={"xp": 15}))
    owe(game.state, "prize", boosted(), at=START)

    game.act(action(1, START + HOUR_MS), now=START + DAY_MS + HOUR_MS)

    board = game.board("daily", closed=True)
    assert board.missions[0].paid == Rewards({"xp": 30})


def test_of_several_boosts_the_greatest_counts_and_amounts_are_floored_once() -> None:
    game = game_of(mission("m", rewards={"xp": 15, "gold": 3}), rewards={"period_multiplier": {"xp": {"daily": 1.5}}})
    for multiply in ("2", "5/2", "3/2"):
        owe(game.state, f"prize {multiply}", boosted(multiply=multiply), at=START)

    game.act(action(1, START))

    assert paid(game) == {"xp": 56, "gold": 3}  # 15 x 1.5 x 2.5 = 56.25


def test_a_missions_own_boost_does_not_count_for_itself() -> None:
    game = game_of(mission("m", auto_claim=True, rewards={"xp": 15, "boost": {"xp": {"multiply": 2, "hours": 1}}}))

    game.act(action(1, START))

    assert paid(game) == {"xp": 15}
    assert game.state.boosts == [ActiveBoost("xp", "2", START, START + HOUR_MS)]


def test_a_boost_begins_when_it_is_claimed_not_when_it_is_earned() -> None:
    game = game_of(mission("m", rewards={"boost": {"xp": {"multiply": 2, "hours": 1}}}))
    game.act(action(1, START))
    assert game.state.boosts == []

    game.at(START + HOUR_MS).claim_all()

    assert [(boost.since, boost.until) for boost in game.state.boosts] == [(START + HOUR_MS, START + 2 * HOUR_MS)]


def test_a_boost_that_is_held_waits_for_its_release() -> None:
    state = game_of().state
    state.flags = [Flag("rate", "", START, START, hold=True)]

    owe(state, "prize", boosted(), at=START)
    assert state.boosts == []
    owe(state, "refund:1", boosted(), at=START, hold=False)
    assert len(state.boosts) == 1


def test_check_ins_quests_and_achievements_are_not_multiplied_but_may_pay_boosts() -> None:
    rules: dict[str, Any] = {"check_in": {"base": {"gold": 10, "boost": {"gold": {"multiply": 9, "hours": 5}}}}}
    game = game_of(quest("q", step("s", {"post.created": 1}, rewards={"xp": 5})), achievement("a"), **rules)
    owe(game.state, "prize", boosted(multiply="3"), at=START)
    game.act(action(1, START))
    game.review()

    amounts = {grant.cause: dict(grant.rewards.amounts) for grant in game.state.pending}

    assert {cause: paid for cause, paid in amounts.items() if cause != "prize"} == {
        "quest:q:run-1:s": {"xp": 5},
        "quest:q:run-1": {"gold": 100},
        "achievement:a": {"xp": 10},
    }


def test_rewards_that_are_added_up_keep_the_greater_boost_of_a_currency() -> None:
    total = combined(boosted(9, "2"), Rewards({"xp": 1}), boosted(1, "3"), boosted(4, "3"), boosted(1, "2", "gold"))

    assert total == Rewards({"xp": 1}, boost={"xp": Boost(Fraction(3), 4), "gold": Boost(Fraction(2), 1)})


def test_a_player_has_at_most_sixteen_boosts_those_that_end_last() -> None:
    state = state_with()
    for hours in (5, *range(1, 5), *range(6, 20)):
        owe(state, f"prize {hours}", boosted(hours), at=START)

    assert sorted((boost.until - START) // HOUR_MS for boost in state.boosts) == list(range(4, 20))


# Forgetting


def test_a_boost_is_known_until_every_board_it_touches_is_final() -> None:
    game = game_of(mission("m"), mission("w", period="weekly"), mission("mo", period="monthly"))
    owe(game.state, "prize", boosted(), at=START)

    game.act(action(1, ms("2026-12-31T20:00")))  # November is the month before
    assert len(game.state.boosts) == 1
    game.act(action(2, ms("2027-01-01T10:00")))
    assert game.state.boosts == []


def test_a_boost_that_is_still_on_is_never_forgotten() -> None:
    game = game_of()
    owe(game.state, "prize", boosted(hours=24 * 400), at=START)

    game.night_by_night(START + 300 * DAY_MS)  # nobody plays any more: in the end there are no boards

    assert game.state.boards == []
    assert len(game.state.boosts) == 1


@settings(max_examples=60, deadline=None)
@given(hours=st.integers(1, 24 * 40), done=st.integers(0, 60 * 24), late=st.integers(0, 14 * 24))
def test_forgetting_never_changes_what_a_completion_pays(hours: int, done: int, late: int) -> None:
    """Whatever is delivered within the 14 days an action may take is paid as if boosts were kept for ever."""
    game = game_of(*(mission(f"m_{kind}", period=kind, rewards={"xp": 15}) for kind in ("daily", "weekly", "monthly")))
    owe(game.state, "prize", boosted(hours), at=START)
    at = START + done * HOUR_MS
    for n in range(0, done, 24 * 5):  # stays around
        game.act(action(f"other {n}", START + n * HOUR_MS, "video.watched"))

    game.act(action("late", at), now=at + late * HOUR_MS)

    for board, found in game.state.missions():
        if found.paid is not None:
            expected = 30 if done < hours else 15
            assert found.paid.amounts == {"xp": expected}, board.period
