"""How a run of a quest goes: steps in order, each paid once, and an end though nobody returns."""

import pytest

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import QuestFailed, QuestStarted, RewardClaimed
from missions_core.domain.roll import due_at
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import QuestEnd
from missions_core.errors import Conflict, Gone, NotFound
from tests.support.catalogs import catalog, mission, quest, snapshot, step
from tests.support.game import ms
from tests.support.quests import EXTRA, HELLO, MIDNIGHT, START, TIP, WATCH, WORD, Quests, playing

# Steps


def test_a_quest_is_under_way_as_soon_as_it_is_dealt_and_takes_what_was_done_since_yesterday() -> None:
    game = playing(quest("q", HELLO, TIP))
    assert (game.status(), game.done(), game.events) == ("in_progress", [], [])

    game.act_at(START - 12 * HOUR_MS, now=START + 1)

    assert game.done() == ["hello"]
    assert game.told(QuestStarted) == [QuestStarted("q:run-1", "q", START - 12 * HOUR_MS)]


def test_steps_complete_in_order_and_everything_done_since_the_beginning_counts() -> None:
    game = playing(quest("q", HELLO, TIP, WATCH))
    game.act_at(START + 1, "tip.sent")
    game.act_at(START + 2, "video.watched")
    assert game.done() == []

    game.act_at(START + 3)

    assert (game.done(), game.status()) == (["hello", "tip", "watch"], "completed")
    assert [type(event).__name__ for event in game.events] == [
        "QuestStarted",
        *["QuestStepCompleted", "RewardClaimed", "GrantPending"] * 3,
        *["QuestCompleted", "RewardClaimed", "GrantPending"],
    ]


def test_each_step_and_then_the_quest_pay_the_catalogs_plain_amounts() -> None:
    boosted = {"period_multiplier": {"gold": {"daily": 3}}, "streak_multiplier": [{"from": 1, "multiply": {"gold": 2}}]}
    game = playing(quest("q", HELLO, step("free", {"tip.sent": 1}, rewards={})), mission("m"), rewards=boosted)
    game.act_at(START)
    game.act_at(START, "tip.sent")

    paid = [(event.cause, dict(event.rewards.amounts)) for event in game.events if isinstance(event, RewardClaimed)]
    assert paid == [("quest:q:run-1:hello", {"gold": 1}), ("quest:q:run-1", {"gold": 100})]


def test_an_optional_step_may_be_left_out_and_done_afterwards() -> None:
    game = playing(quest("q", HELLO, EXTRA, WATCH))
    game.act_at(START)
    game.act_at(START, "video.watched")
    assert (game.status(), game.done()) == ("completed", ["hello", "watch"])

    game.night_by_night(START + 20 * DAY_MS)
    game.act_at(START + 20 * DAY_MS, "tip.sent")

    assert game.done() == ["hello", "extra", "watch"]
    assert game.paid() == ["quest:q:run-1:hello", "quest:q:run-1:watch", "quest:q:run-1", "quest:q:run-1:extra"]


def test_an_optional_step_waits_for_what_is_required_before_it() -> None:
    game = playing(quest("q", HELLO, EXTRA, WATCH))
    game.act_at(START, "tip.sent")
    assert game.done() == []

    game.act_at(START)

    assert game.done() == ["hello", "extra"]


def test_a_run_leaves_at_the_end_of_the_day_once_nothing_is_left_to_do_in_it() -> None:
    game = playing(quest("q", HELLO))
    game.act_at(START)
    assert game.at(MIDNIGHT - 1).has_run()

    game.at(MIDNIGHT)

    assert not game.has_run()
    assert [(board.period.label, board.missions[0].status) for board in game.settled if board.period.kind == "quest"] == [
        ("run-1", "claimed")
    ]
    assert game.state.quests == {"q": QuestEnd(1, "claimed", START, START, ["hello"])}
    assert (game.status(), game.state.completions["q"].count) == ("completed", 1)
    assert not game.night_by_night(START + 5 * DAY_MS).has_run(), "no second run begins by itself"


