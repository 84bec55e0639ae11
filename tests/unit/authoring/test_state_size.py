"""The worst-case state counts what can be open at once, not what the catalog holds."""

from collections.abc import Callable

from missions_core.authoring.loader import LoadedCatalog

Load = Callable[..., LoadedCatalog]
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


def test_the_largest_part_is_named_first(load: Load) -> None:
    loaded = load(rules=RULES, t="templates: [" + mission("a", distinct(100)) + "]")

    assert loaded.state_size.biggest(2) == f"what every player has 5120 B, a (x2) {loaded.state_size.contributions[1].size} B"
