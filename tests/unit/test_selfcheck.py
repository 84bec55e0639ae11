"""The self check's choice of actions: what it sends completes the mission it picked."""

from functools import cache

import pytest

from infra.local.stack import ROOT
from infra.selfcheck import Act, solve
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.catalog import Catalog
from missions_core.domain.snapshots import catalog_from_snapshot


@cache
def shipped(name: str) -> Catalog:
    return catalog_from_snapshot(compile_catalog(load_catalog(ROOT / "catalog" / name).source))


def acts(template: str, catalog: str = "forum") -> list[Act] | None:
    return solve(shipped(catalog), shipped(catalog).templates[template])


def test_a_count_is_that_many_actions() -> None:
    assert acts("daily_first_post") == [Act("post.created", {})]
    assert acts("daily_reactions") == [Act("reaction.added", {})] * 5


def test_conditions_on_data_are_met() -> None:
    tips = [act for act in acts("daily_market_maker") or [] if act.type == "tip.sent"]
    assert len(tips) == 5
    assert all(act.data["amount"] >= 10 for act in tips)


def test_distinct_values_differ() -> None:
    forums = {act.data["forum_id"] for act in acts("weekly_forum_champion") or [] if "forum_id" in act.data}
    assert len(forums) == 3


def test_nothing_is_sent_that_the_rules_call_impossible() -> None:
    assert acts("high_score", "learning") == [Act("lesson.completed", {"score": 90})]
    assert acts("weekly_league", "learning") is None  # 500 points in one lesson


@pytest.mark.parametrize("name", ["forum", "learning", "git"])
def test_every_shipped_catalog_has_a_mission_the_self_check_can_complete(name: str) -> None:
    catalog = shipped(name)
    assert any(solve(catalog, template) for template in catalog.templates.values() if template.kind == "mission")
