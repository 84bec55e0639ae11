"""Catalogs compile to the snapshot the runtime reads: defaults filled in, exact numbers, versions carried over."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import LoadedCatalog
from missions_core.domain.catalog import Catalog, Snapshot, Template
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.errors import CatalogInvalid
from tests.support import catalogs as support
from tests.unit.authoring.writing import achievement, leaf, mission, quest

Load = Callable[..., LoadedCatalog]
MISSION = """
templates:
  - {key: a, kind: mission, name: A, category: social, type: count, period: daily, rewards: {}, requirements: {post.created: 5}}
"""


def compiled(loaded: LoadedCatalog, previous: Snapshot | None = None) -> Snapshot:
    return compile_catalog(loaded.source, previous)


def catalog(loaded: LoadedCatalog) -> Catalog:
    return catalog_from_snapshot(compiled(loaded))


@pytest.fixture
def template(load: Load) -> Callable[..., Template]:
    """The runtime's view of one daily count mission with members replaced or added."""

    def _template(**fields: str) -> Template:
        members = {"key": "a", "kind": "mission", "name": "A", "category": "social", "type": "count", "period": "daily", "rewards": "{}"}
        text = ", ".join(f"{name}: {value}" for name, value in {**members, "requirements": "{post.created: 5}", **fields}.items())
        return catalog(load(t="templates: [{" + text + "}]")).templates["a"]

    return _template


def test_the_rules_left_out_are_the_documented_defaults(load: Load) -> None:
    rules = catalog(load(rules="rules: {}")).rules

    assert (rules.reset, rules.day_start_hour, rules.unknown_players, rules.claim_days) == ("player_local", 0, "create", 7)
    assert (rules.new_days, rules.veteran_days, rules.pause_max_days, rules.rerolls_per_day) == (7, 60, 30, 1)
    assert (rules.currencies, rules.levels, rules.check_in, rules.freeze_price) == (("xp",), (0, 100, 300, 600, 1000), None, None)
    assert [(kind, rotation.min, rotation.max) for kind, rotation in rules.rotation.items()] == [
        ("daily", 3, 5),
        ("weekly", 2, 3),
        ("monthly", 0, 2),
    ]
    assert rules.rotation["daily"].difficulty == {
        "beginner": Fraction(2, 5),
        "intermediate": Fraction(2, 5),
        "advanced": Fraction(1, 5),
    }
    assert rules.rotation["weekly"].difficulty == {}
    daily, weekly = rules.streaks["daily"], rules.streaks["weekly"]
    assert (daily.counts, daily.freezes_start, daily.freezes_max, daily.earn_every) == ("any", 0, 2, 7)
    assert (weekly.counts, weekly.freezes_start, weekly.freezes_max, weekly.earn_every) == ("any", 0, 0, 0)


def test_a_rotation_without_difficulty_has_no_slots(load: Load) -> None:
    rotation = catalog(load(rules="rules: {rotation: {daily: {min: 1, max: 2}}}")).rules.rotation["daily"]

    assert (rotation.min, rotation.max, rotation.difficulty) == (1, 2, {})


def test_the_members_left_out_of_a_template_are_the_documented_defaults(template: Callable[..., Template]) -> None:
    plain = template()

    assert (plain.name, plain.description, plain.difficulty) == ({"en": "A"}, {"en": ""}, "beginner")
    assert (plain.auto_claim, plain.requires_start, plain.paused, plain.featured, plain.vip) == (False, False, False, False, False)
    assert (plain.weight, plain.priority, plain.level_min, plain.level_max, plain.history) == (100, 0, 1, None, "any")
    assert (plain.cooldown_ms, plain.max_completions, plain.time_limit_ms, plain.typical_minutes) == (0, None, None, None)
    assert (plain.active_from, plain.active_until, plain.active_hours, plain.segments, plain.prerequisites) == (None, None, None, (), ())


def test_the_shorthand_is_an_all_group_of_counts(template: Callable[..., Template]) -> None:
    shorthand = template(requirements="{post.created: 5, tip.sent: 2}")

    assert shorthand.tree.every
    assert [(leaf.key, leaf.action, leaf.aggregate, leaf.op, int(leaf.target)) for leaf in shorthand.leaves] == [
        ("post.created", "post.created", "count", ">=", 5),
        ("tip.sent", "tip.sent", "count", ">=", 2),
    ]


