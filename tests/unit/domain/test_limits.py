"""Cooldowns and daily caps of a mission: of what a player sends, never of what services report."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain import duplicates
from missions_core.domain.catalog import DAY_MS, Catalog
from missions_core.domain.progress import apply
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

NOW = ms("2026-11-21T12:00")
SECOND = 1000


def limited(requirements: Any = None, **limits: Any) -> Catalog:
    return catalog(mission("m", requirements or {"post.created": 99}, period="weekly", limits=limits))


def send(game: Game, id_: int, at: int, type_: str = "post.created", *, own: bool = True, **data: Any) -> str:
    """What an action comes to for the mission."""
    act = action(id_, at, type_, **data)
    game.at(at)
    duplicates.mark(game.state, act)
    return apply(game.state, game.catalog, act, own=own).outcomes[0].outcome


def test_a_cooldown_runs_from_the_last_action_that_counted() -> None:
    game = Game(limited(cooldown_seconds=30), now=NOW)
    outcomes = [send(game, n, NOW + at * SECOND) for n, at in enumerate((0, 29, 30, 59, 60))]
    assert outcomes == ["counted", "cooldown", "counted", "cooldown", "counted"]


def test_a_days_cap_is_that_of_the_players_own_day() -> None:
    game = Game(limited(per_day=2), now=NOW, zone="Asia/Tokyo")  # where it is 21:00
    assert [send(game, n, NOW + n) for n in range(3)] == ["counted", "counted", "capped"]
    assert send(game, 8, NOW + 3 * 3_600_000 - 1) == "capped"
    assert send(game, 9, NOW + 3 * 3_600_000) == "counted"


def test_what_would_not_count_anyway_says_so() -> None:
    where = {"all": [{"key": "long", "action": "post.created", "target": 9, "where": [{"field": "length", "op": ">", "value": 5}]}]}
    game = Game(limited(where, cooldown_seconds=30), now=NOW)
    assert [send(game, n, NOW, length=length) for n, length in enumerate((1, 9, 1, 9))] == ["filtered", "counted", "filtered", "cooldown"]


def test_an_action_for_two_requirements_counts_for_both_and_once_a_day() -> None:
    both = {"all": [{"key": "a", "action": "post.created", "target": 9}, {"key": "b", "action": "post.created", "target": 9}]}
    game = Game(limited(both, per_day=1), now=NOW)
    send(game, 1, NOW)
    assert (game.mission("m").progress, send(game, 2, NOW)) == ([1, 1], "capped")


def test_what_is_held_off_still_counts_for_other_missions_and_for_ever() -> None:
    game = Game(catalog(mission("m", {"post.created": 9}, limits={"per_day": 1}), mission("other", {"post.created": 9})), now=NOW)
    for n in range(3):
        act = action(n, NOW)
        assert apply(game.state, game.catalog, act, own=True).outcome == "counted"
    assert (game.mission("m").progress, game.mission("other").progress, game.state.lifetime["post.created"]) == ([1], [3], 3)


@pytest.mark.parametrize("limits", [{"cooldown_seconds": 30}, {"per_day": 1}])
def test_services_are_not_limited_and_use_up_nothing(limits: dict[str, int]) -> None:
    game = Game(limited(**limits), now=NOW)
    assert [send(game, n, NOW, own=False) for n in range(3)] == ["counted"] * 3
    assert (game.mission("m").limited, send(game, 9, NOW)) == ([], "counted")


@pytest.mark.parametrize("limits", [{"cooldown_seconds": 3600}, {"per_day": 1}])
def test_completing_a_mission_that_begins_anew_is_no_way_around_its_limits(limits: dict[str, int]) -> None:
    game = Game(catalog(mission("m", {"post.created": 1}, period="perpetual", limits=limits)), now=NOW)

    outcomes = [send(game, n, NOW + n * SECOND) for n in range(3)]

    assert outcomes[0] == "counted"
    assert "counted" not in outcomes[1:]
    assert [board.period.label for board in game.state.boards if board.period.kind == "perpetual"] == ["always-0", "always-1"]
    assert send(game, 9, NOW + DAY_MS) == "counted"


@given(
    pauses=st.lists(st.integers(0, DAY_MS // 3), max_size=60),
    cooldown=st.integers(0, 7200),
    per_day=st.one_of(st.none(), st.integers(1, 5)),
    shadow=st.booleans(),
)
def test_the_limits_hold_and_a_shadow_changes_nothing_that_counts(
    pauses: list[int], cooldown: int, per_day: int | None, shadow: bool
) -> None:
    if not cooldown and per_day is None:
        return
    game = Game(limited(cooldown_seconds=cooldown, per_day=per_day, shadow=shadow), now=NOW)
    now, counted, days = NOW, list[int](), dict[int, int]()
    for n, pause in enumerate(pauses):
        now += pause
        if game.at(now).mission("m") and send(game, n, now) == "counted":
            counted.append(now)
            days[now // DAY_MS] = days.get(now // DAY_MS, 0) + 1
    if shadow:
        assert len(counted) == len(pauses)
        return
    of_one_day = [(one, other) for one, other in pairwise(counted) if one // DAY_MS == other // DAY_MS]
    assert all(other - one >= cooldown * SECOND for one, other in of_one_day)
    assert per_day is None or all(times <= per_day for times in days.values())
    assert game.state.flags == []
