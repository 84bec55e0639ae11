"""Every mistake in a catalog folder is reported with its file, the path inside it and what to write instead."""

from collections.abc import Callable

import pytest

from tests.unit.authoring.writing import leaf, mission

Problems = Callable[..., list[str]]


STRUCTURE = [
    (mission(leaf(op='"=>"')), 'templates[0].requirements.all[0].op: "=>" is not an operator; write one of >= > == <= < between'),
    (mission(period="dayly"), 'period: "dayly" is not a valid period (meant daily?); write one of daily weekly monthly special perpetual'),
    (mission(key="Big Key"), 'key: "Big Key" has another form; write 1 to 64 of a-z, 0-9 and _'),
    (mission(leaf(target='"5"')), 'all[0].target: "5" is not a number; write it without quotes'),
    (mission(leaf(within="4 hours")), 'within: "4 hours" is not a duration; write minutes, hours or days such as 30m, 4h or 2d'),
    (mission(requirment="3"), "requirment: is an unknown field; write requirements"),
    (mission(colour="red"), "colour: is an unknown field; remove it or write one of key name"),
    (mission(vip="yes"), 'vip: "yes" is text; write true or false'),
    (mission(weight='"5"'), 'weight: "5" is text; write a whole number'),
    (mission(weight="0"), "weight: 0 is too small; write at least 1"),
    (mission(weight="1.5"), "weight: 1.5 is a decimal; write a whole number"),
    (mission(name="3"), "name: 3 is a whole number; write a mapping"),
    (mission(name="{german_language: x}"), 'name.german_language: "german_language" has another form; write a language tag such as en'),
    (
        mission(active="{from: 2026-12-20}"),
        'active.from: "2026-12-20" is not an instant with its time zone; write it such as 2026-12-20T00:00:00Z',
    ),
    (mission(active_hours="{from: 22:00, to: 6}"), 'active_hours.from: "22:00" is text; write a whole number'),
    (
        mission(active_hours="{from: 1, to: 6, zone: Mars/Base}"),
        'zone: "Mars/Base" is not a time zone; write an IANA name such as Europe/Berlin',
    ),
    (mission(rewards="{xp: -5}"), "rewards.xp: -5 is too small; write at least 0"),
    (mission(rewards="{badge: hat}"), 'rewards.badge: "badge" is neither items, badges, titles, frames'),
    (mission(rewards="{boots: {xp: 2}}"), 'rewards.boots: "boots" is neither items, badges, titles, frames'),
    (mission(rewards="{items: [hat]}"), 'rewards.items[0]: "hat" is text; write a mapping {…} of id, quantity'),
    (mission("{action: post.created, target: 5}"), "requirements: is a requirement without a group; write all: [{…}] around it"),
    (mission("{}"), "requirements: asks for nothing; write at least one requirement"),
    (mission("{all: []}"), "requirements.all: is empty; write at least 1 entry"),
    (
        mission("{all: [{action: a, target: 1}], any: [{action: a, target: 1}]}"),
        "any: does not go together with its sibling; a group is either all or any",
    ),
    (mission("{post.created: 0}"), 'requirements["post.created"]: 0 is too small; write at least 1'),
    (mission(evidence="{types: [photo]}"), 'evidence.types[0]: "photo" is not a valid entry; write one of watch_duration'),
    (mission(metadata="{1: 2}"), "metadata[1]: 1 is a whole number; write text"),
    ("templates: [{key: a}]", "templates[0].kind: is missing; write one of mission quest achievement"),
    ("templates: [{key: a, kind: misson}]", 'templates[0].kind: "misson" is not a kind; write one of mission quest achievement'),
    ("templates: [5]", "templates[0]: 5 is a whole number; write a mapping"),
    ("templates: {key: a}", "templates: is not a list; write one `- key: …` entry per template"),
    ("template: []", "template: is not a member of a catalog file; write rules or templates"),
    ("- key: a", "t.yaml: is not a mapping; write `templates:`"),
    ("templates: [{key: a, kind: quest, name: Q, rewards: {}}]", "templates[0].steps: is missing; write it"),
]

