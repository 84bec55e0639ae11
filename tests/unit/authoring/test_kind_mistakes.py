"""What a quest, an achievement or a competition rules out is reported with its file, the path inside it and what to write instead."""

from collections.abc import Callable

import pytest

from missions_core.authoring.loader import LoadedCatalog
from tests.unit.authoring.writing import achievement, leaf, mission, quest

Problems = Callable[..., list[str]]
Load = Callable[..., LoadedCatalog]

HELLO = "key: hello, name: Hello, requirements: {post.created: 1}"
OTHER = mission(key="b") + mission(key="c").removeprefix("templates:\n")


def competitive(requirements: str = "{post.created: 1}", **fields: str) -> str:
    return mission(requirements, **{"type": "competitive", "period": "weekly", **fields})


def prizes(*ranks: tuple[int, int], rewards: str = "{xp: 1}") -> str:
    return "[" + ", ".join(f"{{from: {first}, to: {last}, rewards: {rewards}}}" for first, last in ranks) + "]"


def of_fact(fact: str, **members: str) -> str:
    return leaf(action=fact, **members)


QUESTS = [
    (quest(f"[{{{HELLO}, optional: true}}]"), "steps: are all optional, so there is nothing to do; write optional: false for one of them"),
    (quest(f"[{{{HELLO}}}, {{{HELLO}}}]"), 'steps[1].key: "hello" is taken by an earlier step; write a key of its own'),
    (
        quest("[{key: s, name: S}]"),
        "steps[0].requirements: is missing; write it, such as `requirements: {post.created: 1}`, or manual: true if the player says",
    ),
    (
        quest("[{key: s, name: S, requirements: " + leaf(scope="lifetime") + "}]", max_completions="2"),
        "steps[0].requirements.all[0].scope: lifetime does not go with a quest that can be repeated",
    ),
    (quest("[{key: s, name: S, manual: on}]"), 'steps[0].manual: "on" is text; write true or false'),
    (quest("[{name: S, manual: true}]"), "steps[0].key: is missing; write it"),
    (quest(f"[{{{HELLO}, rewards: {{gold: 1}}}}]"), "steps[0].rewards.gold: is an unknown reward or currency; write one of xp dgt"),
    (
        quest("[{key: s, name: S, requirements: " + leaf(op='"=>"') + "}]"),
        'steps[0].requirements.all[0].op: "=>" is not an operator; write one of >= > == <= < between',
    ),
    (
        quest("[{key: s, name: S, requirements: " + leaf(op='"=="') + "}]"),
        'steps[0].requirements.all[0].op: "==" is decided when a period ends, which a quest never does; write >= or >',
    ),
    (
        quest("[{key: s, name: S, requirements: " + leaf(aggregate="last", field="x") + "}]"),
        "steps[0].requirements.all[0].aggregate: last is decided when a period ends, which a quest never does; write max or sum",
    ),
    (
        quest("[{key: s, name: S, requirements: " + leaf(aggregate="days", scope="lifetime") + "}]"),
        "steps[0].requirements.all[0].scope: lifetime does not go with days, which are counted from the start of a mission or quest",
    ),
]

