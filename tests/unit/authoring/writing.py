"""Catalog files with one template, members replaced or added, as authors write them."""


def mission(requirements: str = "{post.created: 1}", **fields: str) -> str:
    """One daily count mission."""
    members = {
        "key": "a",
        "kind": "mission",
        "name": "A",
        "category": "social",
        "type": "count",
        "period": "daily",
        "rewards": "{}",
        "requirements": requirements,
        **fields,
    }
    return _file(members)


def quest(steps: str, **fields: str) -> str:
    """One quest of the steps given."""
    return _file({"key": "q", "kind": "quest", "name": "Q", "rewards": "{}", "steps": steps, **fields})


def achievement(requirements: str | None = "{post.created: 2}", **fields: str) -> str:
    """One achievement."""
    asked = {} if requirements is None else {"requirements": requirements}
    return _file({"key": "a", "kind": "achievement", "name": "A", "rewards": "{}", **asked, **fields})


def leaf(**members: str) -> str:
    """Requirements of one leaf."""
    return "{all: [" + _mapping({"action": "post.created", "target": "5", **members}) + "]}"


def _file(members: dict[str, str]) -> str:
    return f"templates:\n  - {_mapping(members)}\n"


def _mapping(members: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in members.items()) + "}"
