"""The outbox's bytes: every event comes back as it went, under an id that depends on its cause alone, and small."""

import pytest

from missions_core.domain.catalog import ItemReward, Rewards
from missions_core.domain.events import (
    AchievementUnlocked,
    CheckInCompleted,
    Event,
    EvidenceDecided,
    EvidenceSubmitted,
    GrantPending,
    MissionCompleted,
    MissionStarted,
    PlayerErased,
    PlayerFlagged,
    PlayerJoined,
    QuestCompleted,
    QuestFailed,
    QuestStarted,
    QuestStepCompleted,
    RewardClaimed,
    ScoreChanged,
    StreakBroken,
)
from missions_core.domain.state import PlayerState
from missions_core.storage import outbox

NOW = 1_795_000_000_000
STATE = PlayerState("5f0c8a34-7d4e-4b8e-9f3a-2b1c0d9e8f7a", "b8a7c6d5-e4f3-4210-8765-43210fedcba9", NOW - 5, NOW, NOW)
REWARDS = Rewards({"xp": 50, "gold": 5}, (ItemReward("hat", 2, 24, {"colour": "red"}),), ("first",), ("king",), ("gold",))
EVENTS: list[Event] = [
    MissionStarted("daily_post:2026-11-18", "daily_post", NOW),
    MissionCompleted("daily_post:2026-11-18", "daily_post", "count", REWARDS, NOW),
    RewardClaimed("mission:daily_post:2026-11-18", REWARDS, NOW),
    CheckInCompleted("2026-11-18", 7, {"xp": 10}, {"xp": 1}, {"gold": 5}, {}, {"xp": 11, "gold": 5}, NOW),
    StreakBroken("daily", 6, 12, NOW),
    GrantPending("mission:daily_post:2026-11-18", NOW, Rewards()),
    QuestStarted("onboarding:run-1", "onboarding", NOW),
    QuestStepCompleted("onboarding:run-1", "onboarding", "hello", REWARDS, NOW),
    QuestCompleted("onboarding:run-1", "onboarding", REWARDS, NOW),
    QuestFailed("hunt:run-2", "hunt", "failed", NOW),
    AchievementUnlocked("prolific", "bronze", "milestone", REWARDS, NOW),
    AchievementUnlocked("night_owl", None, "secret", REWARDS, NOW),
    ScoreChanged("top_poster", "2026-W47", "12.5", NOW, NOW + 5, 3),
    PlayerJoined(NOW),
    EvidenceSubmitted("show:2026-11-18", 2, NOW),
    EvidenceDecided("show:2026-11-18", 2, "rejected", "The picture is somebody else's.", NOW),
    PlayerFlagged("device_shared", "7 players use this device", NOW),
    PlayerErased((("top_poster", "2026-W47"), ("race", "2026-11-18")), NOW),
    GrantPending("mission:daily_post:2026-11-18", NOW, Rewards({"xp": 5}), "release", "mod-1: it was their sister's phone"),
]


def test_events_come_back_in_order_with_who_and_when() -> None:
    outgoing = outbox.decode(outbox.encode(STATE, EVENTS))

    assert [item.event for item in outgoing] == EVENTS
    assert {(item.player, item.account, item.at) for item in outgoing} == {(STATE.player, STATE.account, NOW)}


def test_every_kind_of_event_can_be_sent() -> None:
    assert set(outbox.TYPES) == set(Event.__args__) == {type(event) for event in EVENTS}


def test_an_event_keeps_its_id_whatever_else_leaves_with_it() -> None:
    alone = [outbox.decode(outbox.encode(STATE, [event]))[0].id for event in EVENTS]

    assert alone == [item.id for item in outbox.decode(outbox.encode(STATE, EVENTS))]
    assert len(set(alone)) == len(EVENTS)


@pytest.mark.parametrize(
    "other",
    [
        MissionStarted("daily_post:2026-11-19", "daily_post", NOW),
        MissionCompleted("daily_post:2026-11-19", "daily_post", "count", REWARDS, NOW),
        RewardClaimed("mission:daily_post:2026-11-19", REWARDS, NOW),
        CheckInCompleted("2026-11-19", 7, {"xp": 10}, {"xp": 1}, {"gold": 5}, {}, {"xp": 11, "gold": 5}, NOW),
        StreakBroken("daily", 6, 12, NOW + 1),
        StreakBroken("weekly", 6, 12, NOW),
        GrantPending("mission:daily_post:2026-11-19", NOW, Rewards()),
    ],
)
def test_events_of_other_causes_have_other_ids(other: Event) -> None:
    assert outbox.event_id("p", "account", other) not in {outbox.event_id("p", "account", event) for event in EVENTS}
    assert outbox.event_id("p", "account", other) != outbox.event_id("p", "another", other)


def test_the_id_of_an_erasure_leads_to_no_account() -> None:
    erased = PlayerErased((), NOW)

    assert outbox.event_id("p", "account", erased) == outbox.event_id("p", "another", erased)
    others = {outbox.event_id("q", "account", erased), outbox.event_id("p", "account", PlayerErased((), NOW + 1))}
    assert outbox.event_id("p", "account", erased) not in others


def test_one_event_adds_little_to_the_state_it_travels_with() -> None:
    assert len(outbox.encode(STATE, EVENTS[:1])) <= 120


def test_a_dozen_completed_missions_fit_in_four_kilobytes() -> None:
    rewards = Rewards({"xp": 50, "gold": 5})
    events: list[Event] = []
    for n in range(12):
        mission, cause = f"template_number_{n}:2026-11-18", f"mission:template_number_{n}:2026-11-18"
        events += [
            MissionStarted(mission, f"template_number_{n}", NOW + n),
            MissionCompleted(mission, f"template_number_{n}", "count", rewards, NOW + n),
            RewardClaimed(cause, rewards, NOW + n),
            GrantPending(cause, NOW + n, rewards),
        ]

    assert len(outbox.encode(STATE, events)) <= 1024


@pytest.mark.parametrize("stored", [b"", b"\x02abc", b"\x01abc", outbox.encode(STATE, EVENTS)[:-40]])
def test_foreign_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="outbox"):
        outbox.decode(stored)


def test_of_the_scores_of_one_leaderboard_only_the_last_travels() -> None:
    def score(board: str, label: str, score: int) -> ScoreChanged:
        return ScoreChanged(board, label, str(score), NOW + score, NOW + 9, 1)

    started = MissionStarted("race:2026-W47", "race", NOW)
    sent = [score("race", "2026-W47", 1), started, score("race", "2026-W47", 2), score("race", "2026-W46", 1), score("long", "2026-W47", 1)]

    assert [item.event for item in outbox.decode(outbox.encode(STATE, sent))] == sent[1:]


def test_a_hundred_actions_for_a_leaderboard_do_not_grow_the_outbox() -> None:
    many: list[Event] = [ScoreChanged("race", "2026-W47", str(n), NOW + n, NOW + 9, 1) for n in range(100)]

    assert len(outbox.encode(STATE, many)) == len(outbox.encode(STATE, many[-1:]))