def test_a_lifetime_step_met_before_the_quest_is_dealt_is_done_at_once() -> None:
    met = step("met", {"all": [{"action": "post.created", "target": 1, "scope": "lifetime"}]})
    older = catalog(mission("m", {"tip.sent": 1}), quest("later", TIP, prerequisites=["m"]))
    newer = catalog(mission("m", {"tip.sent": 1}), quest("q", met, TIP), quest("later", TIP, prerequisites=["m"]))
    object.__setattr__(newer, "version", 2)
    game = Quests(older, now=START)
    game.act_at(START)

    game.catalog = newer
    game.at(START + HOUR_MS)

    assert game.done() == ["met"]


# The player's word


def test_a_manual_step_is_done_by_the_players_word_and_opens_what_follows() -> None:
    game = playing(quest("q", WORD, HELLO))
    game.act_at(START)
    assert game.done() == []

    game.at(START + HOUR_MS).complete("word")

    assert (game.done(), game.status()) == (["word", "hello"], "completed")
    assert game.run()[1].steps == [START + HOUR_MS, START + HOUR_MS]


def test_a_word_begins_a_quest_like_an_action() -> None:
    game = playing(quest("q", WORD, HELLO))
    game.complete("word")
    game.act_at(START - HOUR_MS, now=START + 1)

    assert game.told(QuestStarted) == [QuestStarted("q:run-1", "q", START)]
    assert game.run()[1].completed_at == START, "not before the word it waited for"


def test_what_cannot_be_completed_by_a_word_says_why() -> None:
    asks = step("asks", {"post.created": 1}, manual=True)
    game = playing(quest("q", WORD, asks, TIP, step("last", optional=True), time_limit_hours=5), quest("other", WORD, requires_start=True))

    assert game.refused(NotFound, game.complete, "word", "nothing")[0] == "quest_not_found"
    assert game.refused(NotFound, game.complete, "nothing")[0] == "step_not_found"
    assert game.refused(Conflict, game.complete, "word", "other") == ("quest_not_started", {"quest_status": "not_started"})
    assert game.refused(Conflict, game.complete, "asks") == ("step_out_of_order", {"next": "word"})
    assert game.refused(Conflict, game.complete, "last") == ("step_out_of_order", {"next": "word"})
    game.complete("word")
    assert game.refused(Conflict, game.complete, "word") == ("step_already_completed", {"completed_at": START})
    assert game.refused(Conflict, game.complete, "asks")[0] == "step_not_ready"
    assert game.refused(Conflict, game.complete, "tip")[0] == "step_not_manual"
    game.at(START + 5 * HOUR_MS)
    assert game.refused(Gone, game.complete, "asks")[0] == "quest_over"


# Ends


def test_a_run_out_of_time_fails_a_day_later_and_late_actions_may_still_save_it() -> None:
    game = playing(quest("q", HELLO, TIP, time_limit_hours=2))
    end = START + 2 * HOUR_MS
    lost, saved = game.copy(), game.copy()

    lost.night_by_night(end)
    assert (lost.status(), lost.told(QuestFailed)) == ("failed", [])
    lost.night_by_night(end + DAY_MS - 1)
    assert lost.has_run()
    lost.at(end + DAY_MS)
    assert lost.told(QuestFailed) == [QuestFailed("q:run-1", "q", "failed", end)]
    assert (lost.has_run(), lost.status()) == (False, "failed")

    saved.act_at(end - 1, now=end + DAY_MS - 2)
    saved.act_at(end - 2, "tip.sent", now=end + DAY_MS - 1)
    saved.night_by_night(end + 9 * DAY_MS)
    assert (saved.status(), saved.told(QuestFailed)) == ("completed", [])


def test_what_happens_after_the_end_does_not_count() -> None:
    game = playing(quest("q", HELLO, time_limit_hours=2))

    game.act_at(START + 2 * HOUR_MS)

    assert game.done() == []


@pytest.mark.parametrize(
    ("hours", "until", "status"),
    [
        (48, None, "failed"),
        (None, "2026-11-22T12:00:00Z", "expired"),
        (48, "2026-11-22T12:00:00Z", "expired"),
        (4, "2026-11-22T12:00:00Z", "failed"),
    ],
)
def test_a_run_ends_by_its_own_time_or_by_the_quests(hours: int | None, until: str | None, status: str) -> None:
    window = {"active": {"from": "2026-11-20T00:00:00Z", "until": until}} if until else {}
    game = playing(quest("q", HELLO, time_limit_hours=hours, **window))

    game.night_by_night(START + 5 * DAY_MS)

    assert game.status() == status
    assert [event.status for event in game.told(QuestFailed) if isinstance(event, QuestFailed)] == [status]