@pytest.mark.parametrize(
    ("type_", "aggregate", "lifetime"), [("count", "count", False), ("streak", "days", False), ("threshold", "count", True)]
)
def test_a_type_decides_what_a_leaf_leaves_out(template: Callable[..., Template], type_: str, aggregate: str, lifetime: bool) -> None:
    (only,) = template(type=type_, period="weekly", requirements=leaf()).leaves

    assert (only.aggregate, only.lifetime) == (aggregate, lifetime)


def test_the_shorthand_counts_even_in_a_streak(template: Callable[..., Template]) -> None:
    assert template(type="streak", requirements="{post.created: 5}").leaves[0].aggregate == "count"


def test_numbers_stay_exact(template: Callable[..., Template]) -> None:
    (only,) = template(requirements=leaf(aggregate="sum", field="amount", op="between", target="0.1", target2="1e3")).leaves

    assert (only.target, only.target2) == (Decimal("0.1"), Decimal(1000))


def test_multipliers_are_exact_fractions(load: Load) -> None:
    rules = catalog(load(rules="rules: {rewards: {speed_bonus: {under: 1/3, multiply: {xp: 1.1}}}}")).rules

    assert rules.rewards.speed_bonus is not None
    assert (rules.rewards.speed_bonus.under, rules.rewards.speed_bonus.multiply) == (Fraction(1, 3), {"xp": Fraction(11, 10)})


def test_times_become_milliseconds(template: Callable[..., Template]) -> None:
    timed = template(
        type="timebound",
        time_limit_hours="4",
        cooldown_hours="2",
        requirements=leaf(within="30m"),
        active="{from: 1970-01-01T01:00:00+01:00, until: 1970-01-01T00:00:01Z}",
    )

    assert (timed.time_limit_ms, timed.cooldown_ms, timed.leaves[0].within_ms) == (14_400_000, 7_200_000, 1_800_000)
    assert (timed.active_from, timed.active_until) == (0, 1000)


def test_yaml_reads_words_numbers_and_dates_as_they_look(template: Callable[..., Template]) -> None:
    plain = template(name="{no: Norsk}", metadata="{on: yes, at: 22:30, day: 2026-12-20, count: 1_000, share: 1.50}")

    assert plain.name == {"no": "Norsk"}
    assert plain.metadata == {"on": "yes", "at": "22:30", "day": "2026-12-20", "count": 1000, "share": 1.5}


def test_rewards_separate_currencies_from_goods(template: Callable[..., Template]) -> None:
    rewards = template(rewards="{xp: 300, dgt: 50, badges: [trader], items: [{id: hat, quantity: 2, expires_after_hours: 720}]}").rewards

    assert rewards.amounts == {"xp": 300, "dgt": 50}
    assert rewards.badges == ("trader",)
    assert [(item.id, item.quantity, item.expires_after_hours) for item in rewards.items] == [("hat", 2, 720)]


def test_xp_always_exists_and_comes_first(load: Load) -> None:
    assert catalog(load(rules="rules: {currencies: [gold]}")).rules.currencies == ("xp", "gold")


def test_a_lifetime_counter_is_named_after_what_it_gathers(template: Callable[..., Template]) -> None:
    def counter(**members: str) -> str | None:
        return template(type="threshold", requirements=leaf(**members)).leaves[0].counter

    summed = counter(aggregate="sum", field="amount")

    assert counter() == counter(target="9") == "post.created"
    assert counter(scope="period") is None
    assert summed is not None
    assert summed.startswith("post.created|")
    assert summed == counter(aggregate="sum", field="amount", target="9")
    assert (
        len({summed, counter(aggregate="sum", field="price"), counter(within="2h"), counter(where="[{field: x, op: exists, value: true}]")})
        == 4
    )


def test_the_order_of_conditions_does_not_rename_a_counter(template: Callable[..., Template]) -> None:
    first, second = "{field: x, op: exists, value: true}", '{field: y, op: ">", value: 1}'

    one = template(type="threshold", requirements=leaf(where=f"[{first}, {second}]"))
    other = template(type="threshold", requirements=leaf(where=f"[{second}, {first}]"))

    assert one.leaves[0].counter == other.leaves[0].counter