ACHIEVEMENTS = [
    (achievement(achievement_type="secrets"), 'achievement_type: "secrets" is not an achievement type (meant secret?); write one of'),
    (
        achievement(None),
        "templates[0].requirements: is missing; write it, such as `requirements: {post.created: 5}`, or a collection",
    ),
    (achievement(leaf(op='"=>"')), 'requirements.all[0].op: "=>" is not an operator'),
    (achievement(leaf(op='"<="')), 'requirements.all[0].op: "<=" is decided when a period ends, which an achievement never does'),
    (achievement(leaf(aggregate="last", field="x")), "requirements.all[0].aggregate: last is decided when a period ends"),
    (achievement(leaf(scope="period")), "requirements.all[0].scope: period does not go with an achievement, which has none; remove it"),
    (
        achievement(leaf(aggregate="days")),
        "aggregate: days does not go with an achievement, which has no period; ask for a streak: {action: game.streak.daily",
    ),
    (achievement(requires_start="true"), "requires_start: does not go with an achievement, which is there for everybody and unlocked once"),
    (achievement(cooldown_hours="4"), "cooldown_hours: does not go with an achievement"),
    (achievement(max_completions="1"), "max_completions: does not go with an achievement"),
    (achievement(active_hours="{from: 1, to: 2}"), "active_hours: does not go with an achievement"),
    (achievement(typical_minutes="5"), "typical_minutes: does not go with an achievement"),
    (achievement(time_limit_hours="5"), "time_limit_hours: is for timebound missions and quests; remove it"),
    (achievement(tiers="[{name: x, target: 5}, {name: y, target: 5}]"), "tiers[1].target: 5 is not above the tier before"),
    (achievement(tiers="[{name: x, target: 5}, {name: x, target: 6}]"), 'tiers[1].name: "x" is taken by an earlier tier'),
    (achievement(tiers="[{name: x, target: 5.5}]"), "tiers[0].target: 5.5 is not whole"),
    (
        achievement(tiers="[{name: x, target: 0}, {name: y, target: 5}]"),
        "tiers[0].target: 0 holds before anything is done; write",
    ),
    (
        achievement(leaf(aggregate="distinct", field="x"), tiers="[{name: x, target: 5}, {name: y, target: 101}]"),
        "tiers[1].target: 101 distinct values are too many to remember; write at most 100",
    ),
    (achievement(tiers="[{name: x, target: 5, rewards: {gold: 1}}]"), "tiers[0].rewards.gold: is an unknown reward or currency"),
    (achievement(tiers="[{name: x, target: 5, rewards: {badges: [b, b]}}]"), 'tiers[0].rewards.badges[1]: "b" is there twice'),
    (
        achievement(leaf(within="1h"), tiers="[{name: x, target: 5}]"),
        "tiers: do not go with within, which stops gathering at its own target; remove one of the two",
    ),
]

COLLECTIONS = [
    (
        achievement(None, collection="{templates: [b]}"),
        'collection.templates[0]: "b" is not a template of this catalog; write the key of one, or remove it',
    ),
    (
        achievement(None, collection="{templates: [a]}"),
        'collection.templates[0]: "a" itself waits for "a", so neither could ever be had; remove one of the two',
    ),
    (achievement(None, collection="{}"), "templates[0].collection: is empty; write templates: […] or badges: […]"),
    (achievement(None, collection="{badges: [x, y, x]}"), 'collection.badges[2]: "x" is there twice; write it once'),
    (
        achievement(None, collection="{missions: [x]}"),
        "collection.missions: is an unknown field; remove it or write one of templates",
    ),
    (
        achievement(None, collection=f"{{badges: [{', '.join(f'b{n}' for n in range(101))}]}}"),
        "collection.badges: has too many entries; write at most 100 entries",
    ),
    (achievement(collection="{badges: [x]}"), "collection: does not go together with requirements; remove one of the two"),
    (
        achievement(None, collection="{badges: [x, y]}", tiers="[{name: half, target: 1}, {name: more, target: 3}]"),
        "tiers[1].target: 3 is more than there is to collect; write at most 2",
    ),
]

COMPETITIONS = [
    (mission(prizes=prizes((1, 1))), "prizes: are for the leaderboards of competitive missions; remove them or write type: competitive"),
    (
        competitive(period="perpetual", max_completions="1"),
        "period: perpetual has no end at which a leaderboard could close; write daily, weekly, monthly or special",
    ),
    (
        competitive("{post.created: 1, tip.sent: 1}"),
        'requirements["tip.sent"]: is one too many: a competitive mission has one requirement, its score; remove it',
    ),
    (
        competitive(leaf(aggregate="days")),
        "all[0].aggregate: days makes no score that rises with every bit done; write one of count sum max",
    ),
    (competitive(leaf(aggregate="last", field="x")), "all[0].aggregate: last makes no score"),
    (competitive(leaf(aggregate="distinct", field="x")), "all[0].aggregate: distinct makes no score"),
    (competitive(leaf(op='">"')), 'all[0].op: ">" does not go with a score, of which more is better; write >='),
    (competitive(leaf(within="1h")), "all[0].within: does not go with a score, which counts the whole period; remove it"),
    (competitive(leaf(scope="lifetime")), "all[0].scope: lifetime does not go with a score, which begins anew each period"),
    (competitive(prizes=prizes((1, 3), (3, 5))), "prizes[1].from: 3 is not after the prize before; write at least 4"),
    (competitive(prizes=prizes((5, 9), (1, 3))), "prizes[1].from: 1 is not after the prize before; write at least 10"),
    (competitive(prizes=prizes((5, 4))), "prizes[0].to: 4 is before from; write at least 5"),
    (competitive(prizes=prizes((1, 1), (2, 101))), "prizes[1].to: 101 is too far down to be paid; write at most 100"),
    (competitive(prizes=prizes((0, 1))), "prizes[0].from: 0 is too small; write at least 1"),
    (competitive(prizes="[{from: 1, rewards: {}}]"), "prizes[0].to: is missing; write it"),
    (competitive(prizes=prizes((1, 1), rewards="{gold: 1}")), "prizes[0].rewards.gold: is an unknown reward or currency"),
]

