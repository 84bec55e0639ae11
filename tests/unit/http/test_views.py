"""Views: what is shown follows from the state, and showing it leaves the state alone."""

from copy import deepcopy
from typing import Any

import pytest

from missions_core.domain.catalog import Catalog
from missions_core.http.views.missions import mission_view, past_period_view
from missions_core.http.views.players import level_view, streaks_view
from missions_core.use_cases.read import PlayerView
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

NOW = ms("2026-11-21T12:00:00")


def shown(game: Game, template: str) -> Any:
    view = PlayerView(game.state, game.catalog, game.now)
    board, found = next((b, m) for b, m in game.state.missions() if m.template == template and not b.closed)
    return mission_view(view, board, found, [])


def pays(**rewards: Any) -> dict[str, Any]:
    return {"amounts": rewards}


def test_what_a_mission_would_pay_includes_the_streak_this_completion_would_reach() -> None:
    rules = {"rewards": {"streak_multiplier": [{"from": 2, "multiply": {"xp": 2}}]}}
    game = Game(catalog(mission("a"), mission("b", {"tip.sent": 1}), **rules), now=NOW)
    assert shown(game, "a")["rewards"] == pays(xp=10)
    game.act(action(1, NOW))
    game.at(ms("2026-11-22T12:00:00"))
    before = deepcopy(game.state)
    assert shown(game, "b")["rewards"] == pays(xp=20)  # yesterday counts, and this would be the second day
    assert game.state == before


def test_what_a_mission_would_pay_is_what_it_then_pays() -> None:
    rules = {"rewards": {"perfect_bonus": {"multiply": {"xp": 3}}, "defaults": {"daily": {"gold": 4}}}}
    game = Game(catalog(mission("a"), mission("b", {"tip.sent": 1}), **rules), now=NOW)
    assert shown(game, "b")["rewards"] == pays(xp=10, gold=4)
    game.act(action(1, NOW))
    promised = shown(game, "b")["rewards"]
    assert promised == pays(xp=30, gold=4)
    game.act(action(2, NOW, "tip.sent"))
    paid = shown(game, "b")
    assert (paid["status"], paid["rewards"]) == ("completed", promised)
    assert shown(game, "a")["rewards"] == pays(xp=10, gold=4)  # earlier ones are not repriced


def test_amounts_are_json_numbers_integers_where_they_are_whole() -> None:
    leaf = {"key": "sum", "action": "tip.sent", "aggregate": "sum", "field": "amount", "op": "between", "target": 1.5, "target2": 4}
    game = Game(catalog(mission("a", {"all": [leaf]})), now=NOW)
    game.act(action(1, NOW, "tip.sent", amount=2))
    requirement = shown(game, "a")["requirements"][0]
    assert (requirement["current"], requirement["target"], requirement["target2"]) == (2, 1.5, 4)
    assert [type(requirement[name]) for name in ("current", "target", "target2")] == [int, float, int]
    assert requirement["done"] is False  # only settlement can tell


def test_a_perpetual_mission_has_no_end_and_can_be_claimed_without_limit() -> None:
    game = Game(catalog(mission("a", {"post.created": 2}, period="perpetual")), now=NOW)
    view = shown(game, "a")
    assert (view["period"]["label"], view["period"]["end"], view["claim_until"]) == ("always-0", None, None)


@pytest.mark.parametrize(("xp", "level", "following"), [(0, 1, 100), (99, 1, 100), (100, 2, 300), (1000, 5, 1400), (1400, 6, 1800)])
def test_the_next_levels_start_is_where_the_level_rises(xp: int, level: int, following: int) -> None:
    game = Game(catalog(mission("a")), now=NOW)
    game.state.lifetime_xp = xp
    assert level_view(PlayerView(game.state, game.catalog, NOW)) == {"level": level, "lifetime_xp": xp, "next_level_xp": following}
    game.state.lifetime_xp = following
    assert level_view(PlayerView(game.state, game.catalog, NOW))["level"] == level + 1


def test_a_freeze_keeps_a_streak_out_of_danger() -> None:
    held = {"streaks": {"daily": {"counts": "any", "freezes": {"start": 1, "max": 1, "earn_every": 0}}}}
    for rules, at_risk in ((held, False), ({}, True)):
        game = Game(catalog(mission("a"), **rules), now=NOW)
        game.act(action(1, NOW))
        game.at(ms("2026-11-22T12:00:00"))
        assert streaks_view(PlayerView(game.state, game.catalog, game.now))["daily"]["at_risk"] is at_risk


def test_history_names_templates_that_are_gone_by_their_key() -> None:
    game = Game(catalog(mission("a", name="Alpha"), mission("b", name="Beta")), now=NOW)
    game.act(action(1, NOW))
    game.at(ms("2026-11-24T12:00:00"))
    later: Catalog = catalog(mission("a", name="Alpha again"))
    board = next(board for board in game.settled if board.period.label == "2026-11-21")
    period = past_period_view(board, later, [])
    assert {mission["template"]: mission["name"] for mission in period["missions"]} == {"a": "Alpha again", "b": "b"}
    assert {mission["status"] for mission in period["missions"]} == {"expired"}
