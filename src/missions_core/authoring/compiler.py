"""Compiles a checked catalog to the JSON snapshot the runtime loads, carrying versions over from the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from missions_core.authoring.rule_compiler import compiled_rules
from missions_core.authoring.rule_models import RulesModel
from missions_core.authoring.template_checks import AnyTemplate
from missions_core.authoring.template_compiler import compiled_template
from missions_core.domain.catalog import Snapshot
from missions_core.errors import CatalogInvalid


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """A catalog as its authors wrote it, without mistakes."""

    rules: RulesModel
    templates: Sequence[AnyTemplate]


def compile_catalog(source: CatalogSource, previous: Snapshot | None = None) -> Snapshot:
    """Return `{"version", "rules", "templates", "retired"}`.

    A template keeps its version while its compiled content is the same, and the whole snapshot is the previous one if nothing
    changed. `retired` remembers the last version of removed keys: a published (key, version) never gets another content.
    CatalogInvalid: published tiers of an achievement are not where players have them.
    """
    published = {raw["key"]: raw for raw in previous["templates"]} if previous else {}
    last_versions = {**(previous.get("retired", {}) if previous else {}), **{key: raw["version"] for key, raw in published.items()}}
    compiled = [compiled_template(template) for template in sorted(source.templates, key=lambda template: template.key)]
    if problems := [problem for raw in compiled if (problem := _moved_tiers(raw, published.get(raw["key"])))]:
        raise CatalogInvalid(problems)
    content = {
        "rules": compiled_rules(source.rules),
        "templates": [_versioned(raw, published.get(raw["key"]), last_versions) for raw in compiled],
        "retired": {key: version for key, version in last_versions.items() if key not in {raw["key"] for raw in compiled}},
    }
    if previous and all(previous.get(member) == value for member, value in content.items()):
        return previous
    return {"version": (previous["version"] if previous else 0) + 1, **content}


def _moved_tiers(content: Snapshot, published: Snapshot | None) -> str | None:
    """Players hold tiers by their place, and are paid for each once."""
    before = [tier["name"] for tier in published.get("tiers", ())] if published else []
    if [tier["name"] for tier in content.get("tiers", ())][: len(before)] == before:
        return None
    return f"{content['key']}: tiers: players hold {', '.join(before)} in this order; keep them, and write new tiers behind them"


def _versioned(content: Mapping[str, Any], published: Snapshot | None, last_versions: Mapping[str, int]) -> Snapshot:
    key = content["key"]
    if published is not None and {**content, "version": published["version"]} == published:
        return published
    return {**content, "version": last_versions.get(key, 0) + 1}
