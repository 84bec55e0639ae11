"""What players do besides acting: each command changes the state, or refuses with a stable code."""

from typing import Any

import pytest

from missions_core.domain import commands, streaks
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import GrantPending, MissionCompleted, RewardClaimed
from missions_core.domain.periods import FOREVER
from missions_core.domain.roll import welcome
from missions_core.domain.state import Mission
from missions_core.errors import Conflict, Gone, InvalidInput, MissionsError, NotFound
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
TODAY, YESTERDAY = "2026-11-21", "2026-11-20"


def game_of(*templates: dict[str, Any], **rules: Any) -> Game:
    return Game(catalog(*templates, **rules), now=START)


def refused(kind: type[MissionsError], command: Any, *args: Any, **kwargs: Any) -> tuple[str, dict[str, object]]:
    with pytest.raises(kind) as caught:
        command(*args, **kwargs)
    return caught.value.code, caught.value.details


# Claim


def test_a_claim_pays_what_the_completion_fixed_and_says_so() -> None:
    game = game_of(mission("m", rewards={"xp": 10, "gold": 3}))
    game.act(action(1, START))

    board, claimed, events = commands.claim(game.state, game.catalog, f"m:{TODAY}", now=START + HOUR_MS)

    assert (board.period.label, claimed.status, claimed.claimed_at) == (TODAY, "claimed", START + HOUR_MS)
    cause = f"mission:m:{TODAY}"
    assert claimed.paid is not None
    assert claimed.paid.amounts == {"xp": 10, "gold": 3}
    assert events == [RewardClaimed(cause, claimed.paid, START + HOUR_MS), GrantPending(cause, START + HOUR_MS, claimed.paid)]
    assert [(grant.cause, grant.at, grant.rewards) for grant in game.state.pending] == [(cause, START + HOUR_MS, claimed.paid)]


def test_a_claim_of_an_unfinished_a_claimed_or_an_unknown_mission_is_refused() -> None:
    game = game_of(mission("m"))
    assert refused(Conflict, commands.claim, game.state, game.catalog, f"m:{TODAY}", now=START)[0] == "mission_not_completed"

    game.act(action(1, START))
    game.claim_all()
    again = refused(Conflict, commands.claim, game.state, game.catalog, f"m:{TODAY}", now=START)
    assert again == ("already_claimed", {"claimed_at": START})
    assert refused(NotFound, commands.claim, game.state, game.catalog, "m:1999-01-01", now=START)[0] == "mission_not_found"
    assert len(game.state.pending) == 1


def test_a_completed_mission_can_be_claimed_until_its_board_settles() -> None:
    game = game_of(mission("m"))
    game.act(action(1, START))
    until = commands.claim_until(game.board("daily"))
    assert until == ms("2026-11-23T00:00")

    assert commands.claimable(game.at(until - 1).state) == [f"m:{TODAY}"]
    game.at(until)
    assert commands.claimable(game.state) == []
    assert refused(NotFound, commands.claim, game.state, game.catalog, f"m:{TODAY}", now=until)[0] == "mission_not_found"
    assert [m.status for board in game.settled if board.period.label == TODAY for m in board.missions] == ["expired"]