def test_a_player_who_never_returns_is_due_until_their_quest_has_ended() -> None:
    game = playing(quest("q", HELLO, time_limit_hours=40 * 24))
    seen = []
    while (due := due_at(game.state, game.catalog)) is not None:
        seen.append(game.at(due).now)

    end = START + 40 * DAY_MS
    assert {end, end + DAY_MS} <= set(seen)
    assert game.told(QuestFailed) == [QuestFailed("q:run-1", "q", "failed", end)]
    assert game.state.boards == []


def test_a_quest_opens_at_its_instant_and_takes_nothing_from_before() -> None:
    opening = ms("2026-11-25T12:00")
    game = playing(quest("q", HELLO, active={"from": "2026-11-25T12:00:00Z", "until": "2026-12-01T00:00:00Z"}))
    game.night_by_night(opening - 1)
    assert not game.has_run()
    assert due_at(game.state, game.catalog) == opening

    game.at(opening)
    game.act_at(opening - 1, now=opening + 1)
    assert game.done() == []
    game.act_at(opening, now=opening + 2)
    assert game.done() == ["hello"]


def test_a_newcomer_finds_a_quest_that_opened_today_and_what_they_did_since() -> None:
    opening = ms("2026-11-21T08:00")
    game = playing(quest("q", HELLO, active={"from": "2026-11-21T08:00:00Z", "until": "2026-12-01T00:00:00Z"}))

    game.act_at(opening - 1, now=START + 1)
    assert game.done() == []
    game.act_at(opening, now=START + 2)
    assert game.done() == ["hello"]


def test_a_quest_of_which_the_player_is_dealt_only_later_counts_from_then_on() -> None:
    game = playing(quest("q", HELLO, TIP, history="veteran"), history={"new_days": 1, "veteran_days": 3})
    game.night_by_night(START + 4 * DAY_MS)
    board, _ = game.run()
    assert board.period.start == ms("2026-11-25T00:00")

    game.act_at(board.period.start - 1, now=game.now + 1)

    assert game.done() == []


# Publication

PUBLISHED = ms("2026-11-22T20:00")


def with_a_dash(game: Quests, *, published_at: int = PUBLISHED) -> Quests:
    """A quest of twelve hours is published, the first thing since the game began."""
    dash = quest("q", HELLO, time_limit_hours=12)
    game.catalog = catalog_from_snapshot(snapshot(mission("m"), dash, previous=snapshot(mission("m")), published_at=published_at))
    return game


@pytest.mark.parametrize("last_write", [MIDNIGHT, START])
def test_a_quest_begins_when_it_is_published_not_when_the_player_was_last_seen(last_write: int) -> None:
    game = with_a_dash(playing(mission("m")).night_by_night(last_write))

    game.at(PUBLISHED + HOUR_MS)

    board, _ = game.run()
    assert (board.period.start, board.period.end) == (PUBLISHED, PUBLISHED + 12 * HOUR_MS)
    game.act_at(PUBLISHED - 1, now=PUBLISHED + HOUR_MS)
    assert game.done() == []


def test_a_quest_does_not_fail_before_its_players_could_see_it() -> None:
    game = with_a_dash(playing(mission("m")).night_by_night(MIDNIGHT))

    game.at(PUBLISHED + 11 * HOUR_MS)
    assert game.status() == "in_progress"
    game.night_by_night(PUBLISHED + 3 * DAY_MS)

    assert [event.failed_at for event in game.told(QuestFailed)] == [PUBLISHED + 12 * HOUR_MS]


def test_who_was_seen_after_publication_begins_then() -> None:
    game = with_a_dash(playing(mission("m")).night_by_night(MIDNIGHT), published_at=MIDNIGHT - HOUR_MS)

    game.at(MIDNIGHT + HOUR_MS)

    assert game.run()[0].period.start == MIDNIGHT


def test_a_quest_published_by_a_clock_that_is_ahead_begins_now() -> None:
    game = with_a_dash(playing(mission("m")), published_at=START + DAY_MS)

    game.at(START + HOUR_MS)

    assert game.run()[0].period.start == START + HOUR_MS
