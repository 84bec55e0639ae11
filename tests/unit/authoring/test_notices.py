"""What is valid but does nothing yet, or nothing at all, is said without refusing the catalog."""

from collections.abc import Callable

import pytest

from missions_core.authoring.loader import LoadedCatalog

Load = Callable[..., LoadedCatalog]


def mission(**fields: str) -> str:
    members = {"key": "a", "kind": "mission", "name": "A", "category": "social", "type": "count", "period": "daily", "rewards": "{}"}
    text = ", ".join(f"{name}: {value}" for name, value in {**members, "requirements": "{post.created: 5}", **fields}.items())
    return "templates: [{" + text + "}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (mission(type="competitive"), 'templates[0].type: "a" is kept but not dealt yet: competitive missions have no engine yet'),
        (mission(evidence="{types: [url]}"), 'templates[0].evidence: "a" is kept but not dealt yet'),
        (
            mission(requirements="{post.deleted: 1}"),
            'templates[0].requirements["post.deleted"]: "post.deleted" is not in rules.actions or rules.derive; "a" is never dealt',
        ),
    ],
)
def test_a_template_that_is_not_dealt_as_written_is_noticed(load: Load, text: str, expected: str) -> None:
    (notice,) = load(t=text).notices

    assert expected in notice


def test_derived_actions_are_known(load: Load) -> None:
    rules = "rules: {actions: {post.created: {}}, derive: [{when: post.created, as: long_post.created}]}"

    assert load(rules=rules, t=mission(requirements="{long_post.created: 1}")).notices == ()


def test_a_mission_of_a_kind_that_is_never_drawn_is_noticed(load: Load) -> None:
    rules = "rules: {actions: {post.created: {}}, rotation: {daily: {min: 0, max: 0}}}"

    (notice,) = load(rules=rules, t=mission()).notices

    assert 'templates[0].period: "a" is never dealt: rules.rotation.daily.max is 0' in notice


def test_a_limit_on_actions_players_cannot_send_is_noticed(load: Load) -> None:
    (notice,) = load(rules="rules: {actions: {a.b: {per_minute: 3}}}").notices

    assert 'rules.actions["a.b"].per_minute: limits only what players send themselves; write client: true' in notice
