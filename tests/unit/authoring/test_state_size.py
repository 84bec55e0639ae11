"""The worst-case state counts what can be open at once, not what the catalog holds."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import LoadedCatalog, load_catalog
from missions_core.authoring.state_size import FIXED_BYTES
from missions_core.domain import codec
from missions_core.domain.facts import COUNTED
from missions_core.domain.roll import new_player
from missions_core.domain.snapshots import catalog_from_snapshot
from tests.unit.authoring.fullest import fullest

Load = Callable[..., LoadedCatalog]
CATALOGS = Path(__file__).parents[3] / "catalog"
RULES = "rules: {actions: {a.b: {}}, claim_days: 1, rotation: {daily: {min: 1, max: 1}}}"


def mission(key: str, requirement: str, **fields: str) -> str:
    members = {
        "key": key,
        "kind": "mission",
        "name": "A",
        "category": "social",
        "type": "count",
        "period": "daily",
        "rewards": "{}",
        **fields,
    }
    text = ", ".join(f"{name}: {value}" for name, value in members.items())
    return "{" + text + ", requirements: {all: [" + requirement + "]}}"


def parts(load: Load, *templates: str) -> dict[str, int]:
    loaded = load(rules=RULES, t="templates: [" + ", ".join(templates) + "]")
    return {part.what: part.size for part in loaded.state_size.contributions}


def distinct(target: int) -> str:
    return f"{{action: a.b, aggregate: distinct, field: x, target: {target}}}"


def test_a_board_is_filled_with_the_largest_templates_twice(load: Load) -> None:
    found = parts(load, mission("small", distinct(5)), mission("large", distinct(90)))

    assert "small (x2)" not in found
    assert found["large (x2)"] > 2 * 90 * 9


def test_a_contest_is_on_every_board_beside_what_is_drawn(load: Load) -> None:
    contest = mission("contest", "{action: a.b, target: 1}", type="competitive")

    assert {"large (x2)", "contest (x2)"} <= parts(load, mission("large", distinct(90)), contest).keys()


def test_special_missions_count_while_their_windows_overlap(load: Load) -> None:
    def special(key: str, start: str, until: str) -> str:
        return mission(key, distinct(10), period="special", active=f"{{from: 2026-{start}T00:00:00Z, until: 2026-{until}T00:00:00Z}}")

    found = parts(load, special("a", "01-01", "02-01"), special("b", "01-15", "03-01"), special("c", "02-02", "02-10"))

    assert {"a", "b", "c"} & found.keys() in ({"a", "b"}, {"b", "c"})


def test_lifetime_counters_are_shared_between_templates(load: Load) -> None:
    found = parts(load, *(mission(key, distinct(20), type="threshold") for key in "ab"))

    assert [what for what in found if what.startswith("lifetime distinct")] == ["lifetime distinct of a.b"]


def test_a_short_window_in_a_long_period_needs_many_buckets(load: Load) -> None:
    def size(within: str) -> int:
        requirement = f"{{action: a.b, target: 20, within: {within}}}"
        return parts(load, mission("a", requirement, period="weekly"))["a (x2)"]

    assert size("12h") > 2 * size("3d")


def test_a_quest_is_kept_as_its_run_and_as_the_end_of_the_run_before(load: Load) -> None:
    found = parts(load, "{key: tour, kind: quest, name: A, rewards: {}, steps: [{key: done, name: A, manual: true}]}")

    assert found["tour"] > len("tour")
    assert found["last runs of quests"] > len("tour") + len("[9,2,1795000000000]") // 2


def test_facts_of_the_game_are_counted_for_everybody(load: Load) -> None:
    assert parts(load)["lifetime counts"] > len("a.b") + 3 * len(COUNTED)


def test_what_is_reached_takes_no_counter(load: Load) -> None:
    steady = "{all: [{action: game.streak.daily, aggregate: max, field: length, target: 9}]}"
    found = parts(load, "{key: steady, kind: achievement, name: A, rewards: {}, requirements: " + steady + "}")

    assert not any("game.streak" in what for what in found)


def test_the_largest_part_is_named_first(load: Load) -> None:
    loaded = load(rules=RULES, t="templates: [" + mission("a", distinct(100)) + "]")

    assert loaded.state_size.biggest(2) == f"what every player has 6144 B, a (x2) {loaded.state_size.contributions[1].size} B"


def encoded_size(loaded: LoadedCatalog, chance: Random) -> int:
    """How many bytes the catalog can add to a player's state."""
    catalog = catalog_from_snapshot(compile_catalog(loaded.source))
    state = fullest(catalog, chance)
    return len(codec.encode(state)) - len(codec.encode(new_player("player", "account", catalog, now=state.created_at)))


@pytest.mark.parametrize("name", ["forum", "learning", "git"])
def test_no_player_of_a_shipped_catalog_outgrows_the_estimate(name: str) -> None:
    loaded = load_catalog(CATALOGS / name)
    largest = max(encoded_size(loaded, Random(seed)) for seed in range(10))

    assert largest <= loaded.state_size.total - FIXED_BYTES


A = "key: a, name: A, category: c, rewards: {xp: 99}"
MISSION = f"{{{A}, kind: mission, period: weekly, type: "
TEN_STEPS = ", ".join(f"{{key: step_{n}, name: A, requirements: {{a.b: 1}}}}" for n in range(10))
FIVE_TIERS = ", ".join(f"{{name: tier_{n}, target: {n}}}" for n in range(1, 6))


@pytest.mark.parametrize(
    "template",
    [
        MISSION + "competitive, requirements: {a.b: 5}, prizes: [{from: 1, to: 3, rewards: {xp: 1}}]}",
        MISSION + "combo, requirements: {all: [" + distinct(50) + ", {key: m, action: a.b, aggregate: max, field: x, target: 1}]}}",
        MISSION + "count, requirements: {a.b: 1}, evidence: {types: [url, uploaded_content], attempts: 20, price: {xp: 999}}}",
        f"{{{A}, kind: mission, period: perpetual, type: unique, evidence: {{types: [url]}}}}",
        f"{{{A}, kind: quest, steps: [{{key: done, name: A, manual: true}}]}}",
        f"{{{A}, kind: quest, steps: [{TEN_STEPS}], max_completions: 9}}",
        f"{{{A}, kind: achievement, requirements: {{a.b: 1}}}}",
        f"{{{A}, kind: achievement, requirements: {{game.quest.completed: 1}}}}",
        f"{{{A}, kind: achievement, requirements: {{a.b: 1}}, tiers: [{FIVE_TIERS}]}}",
        f"{{{A}, kind: achievement, requirements: {{all: [{distinct(5)}]}}, tiers: [{FIVE_TIERS}, {{name: all, target: 60}}]}}",
        f"{{key: a, name: A, kind: achievement, requirements: {{a.b: 1}}, rewards: {{badges: [{', '.join('abcdefghijklmnopqrst')}]}}}}",
        f"{{{A}, kind: achievement, collection: {{badges: [{', '.join('abcdefghij')}]}}}}",
        f"{{{A}, kind: achievement, requirements: {{all: [{{action: game.level, aggregate: max, field: level, target: 9}}]}}}}",
    ],
)
def test_a_template_adds_no_more_than_is_estimated_for_it(load: Load, template: str) -> None:
    without = load(rules=RULES)
    alone = load(rules=RULES, t=f"templates: [{template}]")

    for seed in range(10):
        added = encoded_size(alone, Random(seed)) - encoded_size(without, Random(seed))
        assert added <= alone.state_size.total - without.state_size.total
