"""Dealing: the same board wherever and whenever it is computed, fair to the rules and to the player."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.assignment import Explanation, draw, explain, replacement
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.periods import DayClock, Period, period_containing
from missions_core.domain.roll import new_player
from missions_core.domain.state import Board, Completions, Mission, PlayerState, Preferences
from tests.support.catalogs import catalog, mission
from tests.support.game import ms

NOW = ms("2026-11-21T10:00")
TODAY = period_containing("daily", NOW, DayClock("UTC"))
EASY, MEDIUM, HARD = "beginner", "intermediate", "advanced"
LEVELS = (EASY, MEDIUM, HARD)
BRIEF = {EASY: 0.4, MEDIUM: 0.4, HARD: 0.2}


def pool(difficulties: dict[str, int], wanted: int | tuple[int, int] = 5, mix: dict[str, Any] | None = None, **rules: Any) -> Catalog:
    """A catalog of so many templates per difficulty, dealing `wanted` a day."""
    templates = [mission(f"{level}_{n}", difficulty=level) for level, count in difficulties.items() for n in range(count)]
    return dealing(templates, wanted, mix, **rules)


def dealing(templates: list[dict[str, Any]], wanted: int | tuple[int, int] = 5, mix: dict[str, Any] | None = None, **rules: Any) -> Catalog:
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    return catalog(*templates, rotation={"daily": {"min": low, "max": high, "difficulty": mix or {}}}, **rules)


def player(of: Catalog, name: str = "player", **fields: Any) -> PlayerState:
    state = new_player(name, "account", of, now=NOW - 10 * DAY_MS, zone="UTC")
    for field, value in fields.items():
        setattr(state, field, value)
    return state


def keys(of: Catalog, name: str = "player", period: Period = TODAY, *, avoid: tuple[str, ...] = (), **fields: Any) -> list[str]:
    return [template.key for template in draw(player(of, name, **fields), of, period, avoid=avoid)]


def day(n: int) -> Period:
    return period_containing("daily", NOW + n * DAY_MS, DayClock("UTC"))


def mix_of(dealt: list[str]) -> dict[str, int]:
    return dict(Counter(key.split("_")[0] for key in dealt))


# The same everywhere


def test_a_deal_follows_from_player_and_period_alone() -> None:
    of = pool({EASY: 20}, 5)

    assert keys(of) == keys(of)
    assert len({tuple(keys(of, f"player {n}")) for n in range(20)}) > 10
    assert len({tuple(keys(of, period=day(n))) for n in range(20)}) > 10


def test_a_deal_is_the_same_in_every_release() -> None:
    of = pool({EASY: 4, MEDIUM: 4, HARD: 4}, (2, 5), BRIEF)

    # Written down once: every instance must deal the same board, also while an older release still runs beside a newer one.
    assert keys(of) == ["beginner_3", "advanced_2", "intermediate_0"]
    assert keys(of, period=day(1)) == ["beginner_3", "intermediate_3"]
    assert keys(of, "Ærøskøbing") == ["advanced_0", "intermediate_2", "beginner_0", "beginner_3", "intermediate_3"]


def test_the_order_in_which_a_catalog_lists_its_templates_does_not_matter() -> None:
    templates = [mission(f"m{n}") for n in range(12)]

    assert keys(dealing(templates)) == keys(dealing(templates[::-1]))


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 400))
@settings(max_examples=60)
def test_the_number_dealt_lies_between_minimum_and_maximum(low: int, more: int, n: int) -> None:
    of = pool({EASY: 30}, (low, low + more))

    assert low <= len(keys(of, f"player {n}")) <= low + more


def test_every_number_between_minimum_and_maximum_occurs() -> None:
    of = pool({EASY: 10}, (3, 5))

    assert {len(keys(of, f"player {n}")) for n in range(40)} == {3, 4, 5}


# Slots


@pytest.mark.parametrize(
    ("wanted", "mix", "slots"),
    [
        (5, BRIEF, {EASY: 2, MEDIUM: 2, HARD: 1}),
        (4, BRIEF, {EASY: 2, MEDIUM: 1, HARD: 1}),  # 1.6, 1.6, 0.8: the largest remainder first, then the easier
        (3, BRIEF, {EASY: 1, MEDIUM: 1, HARD: 1}),  # 1.2, 1.2, 0.6
        (2, BRIEF, {EASY: 1, MEDIUM: 1}),  # 0.8, 0.8, 0.4
        (1, BRIEF, {EASY: 1}),
        (2, {EASY: "1/3", MEDIUM: "1/3", HARD: "1/3"}, {EASY: 1, MEDIUM: 1}),
        (3, {EASY: 0.5, HARD: 0.5}, {EASY: 2, HARD: 1}),
        (4, {HARD: 1}, {HARD: 4}),
    ],
)
def test_slots_follow_the_mix_by_largest_remainder_and_ties_go_to_the_easier(
    wanted: int, mix: dict[str, Any], slots: dict[str, int]
) -> None:
    of = pool(dict.fromkeys(LEVELS, 6), wanted, mix)

    assert mix_of(keys(of)) == slots


@pytest.mark.parametrize(
    ("there", "mix", "wanted", "dealt"),
    [
        ({MEDIUM: 5, HARD: 5}, {EASY: 1}, 3, {MEDIUM: 3}),  # one step away before two
        ({EASY: 5, MEDIUM: 5}, {HARD: 1}, 3, {MEDIUM: 3}),
        ({EASY: 5, HARD: 5}, {MEDIUM: 1}, 3, {EASY: 3}),  # equally near: the easier
        ({EASY: 1, MEDIUM: 5}, {EASY: 1}, 3, {EASY: 1, MEDIUM: 2}),
        ({HARD: 5}, BRIEF, 5, {HARD: 5}),
    ],
)
def test_an_empty_slot_takes_the_nearest_difficulty(there: dict[str, int], mix: dict[str, Any], wanted: int, dealt: dict[str, int]) -> None:
    assert mix_of(keys(pool(there, wanted, mix))) == dealt


@given(
    st.fixed_dictionaries({level: st.integers(0, 4) for level in LEVELS}),
    st.integers(0, 8),
    st.sampled_from([None, BRIEF, {HARD: 1}, {EASY: "1/3", HARD: "2/3"}]),
    st.integers(0, 8),
)
@settings(max_examples=80)
def test_a_board_is_never_smaller_than_the_eligible_templates_allow(
    there: dict[str, int], wanted: int, mix: dict[str, Any] | None, avoided: int
) -> None:
    of = pool(there, wanted, mix)
    dealt = keys(of, avoid=tuple(of.templates)[:avoided])

    assert len(dealt) == len(set(dealt)) == min(wanted, sum(there.values()))


# The previous board


def test_templates_of_the_previous_board_come_last_but_are_never_excluded() -> None:
    of = pool({EASY: 8}, 5)
    yesterday = tuple(of.templates)[:5]

    dealt = keys(of, avoid=yesterday)

    assert set(of.templates) - set(yesterday) <= set(dealt)
    assert len(dealt) == 5


def test_a_fresh_template_of_another_difficulty_comes_before_a_repeated_one() -> None:
    of = pool({EASY: 2, HARD: 2}, 2, {EASY: 1})

    assert mix_of(keys(of, avoid=("beginner_0", "beginner_1"))) == {HARD: 2}


def test_a_pool_as_small_as_the_board_is_dealt_whole_every_day() -> None:
    of = pool({EASY: 3}, 5)

    assert sorted(keys(of, avoid=tuple(of.templates))) == ["beginner_0", "beginner_1", "beginner_2"]


# The draw


@given(st.integers(0, 500), st.integers(3, 12), st.integers(1, 5))
@settings(max_examples=60)
def test_adding_a_template_reshuffles_nothing_else(n: int, there: int, wanted: int) -> None:
    templates = [mission(f"m{i}", weight=1 + 50 * (i % 3)) for i in range(there)]
    before = keys(dealing(templates, wanted), f"player {n}")
    after = keys(dealing([*templates, mission("newcomer")], wanted), f"player {n}")

    others = [key for key in after if key != "newcomer"]
    assert others == before[: len(others)]
    assert len(before) - len(others) <= 1


def test_featured_come_first_then_priority_then_the_draw() -> None:
    templates = [
        mission("plain", weight=10_000),
        mission("high", priority=5, weight=1),
        mission("low", priority=-5, weight=10_000),
        mission("featured", featured=True, weight=1),
    ]
    for n in range(10):
        assert keys(dealing(templates), f"player {n}") == ["featured", "high", "plain", "low"]


def test_weights_are_roughly_respected() -> None:
    of = dealing([mission("heavy", weight=300), mission("light", weight=100)], 1)
    heavy = sum(keys(of, f"player {n}") == ["heavy"] for n in range(1000))

    assert 690 <= heavy <= 810  # three in four, give or take four standard deviations


@pytest.mark.parametrize(
    ("fields", "favoured", "other", "share"),
    [
        ({"categories": ["music"]}, {"category": "music"}, {"category": "sports"}, 1.5 / 2.5),
        ({"daily_minutes": 20}, {"typical_minutes": 20}, {"typical_minutes": 21}, 1 / 1.5),
        ({"recent_days": [(4, 4)] * 3}, {"difficulty": HARD}, {"difficulty": EASY}, 1.25 / 2.05),
        ({"recent_days": [(4, 0)] * 3}, {"difficulty": EASY}, {"difficulty": HARD}, 1.25 / 2.05),
        ({"recent_days": [(4, 2)] * 3}, {"difficulty": EASY}, {"difficulty": HARD}, 0.5),
    ],
)
def test_taste_time_and_habit_bend_the_draw(fields: dict[str, Any], favoured: dict[str, Any], other: dict[str, Any], share: float) -> None:
    of = dealing([mission("favoured", **favoured), mission("other", **other)], 1)
    recent = fields.pop("recent_days", [])

    def dealt(n: int) -> list[str]:
        state = player(of, f"player {n}", recent_days=recent)
        for field, value in fields.items():
            setattr(state.preferences, field, value)
        return [template.key for template in draw(state, of, TODAY)]

    assert sum(dealt(n) == ["favoured"] for n in range(600)) / 600 == pytest.approx(share, abs=0.08)


# Who may have what


def board_of(template: str, **fields: Any) -> Board:
    return Board(day(-1), [Mission(template, 1, [None], **fields)], day(0).end, closed=True)


@pytest.mark.parametrize(
    ("template", "fields", "reason"),
    [
        ({}, {}, None),
        ({"paused": True}, {}, "paused"),
        ({"type": "competitive"}, {}, None),
        ({"evidence": {"types": ["url"]}}, {}, None),
        ({"active": {"from": "2026-11-21T00:00:00Z"}}, {}, None),
        ({"active": {"from": "2026-11-21T00:00:01Z"}}, {}, "not_yet_active"),
        ({"active": {"until": "2026-11-21T00:00:01Z"}}, {}, None),
        ({"active": {"until": "2026-11-21T00:00:00Z"}}, {}, "no_longer_active"),
        ({"level": {"min": 3}}, {}, "level_too_low"),
        ({"level": {"min": 3}}, {"level_base": 3}, None),
        ({"level": {"min": 3}}, {"lifetime_xp": 300}, None),
        ({"level": {"max": 2}}, {"level_base": 2}, None),
        ({"level": {"max": 2}}, {"level_base": 3}, "level_too_high"),
        ({"level": {"min": 1}}, {"level_base": 1000}, None),  # no maximum is no cap
        ({"vip": True}, {}, "vip_only"),
        ({"vip": True}, {"vip": True}, None),
        ({"history": "new"}, {"created_at": TODAY.start - 7 * DAY_MS + 1}, None),
        ({"history": "new"}, {"created_at": TODAY.start - 7 * DAY_MS}, "only_for:new"),
        ({"history": "active"}, {"created_at": TODAY.start - 7 * DAY_MS}, None),
        ({"history": "active"}, {"created_at": TODAY.start - 60 * DAY_MS}, "only_for:active"),
        ({"history": "veteran"}, {"created_at": TODAY.start - 60 * DAY_MS + 1}, "only_for:veteran"),
        ({"history": "veteran"}, {"created_at": TODAY.start - 60 * DAY_MS}, None),
        ({"segments": ["beta", "german"]}, {"segments": ["beta"]}, "segment_missing:german"),
        ({"segments": ["beta", "german"]}, {"segments": ["german", "x", "beta"]}, None),
        ({"prerequisites": ["other"]}, {}, "prerequisite_missing:other"),
        ({"prerequisites": ["other"]}, {"completions": {"other": Completions(1, 0)}}, None),
        ({"max_completions": 2}, {"completions": {"m": Completions(1, 0)}}, None),
        ({"max_completions": 2}, {"completions": {"m": Completions(2, 0)}}, "completed_often_enough"),
        ({"max_completions": 2}, {"completions": {"m": Completions(1, 0)}, "boards": [board_of("m")]}, "completed_often_enough"),
        ({"type": "unique"}, {"completions": {"m": Completions(1, 0)}}, "completed_often_enough"),
        ({"cooldown_hours": 24}, {"completions": {"m": Completions(1, TODAY.start - 24 * HOUR_MS)}}, None),
        ({"cooldown_hours": 24}, {"completions": {"m": Completions(1, TODAY.start - 24 * HOUR_MS + 1)}}, "cooldown"),
        ({"cooldown_hours": 24}, {"boards": [board_of("m")]}, "cooldown"),  # a late action may still complete it
        ({}, {"boards": [board_of("m")], "completions": {"m": Completions(9, TODAY.start)}}, None),
    ],
)
def test_explain_names_the_reason_why_a_template_is_not_dealt(template: dict[str, Any], fields: dict[str, Any], reason: str | None) -> None:
    of = dealing([mission("m", **template), mission("other")])

    explained = {entry.template: entry for entry in explain(player(of, **fields), of, TODAY)}

    assert explained["m"] == Explanation("m", reason, dealt=reason is None)
    assert explained["other"] == Explanation("other", None, dealt=True)


def test_a_template_that_waits_for_an_unknown_action_type_is_not_dealt() -> None:
    of = dealing([mission("m"), mission("odd", {"post.created": 1, "never.heard": 1})])

    assert [(entry.template, entry.reason) for entry in explain(player(of), of, TODAY)] == [
        ("m", None),
        ("odd", "unknown_action:never.heard"),
    ]


def test_explain_says_what_is_eligible_yet_not_dealt_and_agrees_with_the_deal() -> None:
    of = pool({EASY: 9}, 3)
    explained = explain(player(of), of, TODAY)

    assert {entry.template for entry in explained if entry.dealt} == set(keys(of))
    assert [entry.reason for entry in explained] == [None] * 9


def test_settled_facts_alone_steer_a_deal() -> None:
    of = dealing([mission("m", level={"min": 2}), mission("other")])
    paid = catalog(mission("rich", rewards={"xp": 500})).templates["rich"].rewards
    unsettled = board_of("rich", status="claimed", completed_at=NOW, claimed_at=NOW, paid=paid)

    # The xp of a board a late action could still change does not count for the level yet.
    assert keys(of, boards=[unsettled], lifetime_xp=500) == ["other"]
    assert sorted(keys(of, lifetime_xp=500)) == ["m", "other"]


# Rerolls


def test_a_replacement_is_eligible_not_on_the_board_and_another_one_each_time() -> None:
    of = pool({EASY: 10}, 3)
    state = player(of)
    on_board = keys(of)

    offered = [replacement(state, of, TODAY, present=on_board, rerolls=n) for n in range(12)]

    found = {template.key for template in offered if template is not None}
    assert len(found) > 2
    assert not found & set(on_board)


# Wishes


def tasteful(fun: int, dull: int, wanted: int, **fields: Any) -> tuple[Catalog, list[str]]:
    """What is dealt to somebody who blocked `dull`, out of so many of each."""
    counts = {"fun": fun, "dull": dull}
    templates = [mission(f"{name}_{n}", category=name, **fields) for name, count in counts.items() for n in range(count)]
    of = dealing(templates, wanted)
    return of, keys(of, preferences=Preferences(blocked=["dull"]))


def test_blocked_categories_are_dealt_only_where_nothing_else_is_left() -> None:
    assert mix_of(tasteful(9, 9, 5)[1]) == {"fun": 5}
    assert mix_of(tasteful(2, 9, 5)[1]) == {"fun": 2, "dull": 3}


def test_blocking_never_makes_a_board_smaller() -> None:
    assert mix_of(tasteful(0, 9, 5)[1]) == {"dull": 5}


def test_what_was_dealt_before_comes_before_what_is_blocked() -> None:
    of, _ = tasteful(3, 9, 3)
    again = keys(of, avoid=("fun_0", "fun_1", "fun_2"), preferences=Preferences(blocked=["dull"]))
    assert mix_of(again) == {"fun": 3}


def test_featured_missions_of_a_blocked_category_come_last_too() -> None:
    templates = [mission("ad", category="dull", featured=True, priority=9), *(mission(f"fun_{n}", category="fun") for n in range(3))]
    assert "ad" not in keys(dealing(templates, 3), preferences=Preferences(blocked=["dull"]))


def test_rerolls_and_explanations_know_what_is_blocked() -> None:
    of, dealt = tasteful(4, 9, 3)
    state = player(of, preferences=Preferences(blocked=["dull"]))

    offered = [replacement(state, of, TODAY, present=dealt, rerolls=n) for n in range(9)]

    assert {template.category for template in offered if template} == {"fun"}
    assert {entry.template for entry in explain(state, of, TODAY) if entry.dealt} == set(dealt)


def test_nothing_is_offered_where_nothing_is_left() -> None:
    of = dealing([mission("m"), mission("paused", paused=True)])

    assert replacement(player(of), of, TODAY, present=["m"], rerolls=0) is None