def test_a_shared_distinct_counter_remembers_enough_for_the_largest_target(load: Load) -> None:
    def entry(key: str, target: str) -> str:
        head = f"key: {key}, kind: mission, name: A, category: social, type: threshold, period: daily, rewards: {{}}"
        return "{" + head + ", requirements: " + leaf(aggregate="distinct", field="x", target=target) + "}"

    loaded = load(t=f"templates: [{entry('a', '50')}, {entry('b', '3')}]")

    assert [only.target for only in catalog(loaded).lifetime_leaves["post.created"]] == [50]


def test_quests_and_achievements_keep_their_members(load: Load) -> None:
    loaded = load(
        t="""
        templates:
          - key: onboarding
            kind: quest
            name: First steps
            steps: [{key: hello, name: Say hello, requirements: {post.created: 1}, rewards: {xp: 10}}]
            rewards: {xp: 100}
          - key: prolific
            kind: achievement
            name: Prolific
            requirements: {post.created: 2}
            tiers: [{name: bronze, target: 16}, {name: silver, target: 128}]
            rewards: {xp: 50}
        """
    )
    quest, achievement = compiled(loaded)["templates"]

    assert (quest["kind"], quest["period"], quest["category"], quest["auto_claim"]) == ("quest", "perpetual", "", True)
    assert [(step["key"], step["rewards"], step["optional"]) for step in quest["steps"]] == [("hello", {"amounts": {"xp": 10}}, False)]
    assert (achievement["achievement_type"], achievement["auto_claim"]) == ("milestone", True)
    assert achievement["tiers"] == [{"name": "bronze", "target": "16"}, {"name": "silver", "target": "128"}]
    assert catalog(loaded).templates["prolific"].leaves[0].lifetime
    assert loaded.notices == ()


def test_a_step_gathers_for_itself_among_the_leaves_of_the_quest(load: Load) -> None:
    steps = """[{key: hello, name: A, requirements: {post.created: 1}}, {key: word, name: B, manual: true, optional: true},
        {key: both, name: C, requirements: {post.created: 2, tip.sent: 1}, manual: true}]"""
    template = catalog(load(t=quest(steps))).templates["q"]

    assert [(step.key, step.leaves, step.manual, step.optional) for step in template.steps] == [
        ("hello", range(1), False, False),
        ("word", range(1, 1), True, True),
        ("both", range(1, 3), True, False),
    ]
    assert [(leaf.action, leaf.target) for leaf in template.leaves] == [("post.created", 1), ("post.created", 2), ("tip.sent", 1)]


def test_a_tier_has_its_own_target_and_its_own_rewards_where_it_names_any(load: Load) -> None:
    tiers = "[{name: a, target: 5}, {name: b, target: 9, rewards: {xp: 90}}, {name: c, target: 99, rewards: {}}]"
    template = catalog(load(t=achievement("{post.created: 2, tip.sent: 3}", rewards="{xp: 50}", tiers=tiers))).templates["a"]

    assert [[leaf.target for leaf in tier.leaves] for tier in template.tiers] == [[5, 3], [9, 3], [99, 3]]
    assert [tier.rewards.amounts for tier in template.tiers] == [{"xp": 50}, {"xp": 90}, {}]


def test_an_achievement_without_tiers_has_a_single_one(load: Load) -> None:
    (tier,) = catalog(load(t=achievement(rewards="{xp: 50}"))).templates["a"].tiers

    assert (tier.name, [leaf.target for leaf in tier.leaves], tier.rewards.amounts) == (None, [2], {"xp": 50})


def test_a_collection_asks_for_as_many_as_it_lists_and_needs_no_counter(load: Load) -> None:
    others = mission(key="b") + mission(key="c").removeprefix("templates:\n")
    loaded = load(o=others, t=achievement(None, collection="{templates: [b, c], badges: [x, y, z]}"))
    template = catalog(loaded).templates["a"]

    assert template.tree.every
    assert [(leaf.action, leaf.aggregate, leaf.op, leaf.target, leaf.lifetime, leaf.counter) for leaf in template.leaves] == [
        ("game.template.completed", "collected", ">=", 2, True, None),
        ("game.badge.earned", "collected", ">=", 3, True, None),
    ]
    assert [[(clause.field, clause.op, clause.value) for clause in leaf.where] for leaf in template.leaves] == [
        [("template", "in", ["b", "c"])],
        [("badge", "in", ["x", "y", "z"])],
    ]