MEANING = [
    (mission(leaf(op="between")), "target2: is missing; between needs both ends: write target2: 5 or more"),
    (mission(leaf(op="between", target2="4")), "target2: 4 is below target 5; write the larger number here"),
    (mission(leaf(target2="7")), "target2: is only used by op between; remove it or write op: between instead of >="),
    (mission(leaf(aggregate="sum")), "field: is missing; sum needs a field of the action's data"),
    (mission(leaf(field="amount")), "field: is not used by count; remove it or write aggregate: sum, max, last, distinct"),
    (
        mission(leaf(aggregate="distinct", field="x", target="101")),
        "target: 101 distinct values are too many to remember; write at most 100",
    ),
    (mission(leaf(target="1.5")), "target: 1.5 is not whole; count counts, so write 1 or 2"),
    (mission(leaf(target="0")), "target: 0 holds before anything is done; write at least 1"),
    (mission(leaf(aggregate="max", field="x", within="4h")), "within: does not go with max; remove it or write aggregate: count or sum"),
    (mission(leaf(op='"<="', within="4h")), 'op: "<=" does not go with within; write >='),
    (mission(leaf(where='[{field: x, op: ">=", value: a}]')), "where[0].value: does not fit >=; write a number"),
    (mission(leaf(where="[{field: x, op: in, value: a}]")), "where[0].value: does not fit in; write a list"),
    (mission(leaf(where="[{field: x, op: between, value: [1]}]")), "where[0].value: does not fit between; write two numbers"),
    (
        mission(leaf(where="[{field: x, op: between, value: [2, 1]}]")),
        "where[0].value: has its ends the wrong way round; write the smaller",
    ),
    (mission(leaf(where="[{field: x, op: exists, value: 1}]")), "where[0].value: does not fit exists; write true or false"),
    (mission(leaf(where='[{field: x, op: "==", value: [1]}]')), "where[0].value: does not fit ==; write one text, number or truth value"),
    (
        mission("{all: [{any: [{all: [{any: [{action: a, target: 1}]}]}]}]}"),
        "requirements: nests 4 groups; write at most 3 inside each other",
    ),
    (mission("{" + ", ".join(f"a{n}: 1" for n in range(21)) + "}"), "requirements: has 21 requirements; write at most 20"),
    (
        mission("{all: [{action: a, target: 1}, {action: a, target: 2}]}"),
        'all[1].key: "a" is taken by an earlier requirement; write a key of its own',
    ),
    (mission(period="special"), "active: must say from and until for a special mission; write active: {from:"),
    (mission(active="{from: 2026-12-27T00:00:00Z, until: 2026-12-20T00:00:00Z}"), "active.until: is not after from; write a later instant"),
    (mission(active_hours="{from: 6, to: 6}"), "active_hours.to: 6 leaves no hours or all of them; write another hour"),
    (mission(type="timebound"), "time_limit_hours: is missing; a timebound mission needs it"),
    (mission(time_limit_hours="4"), "time_limit_hours: is for timebound missions and quests; remove it or write type: timebound"),
    (mission(type="unique", max_completions="2"), "max_completions: contradicts type: unique"),
    (mission(level="{min: 5, max: 2}"), "level.max: 2 is below min 5; write at least 5"),
    (mission(rewards="{gold: 5}"), "rewards.gold: is an unknown reward or currency; write one of xp dgt, or add gold to rules.currencies"),
    (mission(rewards="{badges: [x, x]}"), 'rewards.badges[1]: "x" is there twice; write it once'),
    (mission(rewards="{items: [{id: x}, {id: x}]}"), 'rewards.items[1]: "x" is there twice; add up its quantity in one entry'),
    (mission(prerequisites="[b]"), 'prerequisites[0]: "b" is not a template of this catalog'),
    (mission(prerequisites="[a]"), 'prerequisites[0]: "a" itself waits for "a"'),
    (
        mission(prerequisites="[b, b]") + mission(key="b").removeprefix("templates:\n"),
        'prerequisites[1]: "b" is there twice',
    ),
    (
        mission(period="perpetual", cooldown_hours="4"),
        "cooldown_hours: does not go with a repeating perpetual mission",
    ),
    (mission(leaf(target="8"), type="streak", period="weekly"), "target: 8 days never fit into a weekly period; write at most 7"),
    (mission(leaf(aggregate="days"), type="threshold"), "scope: lifetime does not go with days"),
    (
        mission(leaf(op='"<="'), period="perpetual"),
        'op: "<=" is decided when a period ends, which a perpetual mission never does; write >= or >',
    ),
    (mission(leaf(aggregate="last", field="x"), period="perpetual"), "aggregate: last is decided when a period ends"),
    (mission(leaf(aggregate="max", field="x"), period="perpetual"), "write count or sum, or max_completions: 1"),
    (mission(leaf(within="4h"), period="perpetual"), "within: does not go with a repeating perpetual mission"),
    (mission(leaf(op='">"'), period="perpetual"), 'op: ">" does not go with a repeating perpetual mission'),
    (
        mission(period="perpetual", type="threshold"),
        'requirements["post.created"]: lifetime does not go with a repeating perpetual mission',
    ),
]

