"""Achievements: unlocked once by what a player ever did, in whatever order the world heard of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import achievements, assignment
from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Rewards
from missions_core.domain.check_ins import check_in
from missions_core.domain.events import AchievementUnlocked, GrantPending
from missions_core.domain.facts import COUNTED, REACHED
from missions_core.domain.rewards import owe
from missions_core.domain.roll import due_at
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.errors import Conflict, NotFound
from tests.support.catalogs import achievement, catalog, mission, quest, snapshot, step
from tests.support.game import Game, action, ms

START = ms("2026-11-18T10:00")
TIERS = [{"name": "bronze", "target": 2}, {"name": "silver", "target": 4, "rewards": {"gold": 7}}, {"name": "gold", "target": 6}]
PAUSED: Any = {"paused": True}


def fact(name: str, target: int = 1, **where: Any) -> dict[str, Any]:
    """A requirement on a fact, all of whose data is as given."""
    conditions = [{"field": field, "op": "==", "value": value} for field, value in where.items()]
    asked = {"aggregate": "max", "field": REACHED[name][0]} if name in REACHED else {}
    return {"all": [{"action": name, "target": target, "where": conditions, **asked}]}


def played(*templates: dict[str, Any], posts: int = 0, **rules: Any) -> Game:
    """A game after some posts, one a minute, reviewed at the end of each write."""
    game = Game(catalog(*templates, **rules), now=START)
    game.review()
    for number in range(posts):
        game.act(action(number + 1, START + number * 60_000))
        game.review()
    return game


def unlocked(game: Game) -> dict[str, int]:
    """How many tiers of each achievement are unlocked."""
    return {key: len(held.tiers) for key, held in game.state.achievements.items()}


def grants(game: Game) -> list[tuple[str, dict[str, int]]]:
    return [(event.cause, dict(event.rewards.amounts)) for event in game.events if isinstance(event, GrantPending)]


# Unlocking ------------------------------------------------------------------------------------------------------------


def test_it_unlocks_with_the_write_that_reaches_it_and_pays_plain_amounts_once() -> None:
    rules = {"rewards": {"period_multiplier": {"xp": {"daily": 3}}, "defaults": {"daily": {"gold": 9}}}}
    game = played(achievement("prolific", {"post.created": 3}, rewards={"xp": 50}), posts=2, **rules)
    assert unlocked(game) == {}

    game.act(action(3, START + 180_000))

    assert game.review()[0] == AchievementUnlocked("prolific", None, "milestone", Rewards({"xp": 50}), START + 180_000)
    assert game.state.achievements["prolific"].tiers == [START + 180_000]
    game.act(action(4, START + 240_000))
    assert game.review() == []
    assert grants(game) == [("achievement:prolific", {"xp": 50})]
    assert game.state.lifetime_xp == 50


@pytest.mark.parametrize("kind", ["milestone", "collection", "progression", "discovery", "skill", "social", "challenge", "secret"])
def test_every_type_unlocks_alike(kind: str) -> None:
    game = played(achievement("one", achievement_type=kind), posts=1)
    assert unlocked(game) == {"one": 1}
    assert [event.type for event in game.events if isinstance(event, AchievementUnlocked)] == [kind]


def test_each_tier_has_a_target_and_may_have_a_reward_of_its_own() -> None:
    game = played(achievement("prolific", {"post.created": 1}, tiers=TIERS, rewards={"xp": 5}), posts=5)
    assert unlocked(game) == {"prolific": 2}
    assert grants(game) == [("achievement:prolific:bronze", {"xp": 5}), ("achievement:prolific:silver", {"gold": 7})]


def test_one_write_may_reach_several_tiers() -> None:
    game = Game(catalog(achievement("prolific", {"post.created": 1}, tiers=TIERS)), now=START)
    for number in range(6):
        game.act(action(number + 1, START))
    game.review()
    assert [event.tier for event in game.events if isinstance(event, AchievementUnlocked)] == ["bronze", "silver", "gold"]
    assert game.state.achievements["prolific"].claimed == 3


def test_what_pays_nothing_owes_nothing() -> None:
    game = played(achievement("honour", rewards={}), posts=1)
    assert unlocked(game) == {"honour": 1}
    assert game.state.pending == []


def test_one_that_is_published_later_starts_from_what_the_player_did_before() -> None:
    many = {"all": [{"action": "game.mission.completed", "target": 2}]}
    game = played(mission("daily"), mission("other"), posts=1)
    game.catalog = catalog(mission("daily"), mission("other"), achievement("prolific"), achievement("finisher", many))
    game.review()
    assert unlocked(game) == {"prolific": 1, "finisher": 1}


@pytest.mark.parametrize(
    ("gate", "opened"),
    [
        ({"vip": True}, {"vip": True}),
        ({"level": {"min": 3}}, {"level_base": 3}),
        ({"segments": ["beta"]}, {"segments": ["beta"]}),
        ({"history": "active"}, {"created_at": START - 7 * DAY_MS}),
        ({"history": "veteran"}, {"created_at": START - 60 * DAY_MS}),
    ],
)
def test_it_waits_until_it_is_for_this_player(gate: dict[str, Any], opened: dict[str, Any]) -> None:
    game = played(achievement("special", **gate), posts=1)
    assert unlocked(game) == {}
    for name, value in opened.items():
        setattr(game.state, name, value)
    game.review()
    assert unlocked(game) == {"special": 1}


def test_it_unlocks_only_in_its_window_and_not_while_it_is_paused() -> None:
    window = {"from": "2026-11-19T00:00:00Z", "until": "2026-11-20T00:00:00Z"}
    game = played(achievement("festive", active=window), achievement("held_back", **PAUSED), posts=1)
    assert unlocked(game) == {}
    late = game.copy()
    game.at(ms("2026-11-19T00:00")).review()
    late.at(ms("2026-11-20T00:00")).review()
    assert unlocked(game) == {"festive": 1}
    assert unlocked(late) == {}


def test_what_must_come_first_comes_first_even_in_one_write() -> None:
    game = played(achievement("a_second", prerequisites=["b_first"]), achievement("b_first", {"post.created": 2}), posts=1)
    assert unlocked(game) == {}
    game.act(action(2, START + 60_000))
    game.review()
    assert unlocked(game) == {"b_first": 1, "a_second": 1}


def test_a_burst_counts_inside_its_time() -> None:
    burst = {"all": [{"action": "post.created", "target": 3, "within": "1h"}]}
    game = Game(catalog(achievement("burst", burst)), now=START)
    for number, minutes in enumerate((0, 50, 100, 105)):
        game.act(action(number + 1, START + minutes * 60_000))
        game.review()
        assert unlocked(game) == ({"burst": 1} if number == 3 else {})


# Facts of the game ----------------------------------------------------------------------------------------------------

SIDE_QUEST = {
    "key": "tour",
    "kind": "quest",
    "name": "Tour",
    "category": "social",
    "steps": [{"key": "go", "name": "Go", "requirements": {"post.created": 1}}],
    "rewards": {"badges": ["traveller"]},
}


@pytest.mark.parametrize(
    "requirements",
    [
        fact("game.mission.completed", template="daily", category="writing", type="count", period="daily", difficulty="advanced"),
        fact("game.template.completed", template="daily", kind="mission"),
        fact("game.template.completed", template="tour", kind="quest"),
        fact("game.quest.completed", template="tour", category="social", difficulty="beginner"),
        fact("game.badge.earned", badge="traveller"),
        fact("game.badge.earned", badge="writer"),
        fact("game.check_in.completed", streak=1),
        fact("game.streak.daily", 1),
        fact("game.streak.weekly", 1),
        fact("game.level", 2),
        fact("game.achievement.unlocked", template="other", tier="bronze", type="skill"),
        fact("game.template.completed", template="other", kind="achievement"),
    ],
    ids=lambda tree: tree["all"][0]["action"],
)
def test_achievements_ask_for_facts_of_the_game(requirements: dict[str, Any]) -> None:
    other = achievement("other", {"tip.sent": 1}, achievement_type="skill", tiers=[{"name": "bronze", "target": 1}], rewards={"xp": 60})
    templates = (
        mission("daily", category="writing", difficulty="advanced", rewards={"badges": ["writer"]}, auto_claim=True),
        mission("weekly", period="weekly"),
        SIDE_QUEST,
        other,
        achievement("meta", requirements, rewards={}),
    )
    game = Game(catalog(*templates, levels=[0, 50, 500], check_in={"base": {"gold": 1}}), now=START)
    game.review()
    assert unlocked(game) == {}

    game.act(action(1, START))
    game.act(action(2, START, "tip.sent"))
    game.events += check_in(game.state, game.catalog, now=START)[1]
    game.review()

    assert unlocked(game) == {"other": 1, "meta": 1}


def test_what_unlocks_may_unlock_more_in_the_same_write() -> None:
    game = played(
        achievement("d_all", fact("game.achievement.unlocked", 3)),
        achievement("c_level", fact("game.level", 2)),
        achievement("b_badge", fact("game.badge.earned", badge="starter"), rewards={"xp": 100}),
        achievement("a_first", rewards={"badges": ["starter"]}),
        posts=1,
    )
    assert unlocked(game) == {"a_first": 1, "b_badge": 1, "c_level": 1, "d_all": 1}


def test_a_collection_is_complete_when_every_template_and_badge_of_it_is_there_however_often() -> None:
    collection = {"templates": ["daily", "first"], "badges": ["writer", "starter"]}
    game = Game(
        catalog(
            mission("daily", rewards={"badges": ["writer"]}, auto_claim=True),
            achievement("first", {"post.created": 3}, rewards={"badges": ["starter"]}),
            achievement("set", collection=collection),
        ),
        now=START,
    )
    for day in range(3):
        game.act(action(day + 1, START + day * DAY_MS))
        game.review()
        assert ("set" in unlocked(game)) is (day == 2)


@pytest.mark.parametrize("what", ["templates", "badges"])
def test_a_collection_published_later_has_what_the_player_had_before(what: str) -> None:
    templates = (mission("daily", rewards={"badges": ["daily"]}, auto_claim=True), achievement("first", rewards={"badges": ["first"]}))
    game = played(*templates, posts=1)
    game.at(START + 40 * DAY_MS)  # every board has left the state
    game.catalog = catalog(*templates, achievement("set", collection={what: ["daily", "first"]}))
    game.review()
    assert unlocked(game) == {"first": 1, "set": 1}


@pytest.mark.parametrize("what", ["templates", "badges"])
def test_a_collection_whose_list_changes_keeps_what_was_collected(what: str) -> None:
    types = {"a": "post.created", "b": "tip.sent", "c": "video.watched"}
    missions = [mission(key, {type_: 1}, rewards={"badges": [key]}, auto_claim=True) for key, type_ in types.items()]
    game = Game(catalog(*missions, achievement("set", collection={what: ["a", "b"]})), now=START)
    for day, type_ in enumerate(types.values()):
        game.act(action(day, START + day * DAY_MS, type_))
        game.review()
        assert ("set" in unlocked(game)) is (day == 2)
        game.catalog = catalog(*missions, achievement("set", collection={what: ["c", "b", "a"]}))


def test_a_collection_may_have_tiers() -> None:
    tiers = [{"name": "one", "target": 1}, {"name": "both", "target": 2}]
    game = played(
        mission("daily"), mission("deep", {"post.created": 2}), achievement("set", collection={"templates": ["daily", "deep"]}, tiers=tiers)
    )
    for number, expected in ((1, {"set": 1}), (2, {"set": 2})):
        game.act(action(number, START))
        game.review()
        assert unlocked(game) == expected


def test_an_achievement_with_tiers_is_one_template_completed_and_unlocked_once_for_each() -> None:
    game = played(achievement("prolific", {"post.created": 1}, tiers=TIERS), posts=6)
    assert game.state.lifetime["game.template.completed"] == 1
    assert game.state.lifetime["game.achievement.unlocked"] == 3


def test_facts_are_counted_though_nothing_asks_for_them_and_where_a_player_stands_is_not_kept_twice() -> None:
    paying = mission("daily", rewards={"badges": ["a", "b"]}, auto_claim=True)
    game = Game(catalog(paying, SIDE_QUEST, achievement("first", fact("game.streak.daily")), check_in={"base": {}}), now=START)
    game.act(action(1, START))
    game.events += check_in(game.state, game.catalog, now=START)[1]
    game.review()
    facts = {name: count for name, count in game.state.lifetime.items() if name.startswith("game.")}
    assert facts == {
        "game.template.completed": 3,
        "game.mission.completed": 1,
        "game.quest.completed": 1,
        "game.achievement.unlocked": 1,
        "game.check_in.completed": 1,
        "game.badge.earned": 3,
    }
    assert facts.keys() == COUNTED.keys()


def test_a_streak_that_came_and_went_between_two_writes_was_reached() -> None:
    window = {"from": "2026-11-18T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
    modest = mission("modest", {"all": [{"action": "tip.sent", "op": "<=", "target": 0}]}, active=window)  # decided when a day is final
    game = played(modest, mission("many", {"post.created": 99}), achievement("three_days", fact("game.streak.daily", 3)))
    game.at(START + 20 * DAY_MS)
    assert game.streak() == 0
    game.review()
    assert unlocked(game) == {"three_days": 1}


def test_a_mission_that_left_the_catalog_still_counts_as_what_it_was() -> None:
    game = played(mission("daily", {"post.created": 2}, category="writing"), posts=1)
    old = game.catalog.templates["daily"]
    game.catalog = catalog(achievement("writer", fact("game.mission.completed", category="writing")))
    game.catalog.retired["daily", old.version] = old
    game.act(action(2, START + 60_000))
    game.review()
    assert unlocked(game) == {"writer": 1}


# Claiming -------------------------------------------------------------------------------------------------------------


def test_where_it_does_not_claim_itself_all_waiting_tiers_are_paid_by_one_claim() -> None:
    game = played(achievement("prolific", {"post.created": 1}, tiers=TIERS, rewards={"xp": 5}, auto_claim=False), posts=5)
    assert grants(game) == []
    assert achievements.claimable(game.state) == ["prolific"]

    claim(game)

    assert [cause for cause, _ in grants(game)] == ["achievement:prolific:bronze", "achievement:prolific:silver"]
    with pytest.raises(Conflict, match="claimed before") as caught:
        claim(game)
    assert caught.value.code == "already_claimed"

    game.act(action(6, START + 360_000))
    game.review()
    claim(game)
    assert [cause for cause, _ in grants(game)][2:] == ["achievement:prolific:gold"]
    assert achievements.claimable(game.state) == []


def test_what_is_locked_cannot_be_claimed() -> None:
    game = played(achievement("prolific"))
    with pytest.raises(Conflict) as caught:
        claim(game)
    assert caught.value.code == "achievement_locked"


@pytest.mark.parametrize("auto_claim", [False, True], ids=["claimed", "claims itself from then on"])
@pytest.mark.parametrize(("first", "then"), [(100, 1), (1, 100)])
def test_each_tier_is_paid_as_it_was_promised_though_the_next_is_reached_under_another_version(
    first: int, then: int, auto_claim: bool
) -> None:
    def paying(gold: int, **fields: Any) -> dict[str, Any]:
        tiers = [{"name": name, "target": target, "rewards": {"gold": gold}} for name, target in (("one", 1), ("two", 2), ("three", 3))]
        return achievement("prolific", tiers=tiers, **fields)

    before = snapshot(paying(first, auto_claim=False))
    game = Game(catalog_from_snapshot(before), now=START)
    for number in (1, 2):
        game.act(action(number, START + number))
        game.review()
    old = game.catalog
    game.catalog = catalog_from_snapshot(snapshot(paying(then, auto_claim=auto_claim), previous=before))
    game.catalog.retired["prolific", 1] = old.templates["prolific"]

    game.act(action(3, START + 60_000))
    game.review()
    if not auto_claim:
        claim(game)

    assert grants(game) == [
        ("achievement:prolific:one", {"gold": first}),
        ("achievement:prolific:two", {"gold": first}),
        ("achievement:prolific:three", {"gold": then}),
    ]
    assert achievements.claimable(game.state) == []


def claim(game: Game) -> None:
    game.events += achievements.claim(game.state, game.catalog, "prolific", at=game.now)


# Secrets --------------------------------------------------------------------------------------------------------------


def test_a_locked_secret_is_found_no_more_than_what_does_not_exist() -> None:
    game = played(achievement("hush", {"post.created": 2}, achievement_type="secret"), mission("daily"), posts=1)
    for key in ("hush", "nothing", "daily"):
        with pytest.raises(NotFound) as caught:
            achievements.find(game.state, game.catalog, key)
        assert (caught.value.code, caught.value.details) == ("achievement_not_found", {})
    game.act(action(2, START + 60_000))
    game.review()
    assert achievements.find(game.state, game.catalog, "hush").key == "hush"


def test_only_a_secret_that_was_unlocked_stays_when_it_is_withdrawn() -> None:
    secrets = [achievement(key, {"post.created": target}, achievement_type="secret") for target, key in ((1, "whisper"), (2, "hush"))]
    before = snapshot(mission("daily"), *secrets)
    game = Game(catalog_from_snapshot(before), now=START)
    game.act(action(1, START))
    game.review()
    held = game.catalog.templates
    game.catalog = catalog_from_snapshot(snapshot(mission("daily"), previous=before))
    game.catalog.retired.update({(key, 1): held[key] for key in ("whisper", "hush")})
    assert [each.key for each in achievements.shown(game.state, game.catalog)] == ["whisper"]
    assert achievements.withdrawn(game.state, game.catalog) == [("whisper", 1)]


TIP = {"action": "tip.sent", "where": [{"field": "amount", "op": "==", "value": 42}]}


def test_counters_do_not_tell_what_a_secret_asks_for_unless_something_else_asks_for_the_same() -> None:
    hush = achievement("hush", {"all": [TIP | {"target": 2}]}, achievement_type="secret")
    egg = achievement("egg", {"egg.found": 2}, achievement_type="secret")
    rules = {"derive": [{"when": "tip.sent", "where": TIP["where"], "as": "egg.found"}]}
    game = Game(catalog(hush, egg, **rules), now=START)
    game.act(action(1, START, "tip.sent", amount=42))
    game.review()
    assert len(game.state.lifetime) == 3

    assert achievements.known_counters(game.state, game.catalog) == {"tip.sent": 1}
    as_much_for_all = (achievement("open", {"all": [TIP | {"target": 9}]}), mission("hunt", {"egg.found": 2}))
    assert achievements.known_counters(game.state, catalog(hush, egg, *as_much_for_all, **rules)) == game.state.lifetime
    assert achievements.known_counters(game.state, catalog(mission("daily"), **rules)).keys() == {"tip.sent", "egg.found"}
    game.act(action(2, START + 60_000, "tip.sent", amount=42))
    game.review()
    assert achievements.known_counters(game.state, game.catalog) == game.state.lifetime


def test_the_reason_against_a_template_does_not_name_a_secret_one() -> None:
    game = played(
        achievement("hush", {"post.created": 9}, achievement_type="secret"),
        achievement("open", {"post.created": 9}),
        mission("after_hush", prerequisites=["hush"]),
        mission("after_open", prerequisites=["open"]),
    )
    templates = game.catalog.templates
    reasons = [assignment.why_not(game.state, game.catalog, templates[key], START) for key in ("after_hush", "after_open")]
    assert reasons == ["prerequisite_missing", "prerequisite_missing:open"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, True),
        ({"segments": ["insiders"]}, False),
        ({"active": {"from": "2027-01-01T00:00:00Z", "until": "2027-02-01T00:00:00Z"}}, False),
        ({"vip": True}, True),
    ],
)
@pytest.mark.parametrize("kind", ["mission", "quest"])
def test_the_reason_against_a_template_names_what_the_player_may_come_to_know(kind: str, fields: dict[str, Any], named: bool) -> None:
    wanted = mission("wanted", {"tip.sent": 9}, **fields) if kind == "mission" else quest("wanted", step("tip", {"tip.sent": 9}), **fields)
    game = played(wanted, mission("after", prerequisites=["wanted"]))
    reason = assignment.why_not(game.state, game.catalog, game.catalog.templates["after"], START)
    assert reason == ("prerequisite_missing:wanted" if named else "prerequisite_missing")


def test_the_reason_against_a_template_does_not_name_a_segment() -> None:
    game = played(mission("theirs", segments=["insiders"]))
    assert assignment.why_not(game.state, game.catalog, game.catalog.templates["theirs"], START) == "segment_missing"


# Any order ------------------------------------------------------------------------------------------------------------

ORDER_CATALOG = catalog(
    mission("count", {"post.created": 3}, category="writing", auto_claim=True, rewards={"badges": ["writer"]}),
    mission("tips", {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 12}]}, difficulty="advanced"),
    mission("modest", {"all": [{"action": "tip.sent", "op": "between", "target": 1, "target2": 2}]}),
    mission("again", {"post.created": 4}, period="perpetual", rewards={"gold": 1}),
    mission("week", {"post.created": 5}, period="weekly", rewards={"badges": ["weekly"]}),
    {**SIDE_QUEST, "steps": [{"key": k, "name": k, "requirements": {t: 2}} for k, t in (("a", "post.created"), ("b", "tip.sent"))]},
    achievement("prolific", {"post.created": 1}, tiers=[{"name": str(n), "target": n} for n in (1, 5, 10, 20)]),
    achievement("burst", {"all": [{"action": "post.created", "target": 3, "within": "2h"}]}),
    achievement("traveller", {"all": [{"action": "post.created", "aggregate": "distinct", "field": "forum", "target": 3}]}),
    achievement("spender", {"any": [{"key": "sum", "action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 40},
        {"key": "one", "action": "tip.sent", "aggregate": "max", "field": "amount", "op": ">", "target": 50}]}),
    achievement("finisher", fact("game.mission.completed", 1), tiers=[{"name": str(n), "target": n} for n in (1, 4, 9, 15)]),
    achievement("expert", fact("game.mission.completed", 2, difficulty="advanced")),
    achievement("streaker", fact("game.streak.daily"), tiers=[{"name": str(n), "target": n} for n in (1, 2, 3, 5)]),
    achievement("weeks", fact("game.streak.weekly", 1), auto_claim=False),
    achievement("risen", fact("game.level", 1), tiers=[{"name": str(n), "target": n} for n in (2, 3, 4)], rewards={"xp": 15}),
    achievement("set", collection={"templates": ["count", "tips", "again", "prolific"], "badges": ["writer", "weekly"]}),
    achievement("toured", collection={"badges": ["traveller"]}, achievement_type="secret"),
    achievement("hunter", fact("game.achievement.unlocked"), tiers=[{"name": str(n), "target": n} for n in (2, 6, 12)]),
    achievement("after", {"tip.sent": 1}, prerequisites=["streaker"]),
    streaks={"daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 3}}},
    levels=[0, 60, 150, 300],
)  # fmt: skip
DAYS = 6
LATEST_HOURS = 23  # an action this late still reaches its daily board, current or previous


@dataclass(frozen=True)
class Delivery:
    act: Action
    delay_hours: int
    twice: bool


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    quarters = draw(st.lists(st.integers(0, DAYS * 24 * 4), min_size=1, max_size=40))
    plan = []
    for number, quarter in enumerate(sorted(quarters)):
        type_ = draw(st.sampled_from(["post.created", "post.created", "tip.sent"]))
        data = {"amount": draw(st.sampled_from([0, 3, 12, 100])), "forum": draw(st.sampled_from(["a", "b", "c"]))}
        act = action(number + 1, START + quarter * 15 * 60_000, type_, **data)
        plan.append(Delivery(act, draw(st.integers(0, LATEST_HOURS)), draw(st.booleans())))
    return plan


def play(plan: list[tuple[int, Action]], *, batched: bool = False) -> Game:
    """Deliver, reviewing at the end of every write; a batch is everything due at one moment."""
    game = Game(ORDER_CATALOG, now=START)
    for index, (now, act) in enumerate(plan):
        game.act(act, now=max(now, act.time))
        game.claim_all()
        if not batched or index + 1 == len(plan) or plan[index + 1][0] - now > HOUR_MS:
            game.review()
    while (due := due_at(game.state, game.catalog)) is not None and game.now < due <= START + 40 * DAY_MS:
        game.at(due)
        game.review()
    return game


def outcome(game: Game) -> tuple[Any, ...]:
    """What must not depend on the order: tiers, payments, counters, badges."""
    held = {key: (len(each.tiers), each.claimed) for key, each in game.state.achievements.items()}
    paid = Counter((event.cause, str(event.rewards)) for event in game.events if isinstance(event, GrantPending))
    return held, paid, game.state.lifetime, game.state.lifetime_xp, game.state.badges


@given(deliveries())
@settings(max_examples=60, deadline=None)
def test_any_order_of_delivery_unlocks_and_pays_the_same(plan: list[Delivery]) -> None:
    in_order = [(d.act.time, d.act) for d in plan]
    late = [(d.act.time + d.delay_hours * HOUR_MS, d.act) for d in plan]
    late += [(d.act.time + (d.delay_hours + 1) * HOUR_MS, d.act) for d in plan if d.twice]
    late.sort(key=lambda pair: pair[0])

    straight = outcome(play(in_order))

    assert outcome(play(late)) == straight
    assert outcome(play(late, batched=True)) == straight
    held, paid, *_ = straight
    assert set(paid.values()) <= {1}
    assert sum(cause.startswith("achievement:") for cause, _ in paid) == sum(claimed for _, claimed in held.values())


@given(st.lists(st.sampled_from(["a", "b"]), max_size=6))
def test_an_event_counts_once_however_the_events_are_split_between_reviews(parts: list[str]) -> None:
    game = Game(catalog(achievement("badges", fact("game.badge.earned", 3))), now=START)
    for number, part in enumerate(parts):
        grant = owe(game.state, f"gift:{number}", Rewards(badges=("x",)), at=START)
        game.events.append(GrantPending(grant.cause, START, grant.rewards))
        if part == "a":
            game.review()
            game.review()
    game.review()
    assert game.state.lifetime.get("game.badge.earned", 0) == len(parts)
    assert ("badges" in unlocked(game)) is (len(parts) >= 3)
