"""What an action comes to: for each requirement it reaches, and as a whole."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import MissionCompleted, MissionStarted
from missions_core.domain.progress import OUTCOMES, Applied, RequirementOutcome
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")  # a Saturday
TODAY, YESTERDAY = "2026-11-21", "2026-11-20"


def game_of(*templates: dict[str, Any], now: int = START, zone: str = "UTC", **rules: Any) -> Game:
    return Game(catalog(*templates, **rules), now=now, zone=zone)


def sent(game: Game, id_: int, at: int = START, type_: str = "post.created", *, now: int | None = None, **data: Any) -> Applied:
    applied = game.act(action(id_, at, type_, **data), now=now)
    assert applied is not None
    return applied


def outcomes(applied: Applied) -> dict[str, str]:
    return {outcome.mission: outcome.outcome for outcome in applied.outcomes}


def test_a_counted_action_says_from_where_to_where() -> None:
    game = game_of(mission("m", {"all": [{"key": "volume", "action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 5}]}))
    sent(game, 1, type_="tip.sent", amount=1.5)

    applied = sent(game, 2, type_="tip.sent", amount=2)

    assert applied.outcome == "counted"
    assert applied.outcomes == [RequirementOutcome(f"m:{TODAY}", "volume", "counted", Decimal("1.5"), Decimal("3.5"))]


def test_one_action_counts_for_every_mission_and_requirement_that_wants_it() -> None:
    two = {"all": [{"key": "few", "action": "post.created", "target": 1}, {"key": "many", "action": "post.created", "target": 9}]}
    game = game_of(mission("d", two), mission("w", period="weekly"), mission("p", {"post.created": 2}, period="perpetual"))

    applied = sent(game, 1)

    found = {(outcome.mission, outcome.requirement): (outcome.before, outcome.after) for outcome in applied.outcomes}
    assert found == dict.fromkeys(
        [(f"d:{TODAY}", "few"), (f"d:{TODAY}", "many"), ("w:2026-W47", "post.created"), ("p:always-0", "post.created")],
        (Decimal(0), Decimal(1)),
    )


def test_what_is_met_already_takes_no_more_and_says_so() -> None:
    game = game_of(mission("m"))
    sent(game, 1)

    applied = sent(game, 2, START + HOUR_MS)

    assert (applied.outcome, applied.outcomes) == ("capped", [RequirementOutcome(f"m:{TODAY}", "post.created", "capped")])
    assert game.completions() == {"m": 1}


def test_the_amount_beyond_the_target_is_not_shown() -> None:
    game = game_of(mission("m", {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 5}]}))

    assert sent(game, 1, type_="tip.sent", amount=12).outcomes[0].after == 5


@pytest.mark.parametrize("data", [{}, {"length": 99}, {"length": "100"}, {"length": None}])
def test_an_action_that_does_not_meet_the_conditions_is_filtered(data: dict[str, Any]) -> None:
    game = game_of(
        mission("m", {"all": [{"action": "post.created", "target": 1, "where": [{"field": "length", "op": ">=", "value": 100}]}]})
    )

    assert sent(game, 1, **data).outcome == "filtered"
    assert game.mission("m").progress == [None]
    assert sent(game, 2, length=100).outcome == "counted"


@pytest.mark.parametrize(
    ("zone", "hours", "sent_at", "outcome"),
    [
        ("UTC", {"from": 22, "to": 6}, "2026-11-21T22:00", "counted"),
        ("UTC", {"from": 22, "to": 6}, "2026-11-21T23:59", "counted"),
        ("UTC", {"from": 22, "to": 6}, "2026-11-22T05:59", "counted"),
        ("UTC", {"from": 22, "to": 6}, "2026-11-22T06:00", "outside_active_hours"),
        ("UTC", {"from": 22, "to": 6}, "2026-11-21T21:59", "outside_active_hours"),
        ("UTC", {"from": 9, "to": 17}, "2026-11-21T16:59", "counted"),
        ("UTC", {"from": 9, "to": 17}, "2026-11-21T17:00", "outside_active_hours"),
        ("UTC", {"from": 22, "to": 24}, "2026-11-21T23:59", "counted"),
        ("UTC", {"from": 22, "to": 24}, "2026-11-22T00:00", "outside_active_hours"),
        ("Asia/Tokyo", {"from": 9, "to": 17}, "2026-11-22T00:00", "counted"),  # nine o'clock in Tokyo
        ("Asia/Tokyo", {"from": 9, "to": 17, "zone": "UTC"}, "2026-11-22T00:00", "outside_active_hours"),
        ("Asia/Kathmandu", {"from": 9, "to": 17}, "2026-11-22T03:14", "outside_active_hours"),  # 8:59 there
        ("Asia/Kathmandu", {"from": 9, "to": 17}, "2026-11-22T03:15", "counted"),
    ],
)
def test_active_hours_are_those_of_the_players_clock_or_of_the_zone_named(
    zone: str, hours: dict[str, Any], sent_at: str, outcome: str
) -> None:
    assert sent(game_of(mission("m", active_hours=hours), zone=zone), 1, ms(sent_at)).outcome == outcome


def test_an_action_for_which_there_is_no_mission_says_so_and_still_counts_for_life() -> None:
    game = game_of(mission("m"))

    applied = sent(game, 1, type_="tip.sent")

    assert (applied.outcome, applied.outcomes) == ("no_mission", [])
    assert game.state.lifetime == {"tip.sent": 1}


def test_a_late_action_counts_on_the_board_of_its_own_day() -> None:
    game = game_of(mission("m"))

    applied = sent(game, 1, ms("2026-11-20T09:00"), now=START)

    assert outcomes(applied) == {f"m:{YESTERDAY}": "counted"}
    assert game.board("daily", closed=True).missions[0].status == "completed"
    assert game.mission("m").status == "active"


@pytest.mark.parametrize(("at", "label"), [("2026-11-21T23:59:59.999", TODAY), ("2026-11-22T00:00", "2026-11-22")])
def test_midnight_belongs_to_the_new_day_alone(at: str, label: str) -> None:
    game = game_of(mission("m"))

    assert outcomes(sent(game, 1, ms(at), now=ms("2026-11-22T00:00"))) == {f"m:{label}": "counted"}


def test_an_action_older_than_every_board_is_late_and_still_counts_for_life() -> None:
    game = game_of(mission("m"))

    applied = sent(game, 1, ms("2026-11-19T23:59"), now=START)

    assert (applied.outcome, applied.outcomes) == ("late", [])
    assert game.state.lifetime == {"post.created": 1}


def test_an_action_too_late_for_its_day_still_counts_for_its_week() -> None:
    game = game_of(mission("m"), mission("w", period="weekly"))

    applied = sent(game, 1, ms("2026-11-17T10:00"), now=START)

    assert (applied.outcome, outcomes(applied)) == ("counted", {"w:2026-W47": "counted"})


@pytest.mark.parametrize(("minutes", "outcome"), [(0, "counted"), (4 * 60 - 1, "counted"), (4 * 60, "late"), (23 * 60, "late")])
def test_a_time_limit_runs_from_the_start_of_the_period(minutes: int, outcome: str) -> None:
    game = game_of(mission("m", type="timebound", time_limit_hours=4), now=ms("2026-11-21T00:00"))

    assert sent(game, 1, ms("2026-11-21T00:00") + minutes * 60_000).outcome == outcome


@pytest.mark.parametrize(("fields", "status"), [({"type": "timebound", "time_limit_hours": 4}, "failed"), ({}, "expired")])
def test_a_mission_that_ran_out_of_time_fails_and_any_other_expires(fields: dict[str, Any], status: str) -> None:
    game = game_of(mission("m", **fields)).night_by_night(START + 3 * DAY_MS)

    assert {m.status for board in game.settled for m in board.missions} == {status}


def test_a_mission_that_asks_to_be_started_counts_only_what_comes_after() -> None:
    game = game_of(mission("m", {"post.created": 2}, requires_start=True))
    assert sent(game, 1).outcome == "no_mission"

    commands.start(game.state, game.catalog, f"m:{TODAY}", now=START + HOUR_MS)
    assert sent(game, 2, START + HOUR_MS - 1, now=START + 2 * HOUR_MS).outcome == "no_mission"  # done before the start, delivered after
    assert sent(game, 3, START + HOUR_MS, now=START + 2 * HOUR_MS).outcome == "counted"


@pytest.mark.parametrize(
    "requirements",
    [
        {"all": [{"action": "tip.sent", "op": "<=", "target": 1}]},
        {"all": [{"action": "post.created", "target": 1, "scope": "lifetime"}]},
    ],
)
def test_a_mission_nobody_started_is_not_completed_by_its_end(requirements: dict[str, Any]) -> None:
    game = game_of(mission("m", requirements, requires_start=True))
    sent(game, 1)
    game.night_by_night(START + 4 * DAY_MS)

    assert game.completions() == {}
    assert game.paid() == []


def test_the_outcome_of_an_action_is_the_best_it_came_to() -> None:
    conditions = [{"field": "length", "op": ">=", "value": 100}]
    game = game_of(
        mission("filtered", {"all": [{"action": "post.created", "target": 1, "where": conditions}]}),
        mission("hours", active_hours={"from": 22, "to": 6}),
        mission("counted", {"post.created": 2}),
    )

    applied = sent(game, 1)

    assert set(outcomes(applied).values()) == {"filtered", "outside_active_hours", "counted"}
    assert applied.outcome == "counted"
    sent(game, 2)
    assert sent(game, 3).outcome == "capped"


# Derived actions


DERIVE = [
    {"when": "post.created", "where": [{"field": "length", "op": ">=", "value": 100}], "as": "long_post.created"},
    {"when": "long_post.created", "where": [{"field": "lang", "op": "==", "value": "de"}], "as": "german.long_post"},
]


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        ({}, {"post"}),
        ({"length": 99, "lang": "de"}, {"post"}),
        ({"length": 100}, {"post", "long"}),
        ({"length": 100, "lang": "de"}, {"post", "long", "german"}),
    ],
)
def test_an_action_counts_as_whatever_is_derived_from_it(data: dict[str, Any], counted: set[str]) -> None:
    game = game_of(mission("post"), mission("long", {"long_post.created": 1}), mission("german", {"german.long_post": 1}), derive=DERIVE)

    assert {name.split(":")[0] for name in outcomes(sent(game, 1, **data))} == counted
    assert set(game.completions()) == counted
    assert len(game.state.lifetime) == len(counted)


# Lifetime requirements


def test_a_threshold_mission_starts_from_what_the_player_has_done_in_life() -> None:
    game = game_of(mission("m", {"post.created": 5}, type="threshold"))
    for n in range(3):
        sent(game, n, START + n * HOUR_MS)
    game.at(ms("2026-11-22T00:00"))
    assert game.mission("m").progress == [3]

    applied = sent(game, 9, ms("2026-11-22T10:00"))
    assert [(outcome.before, outcome.after) for outcome in applied.outcomes if outcome.mission == "m:2026-11-22"] == [
        (Decimal(3), Decimal(4))
    ]


def test_a_threshold_met_before_is_complete_as_soon_as_it_is_dealt() -> None:
    game = game_of(mission("m", {"post.created": 2}, type="threshold"))
    for n in range(2):
        sent(game, n, START + n * HOUR_MS)
    game.at(ms("2026-11-22T00:00"))

    assert game.mission("m").status == "completed"


def test_a_lifetime_requirement_takes_an_action_older_than_its_board() -> None:
    game = game_of(mission("m", {"post.created": 2}, type="threshold"))

    applied = sent(game, 1, ms("2026-11-20T09:00"), now=START)

    assert outcomes(applied) == {f"m:{YESTERDAY}": "counted", f"m:{TODAY}": "counted"}


# What the world is told


def test_a_mission_starts_at_its_first_counted_action_and_completes_at_its_last() -> None:
    game = game_of(mission("m", {"post.created": 2}))
    sent(game, 1, START)
    sent(game, 2, START + HOUR_MS)
    sent(game, 3, START + 2 * HOUR_MS)

    started, completed = game.events
    assert started == MissionStarted(f"m:{TODAY}", "m", START)
    assert isinstance(completed, MissionCompleted)
    assert (completed.mission, completed.completed_at, completed.type) == (f"m:{TODAY}", START + HOUR_MS, "count")


def test_the_moments_of_a_mission_do_not_depend_on_the_order_of_delivery() -> None:
    game = game_of(mission("m", {"post.created": 2}))
    sent(game, 2, START + HOUR_MS)
    sent(game, 1, START, now=START + 2 * HOUR_MS)

    mission_ = game.mission("m")
    assert (mission_.first_at, mission_.last_at, mission_.completed_at) == (START, START + HOUR_MS, START + HOUR_MS)


def test_acting_keeps_a_player_active_and_an_old_action_does_not_turn_that_back() -> None:
    game = game_of(mission("m"))
    sent(game, 1, START + HOUR_MS)
    sent(game, 2, START - 9 * HOUR_MS, now=START + 2 * HOUR_MS)

    assert game.state.active_at == START + HOUR_MS


ANY_ACTION = st.tuples(
    st.sampled_from(["post.created", "tip.sent", "video.watched"]), st.integers(-80, 20), st.sampled_from([0, 50, 100, "x"])
)


@given(st.lists(ANY_ACTION, max_size=25))
@settings(max_examples=60)
def test_every_action_gets_a_known_outcome_and_only_counted_ones_say_from_where_to_where(plan: list[tuple[str, int, Any]]) -> None:
    game = game_of(
        mission("m", {"post.created": 3, "tip.sent": 2}),
        mission("sum", {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 120}]}),
        mission("quick", type="timebound", time_limit_hours=12),
        mission("w", {"post.created": 5}, period="weekly"),
        now=START,
    )
    for n, (type_, hours, amount) in enumerate(plan):
        applied = sent(game, n, min(START, START + hours * HOUR_MS), type_, now=START, amount=amount)

        assert applied.outcome in OUTCOMES
        assert all((outcome.before is not None) is (outcome.outcome == "counted") for outcome in applied.outcomes)
        assert all(
            outcome.before <= outcome.after for outcome in applied.outcomes if outcome.before is not None and outcome.after is not None
        )
        assert OUTCOMES.index(applied.outcome) <= min((OUTCOMES.index(o.outcome) for o in applied.outcomes), default=99)
    assert sum(count for count in game.state.lifetime.values() if isinstance(count, int)) == len(plan)
