"""What is valid but does nothing yet, or nothing at all, is said without refusing the catalog."""

from collections.abc import Callable

import pytest

from missions_core.authoring.loader import LoadedCatalog
from tests.unit.authoring.writing import achievement, mission, quest

Load = Callable[..., LoadedCatalog]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            mission("{post.deleted: 1}"),
            'templates[0].requirements["post.deleted"]: "post.deleted" is not in rules.actions or rules.derive; "a" is never dealt',
        ),
        (
            quest("[{key: s, name: S, requirements: {post.deleted: 1}}]"),
            'templates[0].steps[0].requirements["post.deleted"]: "post.deleted" is not in rules.actions or rules.derive; "q" is never',
        ),
        (
            achievement("{post.deleted: 1}"),
            'templates[0].requirements["post.deleted"]: "post.deleted" is not in rules.actions or rules.derive; "a" is never unlocked',
        ),
    ],
)
def test_a_template_that_is_not_dealt_as_written_is_noticed(load: Load, text: str, expected: str) -> None:
    (notice,) = load(t=text).notices

    assert expected in notice


def test_codes_that_no_check_knows_are_noticed_where_no_moderator_looks(load: Load) -> None:
    (notice,) = load(t=mission(evidence="{types: [url, invite_code], review: auto}")).notices

    assert "templates[0].evidence.types[1]: no check knows which codes exist" in notice
    assert load(t=mission(evidence="{types: [invite_code], review: manual}")).notices == ()
    assert load(t=mission(evidence="{types: [url], review: auto}")).notices == ()


def test_derived_actions_are_known(load: Load) -> None:
    rules = "rules: {actions: {post.created: {}}, derive: [{when: post.created, as: long_post.created}]}"

    assert load(rules=rules, t=mission("{long_post.created: 1}")).notices == ()


def test_a_badge_to_collect_that_nothing_pays_is_noticed(load: Load) -> None:
    (notice,) = load(t=achievement(None, collection="{badges: [lost]}")).notices

    assert 'templates[0].collection.badges[0]: "lost" is a badge that nothing in this catalog pays' in notice


def test_a_badge_to_collect_may_be_paid_by_whatever_pays(load: Load) -> None:
    paid = "{badges: [%s]}"
    check_in = f"{{base: {paid % 'c1'}, milestones: [{{days: 7, reward: {paid % 'c2'}}}], monthly: {{days: 9, reward: {paid % 'c3'}}}}}"

    loaded = load(
        rules=f"rules: {{actions: {{post.created: {{}}}}, check_in: {check_in}}}",
        m=mission(key="m", type="competitive", rewards=paid % "m1", prizes=f"[{{from: 1, to: 1, rewards: {paid % 'm2'}}}]"),
        q=quest(f"[{{key: s, name: S, manual: true, rewards: {paid % 'q1'}}}]"),
        a=achievement(key="t", tiers=f"[{{name: x, target: 1, rewards: {paid % 'a1'}}}]"),
        z=achievement(None, key="z", collection="{badges: [c1, c2, c3, m1, m2, q1, a1]}"),
    )

    assert loaded.notices == ()


SENT = "actions: {lesson.done: {client: true}, tip.sent: {}}, derive: [{when: lesson.done, as: flawless.done, where: [%s]}]"
UP_TO_100 = '{field: score, op: "<=", value: 100}'


def contest(action: str, aggregate: str = "sum", where: str = "") -> str:
    field = "" if aggregate == "count" else "field: score, "
    return mission(f"{{all: [{{action: {action}, aggregate: {aggregate}, {field}target: 5, where: [{where}]}}]}}", type="competitive")


def impossible(where: str, shadow: str = "false") -> str:
    return f", fraud: {{impossible: [{{key: beyond, action: lesson.done, where: [{where}], shadow: {shadow}}}]}}"


BEYOND = '{field: score, op: ">", value: 100}'


@pytest.mark.parametrize("action", ["lesson.done", "flawless.done"])
@pytest.mark.parametrize("aggregate", ["sum", "max"])
@pytest.mark.parametrize(
    ("where", "fraud"),
    [
        ("", ""),
        ('{field: score, op: ">", value: 0}', ""),
        ('{field: minutes, op: "<=", value: 60}', ""),
        ("", impossible(BEYOND, shadow="true")),
        ("", impossible('{field: score, op: "<", value: 0}')),
        ("", impossible(BEYOND + ', {field: minutes, op: "<", value: 1}')),
    ],
)
def test_a_score_that_one_request_could_win_is_noticed(load: Load, action: str, aggregate: str, where: str, fraud: str) -> None:
    (notice,) = load(rules=f"rules: {{{SENT % ''}{fraud}}}", t=contest(action, aggregate, where)).notices

    assert 'templates[0].requirements.all[0].field: players send "lesson.done" themselves, and nothing bounds its "score"' in notice


@pytest.mark.parametrize(
    ("contest", "derived_from", "fraud"),
    [
        (contest("lesson.done", where=UP_TO_100), "", ""),
        (contest("lesson.done", where="{field: score, op: between, value: [0, 100]}"), "", ""),
        (contest("flawless.done"), UP_TO_100, ""),
        (contest("flawless.done"), "", impossible(BEYOND)),
        (contest("lesson.done", "max"), "", impossible(BEYOND)),
        (contest("lesson.done", "count"), "", ""),
        (contest("tip.sent"), "", ""),
        (mission("{all: [{action: lesson.done, aggregate: sum, field: score, target: 5}]}"), "", ""),
    ],
)
def test_a_score_is_fine_that_is_bounded_or_reported_by_services(load: Load, contest: str, derived_from: str, fraud: str) -> None:
    assert load(rules=f"rules: {{{SENT % derived_from}{fraud}}}", t=contest).notices == ()


def test_a_mission_of_a_kind_that_is_never_drawn_is_noticed(load: Load) -> None:
    rules = "rules: {actions: {post.created: {}}, rotation: {daily: {min: 0, max: 0}}}"

    (notice,) = load(rules=rules, t=mission()).notices

    assert 'templates[0].period: "a" is never dealt: rules.rotation.daily.max is 0' in notice


def test_a_contest_is_dealt_to_everybody_where_nothing_is_drawn(load: Load) -> None:
    rules = "rules: {actions: {post.created: {}}, rotation: {daily: {min: 0, max: 0}}}"

    assert load(rules=rules, t=mission(type="competitive")).notices == ()


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ("{action: game.streak.daily, aggregate: max, field: length, target: 7}", "rules.streaks.daily.counts is none"),
        ("{action: game.streak.weekly, aggregate: max, field: length, target: 7}", "rules.streaks.weekly.counts is none"),
        ("{action: game.check_in.completed, target: 7}", "there is no rules.check_in"),
    ],
)
def test_a_fact_that_the_rules_rule_out_is_noticed(load: Load, fact: str, reason: str) -> None:
    asking = achievement("{all: [" + fact + "]}")
    streakless = "streaks: {daily: {counts: none}, weekly: {counts: none}}"

    (notice,) = load(rules=f"rules: {{{streakless}}}", t=asking).notices

    assert 'templates[0].requirements.all[0].action: "game.' in notice
    assert f'never happens while {reason}; "a" is never unlocked' in notice
    assert load(rules="rules: {check_in: {base: {xp: 1}}}", t=asking).notices == ()


def test_a_limit_on_actions_players_cannot_send_is_noticed(load: Load) -> None:
    (notice,) = load(rules="rules: {actions: {a.b: {per_minute: 3}}}").notices

    assert 'rules.actions["a.b"].per_minute: limits only what players send themselves; write client: true' in notice
