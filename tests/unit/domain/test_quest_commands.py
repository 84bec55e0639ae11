"""What players do with quests: see them, begin runs, claim; and what else quests touch."""

from collections import Counter

import pytest

from missions_core.domain import commands, quest_commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.completion import waiting
from missions_core.domain.events import QuestFailed, QuestStarted
from missions_core.domain.roll import welcome
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.errors import Conflict, NotFound
from tests.support.catalogs import catalog, mission, quest, snapshot, step
from tests.support.quests import EXTRA, HELLO, MIDNIGHT, START, TIP, WATCH, WORD, Quests, playing

# Runs


def test_a_quest_that_wants_to_be_started_counts_from_there() -> None:
    game = playing(quest("q", HELLO, TIP, requires_start=True, time_limit_hours=1))
    game.act_at(START)
    assert (game.status(), game.has_run(), game.why_not()) == ("not_started", False, None)

    game.at(START + HOUR_MS).start()
    game.act_at(START + HOUR_MS - 1, now=START + HOUR_MS + 1)
    assert (game.status(), game.done()) == ("in_progress", [])
    game.act_at(START + HOUR_MS + 1)

    assert (game.done(), game.run()[0].period.end) == (["hello"], START + 2 * HOUR_MS)
    assert game.told(QuestStarted) == [QuestStarted("q:run-1", "q", START + HOUR_MS)]


def test_what_cannot_be_started_says_why() -> None:
    game = playing(
        quest("q", HELLO, TIP, time_limit_hours=5),
        quest("done", WATCH),
        quest("paused", HELLO, requires_start=True, paused=True),
        quest("later", HELLO, requires_start=True, active={"from": "2027-01-01T00:00:00Z", "until": "2027-02-01T00:00:00Z"}),
        quest("high", HELLO, level={"min": 9}),
        quest("after", HELLO, prerequisites=["done"]),
        quest("theirs", HELLO, segments=["others"]),
        mission("m"),
    )
    for key in ("nothing", "m", "theirs"):
        assert game.refused(NotFound, game.start, key)[0] == "quest_not_found"
    assert game.refused(Conflict, game.start) == ("quest_already_started", {"quest_status": "in_progress"})
    reasons = {"paused": "paused", "later": "not_yet_active", "high": "level_too_low", "after": "prerequisite_missing:done"}
    for key, reason in reasons.items():
        assert game.refused(Conflict, game.start, key) == ("quest_not_available", {"reason": reason})
    game.act_at(START, "video.watched")
    assert game.refused(Conflict, game.start, "done") == ("quest_already_completed", {"quest_status": "completed"})
    game.start("after")
    game.at(START + 5 * HOUR_MS)
    assert game.refused(Conflict, game.start) == ("quest_not_available", {"reason": "last_run_not_final"})


def test_after_a_failed_run_the_next_begins_when_the_player_wants_and_pays_what_was_not_paid() -> None:
    game = playing(quest("q", HELLO, TIP, time_limit_hours=2))
    game.act_at(START)
    game.night_by_night(START + 3 * DAY_MS)
    assert (game.has_run(), game.why_not()) == (False, None)

    for _ in range(2):
        game.start()
        game.act_at(game.now + 1)
        assert game.done() == ["hello"]
        game.night_by_night(game.now + 3 * DAY_MS)

    assert game.paid() == ["quest:q:run-1:hello"]
    assert (game.status(), game.state.quests["q"].runs) == ("failed", 3)
    game.start()
    game.act_at(game.now + 1)
    game.act_at(game.now + 1, "tip.sent")
    assert game.paid()[1:] == ["quest:q:run-4:tip", "quest:q:run-4"]


def test_every_run_after_a_completed_one_pays_all_its_steps() -> None:
    game = playing(quest("q", HELLO, max_completions=2, time_limit_hours=2))
    game.act_at(START)
    game.night_by_night(START + 3 * DAY_MS)

    game.start()
    game.act_at(game.now + 1)

    assert game.paid() == ["quest:q:run-1:hello", "quest:q:run-1", "quest:q:run-2:hello", "quest:q:run-2"]


