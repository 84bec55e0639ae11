"""Competitive missions: dealt to everybody beside the drawn ones, deciding nothing else, and scoring on after they are complete."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain import commands, streaks
from missions_core.domain.assignment import Explanation, explain
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.codec import decode, encode
from missions_core.domain.events import MissionCompleted, ScoreChanged
from missions_core.errors import Conflict
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-18T10:00")  # a Wednesday
NIGHT = ms("2026-11-19T00:00")
POSTS = {"post.created": 3}
FINAL = ms("2026-11-20T12:00")  # of the label 2026-11-18


def contest(key: str = "race", requirements: Any = None, **fields: Any) -> dict[str, Any]:
    return mission(key, requirements or POSTS, type="competitive", **fields)


def scored(aggregate: str, target: int = 3) -> dict[str, Any]:
    field = {} if aggregate == "count" else {"field": "amount"}
    return {"all": [{"key": "score", "action": "tip.sent", "aggregate": aggregate, "target": target, **field}]}


def one_a_day(*templates: dict[str, Any], **rules: Any) -> Catalog:
    """Of the ordinary missions one is drawn each day."""
    rotation = {kind: {"min": 1, "max": 1} for kind in ("daily", "weekly", "monthly")}
    return catalog(*templates, **{"rotation": rotation} | rules)


def scores(game: Game) -> list[tuple[str, str, str, int]]:
    changes = [event for event in game.events if isinstance(event, ScoreChanged)]
    return [(change.board, change.label, change.score, change.reached_at - START) for change in changes]


# Dealing --------------------------------------------------------------------------------------------------------------


def test_everybody_has_it_beside_what_is_drawn() -> None:
    game = Game(one_a_day(contest(), contest("second"), mission("a"), mission("b")), now=START)

    templates = [each.template for each in game.board("daily").missions]
    assert sorted(templates[1:]) == ["race", "second"]
    assert templates[0] in ("a", "b")
    assert [each.competitive for each in game.board("daily").missions] == [False, True, True]


def test_who_moves_and_has_a_longer_week_for_it_does_not_compete_in_that_week() -> None:
    game = Game(one_a_day(contest(period="weekly"), mission("a", period="weekly")), now=ms("2026-11-18T10:00"), zone="Pacific/Pago_Pago")
    game.act(action(1, game.now))
    commands.set_zone(game.state, "Pacific/Kiritimati")

    weeks = []
    for day in range(21):
        game.act(action(f"day {day}", game.now + DAY_MS))
        board = game.state.current("weekly")
        assert board is not None
        weeks.append((board.period.end - board.period.start, board.find("race") is not None))

    assert {competes for length, competes in weeks if length > 8 * DAY_MS} == {False}
    assert {competes for length, competes in weeks if length <= 7 * DAY_MS} == {True}


@pytest.mark.parametrize("kind", ["daily", "weekly", "monthly"])
def test_who_hops_between_zones_competes_for_no_longer_than_others(kind: Any) -> None:
    game = Game(catalog(contest(period=kind)), now=ms("2026-11-01T12:00"), zone="Pacific/Kiritimati")
    hours = []
    for n in range(12):
        board = game.board(kind)
        hours += [(board.period.end - board.period.start) / HOUR_MS] if board.find("race") else []
        commands.set_zone(game.state, ("Etc/GMT+12", "Pacific/Kiritimati")[n % 2])
        game.act(action(n, board.period.end))

    assert hours
    assert max(hours) <= {"daily": 24, "weekly": 7 * 24, "monthly": 31 * 24 + 26}[kind]


@pytest.mark.parametrize(
    ("moves_to", "kinds"),
    [
        ("Asia/Tokyo", {"weekly", "monthly"}),
        ("Europe/London", {"daily", "weekly", "monthly"}),
        ("America/Sao_Paulo", {"weekly", "monthly"}),
        ("America/New_York", {"weekly", "monthly"}),
        ("Etc/GMT+12", {"monthly"}),
        ("Europe/Vienna", {"daily", "weekly", "monthly"}),
    ],
)
def test_who_moves_competes_on_where_the_move_gives_hardly_more_time(moves_to: str, kinds: set[str]) -> None:
    game = Game(catalog(*(contest(kind, period=kind) for kind in ("daily", "weekly", "monthly"))), now=START, zone="Europe/Berlin")
    commands.set_zone(game.state, moves_to)
    competing: dict[str, bool] = {}
    for day in range(1, 16):
        game.act(action(day, START + day * DAY_MS))
        for kind in ("daily", "weekly", "monthly"):
            board = game.board(kind)
            if board.period.clock.zone == moves_to:
                competing.setdefault(kind, board.find(kind) is not None)

    assert {kind for kind, competes in competing.items() if competes} == kinds
    assert len(competing) == 3


def test_a_first_zone_that_applies_at_once_lets_its_player_compete() -> None:
    game = Game(catalog(*(contest(kind, period=kind) for kind in ("daily", "weekly", "monthly"))), now=START, zone=None)
    commands.set_zone(game.state, "Etc/GMT+12")
    game.act(action(1, START))

    assert all(game.board(kind).find(kind) for kind in ("daily", "weekly", "monthly"))


def test_it_is_dealt_where_nothing_is_drawn() -> None:
    game = Game(catalog(contest(period="monthly"), rotation={"monthly": {"min": 0, "max": 0}}), now=START)

    assert [each.template for each in game.board("monthly").missions] == ["race"]


@pytest.mark.parametrize("fields", [{"vip": True}, {"level": {"min": 5, "max": None}}, {"prerequisites": ["a"]}, {"paused": True}])
def test_who_may_not_have_it_does_not(fields: dict[str, Any]) -> None:
    game = Game(one_a_day(contest(**fields), mission("a")), now=START)

    assert [each.template for each in game.board("daily").missions] == ["a"]


def test_a_special_one_opens_with_its_window() -> None:
    window = {"from": "2026-11-18T12:00:00Z", "until": "2026-11-20T00:00:00Z"}
    game = Game(catalog(contest(period="special", active=window)), now=START).at(START + 3 * HOUR_MS)
    game.act(action(1, game.now))

    assert game.mission("race").competitive
    [change] = [event for event in game.events if isinstance(event, ScoreChanged)]
    assert (change.label, change.closes_at) == ("2026-11-18", ms("2026-11-21T00:00"))


def test_it_cannot_be_rerolled_nor_come_by_a_reroll() -> None:
    game = Game(one_a_day(contest(), contest("second"), mission("a"), reroll={"per_day": 9}), now=START)

    with pytest.raises(Conflict, match="competitive") as refused:
        commands.reroll(game.state, game.catalog, "race:2026-11-18", now=START)
    assert refused.value.code == "not_rerollable"
    with pytest.raises(Conflict) as refused:
        commands.reroll(game.state, game.catalog, "a:2026-11-18", now=START)
    assert refused.value.code == "nothing_to_reroll"


def test_it_is_explained_as_dealt() -> None:
    game = Game(one_a_day(contest(), mission("a"), contest("vips", vip=True)), now=START)

    explained = {each.template: each for each in explain(game.state, game.catalog, game.board("daily").period)}
    assert explained["race"] == Explanation("race", None, dealt=True)
    assert explained["vips"] == Explanation("vips", "vip_only", dealt=False)


def test_what_it_is_outlives_storing() -> None:
    game = Game(one_a_day(contest(), mission("a")), now=START)
    game.act(action(1, START))

    assert game.mission("race").reached_at == START
    assert decode(encode(game.state)) == game.state


# What it does not decide ----------------------------------------------------------------------------------------------


def test_a_streak_of_all_missions_asks_for_the_others_only() -> None:
    rule = {"daily": {"counts": "all"}}
    game = Game(one_a_day(contest(), mission("a"), streaks=rule), now=START)

    game.act(action(1, START))

    assert game.mission("a").status == "completed"
    assert game.streak() == 1
    assert game.at(NIGHT + 2 * DAY_MS).streak() == 0  # and its days can be missed


@pytest.mark.parametrize("counts", ["any", "all"])
def test_days_on_which_only_a_contest_was_dealt_are_not_missed(counts: str) -> None:
    window = {"from": "2026-11-18T00:00:00Z", "until": "2026-11-19T00:00:00Z"}
    game = Game(one_a_day(contest(), mission("a", active=window), streaks={"daily": {"counts": counts}}), now=START)
    game.act(action(1, START))

    assert game.night_by_night(NIGHT + 5 * DAY_MS).streak() == 1


def test_completing_it_counts_where_any_mission_does() -> None:
    game = Game(one_a_day(contest(requirements={"post.created": 1}), mission("a", {"tip.sent": 9})), now=START)

    game.act(action(1, START))

    assert streaks.counts(game.board("daily"), game.catalog.rules.streaks["daily"])


def test_the_perfect_bonus_asks_for_the_others_only_and_is_not_paid_for_it() -> None:
    bonus = {"rewards": {"perfect_bonus": {"multiply": {"xp": 2}}}}
    game = Game(one_a_day(contest(requirements={"post.created": 2}), mission("a"), **bonus), now=START)

    for n in range(2):
        game.act(action(n, START + n))

    completed = {event.template: event.rewards.amounts for event in game.events if isinstance(event, MissionCompleted)}
    assert completed == {"a": {"xp": 20}, "race": {"xp": 10}}


def test_the_next_draws_do_not_know_of_it() -> None:
    game = Game(one_a_day(contest(), mission("a")), now=START)
    game.act(action(1, START))

    assert game.night_by_night(NIGHT + DAY_MS).state.recent_days == [(1, 0), (1, 1)]  # the day before dealt one, too


# Scoring --------------------------------------------------------------------------------------------------------------


def test_it_completes_and_pays_like_any_other_and_scores_on() -> None:
    game = Game(catalog(contest(rewards={"gold": 7})), now=START)

    applied = [game.act(action(n, START + n)) for n in range(5)]

    assert [each.outcome for each in applied if each] == ["counted"] * 5
    assert [(o.before, o.after) for each in applied[3:] if each for o in each.outcomes] == [
        (Decimal(3), Decimal(4)),
        (Decimal(4), Decimal(5)),
    ]
    assert scores(game) == [("race", "2026-11-18", str(n + 1), n) for n in range(5)]
    game.claim_all()
    assert game.paid() == ["mission:race:2026-11-18"]


def test_an_action_that_adds_nothing_is_no_news() -> None:
    game = Game(catalog(contest(requirements=scored("sum"))), now=START)

    for n, amount in enumerate((0, 2, 0, -3, "much")):
        game.act(action(n, START + n, "tip.sent", amount=amount))

    assert scores(game) == [("race", "2026-11-18", "2", 1)]


def test_the_greatest_value_may_be_below_zero_and_is_reached_by_the_first_that_had_it() -> None:
    game = Game(catalog(contest(requirements=scored("max"))), now=START)

    for n, (ago, amount) in enumerate([(0, -5), (0, -7), (60, -5), (30, 2), (50, 2), (40, 2)]):
        game.act(action(n, START - ago, "tip.sent", amount=amount), now=START)

    assert scores(game) == [
        ("race", "2026-11-18", "-5", 0),
        ("race", "2026-11-18", "-5", -60),
        ("race", "2026-11-18", "2", -30),
        ("race", "2026-11-18", "2", -50),
    ]


ACTIONS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=5)  # minutes, amounts


@pytest.mark.parametrize("aggregate", ["count", "sum", "max"])
@given(ACTIONS)
def test_the_order_of_delivery_decides_neither_score_nor_time(aggregate: str, acts: list[tuple[int, int]]) -> None:
    of = catalog(contest(requirements=scored(aggregate)))
    sent = [action(n, START + minute, "tip.sent", amount=amount) for n, (minute, amount) in enumerate(acts)]
    ends = set()
    for order in list(permutations(sent))[:24]:
        game = Game(of, now=START + 10)
        for each in order:
            game.act(each, now=START + 10)
        ends.add(tuple(scores(game)[-1:]))

    assert len(ends) == 1


def test_until_a_label_is_final_late_actions_score_wherever_the_player_lives() -> None:
    west = Game(catalog(contest()), now=FINAL - HOUR_MS, zone="Etc/GMT+12")

    west.act(action(1, START + DAY_MS), now=FINAL - 1)  # 2026-11-18 there, still

    assert [change.closes_at for change in west.events if isinstance(change, ScoreChanged)] == [FINAL]


def test_once_a_label_is_final_scores_are_not_told_any_more() -> None:
    game = Game(catalog(contest(period="weekly")), now=START)
    closes_at = ms("2026-11-24T12:00")

    game.act(action(1, START), now=closes_at - 1)
    game.act(action(2, START), now=closes_at)

    assert [score for _, _, score, _ in scores(game)] == ["1"]
    assert game.board("weekly", closed=True).missions[0].progress == [2]


def test_one_that_must_be_started_scores_from_then_on() -> None:
    game = Game(catalog(contest(requires_start=True)), now=START)
    game.act(action(1, START))
    commands.start(game.state, game.catalog, "race:2026-11-18", now=START + 1)
    game.act(action(2, START + 2))

    assert [score for _, _, score, _ in scores(game)] == ["1"]
