"""The catalogs that come with the product: valid, complete, and as the product brief says."""

import json
from pathlib import Path

import pytest
import yaml

from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.authoring.schema import schema_text
from missions_core.authoring.yaml_source import read_yaml
from missions_core.domain.catalog import DRAWN_KINDS, Catalog
from missions_core.domain.facts import COUNTED, REACHED
from missions_core.domain.snapshots import catalog_from_snapshot

ROOT = Path(__file__).parents[3] / "catalog"
FOLDERS = [ROOT / name for name in ("forum", "learning", "git")]


def shipped(name: str) -> Catalog:
    return catalog_from_snapshot(json.loads(json.dumps(compile_catalog(load_catalog(ROOT / name).source))))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_valid_and_leaves_nothing_undealt(folder: Path) -> None:
    assert load_catalog(folder).notices == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_json_schema_accepts_it(folder: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(schema_text())

    for path in folder.rglob("*.yaml"):
        document, _ = read_yaml(path)
        jsonschema.validate(document.data, schema)


def test_the_committed_json_schema_is_the_models() -> None:
    assert (ROOT / "catalog.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_forum_has_every_category_and_enough_missions_to_rotate() -> None:
    templates = [template for template in shipped("forum").templates.values() if template.kind == "mission"]

    assert len(templates) >= 30
    assert {template.category for template in templates} == {
        "participation",
        "social",
        "trading",
        "content",
        "engagement",
        "achievement",
        "special_event",
        "vip_exclusive",
    }
    assert {template.period for template in templates} == {"daily", "weekly", "monthly", "special", "perpetual"}
    assert all(template.vip for template in templates if template.category == "vip_exclusive")


@pytest.mark.parametrize(
    ("key", "name", "amounts", "targets"),
    [
        ("daily_first_post", "Morning Degen", {"xp": 50, "dgt": 5}, [1]),
        ("daily_reactions", "Spread the Love", {"xp": 30, "dgt": 3}, [5]),
        ("daily_quality_content", "Quality Contributor", {"xp": 150, "dgt": 15, "clout": 5}, [3, 10]),
        ("daily_market_maker", "Market Maker", {"xp": 300, "dgt": 50}, [5, 5]),
        ("weekly_forum_champion", "Forum Champion", {"xp": 1000, "dgt": 200}, [5, 25, 3, 50]),
        ("christmas_generous", "Secret Santa", {"xp": 2000, "dgt": 500}, [3, 25, 10]),
    ],
)
def test_the_forum_pays_what_the_brief_says(key: str, name: str, amounts: dict[str, int], targets: list[int]) -> None:
    template = shipped("forum").templates[key]

    assert (template.name["en"], template.rewards.amounts) == (name, amounts)
    assert [leaf.target for leaf in template.leaves] == targets


def test_the_learning_app_deals_one_mission_of_each_difficulty_to_everybody() -> None:
    catalog = shipped("learning")
    rotation = catalog.rules.rotation["daily"]

    assert len(catalog.missions("daily")) == 22
    assert len({template.category for template in catalog.templates.values()}) == 5
    assert (rotation.min, rotation.max, set(rotation.difficulty.values())) == (3, 3, {rotation.difficulty["beginner"]})
    for difficulty in rotation.difficulty:
        open_to_all = [t for t in catalog.missions("daily") if t.difficulty == difficulty and t.history == "any"]
        assert len(open_to_all) > 1  # so that no day has to repeat the one before


def test_the_git_catalog_deals_everything_to_everybody() -> None:
    catalog = shipped("git")

    for kind in DRAWN_KINDS:
        assert len(catalog.missions(kind)) <= catalog.rules.rotation[kind].min
    for template in catalog.templates.values():
        assert (template.level_min, template.level_max, template.vip, template.history, template.segments) == (1, None, False, "any", ())
        assert (template.prerequisites, template.cooldown_ms, template.auto_claim) == ((), 0, True)


@pytest.mark.parametrize("name", ["forum", "learning"])
def test_there_is_an_achievement_of_every_type(name: str) -> None:
    catalog = shipped(name)
    achievements = catalog.achievements
    asked = {leaf.action for template in achievements for leaf in template.leaves}
    collected = {leaf.action for template in achievements for leaf in template.leaves if template.achievement_type == "collection"}

    assert {template.achievement_type for template in achievements} == {
        "milestone",
        "collection",
        "progression",
        "discovery",
        "skill",
        "social",
        "challenge",
        "secret",
    }
    assert any(len(template.tiers) > 1 for template in achievements)
    assert not all(template.auto_claim for template in achievements)
    assert asked >= {"game.mission.completed", "game.quest.completed", "game.streak.daily"}
    assert collected == {"game.template.completed", "game.badge.earned"}


@pytest.mark.parametrize("name", ["forum", "learning"])
def test_there_are_quests_to_stroll_through_to_race_through_and_to_earn(name: str) -> None:
    quests = shipped(name).missions("quest")

    assert any(any(step.manual for step in quest.steps) and any(step.optional for step in quest.steps) for quest in quests)
    assert any(quest.requires_start and quest.time_limit_ms for quest in quests)
    assert any(quest.prerequisites for quest in quests)


@pytest.mark.parametrize(("name", "kinds"), [("forum", {"weekly", "monthly"}), ("learning", {"weekly", "monthly"}), ("git", {"monthly"})])
def test_there_is_something_to_win(name: str, kinds: set[str]) -> None:
    contests = [template for template in shipped(name).templates.values() if template.is_competitive]

    assert {contest.period for contest in contests} == kinds
    assert all(contest.prizes and contest.prizes[0].first == 1 for contest in contests)


def test_learners_read_everything_in_their_language() -> None:
    for template in shipped("learning").templates.values():
        texts = [template.name, template.description, *(step.name for step in template.steps)]
        texts += [leaf.label for leaf in template.leaves if leaf.label]
        assert all(text.keys() == {"de", "en"} for text in texts), template.key


def test_every_member_an_author_can_write_is_in_the_reference() -> None:
    reference = (ROOT.parent / "docs" / "catalog.md").read_text(encoding="utf-8")
    definitions = json.loads(schema_text())["$defs"].values()
    members = {name for definition in definitions for name in definition.get("properties", {})}

    assert {name for name in members if f"`{name}" not in reference and f"{name}:" not in reference} == set()


def test_every_fact_an_achievement_can_ask_for_is_in_the_reference_with_its_members() -> None:
    reference = (ROOT.parent / "docs" / "catalog.md").read_text(encoding="utf-8")
    rows = [line for line in reference.splitlines() if line.startswith("| `game.")]

    for fact, members in {**COUNTED, **REACHED}.items():
        (row,) = [row for row in rows if f"`{fact}`" in row]
        assert all(f"`{member}`" in row for member in members), row


def test_yaml_in_the_reference_is_a_valid_catalog(tmp_path: Path) -> None:
    reference = (ROOT.parent / "docs" / "catalog.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in reference.split("```yaml\n")[1:]]
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")

    assert load_catalog(tmp_path).source.templates
    assert sum("rules" in yaml.safe_load(block) for block in blocks) == 1