FACTS = [
    (mission("{game.mission.completed: 3}"), "is a fact of the game, which only achievements can ask for; write an action type"),
    (mission(leaf(action="game.level", aggregate="max", field="level")), 'all[0].action: "game.level" is a fact of the game'),
    (
        quest("[{key: s, name: S, requirements: {game.check_in.completed: 3}}]"),
        'steps[0].requirements["game.check_in.completed"]: "game.check_in.completed" is a fact of the game',
    ),
    (
        achievement("{game.streak.daily: 7}"),
        'requirements["game.streak.daily"]: count does not go with "game.streak.daily", which is reached; write aggregate: max, field',
    ),
    (
        achievement(of_fact("game.level", aggregate="sum", field="level")),
        'aggregate: sum does not go with "game.level", which is reached; write aggregate: max, field: level',
    ),
    (achievement(of_fact("game.level", aggregate="max")), "field: is missing; max needs a field of the action's data: write field: level"),
    (
        achievement(of_fact("game.mission.completed", aggregate="distinct", field="badge")),
        'all[0].field: "badge" is not told of "game.mission.completed"; write one of template category type period difficulty',
    ),
    (
        achievement(of_fact("game.badge.earned", where='[{field: badge, op: "!=", value: x}, {field: type, op: "==", value: x}]')),
        'all[0].where[1].field: "type" is not told of "game.badge.earned"; write one of badge',
    ),
]

RULES = [
    (
        "rules: {actions: {game.level: {}}}",
        'rules.actions["game.level"]: "game.level" is a fact of the game, which nobody sends or derives; write another action type',
    ),
    (
        "rules: {actions: {a: {}}, derive: [{when: a, as: game.mission.completed}]}",
        'rules.derive[0].as: "game.mission.completed" is a fact of the game',
    ),
]


@pytest.mark.parametrize(("text", "expected"), QUESTS + ACHIEVEMENTS + COLLECTIONS + COMPETITIONS + FACTS)
def test_a_mistake_names_file_path_and_fix(problems: Problems, text: str, expected: str) -> None:
    found = problems(t=text)

    assert len(found) == 1, found
    assert found[0].startswith("t.yaml: templates[0].")
    assert expected in found[0]


@pytest.mark.parametrize(("text", "expected"), RULES)
def test_facts_of_the_game_are_no_action_types(problems: Problems, text: str, expected: str) -> None:
    (found,) = problems(rules=text)

    assert found.startswith("rules.yaml: ")
    assert expected in found


def test_achievements_that_collect_each_other_are_reported_on_both_sides(problems: Problems) -> None:
    found = problems(
        a=achievement(None, collection="{templates: [b]}"),
        b=achievement(None, key="b", prerequisites="[c]"),
        c=achievement(None, key="c", collection="{templates: [a]}"),
    )

    assert [problem.split(": ")[:2] for problem in found if "waits for" in problem] == [
        ["a.yaml", "templates[0].collection.templates[0]"],
        ["b.yaml", "templates[0].prerequisites[0]"],
        ["c.yaml", "templates[0].collection.templates[0]"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        quest(f"[{{{HELLO}, optional: true}}, {{key: done, name: Done, manual: true}}]"),
        quest("[{key: s, name: S, manual: true, requirements: {post.created: 1}}]", time_limit_hours="24", requires_start="true"),
        achievement(of_fact("game.streak.daily", aggregate="max", field="length"), tiers="[{name: x, target: 3}, {name: y, target: 7}]"),
        achievement(of_fact("game.mission.completed", where='[{field: category, op: "==", value: social}]')),
        OTHER + achievement(None, collection="{templates: [b, c]}").removeprefix("templates:\n"),
        OTHER
        + mission(key="d", prerequisites="[a]").removeprefix("templates:\n")
        + achievement(None, collection="{templates: [b, c, d]}", tiers="[{name: two, target: 2}]").removeprefix("templates:\n"),
        competitive(prizes=prizes((1, 1), (2, 10), (50, 100))),
        competitive(leaf(aggregate="sum", field="x"), period="special", active="{from: 2026-01-01T00:00Z, until: 2026-02-01T00:00Z}"),
    ],
)
def test_what_can_be_played_is_accepted_without_a_notice(load: Load, text: str) -> None:
    assert load(t=text).notices == ()