RULES = [
    ("rules: {reset: local}", 'rules.reset: "local" is not a valid reset; write one of player_local utc'),
    ("rules: {day_start_hour: 24}", "rules.day_start_hour: 24 is too large; write at most 23"),
    ("rules: {default_zone_by_language: {de: Europe/Bonn}}", 'default_zone_by_language.de: "Europe/Bonn" is not a time zone'),
    ("rules: {actions: {a.b: {clent: true}}}", 'rules.actions["a.b"].clent: is an unknown field; write client'),
    ("rules: {actions: {a.b: }}", 'rules.actions["a.b"]: has no value; write a mapping {…} of client, per_minute'),
    ("rules: {currencies: [gold, gold]}", 'rules.currencies[1]: "gold" is there twice'),
    ("rules: {currencies: [items]}", 'rules.currencies[0]: "items" is a member of rewards; write another name'),
    ("rules: {derive: [{when: a, as: b}]}", 'rules.derive[0].when: "a" is not known here; add it to rules.actions'),
    (
        "rules: {actions: {a: {}}, derive: [{when: b, as: c}, {when: a, as: b}]}",
        'derive[0].when: "b" is not known here; move this entry below the one that derives it',
    ),
    ("rules: {actions: {a: {}}, derive: [{when: a, as: b}, {when: b, as: a}]}", 'derive[1].as: "a" would be derived from itself'),
    ("rules: {rotation: {daily: {min: 5, max: 3}}}", "rules.rotation.daily.min: 5 is above max 3; write at most 3"),
    (
        "rules: {rotation: {daily: {difficulty: {beginner: 0.5}}}}",
        "rotation.daily.difficulty: shares add up to 1/2, not 1; change one of them",
    ),
    (
        "rules: {rotation: {daily: {difficulty: {easy: 1}}}}",
        'difficulty.easy: "easy" is not a valid difficulty; write one of beginner intermediate advanced',
    ),
    (
        "rules: {rewards: {perfect_bonus: {multiply: {xp: x}}}}",
        'multiply.xp: "x" is not a number; write one such as 1.5, or an exact fraction such as "1/3"',
    ),
    ("rules: {rewards: {perfect_bonus: {multiply: {gold: 2}}}}", "perfect_bonus.multiply.gold: is an unknown reward or currency"),
    (
        "rules: {rewards: {streak_multiplier: [{from: 7, multiply: {xp: 2}}, {from: 3, multiply: {xp: 2}}]}}",
        "streak_multiplier[1].from: 3 is not above the step before",
    ),
    ("rules: {streaks: {daily: {freezes: {start: 3, max: 2}}}}", "streaks.daily.freezes.start: 3 is above max 2; write at most 2"),
    ("rules: {levels: [0, 5, 5]}", "rules.levels[2]: 5 is not above 5; write the levels in ascending order"),
    ("rules: {levels: [5, 10]}", "rules.levels: must begin with 0"),
    ("rules: {history: {new_days: 9, veteran_days: 8}}", "history.veteran_days: is below new_days; write at least 9"),
    (
        "rules: {check_in: {base: {xp: 1}, tiers: [{min_days: 3, max_days: 6, bonus_percent: 1}, {min_days: 6, bonus_percent: 2}]}}",
        "check_in.tiers[1].min_days: 6 overlaps the tier before; write the tiers in ascending order, here at least 7",
    ),
    (
        "rules: {check_in: {base: {xp: 1}, tiers: [{min_days: 3, bonus_percent: 1}, {min_days: 6, bonus_percent: 2}]}}",
        "check_in.tiers[1]: follows a tier without max_days",
    ),
    (
        "rules: {check_in: {base: {xp: 1}, milestones: [{days: 7, reward: {xp: 1}}, {days: 7, reward: {xp: 1}}]}}",
        "check_in.milestones[1].days: 7 is not above the milestone before",
    ),
    ("rules:", "rules: has no value; write a mapping"),
]