def test_a_completed_run_makes_room_for_the_next_one_and_is_paid() -> None:
    game = playing(quest("q", HELLO, EXTRA, auto_claim=False, max_completions=2))
    game.act_at(START)
    assert (game.status(), game.why_not()) == ("completed", None)

    game.at(START + 1).start()

    assert [(board.period.label, board.missions[0].status) for board in game.settled] == [("run-1", "claimed")]
    assert game.paid() == ["quest:q:run-1:hello", "quest:q:run-1"]
    assert (game.run()[0].period.label, game.status(), game.why_not()) == ("run-2", "in_progress", "under_way")
    game.act_at(START + 2)
    assert game.refused(Conflict, game.start)[0] == "quest_already_completed"
    assert game.state.completions["q"].count == 1


def test_a_cooldown_runs_from_the_completion() -> None:
    game = playing(quest("q", HELLO, EXTRA, max_completions=9, cooldown_hours=6))
    game.act_at(START)
    assert game.why_not() == "cooldown"
    assert game.at(START + 6 * HOUR_MS - 1).why_not() == "cooldown"
    assert game.at(START + 6 * HOUR_MS).why_not() is None

    game.start()
    game.act_at(START + 12 * HOUR_MS)
    game.act_at(START + 12 * HOUR_MS, "tip.sent")
    game.at(MIDNIGHT)

    assert (game.has_run(), game.why_not()) == (False, "cooldown")
    assert game.at(START + 18 * HOUR_MS).why_not() is None


def test_a_quest_that_was_withdrawn_is_played_to_its_end_as_it_was_dealt_and_not_begun_again() -> None:
    first = snapshot(quest("q", HELLO, WORD, max_completions=3), mission("m"))
    game = Quests(catalog_from_snapshot(first), now=START)
    game.act_at(START)
    without = catalog_from_snapshot(snapshot(mission("m"), previous=first))
    without.retired.update({(each.key, each.version): each for each in game.catalog.templates.values()})

    game.catalog = without
    game.complete("word")

    assert game.done() == ["hello", "word"]
    assert game.why_not() == "no_longer_active"
    assert game.shown() == ["q"]
    assert game.at(MIDNIGHT).shown() == []


# Claims


def test_a_quest_that_waits_for_a_claim_is_claimed_once() -> None:
    game = playing(quest("q", HELLO, TIP, auto_claim=False))
    assert game.refused(NotFound, game.claim, "nothing")[0] == "quest_not_found"
    assert game.refused(Conflict, game.claim) == ("quest_not_completed", {"quest_status": "in_progress"})
    game.act_at(START)
    game.act_at(START, "tip.sent")
    game.night_by_night(START + 9 * DAY_MS)
    assert "quest:q:run-1" not in game.paid()

    game.claim()

    assert game.paid()[-1] == "quest:q:run-1"
    claimed_at = {"claimed_at": game.now}
    assert game.refused(Conflict, game.claim) == ("already_claimed", claimed_at)
    game.night_by_night(game.now + DAY_MS)
    assert not game.has_run()
    assert game.refused(Conflict, game.claim) == ("already_claimed", claimed_at)


def test_what_nobody_claimed_is_paid_when_the_run_becomes_final() -> None:
    game = playing(quest("q", HELLO, auto_claim=False, time_limit_hours=2))
    game.act_at(START)
    game.night_by_night(START + 2 * HOUR_MS + DAY_MS - 1)
    assert game.paid() == ["quest:q:run-1:hello"]

    game.at(game.now + 1)

    assert game.paid() == ["quest:q:run-1:hello", "quest:q:run-1"]
    assert (game.status(), game.told(QuestFailed)) == ("completed", [])


def test_a_mission_and_a_quest_are_not_claimed_under_each_others_name() -> None:
    game = playing(quest("q", HELLO, auto_claim=False))
    game.act_at(START)

    assert game.refused(NotFound, lambda: commands.claim(game.state, game.catalog, "q:run-1", now=START))[0] == "mission_not_found"
    assert commands.claimable(game.state) == []
    assert [each.template for _, each in waiting(game.state)] == ["q"]


