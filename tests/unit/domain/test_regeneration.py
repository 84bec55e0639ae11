"""Regeneration: what nobody touched is replaced from the catalog as it is now; what is or may be paid stays."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import MissionCompleted
from missions_core.domain.regeneration import regenerate
from missions_core.domain.state import Mission, Submission
from missions_core.errors import Conflict, MissionsError
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
TODAY = "2026-11-21"
POOL = tuple(f"m{n}" for n in range(8))
THREE_A_DAY = {"rotation": {"daily": {"min": 3, "max": 3}}}


def game_of(*templates: dict[str, Any], **rules: Any) -> Game:
    return Game(catalog(*(templates or pool()), **THREE_A_DAY | rules), now=START)


def pool(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """Eight templates; each wants actions of its own, and is changed as told."""
    return [mission(key, {f"did.{key}": 2}, **changed.get(key, {})) for key in POOL]


def actions_known(**rules: Any) -> dict[str, Any]:
    return {"actions": {f"did.{key}": {} for key in POOL}} | THREE_A_DAY | rules


def dealt(game: Game, kind: Any = "daily") -> list[str]:
    return [each.template for each in game.board(kind).missions]


def refused(game: Game, kind: Any = "daily") -> str:
    with pytest.raises(Conflict) as caught:
        regenerate(game.state, game.catalog, kind, now=game.now)
    return caught.value.code


@pytest.fixture
def game() -> Game:
    return Game(catalog(*pool(), **actions_known()), now=START)


def test_untouched_missions_are_replaced_by_fresh_ones_and_none_comes_twice(game: Game) -> None:
    before = dealt(game)

    board, taken, events = regenerate(game.state, game.catalog, "daily", now=game.now)

    assert [each.template for each in taken] == before
    assert board is game.board("daily")
    assert len(set(dealt(game)) | set(before)) == 6
    assert events == []
    assert [(each.progress, each.started_at) for each in board.missions] == [([None], START)] * 3


def test_the_same_regeneration_brings_the_same_and_the_next_one_others(game: Game) -> None:
    other = game.copy()
    for each in (game, other):
        regenerate(each.state, each.catalog, "daily", now=each.now)
    assert dealt(game) == dealt(other)

    first = dealt(game)
    regenerate(game.state, game.catalog, "daily", now=game.now)
    assert dealt(game) != first
    assert game.board("daily").regenerations == 2


def test_what_was_done_before_does_not_count_for_what_comes(game: Game) -> None:
    regenerate(game.state, game.catalog, "daily", now=START + HOUR_MS)
    [fresh, *_] = dealt(game)

    game.act(action(1, START, f"did.{fresh}"), now=START + HOUR_MS)
    assert game.mission(fresh).progress == [None]
    game.act(action(2, START + HOUR_MS, f"did.{fresh}"))
    assert game.mission(fresh).progress == [1]


def happen(game: Game, key: str, what: str) -> None:
    found = game.mission(key)
    match what:
        case "progress":
            game.act(action("a", START, f"did.{key}"))
        case "completed":
            found.status, found.completed_at = "completed", START
        case "claimed":
            found.status, found.completed_at, found.claimed_at = "claimed", START, START
        case "evidence":
            found.evidence = [Submission(1, "url", "rejected", START)]


@pytest.mark.parametrize("what", ["progress", "completed", "claimed", "evidence"])
def test_a_mission_something_happened_to_stays_in_its_place(game: Game, what: str) -> None:
    _, kept, _ = dealt(game)
    happen(game, kept, what)
    found = game.mission(kept)

    _, taken, _ = regenerate(game.state, game.catalog, "daily", now=game.now)

    assert game.board("daily").missions[1] is found
    assert len(taken) == 2
    assert len(set(dealt(game))) == 3


def test_a_mission_the_player_started_stays_but_one_a_swap_started_does_not() -> None:
    game = game_of(*(mission(f"m{n}", requires_start=n % 2 == 0) for n in range(6)))
    opted = next(key for key in dealt(game) if int(key[1:]) % 2 == 0)
    commands.start(game.state, game.catalog, f"{opted}:{TODAY}", now=START)
    regenerate(game.state, game.catalog, "daily", now=START)
    swapped = [each.template for each in game.board("daily").missions if each.started_at is not None and each.template != opted]

    _, taken, _ = regenerate(game.state, game.catalog, "daily", now=START)

    assert swapped
    assert set(swapped) <= {each.template for each in taken} | set(dealt(game))
    assert opted in dealt(game)
    assert opted not in [each.template for each in taken]


def test_competitive_missions_stay() -> None:
    contest = mission("race", type="competitive", period="weekly")
    game = game_of(contest, mission("w1", period="weekly"), mission("w2", period="weekly"), rotation={"weekly": {"min": 1, "max": 1}})

    _, taken, _ = regenerate(game.state, game.catalog, "weekly", now=game.now)

    assert "race" in dealt(game, "weekly")
    assert [each.template for each in taken] != ["race"]


def test_nothing_to_replace_is_refused(game: Game) -> None:
    for key in dealt(game):
        happen(game, key, "completed")
    assert refused(game) == "nothing_to_regenerate"
    assert refused(game_of(mission("m")), "weekly") == "nothing_to_regenerate"  # an empty board
    assert game.board("daily").regenerations == 0


def test_paused_templates_leave_the_board_even_where_nothing_can_replace_them() -> None:
    game = game_of(mission("a"), mission("b", {"tip.sent": 1}), rotation={"daily": {"min": 2, "max": 2}})
    paused = catalog(mission("a", paused=True), mission("b", {"tip.sent": 1}), rotation={"daily": {"min": 2, "max": 2}})
    paused.retired["a", 1] = game.catalog.templates["a"]

    _, taken, _ = regenerate(game.state, paused, "daily", now=game.now)

    assert [each.template for each in taken] == ["a"]
    assert dealt(game) == ["b"]


def test_what_comes_back_because_nothing_else_is_left_goes_on_as_it_was() -> None:
    game = game_of(mission("a"), mission("b", {"tip.sent": 1}), mission("c", {"video.watched": 1}), mission("d", {"tip.sent": 3}))
    before = {each.template: each for each in game.board("daily").missions}

    _, taken, _ = regenerate(game.state, game.catalog, "daily", now=START + HOUR_MS)

    assert len(taken) == 1  # there is one other
    back = [each for each in game.board("daily").missions if each.template in before]
    assert all(each is before[each.template] for each in back)
    assert [each.started_at for each in back] == [None, None]


def test_a_threshold_met_before_completes_at_once() -> None:
    game = game_of(
        mission("a", {"tip.sent": 9}), mission("b", {"post.created": 1}, type="threshold"), rotation={"daily": {"min": 1, "max": 1}}
    )
    game.state.lifetime["post.created"] = 5
    game.board("daily").missions = [Mission("a", 1, [None])]

    _, _, events = regenerate(game.state, game.catalog, "daily", now=START)

    assert [event.mission for event in events if isinstance(event, MissionCompleted)] == [f"b:{TODAY}"]


def test_blocked_categories_come_last_here_too() -> None:
    templates = [mission(f"m{n}", category="dull" if n % 2 else "fun") for n in range(12)]
    game = game_of(*templates)
    game.state.preferences.blocked = ["dull"]

    regenerate(game.state, game.catalog, "daily", now=START)

    assert [game.catalog.templates[key].category for key in dealt(game)] == ["fun"] * 3


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["act", "regenerate", "reroll", "claim"]), st.integers(0, 7)) | st.just(("night", 0)), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(operations=OPERATIONS)
def test_whatever_is_swapped_no_template_comes_twice_and_no_cause_is_owed_twice(operations: list[tuple[str, int]]) -> None:
    game = Game(catalog(*pool(), **actions_known(reroll={"per_day": 99})), now=START)
    for n, (what, which) in enumerate(operations):
        at = game.now + 1000
        try:
            match what:
                case "act":
                    game.act(action(n, at, f"did.m{which}"))
                case "regenerate":
                    game.events += regenerate(game.at(at).state, game.catalog, "daily", now=at)[2]
                case "reroll":
                    label = game.board("daily").period.label
                    game.events += commands.reroll(game.at(at).state, game.catalog, f"m{which}:{label}", now=at)[2]
                case "claim":
                    game.claim_all()
                case "night":
                    game.act(action(f"n{n}", at + DAY_MS, "nothing"))
        except MissionsError:
            pass
        for board in game.state.boards:
            templates = [each.template for each in board.missions]
            assert len(set(templates)) == len(templates)
    causes = game.paid()
    assert len(set(causes)) == len(causes)
    assert len(game.board("daily").missions) == 3