def test_a_collection_of_badges_alone_asks_for_no_templates(load: Load) -> None:
    (only,) = catalog(load(t=achievement(None, collection="{badges: [x]}"))).templates["a"].leaves

    assert (only.action, only.target) == ("game.badge.earned", 1)


def test_prizes_name_the_ranks_they_are_for(load: Load) -> None:
    prizes = "[{from: 1, to: 1, rewards: {xp: 9}}, {from: 2, to: 10, rewards: {badges: [top_ten]}}]"
    template = catalog(load(t=mission(type="competitive", prizes=prizes))).templates["a"]

    assert template.is_competitive
    assert [(prize.first, prize.last, prize.rewards.amounts, prize.rewards.badges) for prize in template.prizes] == [
        (1, 1, {"xp": 9}, ()),
        (2, 10, {}, ("top_ten",)),
    ]


def test_members_of_a_kind_are_only_written_where_they_are_used_so_that_published_templates_keep_their_versions(load: Load) -> None:
    loaded = load(
        m=mission(),
        q=quest("[{key: s, name: S, requirements: {post.created: 1}}]"),
        a=achievement(key="t", tiers="[{name: x, target: 5}]"),
    )
    first, second, third = compiled(loaded)["templates"]

    assert "prizes" not in first
    assert "manual" not in second["steps"][0]
    assert "rewards" not in third["tiers"][0]


def test_the_first_version_is_one(load: Load) -> None:
    snapshot = compiled(load(t=MISSION))

    assert (snapshot["version"], [raw["version"] for raw in snapshot["templates"]]) == (1, [1])


def test_nothing_changed_is_the_same_snapshot(load: Load) -> None:
    first = compiled(load(t=MISSION))

    assert compiled(load(t=MISSION.replace("name: A", "name: {en: A}")), first) is first


def test_a_catalog_knows_when_it_was_published_and_publishing_it_again_does_not_change_that() -> None:
    first = support.snapshot(support.mission("m"), published_at=1)
    again = support.snapshot(support.mission("m"), previous=first, published_at=2)
    second = support.snapshot(support.mission("m", {"tip.sent": 1}), previous=again, published_at=3)

    assert again is first
    assert [catalog_from_snapshot(each).published_at for each in (first, second)] == [1, 3]


def test_a_catalog_of_an_earlier_release_does_not_say_when_it_was_published() -> None:
    snapshot = {name: member for name, member in support.snapshot(support.mission("m")).items() if name != "published_at"}

    assert catalog_from_snapshot(snapshot).published_at == 0
    assert support.snapshot(support.mission("m"), previous=snapshot, published_at=1) is snapshot


def test_a_changed_template_gets_a_new_version_and_its_neighbours_keep_theirs(load: Load) -> None:
    two = MISSION + MISSION.replace("templates:", "").replace("key: a", "key: b")
    first = compiled(load(t=two))

    second = compiled(load(t=two.replace("post.created: 5", "post.created: 6", 1)), first)

    assert second["version"] == 2
    assert {raw["key"]: raw["version"] for raw in second["templates"]} == {"a": 2, "b": 1}


def test_changed_rules_alone_make_a_new_catalog_of_the_same_templates(load: Load) -> None:
    first = compiled(load(t=MISSION))

    second = compiled(
        load(rules="rules: {claim_days: 3, currencies: [xp, dgt], actions: {post.created: {}, tip.sent: {}}}", t=MISSION), first
    )

    assert (second["version"], second["templates"]) == (2, first["templates"])


def test_a_removed_key_never_returns_with_a_published_version(load: Load) -> None:
    first = compiled(load(t=MISSION))
    without = compiled(load(t="templates: []"), first)

    again = compiled(load(t=MISSION), without)

    assert without["retired"] == {"a": 1}
    assert ([raw["version"] for raw in again["templates"]], again["retired"]) == ([2], {})