@pytest.mark.parametrize(("text", "expected"), STRUCTURE + MEANING)
def test_a_template_mistake_names_file_path_and_fix(problems: Problems, text: str, expected: str) -> None:
    found = problems(t=text)

    assert len(found) == 1, found
    assert found[0].startswith("t.yaml: ")
    assert expected in found[0]


@pytest.mark.parametrize(("text", "expected"), RULES)
def test_a_rules_mistake_names_file_path_and_fix(problems: Problems, text: str, expected: str) -> None:
    (found,) = problems(rules=text)

    assert found.startswith("rules.yaml: ")
    assert expected in found


def test_all_mistakes_of_all_files_are_reported_at_once_in_reading_order(problems: Problems) -> None:
    found = problems(rules="rules: {reset: local, claim_days: -1}", a=mission(vip="1"), b=mission(leaf(op="between"), key="b", weight="0"))

    assert [problem.split(": ")[:2] for problem in found] == [
        ["a.yaml", "templates[0].vip"],
        ["b.yaml", "templates[0].weight"],
        ["rules.yaml", "rules.claim_days"],
        ["rules.yaml", "rules.reset"],
    ]


def test_a_faulty_neighbour_hides_nothing_in_the_other_templates(problems: Problems) -> None:
    found = problems(rules="rules: {reset: local}", a=mission(vip="1"), b=mission(leaf(op="between"), key="b", prerequisites="[a]"))

    assert [problem.split(": ")[1] for problem in found] == ["templates[0].vip", "templates[0].requirements.all[0].target2", "rules.reset"]


def test_a_mistake_names_its_line(problems: Problems) -> None:
    (found,) = problems(
        t="""\
        templates:
          - key: a
            kind: mission
            name: A
            category: social
            type: count
            period: daily
            rewards: {}
            requirements:
              all:
                - action: post.created
                  op: "=>"
                  target: 5
        """
    )

    assert found.endswith("(line 12)")


def test_a_duplicate_member_names_both_lines(problems: Problems) -> None:
    (found,) = problems(t="templates:\n  - key: a\n    key: b\n" + mission()[len("templates:\n") :].replace("key: a", "key: c"))[:1]

    assert found == "t.yaml: templates[0].key: is there twice, on lines 2 and 3; keep one (line 2)"


def test_a_key_used_in_two_files_names_both(problems: Problems) -> None:
    (found,) = problems(a=mission(), b=mission())

    assert 'b.yaml: templates[0].key: "a" is taken by templates[0] in a.yaml; write a key of its own' in found


def test_prerequisites_that_wait_for_each_other_are_reported_on_both_sides(problems: Problems) -> None:
    found = problems(a=mission(prerequisites="[b]"), b=mission(key="b", prerequisites="[a]"))

    assert [problem.split(": ")[:2] for problem in found] == [
        ["a.yaml", "templates[0].prerequisites[0]"],
        ["b.yaml", "templates[0].prerequisites[0]"],
    ]


def test_rules_in_two_files_are_a_mistake(problems: Problems) -> None:
    (found,) = problems(second="rules: {}")

    assert found == "second.yaml: rules: is also in rules.yaml; write the rules in one file only (line 1)"


def test_a_folder_without_rules_is_a_mistake(problems: Problems) -> None:
    (found,) = problems(rules="", t=mission())

    assert "no YAML file has rules; write `rules: {}` in exactly one file" in found


def test_broken_yaml_names_line_and_column(problems: Problems) -> None:
    (found,) = problems(t="templates:\n  - key: [a\n")

    assert found.startswith("t.yaml: line 3, column 1: is not valid YAML")


def test_two_documents_in_a_file_are_a_mistake(problems: Problems) -> None:
    (found,) = problems(t="templates: []\n---\ntemplates: []\n")

    assert "t.yaml: line 2, column 1: is not valid YAML" in found


def test_a_python_object_in_yaml_is_refused(problems: Problems) -> None:
    (found,) = problems(t="templates: !!python/object/apply:os.getcwd []\n")

    assert "is not valid YAML" in found


def test_a_state_that_could_outgrow_its_item_names_the_biggest_parts(problems: Problems) -> None:
    wide = leaf(aggregate="distinct", field="x", target="100")
    files = {f"t{n}": mission(wide, key=f"t{n}", type="unique", period="perpetual") for n in range(16)}

    (found,) = problems(**files)

    assert "rules.yaml: rules: one player's state could grow to" in found
    assert "of 32768 bytes; the biggest parts are what every player has 6144 B, t" in found