# What is shown, and what else looks at quests


def test_players_see_what_they_run_may_start_or_may_work_towards_and_nothing_else() -> None:
    window = {"from": "2026-11-21T00:00:00Z", "until": "2026-11-21T12:00:00Z"}
    game = playing(
        quest("a_running", HELLO),
        quest("b_to_start", HELLO, requires_start=True),
        quest("c_locked", HELLO, level={"min": 5}),
        quest("d_chained", HELLO, prerequisites=["a_running"]),
        quest("e_vip", HELLO, vip=True),
        quest("f_over_soon", HELLO, active=window),
        quest("paused", HELLO, paused=True),
        quest("future", HELLO, active={"from": "2027-01-01T00:00:00Z", "until": None}),
        quest("theirs", HELLO, segments=["others"]),
        quest("theirs_locked", HELLO, segments=["others"], level={"min": 5}),
        quest("for_veterans", HELLO, history="veteran"),
        mission("m"),
    )

    assert game.shown() == ["a_running", "b_to_start", "c_locked", "d_chained", "e_vip", "f_over_soon"]
    assert game.night_by_night(START + 3 * DAY_MS).shown()[-1] == "f_over_soon", "it was run"
    for key in ("paused", "theirs", "theirs_locked", "m", "nothing"):
        with pytest.raises(NotFound):
            quest_commands.find_shown(game.state, game.catalog, key, now=game.now)


def test_the_next_quest_of_a_chain_follows_the_next_night_or_at_once_by_a_word() -> None:
    game = playing(quest("q", HELLO), quest("next", TIP, prerequisites=["q"]))
    game.act_at(START)
    by_night, at_once = game.copy(), game.copy()

    assert by_night.at(MIDNIGHT).status("next") == "in_progress"
    at_once.start("next")
    assert at_once.status("next") == "in_progress"


def test_what_a_quest_pays_counts_for_the_level_that_deals_missions_while_it_goes_on() -> None:
    game = playing(
        quest("q", step("hello", {"post.created": 1}, rewards={"xp": 60}), EXTRA, rewards={"xp": 60}),
        mission("m", level={"min": 2}),
        levels=[0, 100],
    )
    game.act_at(START)

    game.at(MIDNIGHT)

    assert game.has_run()
    assert [each.template for each in game.board("daily").missions] == ["m"]


def test_the_first_zone_deals_an_untouched_quest_anew_and_leaves_a_touched_one_alone() -> None:
    def settle_in(game: Quests) -> None:
        commands.set_zone(game.state, "Asia/Tokyo")
        rolled = welcome(game.state, game.catalog, now=game.now)
        game.events += rolled.events

    for touch, zone in ((None, "Asia/Tokyo"), ("action", "UTC"), ("word", "UTC")):
        game = Quests(catalog(quest("q", step("word", optional=True), HELLO, time_limit_hours=2), mission("m")), now=START, zone=None)
        if touch == "action":
            game.act_at(START)
        elif touch == "word":
            game.complete("word")
        settle_in(game)
        game.act_at(START + 1)
        game.act_at(START + 2)

        assert (game.run()[0].period.label, game.run()[0].period.clock.zone) == ("run-1", zone)
        assert Counter(game.paid())["quest:q:run-1:hello"] == 1
        assert [board.period.kind for board in game.state.boards].count("quest") == 1


def test_a_step_paid_without_an_action_is_not_dealt_again_by_the_first_zone() -> None:
    met = step("met", {"all": [{"action": "post.created", "target": 1, "scope": "lifetime"}]})
    older, newer = catalog(mission("m", {"tip.sent": 1})), catalog(mission("m", {"tip.sent": 1}), quest("q", met, TIP))
    object.__setattr__(newer, "version", 2)
    game = Quests(older, now=START, zone=None)
    game.act_at(START)
    game.catalog = newer
    game.at(START + 1)

    commands.set_zone(game.state, "Asia/Tokyo")
    welcome(game.state, newer, now=game.now)

    assert [grant.cause for grant in game.state.pending] == ["quest:q:run-1:met"]
