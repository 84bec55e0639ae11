"""Compiles a checked catalog to the JSON snapshot the runtime loads, carrying versions over from the one before."""

from collections.abc import Iterator, Mapping, Sequence
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
    CatalogInvalid: published tiers of an achievement are not where players have them, or a leaderboard would compare different scores.
    """
    published = {raw["key"]: raw for raw in previous["templates"]} if previous else {}
    last_versions = {**(previous.get("retired", {}) if previous else {}), **{key: raw["version"] for key, raw in published.items()}}
    compiled = [compiled_template(template) for template in sorted(source.templates, key=lambda template: template.key)]
    tiers = {**(previous.get("retired_tiers", {}) if previous else {}), **{key: _tier_names(raw) for key, raw in published.items()}}
    problems = [*_moved_tiers(compiled, tiers), *_other_scores(compiled, published)]
    if problems:
        raise CatalogInvalid(problems)
    content: dict[str, Any] = {
        "rules": compiled_rules(source.rules),
        "templates": [_versioned(raw, published.get(raw["key"]), last_versions) for raw in compiled],
        "retired": {key: version for key, version in last_versions.items() if key not in {raw["key"] for raw in compiled}},
    }
    written = {raw["key"] for raw in compiled}
    if retired_tiers := {key: names for key, names in tiers.items() if names and key not in written}:
        content["retired_tiers"] = retired_tiers
    if previous and all(previous.get(member) == value for member, value in content.items()):
        return previous
    return {"version": (previous["version"] if previous else 0) + 1, **content}


def _tier_names(template: Snapshot) -> list[str]:
    return [tier["name"] for tier in template.get("tiers", ())]


def _moved_tiers(compiled: Sequence[Snapshot], published: Mapping[str, list[str]]) -> Iterator[str]:
    """Players hold tiers by their place, also those of achievements that were withdrawn, and are paid for each once."""
    for template in compiled:
        before = published.get(template["key"], [])
        if _tier_names(template)[: len(before)] != before:
            names = ", ".join(before)
            yield f"{template['key']}: tiers: players hold {names} in this order; keep them, and write new tiers behind them"


def _other_scores(compiled: Sequence[Snapshot], published: Mapping[str, Snapshot]) -> Iterator[str]:
    """Scores of one leaderboard must be of one kind, whenever their missions were dealt."""
    for template in compiled:
        before = published.get(template["key"])
        if before is not None and template["type"] == before["type"] == "competitive" and _score(template) != _score(before):
            yield f"{template['key']}: requirements: count otherwise than the leaderboard so far; write a contest with a key of its own"


def _score(contest: Snapshot) -> object:
    node = contest["requirements"]
    while "key" not in node:  # groups of one, down to the only requirement
        [[node]] = node.values()
    counted = {name: value for name, value in node.items() if name not in ("key", "label", "target")}
    return contest["period"], counted


def _versioned(content: Mapping[str, Any], published: Snapshot | None, last_versions: Mapping[str, int]) -> Snapshot:
    key = content["key"]
    if published is not None and {**content, "version": published["version"]} == published:
        return published
    return {**content, "version": last_versions.get(key, 0) + 1}