def test_a_special_mission_can_be_claimed_for_days_after_it_ended_and_a_perpetual_one_without_limit() -> None:
    window = {"from": "2026-11-20T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    game = game_of(mission("s", period="special", active=window), mission("p", period="perpetual"), claim_days=3)
    until = {board.period.kind: commands.claim_until(board) for board in game.state.boards if board.missions}

    assert until == {"special": ms("2026-11-28T00:00"), "perpetual": None}


def test_an_auto_claimed_mission_is_paid_by_the_write_that_completes_it() -> None:
    game = game_of(mission("m", auto_claim=True))
    game.act(action(1, START))

    assert (game.mission("m").status, commands.claimable(game.state), game.paid()) == ("claimed", [], [f"mission:m:{TODAY}"])
    assert [type(event) for event in game.events][1:] == [MissionCompleted, RewardClaimed, GrantPending]


# Start


def test_a_mission_is_started_once_while_its_period_runs() -> None:
    game = game_of(mission("m", requires_start=True), mission("free"))
    commands.start(game.state, game.catalog, f"m:{TODAY}", now=START)

    assert game.mission("m").started_at == START
    again = refused(Conflict, commands.start, game.state, game.catalog, f"m:{TODAY}", now=START + 1)
    assert again == ("already_started", {"started_at": START})
    assert refused(Conflict, commands.start, game.state, game.catalog, f"free:{TODAY}", now=START)[0] == "start_not_needed"
    assert refused(Gone, commands.start, game.state, game.catalog, f"m:{YESTERDAY}", now=START)[0] == "mission_over"
    assert refused(NotFound, commands.start, game.state, game.catalog, "m:never", now=START)[0] == "mission_not_found"


def test_a_special_mission_cannot_be_started_once_its_window_is_over() -> None:
    window = {"from": "2026-11-20T00:00:00Z", "until": "2026-11-22T12:00:00Z"}
    game = game_of(mission("s", period="special", active=window, requires_start=True))
    game.at(ms("2026-11-22T12:00"))

    assert refused(Gone, commands.start, game.state, game.catalog, "s:2026-11-20", now=game.now)[0] == "mission_over"


def test_starting_a_threshold_met_before_completes_it_at_once() -> None:
    game = game_of(mission("m", {"post.created": 2}, type="threshold", requires_start=True))
    for n in range(2):
        game.act(action(n, START + n * HOUR_MS))
    game.at(ms("2026-11-22T10:00"))
    assert game.mission("m").status == "active"

    commands.start(game.state, game.catalog, "m:2026-11-22", now=game.now)

    assert game.mission("m").status == "completed"


# Reroll


ONE_A_DAY = {"daily": {"min": 1, "max": 1}}


def dealt(game: Game) -> str:
    [mission_] = game.board("daily").missions
    return f"{mission_.template}:{TODAY}"


def test_a_reroll_swaps_an_unfinished_mission_for_another_that_counts_from_now_on() -> None:
    game = game_of(mission("a", {"post.created": 2}), mission("b", {"post.created": 2}), rotation=ONE_A_DAY)
    before = dealt(game)
    game.act(action(1, START))

    board, fresh, events, price = commands.reroll(game.state, game.catalog, before, now=START + HOUR_MS)

    assert board is game.board("daily")
    assert price == {}
    assert board.missions == [fresh]
    assert (dealt(game) != before, fresh.started_at, fresh.progress, events) == (True, START + HOUR_MS, [None], [])
    game.act(action(2, START + HOUR_MS - 1), now=START + 2 * HOUR_MS)
    assert fresh.progress == [None]  # done before the reroll, delivered after
    game.act(action(3, START + 2 * HOUR_MS))
    assert fresh.progress == [1]


def test_a_reroll_keeps_the_place_of_the_mission_on_its_board() -> None:
    game = game_of(*(mission(f"m{n}") for n in range(9)), rotation={"daily": {"min": 3, "max": 3}})
    first, second, third = game.board("daily").missions

    _, fresh, _, _ = commands.reroll(game.state, game.catalog, f"{second.template}:{TODAY}", now=START)

    assert [m.template for m in game.board("daily").missions] == [first.template, fresh.template, third.template]


def test_a_rerolled_mission_that_asks_to_be_started_still_does() -> None:
    game = game_of(mission("a", requires_start=True), mission("b", requires_start=True), rotation=ONE_A_DAY)

    assert commands.reroll(game.state, game.catalog, dealt(game), now=START)[1].started_at is None


def test_a_reroll_that_brings_a_threshold_met_before_completes_it_at_once() -> None:
    game = game_of(mission("a", {"tip.sent": 9}), mission("b", {"post.created": 1}, type="threshold"), rotation=ONE_A_DAY)
    game.state.lifetime["post.created"] = 5
    game.board("daily").missions = [Mission("a", 1, [None])]

    _, fresh, events, _ = commands.reroll(game.state, game.catalog, f"a:{TODAY}", now=START)

    assert (fresh.template, fresh.status) == ("b", "completed")
    assert [event.mission for event in events if isinstance(event, MissionCompleted)] == [f"b:{TODAY}"]


def test_rerolls_of_all_kinds_share_the_days_allowance_which_returns_tomorrow() -> None:
    templates = [mission(f"{kind}_{n}", period=kind) for kind in ("daily", "weekly") for n in range(4)]
    rotation = {"daily": {"min": 1, "max": 1}, "weekly": {"min": 1, "max": 1}}
    game = game_of(*templates, rotation=rotation, reroll={"per_day": 2})
    weekly = f"{game.board('weekly').missions[0].template}:2026-W47"
    commands.reroll(game.state, game.catalog, dealt(game), now=START)
    commands.reroll(game.state, game.catalog, weekly, now=START)

    weekly = f"{game.board('weekly').missions[0].template}:2026-W47"
    for wanted in (dealt(game), weekly):
        used_up = refused(Conflict, commands.reroll, game.state, game.catalog, wanted, now=START)
        assert used_up == ("rerolls_used_up", {"next_at": ms("2026-11-22T00:00")})

    game.at(ms("2026-11-22T00:00"))
    [tomorrows] = game.board("daily").missions
    commands.reroll(game.state, game.catalog, f"{tomorrows.template}:2026-11-22", now=game.now)
    assert game.board("daily").rerolls == 1


def test_what_cannot_be_rerolled_is_refused_with_its_reason_and_costs_nothing() -> None:
    window = {"from": "2026-11-20T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    game = game_of(mission("m"), mission("s", period="special", active=window), mission("p", {"tip.sent": 1}, period="perpetual"))

    def code(kind: type[MissionsError], wanted: str) -> str:
        return refused(kind, commands.reroll, game.state, game.catalog, wanted, now=START)[0]

    assert code(NotFound, "m:never") == "mission_not_found"
    assert code(Conflict, "s:2026-11-20") == "not_rerollable"
    assert code(Conflict, "p:always-0") == "not_rerollable"
    assert code(Gone, f"m:{YESTERDAY}") == "mission_over"
    assert code(Conflict, f"m:{TODAY}") == "nothing_to_reroll"
    game.act(action(1, START))
    assert code(Conflict, f"m:{TODAY}") == "already_completed"
    assert game.board("daily").rerolls == 0


@pytest.mark.parametrize("per_day", [0, 1, 2])
def test_a_days_first_rerolls_are_free_and_further_ones_have_the_catalogs_price(per_day: int) -> None:
    game = game_of(mission("a"), mission("b"), rotation=ONE_A_DAY, reroll={"per_day": per_day, "price": {"gold": 5}})

    prices = [commands.reroll(game.state, game.catalog, dealt(game), now=START)[3] for _ in range(4)]

    assert prices == [{}] * per_day + [{"gold": 5}] * (4 - per_day)


# Freezes

SALE: dict[str, Any] = {
    "freeze_price": {"gold": 20},
    "streaks": {
        "daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 0}},
        "weekly": {"counts": "none", "freezes": {"start": 0, "max": 2, "earn_every": 0}},
    },
}


def test_a_bought_freeze_is_held_at_once_and_saves_the_streak_when_a_day_is_missed() -> None:
    game = game_of(mission("m"), **SALE)
    game.act(action(1, START))

    assert commands.buy_freeze(game.state, game.catalog, "daily") == {"gold": 20}

    assert streaks.shown(game.state, "daily", game.catalog.rules.streaks["daily"]).freezes == 2
    game.night_by_night(START + 4 * DAY_MS)  # two missed days are settled
    assert (game.state.streaks["daily"].current, game.state.streaks["daily"].freezes) == (1, 0)


def test_no_more_freezes_are_sold_than_can_be_held() -> None:
    game = game_of(mission("m"), **SALE)
    commands.buy_freeze(game.state, game.catalog, "daily")

    assert refused(Conflict, commands.buy_freeze, game.state, game.catalog, "daily") == ("freezes_full", {"max": 2})
    assert game.board("daily").freezes_gained == 1


@pytest.mark.parametrize("late", [True, False])
def test_a_freeze_that_was_paid_for_is_never_the_one_too_many(late: bool) -> None:
    """The second day looks missed, which would use the only freeze; a late action brings it back."""
    sale = SALE | {"streaks": {"daily": {"counts": "any", "freezes": {"start": 1, "max": 1, "earn_every": 0}}}}
    game = game_of(mission("m"), **sale)
    rule = game.catalog.rules.streaks["daily"]
    game.act(action(1, START))
    game.at(START + 2 * DAY_MS)
    assert streaks.shown(game.state, "daily", rule).freezes == 0

    assert refused(Conflict, commands.buy_freeze, game.state, game.catalog, "daily") == ("freezes_full", {"max": 1})

    if late:
        game.act(action(2, START + DAY_MS), now=game.now + 1)
        assert streaks.shown(game.state, "daily", rule).freezes == 1
    else:
        game.act(action(3, game.now))
        game.at(game.now + DAY_MS)  # the second day is final
        commands.buy_freeze(game.state, game.catalog, "daily")
        assert streaks.shown(game.state, "daily", rule).freezes == 1


def test_freezes_are_sold_only_at_a_price_and_for_a_streak_there_is() -> None:
    not_sold = game_of(mission("m"), **SALE | {"freeze_price": None})
    assert refused(Conflict, commands.buy_freeze, not_sold.state, not_sold.catalog, "daily")[0] == "freezes_not_for_sale"
    no_streak = game_of(mission("m"), **SALE)
    assert refused(Conflict, commands.buy_freeze, no_streak.state, no_streak.catalog, "weekly")[0] == "freezes_not_for_sale"


# Pause


def test_a_pause_shields_the_boards_it_touches_and_those_dealt_while_it_lasts() -> None:
    game = game_of(mission("m"))

    until = commands.pause(game.state, game.catalog, 2, now=START)
    game.night_by_night(START + 6 * DAY_MS)

    assert until == START + 2 * DAY_MS
    shielded = {board.period.label: board.shielded for board in game.settled if board.period.kind == "daily"}
    assert shielded == {YESTERDAY: False, TODAY: True, "2026-11-22": True, "2026-11-23": True, "2026-11-24": False, "2026-11-25": False}


def test_a_pause_ended_early_protects_no_further_days() -> None:
    game = game_of(mission("m"))
    commands.pause(game.state, game.catalog, 9, now=START)
    game.at(START + DAY_MS)

    assert commands.pause(game.state, game.catalog, 0, now=START + DAY_MS) == START + DAY_MS
    game.night_by_night(START + 4 * DAY_MS)
    assert [board.period.label for board in game.settled if board.shielded and board.period.kind == "daily"] == [TODAY, "2026-11-22"]


@pytest.mark.parametrize("days", [-1, 31])
def test_a_pause_has_a_longest_length(days: int) -> None:
    game = game_of(mission("m"))

    with pytest.raises(InvalidInput) as caught:
        commands.pause(game.state, game.catalog, days, now=START)
    assert (caught.value.code, caught.value.field) == ("invalid_pause", "days")


def test_pauses_do_not_overlap_and_none_can_end_that_does_not_run() -> None:
    game = game_of(mission("m"))
    assert refused(Conflict, commands.pause, game.state, game.catalog, 0, now=START)[0] == "not_paused"

    commands.pause(game.state, game.catalog, 2, now=START)
    running = refused(Conflict, commands.pause, game.state, game.catalog, 2, now=START + DAY_MS)
    assert running == ("already_paused", {"until": START + 2 * DAY_MS})
    assert refused(Conflict, commands.pause, game.state, game.catalog, 0, now=START + 2 * DAY_MS)[0] == "not_paused"


def test_short_pauses_in_a_row_cannot_protect_for_ever() -> None:
    game = game_of(mission("m"), pause={"max_days": 5})
    commands.pause(game.state, game.catalog, 1, now=START)

    again = refused(Conflict, commands.pause, game.state, game.catalog, 1, now=START + 6 * DAY_MS - 1)
    assert again == ("pause_used_up", {"next_at": START + 6 * DAY_MS})
    assert commands.pause(game.state, game.catalog, 1, now=START + 6 * DAY_MS) == START + 7 * DAY_MS


# Zone


def test_the_first_zone_applies_at_once_while_nothing_has_happened() -> None:
    game = Game(catalog(mission("m")), now=START, zone=None)

    commands.set_zone(game.state, "Asia/Tokyo")
    welcome(game.state, game.catalog, now=START)

    assert game.board("daily").period.clock.zone == "Asia/Tokyo"
    assert [board.period.label for board in game.state.boards if board.period.kind == "daily"] == [YESTERDAY, TODAY]


def test_the_first_zone_waits_for_the_next_period_once_something_has_happened() -> None:
    game = Game(catalog(mission("m", {"post.created": 5})), now=START, zone=None)
    game.act(action(1, START))
    before = [board.period for board in game.state.boards]

    commands.set_zone(game.state, "Asia/Tokyo")
    welcome(game.state, game.catalog, now=START)

    assert [board.period for board in game.state.boards] == before
    assert game.mission("m").progress == [1]


@pytest.mark.parametrize("happened", ["checked_in_at", "rerolls"])
def test_a_sign_in_or_a_reroll_is_something_that_happened(happened: str) -> None:
    game = Game(catalog(mission("m")), now=START, zone=None)
    setattr(game.board("daily"), happened, START)
    before = list(game.state.boards)

    commands.set_zone(game.state, "Asia/Tokyo")

    assert game.state.boards == before


def test_another_zone_never_touches_the_boards_in_force() -> None:
    game = Game(catalog(mission("m")), now=START, zone="Europe/Berlin")
    before = [board.period for board in game.state.boards]

    commands.set_zone(game.state, "Asia/Tokyo")

    assert ([board.period for board in game.state.boards], game.state.zone) == (before, "Asia/Tokyo")


def test_a_board_without_end_is_one_that_settles_never() -> None:
    game = game_of(mission("p", period="perpetual"))
    [board] = [board for board in game.state.boards if board.period.kind == "perpetual"]

    assert board.settles_at == board.period.end == FOREVER
