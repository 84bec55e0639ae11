"""Compiles a checked catalog to the JSON snapshot the runtime loads, carrying versions over from the one before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def compile_catalog(source: CatalogSource, previous: Snapshot | None = None, *, published_at: int = 0) -> Snapshot:
    """Return `{"version", "published_at", "rules", "templates", "retired"}`.

    A template keeps its version while its compiled content is the same, and the whole snapshot is the previous one if nothing
    changed. `retired` remembers the last version of removed keys: a published (key, version) never gets another content.
    `published_at`: when that is about to happen, 0 for what nobody publishes.
    CatalogInvalid: published tiers of an achievement are not where players have them, or a leaderboard would compare different scores.
    """
    before: Snapshot = previous or {"version": 0, "templates": []}
    published = {raw["key"]: raw for raw in before["templates"]}
    last_versions = {**before.get("retired", {}), **{key: raw["version"] for key, raw in published.items()}}
    compiled = [compiled_template(template) for template in sorted(source.templates, key=lambda template: template.key)]
    tiers = {**before.get("retired_tiers", {}), **{key: _tier_names(raw) for key, raw in published.items()}}
    contests = {**before.get("retired_contests", {}), **_contests(published.values())}
    problems = [*_moved_tiers(compiled, tiers), *_other_scores(compiled, contests)]
    if problems:
        raise CatalogInvalid(problems)
    written = {raw["key"] for raw in compiled}
    competing = {raw["key"] for raw in compiled if raw["type"] == "competitive"}
    content: dict[str, Any] = {
        "rules": compiled_rules(source.rules),
        "templates": [_versioned(raw, published.get(raw["key"]), last_versions) for raw in compiled],
        "retired": {key: version for key, version in last_versions.items() if key not in written},
    }
    if retired_tiers := {key: names for key, names in tiers.items() if names and key not in written}:
        content["retired_tiers"] = retired_tiers
    if retired_contests := {key: contest for key, contest in contests.items() if key not in competing}:
        content["retired_contests"] = retired_contests
    if previous and all(previous.get(member) == value for member, value in content.items()):
        return previous
    return {"version": before["version"] + 1, "published_at": published_at, **content}


def _tier_names(template: Snapshot) -> list[str]:
    return [tier["name"] for tier in template.get("tiers", ())]


def _moved_tiers(compiled: Sequence[Snapshot], published: Mapping[str, list[str]]) -> Iterator[str]:
    """Players hold tiers by their place, also those of achievements that were withdrawn, and are paid for each once."""
    for template in compiled:
        before = published.get(template["key"], [])
        if _tier_names(template)[: len(before)] != before:
            names = ", ".join(before)
            yield f"{template['key']}: tiers: players hold {names} in this order; keep them, and write new tiers behind them"


def _contests(templates: Iterable[Snapshot]) -> dict[str, Snapshot]:
    """What each leaderboard ranks, and the version that says so."""
    return {raw["key"]: {"version": raw["version"], "score": _score(raw)} for raw in templates if raw["type"] == "competitive"}


def _other_scores(compiled: Sequence[Snapshot], contests: Mapping[str, Snapshot]) -> Iterator[str]:
    """Scores of one leaderboard must be of one kind, whenever their missions were dealt, also of a contest that was away."""
    for template in compiled:
        before = contests.get(template["key"])
        if before is not None and template["type"] == "competitive" and _score(template) != before["score"]:
            yield f"{template['key']}: requirements: count otherwise than the leaderboard so far; write a contest with a key of its own"


def _score(contest: Snapshot) -> Snapshot:
    node = contest["requirements"]
    while "key" not in node:  # groups of one, down to the only requirement
        [[node]] = node.values()
    counted = {name: value for name, value in node.items() if name not in ("key", "label", "target")}
    return {"period": contest["period"], **counted}


def _versioned(content: Mapping[str, Any], published: Snapshot | None, last_versions: Mapping[str, int]) -> Snapshot:
    key = content["key"]
    if published is not None and {**content, "version": published["version"]} == published:
        return published
    return {**content, "version": last_versions.get(key, 0) + 1}
