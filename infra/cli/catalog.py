"""`missions catalog`: check a folder of missions before anyone plays it, and publish it."""

import json
from collections import Counter
from pathlib import Path

import click

from infra.cli.target import find_target, target_options
from missions_core.authoring.loader import LoadedCatalog, load_catalog
from missions_core.authoring.state_size import LIMIT_BYTES
from missions_core.errors import CatalogInvalid


@click.group()
def catalog() -> None:
    """Missions, quests, achievements and rules as folders of YAML files (docs/catalog.md)."""


@catalog.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='Print {"valid", "problems", "notices", "templates", "state_bytes"}.')
def validate(directory: Path, *, as_json: bool) -> None:
    """Check the catalog in DIRECTORY and list every mistake with its file, path and fix."""
    if not as_json:
        click.echo(_summary(directory, load_catalog(directory)))
        return
    try:
        loaded = load_catalog(directory)
    except CatalogInvalid as invalid:
        click.echo(json.dumps({"valid": False, "problems": invalid.problems, "notices": [], "templates": 0, "state_bytes": None}))
        raise click.exceptions.Exit(1) from invalid
    report = {"valid": True, "problems": [], "notices": loaded.notices}
    click.echo(json.dumps({**report, "templates": len(loaded.source.templates), "state_bytes": loaded.state_size.total}))


@catalog.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@target_options
@click.option("--json", "as_json", is_flag=True, help='Print {"version", "changed", "templates"}.')
def apply(directory: Path, table: str | None, profile: str | None, endpoint: str | None, *, as_json: bool) -> None:
    """Publish the catalog in DIRECTORY: to the local stack, or to AWS with --table (and --profile, unless the environment has credentials).

    A catalog with mistakes is not published; publishing what is published already changes nothing.
    """
    from infra.catalogs import apply_catalog  # imports the storage: not needed to validate

    target = find_target(table, profile, endpoint)
    applied = apply_catalog(target.endpoint_url, target.table, directory, profile=profile)
    if as_json:
        click.echo(json.dumps(applied._asdict()))
        return
    done = "published; warm functions follow within 30 seconds" if applied.changed else "published already: nothing changed"
    click.echo(f"{directory} ({applied.templates} templates) is version {applied.version}, {done}")


def _summary(directory: Path, loaded: LoadedCatalog) -> str:
    kinds = Counter(getattr(template, "period", template.kind) for template in loaded.source.templates)
    parts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    size = f"a player's state stays below {loaded.state_size.total / 1024:.1f} of {LIMIT_BYTES // 1024} KB"
    notices = [f"note: {notice}" for notice in loaded.notices]
    return "\n".join([*notices, f"{directory} is valid: {len(loaded.source.templates)} templates ({parts or 'none'}); {size}"])
