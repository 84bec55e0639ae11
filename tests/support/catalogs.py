"""Catalogs for tests, written as a catalog author would write them, as Python data."""

from typing import Any

from pydantic import TypeAdapter

from missions_core.authoring.compiler import CatalogSource, compile_catalog
from missions_core.authoring.rule_models import RulesModel
from missions_core.authoring.template_checks import AnyTemplate
from missions_core.domain.catalog import Catalog, Snapshot
from missions_core.domain.snapshots import catalog_from_snapshot

DEFAULT_RULES: dict[str, Any] = {
    "currencies": ["xp", "gold"],
    "actions": {"post.created": {}, "tip.sent": {}, "video.watched": {"client": True, "per_minute": 10}},
    "rotation": {"daily": {"min": 9, "max": 9}, "weekly": {"min": 9, "max": 9}, "monthly": {"min": 9, "max": 9}},
}


def snapshot(*templates: dict[str, Any], previous: Snapshot | None = None, published_at: int = 0, **rules: Any) -> Snapshot:
    """Compile templates and rule overrides into a snapshot."""
    return compile_catalog(
        CatalogSource(
            RulesModel.model_validate(DEFAULT_RULES | rules),
            [TypeAdapter(AnyTemplate).validate_python(template) for template in templates],
        ),
        previous,
        published_at=published_at,
    )


def catalog(*templates: dict[str, Any], **rules: Any) -> Catalog:
    """A loaded catalog."""
    return catalog_from_snapshot(snapshot(*templates, **rules))


def mission(key: str, requirements: Any = None, **fields: Any) -> dict[str, Any]:
    """A daily count mission unless told otherwise."""
    return {
        "key": key,
        "kind": "mission",
        "name": key,
        "category": "participation",
        "type": "count",
        "period": "daily",
        "requirements": requirements or {"post.created": 1},
        "rewards": {"xp": 10},
    } | fields


def achievement(key: str, requirements: Any = None, **fields: Any) -> dict[str, Any]:
    """An achievement, of a collection where that is given."""
    asks = {} if "collection" in fields else {"requirements": requirements or {"post.created": 1}}
    return {"key": key, "kind": "achievement", "name": key, "rewards": {"xp": 10}} | asks | fields


def quest(key: str, *steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A quest."""
    return {"key": key, "kind": "quest", "name": key, "rewards": {"gold": 100}, "steps": list(steps)} | fields


def step(key: str, requirements: Any = None, **fields: Any) -> dict[str, Any]:
    """A step of a quest; one without requirements asks for the player's word alone."""
    asks = {"manual": True} if requirements is None else {"requirements": requirements}
    return {"key": key, "name": key, "rewards": {"gold": 1}} | asks | fields
