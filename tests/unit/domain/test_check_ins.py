"""The daily sign-in: what it pays, when it opens again, and what breaks its streak."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.check_ins import CheckInResult, check_in
from missions_core.domain.events import CheckInCompleted, GrantPending
from missions_core.domain.roll import welcome
from missions_core.errors import Conflict, NotFound
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-02T10:00")  # a Monday: the month has 29 days left
RULE: dict[str, Any] = {
    "base": {"gold": 15},
    "tiers": [
        {"min_days": 3, "max_days": 6, "bonus_percent": 10},
        {"min_days": 7, "max_days": 13, "bonus_percent": 50},
        {"min_days": 14, "bonus_percent": 100},
    ],
    "milestones": [{"days": 7, "reward": {"gold": 100, "badges": ["week"]}}, {"days": 14, "reward": {"xp": 5}}],
    "monthly": {"days": 20, "reward": {"gold": 500}},
}


def player(*, now: int = START, zone: str = "UTC", pause_days: int = 30, **rule: Any) -> Game:
    return Game(catalog(mission("d"), check_in=RULE | rule, pause={"max_days": pause_days}), now=now, zone=zone)


def sign_in(game: Game, now: int) -> CheckInResult:
    game.at(now)
    welcome(game.state, game.catalog, now=game.now)
    result, events = check_in(game.state, game.catalog, now=game.now)
    game.events += events
    return result


def sign_in_daily(game: Game, days: int) -> CheckInResult:
    return [sign_in(game, game.now + DAY_MS if n else game.now) for n in range(days)][-1]


@pytest.mark.parametrize(
    ("streak", "bonus", "milestone"),
    [(1, 0, 0), (2, 0, 0), (3, 1, 0), (6, 1, 0), (7, 7, 100), (8, 7, 0), (13, 7, 0), (14, 15, 0), (18, 15, 0)],  # floor of 1.5 and of 7.5
)
def test_a_sign_in_pays_base_tier_bonus_and_milestone(streak: int, bonus: int, milestone: int) -> None:
    game = player()

    result = sign_in_daily(game, streak)

    assert result.streak_days == streak
    assert result.base.amounts == {"gold": 15}
    assert result.streak_bonus.amounts.get("gold", 0) == bonus
    assert result.milestone_bonus.amounts.get("gold", 0) == milestone
    assert result.total.amounts["gold"] == 15 + bonus + milestone


def test_a_milestone_pays_goods_too() -> None:
    assert sign_in_daily(player(), 7).total.badges == ("week",)


def test_a_milestone_pays_xp_which_counts_for_the_level() -> None:
    game = player()
    sign_in_daily(game, 14)

    assert game.state.lifetime_xp == 5


def test_each_day_is_one_grant_under_a_cause_of_its_own_told_with_its_parts() -> None:
    game = player()
    result = sign_in_daily(game, 3)

    assert game.paid() == ["check_in:2026-11-02", "check_in:2026-11-03", "check_in:2026-11-04"]
    assert [grant.rewards.amounts for grant in game.state.pending] == [{"gold": 15}, {"gold": 15}, {"gold": 16}]
    told = [event for event in game.events if isinstance(event, CheckInCompleted)][-1]
    assert (told.label, told.streak_days, told.total, told.checked_in_at) == ("2026-11-04", 3, {"gold": 16}, game.now)
    assert told.total == result.total.amounts


def test_a_sign_in_that_pays_nothing_makes_no_grant() -> None:
    game = player(base={"gold": 0}, tiers=[], milestones=[], monthly=None)
    sign_in(game, START)

    assert game.state.check_ins.total == 1
    assert not [event for event in game.events if isinstance(event, GrantPending)]


@pytest.mark.parametrize(
    ("zone", "first", "again", "opens"),
    [
        ("UTC", "2026-11-02T10:00", "2026-11-02T23:59", "2026-11-03T00:00"),
        ("Asia/Tokyo", "2026-11-02T15:00", "2026-11-03T14:59", "2026-11-03T15:00"),
        ("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T22:59", "2026-10-25T23:00"),  # 25 hours: clocks fall back
        ("Europe/Berlin", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00"),  # 23 hours: clocks spring forward
        ("America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T01:59", "2018-11-05T02:00"),  # midnight is skipped
    ],
)
def test_the_second_sign_in_of_a_local_day_is_a_conflict_naming_the_next_opening(zone: str, first: str, again: str, opens: str) -> None:
    game = player(now=ms(first), zone=zone)
    assert sign_in(game, ms(first)).next_at == ms(opens)

    with pytest.raises(Conflict) as refused:
        sign_in(game, ms(again))
    assert (refused.value.code, refused.value.details) == ("already_checked_in", {"next_at": ms(opens)})
    assert game.state.check_ins.total == 1

    assert sign_in(game, ms(opens)).streak_days == 2


@pytest.mark.parametrize(
    ("zone", "first_day"), [("Europe/Berlin", "2026-10-23"), ("Europe/Berlin", "2026-03-27"), ("America/Havana", "2026-03-06")]
)
@pytest.mark.parametrize("local_hour", [5, 20])
def test_the_streak_runs_on_over_a_change_of_the_clocks(zone: str, first_day: str, local_hour: int) -> None:
    game = player(now=ms(f"{first_day}T12:00"), zone=zone)
    lengths: list[int] = []
    for _ in range(6):
        lengths.append(sign_in(game, game.board("daily").period.start + local_hour * HOUR_MS if lengths else game.now).streak_days)
        game.night_by_night(game.board("daily").period.end)

    assert lengths == [1, 2, 3, 4, 5, 6]


def test_a_missed_day_starts_the_streak_anew_and_the_best_is_kept() -> None:
    game = player()
    sign_in_daily(game, 4)

    assert sign_in(game, game.now + 2 * DAY_MS).streak_days == 1
    assert (game.state.check_ins.best, game.state.check_ins.total) == (4, 5)


def test_the_streak_shows_as_broken_once_the_missed_day_is_over() -> None:
    game = player()
    sign_in_daily(game, 4)

    assert game.at(ms("2026-11-06T23:59")).state.check_ins.streak == 4
    assert game.at(ms("2026-11-07T00:00")).state.check_ins.streak == 0


def test_a_pause_protects_the_sign_in_streak() -> None:
    game = player()
    sign_in_daily(game, 4)
    commands.pause(game.state, game.catalog, 5, now=game.now)
    game.night_by_night(game.now + 5 * DAY_MS)

    assert sign_in(game, game.now).streak_days == 5


def test_a_pause_longer_than_boards_are_dealt_protects_the_sign_in_streak() -> None:
    game = player(pause_days=60)
    sign_in_daily(game, 4)
    commands.pause(game.state, game.catalog, 60, now=game.now)
    game.night_by_night(game.now + 45 * DAY_MS)

    assert sign_in(game, game.now).streak_days == 5


def test_a_pause_does_not_protect_the_days_after_it_however_long_the_player_stays_away() -> None:
    game = player()
    sign_in_daily(game, 4)
    commands.pause(game.state, game.catalog, 30, now=game.now)
    game.night_by_night(game.now + 45 * DAY_MS)

    assert sign_in(game, game.now).streak_days == 1


def test_after_months_away_the_streak_starts_anew() -> None:
    game = player()
    sign_in_daily(game, 4)
    game.night_by_night(game.now + 100 * DAY_MS)

    assert sign_in(game, game.now).streak_days == 1


def test_a_month_of_sign_ins_pays_once_at_its_day_gaps_or_not() -> None:
    game = player(now=ms("2026-11-01T10:00"), tiers=[], milestones=[], monthly={"days": 3, "reward": {"gold": 500}})
    paid = [sign_in(game, ms(f"2026-11-{day:02}T10:00")).monthly_bonus.amounts.get("gold", 0) for day in (1, 2, 20, 21, 30)]
    following = [sign_in(game, ms(f"2026-12-0{day}T10:00")).monthly_bonus.amounts.get("gold", 0) for day in (1, 2, 3)]

    assert (paid, following) == ([0, 0, 500, 0, 0], [0, 0, 500])
    assert game.state.check_ins.months == {"2026-11": 1 << 0 | 1 << 1 | 1 << 19 | 1 << 20 | 1 << 29, "2026-12": 0b111}


def test_a_year_of_cards_is_kept() -> None:
    game = player(now=ms("2026-01-15T10:00"))
    for month in range(1, 13):
        sign_in(game, ms(f"2026-{month:02}-15T10:00"))
    sign_in(game, ms("2027-01-15T10:00"))

    assert list(game.state.check_ins.months) == [*(f"2026-{month:02}" for month in range(2, 13)), "2027-01"]


def test_signing_in_keeps_a_player_active() -> None:
    game = player()
    sign_in(game, START + 3 * DAY_MS)

    assert game.state.active_at == START + 3 * DAY_MS


def test_a_catalog_without_sign_ins_offers_none() -> None:
    game = Game(catalog(mission("d")), now=START)

    with pytest.raises(NotFound) as refused:
        check_in(game.state, game.catalog, now=START)
    assert refused.value.code == "check_in_not_offered"


@given(st.sets(st.integers(0, 40), min_size=1), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"]))
@settings(max_examples=40)
def test_the_streak_is_the_run_of_days_up_to_this_one(days: set[int], zone: str) -> None:
    game = player(zone=zone, now=ms("2026-10-10T10:30"))
    for day in sorted(days):
        result = sign_in(game, ms("2026-10-10T10:30") + day * DAY_MS)
        run = next(n for n in range(1, 99) if day - n not in days)

        assert result.streak_days == run
        assert game.state.check_ins.best >= run


def test_acting_on_missions_is_no_sign_in() -> None:
    game = player()
    game.act(action(1, START))

    assert game.state.check_ins.total == 0