def test_equal_catalogs_have_equal_bytes_however_they_are_split_into_files(load: Load, tmp_path: Any) -> None:
    one = load(t=MISSION + MISSION.replace("templates:", "").replace("key: a", "key: b"))
    both = compiled(one)

    other = load(t=MISSION.replace("key: a", "key: b"), sub=MISSION)

    assert compiled(other) == both


@pytest.mark.parametrize(
    ("tiers", "is_taken"),
    [
        (["bronze", "silver"], True),
        (["bronze", "silver", "gold"], True),
        (["silver", "bronze"], False),
        (["bronze"], False),
        (["wood", "bronze", "silver"], False),
    ],
)
def test_published_tiers_stay_where_players_have_them(tiers: list[str], is_taken: bool) -> None:
    def prolific(*names: str) -> dict[str, Any]:
        written = [{"name": name, "target": target} for target, name in enumerate(names, start=2)]
        return {"key": "prolific", "kind": "achievement", "name": "p", "requirements": {"post.created": 1}, "tiers": written, "rewards": {}}

    before = support.snapshot(prolific("bronze", "silver"))

    if is_taken:
        assert support.snapshot(prolific(*tiers), previous=before)["templates"][0]["tiers"][0]["name"] == "bronze"
    else:
        with pytest.raises(CatalogInvalid, match="prolific: tiers: players hold bronze, silver in this order"):
            support.snapshot(prolific(*tiers), previous=before)


def test_tiers_stay_where_players_have_them_also_when_the_achievement_was_away() -> None:
    def prolific(*names: str) -> dict[str, Any]:
        written = [{"name": name, "target": target} for target, name in enumerate(names, start=2)]
        return {"key": "prolific", "kind": "achievement", "name": "p", "requirements": {"post.created": 1}, "tiers": written, "rewards": {}}

    before = support.snapshot(prolific("bronze", "silver"))
    without = support.snapshot(support.mission("m"), previous=before)
    still_without = support.snapshot(support.mission("m", {"tip.sent": 1}), previous=without)

    with pytest.raises(CatalogInvalid, match="players hold bronze, silver"):
        support.snapshot(prolific("wood", "bronze", "silver"), previous=still_without)
    assert support.snapshot(prolific("bronze", "silver", "gold"), previous=still_without)["templates"][0]["version"] == 2


@pytest.mark.parametrize(
    ("changed", "is_taken"),
    [
        ({"requirements": {"post.created": 9}}, True),
        ({"name": "Other"}, True),
        ({"requirements": {"tip.sent": 5}}, False),
        ({"requirements": {"any": [{"action": "tip.sent", "target": 5, "aggregate": "sum", "field": "amount"}]}}, False),
        ({"period": "monthly"}, False),
    ],
)
def test_a_leaderboard_compares_scores_of_one_kind(changed: dict[str, Any], is_taken: bool) -> None:
    race = support.mission("race", {"post.created": 5}, type="competitive", period="weekly")
    before = support.snapshot(race)

    if is_taken:
        assert support.snapshot(race | changed, previous=before)["version"] == 2
    else:
        with pytest.raises(CatalogInvalid, match="race: requirements: count otherwise"):
            support.snapshot(race | changed, previous=before)


@pytest.mark.parametrize("meanwhile", [[], [support.mission("race", period="weekly")]])
def test_a_leaderboard_compares_scores_of_one_kind_also_when_its_contest_was_away(meanwhile: list[dict[str, Any]]) -> None:
    race = support.mission("race", {"post.created": 5}, type="competitive", period="weekly")
    before = support.snapshot(race)
    away = support.snapshot(*meanwhile, previous=before)
    still_away = support.snapshot(support.mission("m"), *meanwhile, previous=away)

    with pytest.raises(CatalogInvalid, match="race: requirements: count otherwise"):
        support.snapshot(race | {"requirements": {"tip.sent": 5}}, previous=still_away)
    back = support.snapshot(race, previous=still_away)
    assert [catalog_from_snapshot(each).withdrawn_contests for each in (before, away, still_away, back)] == [
        {},
        {"race": 1},
        {"race": 1},
        {},
    ]
