"""Publishing catalogs: from a folder of YAML files to a table."""

from pathlib import Path
from typing import NamedTuple

from infra.aws import aws_at
from missions_core import clock
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.catalog import Catalog
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.storage.catalogs import Catalogs


def read_catalog(directory: Path) -> Catalog:
    """The catalog in a folder, as a player would meet it if it were the first one ever published."""
    return catalog_from_snapshot(compile_catalog(load_catalog(directory).source))


class Applied(NamedTuple):
    """The catalog a table holds now, and whether publishing changed anything."""

    version: int
    changed: bool
    templates: int


def apply_catalog(endpoint_url: str | None, table: str, directory: Path, *, profile: str | None = None) -> Applied:
    """Publish the catalog in `directory`; what is published already changes nothing.

    CatalogInvalid lists every mistake, and nothing was written then.
    """
    source = load_catalog(directory).source
    with aws_at(endpoint_url, profile):
        catalogs = Catalogs(table)
        previous = catalogs.published()
        snapshot = compile_catalog(source, previous, published_at=clock.now())
        catalogs.publish(snapshot)
    return Applied(snapshot["version"], snapshot != previous, len(snapshot["templates"]))


def applied_version(endpoint_url: str | None, table: str) -> int | None:
    """The version of the catalog a table holds; None: none was ever published."""
    with aws_at(endpoint_url):
        snapshot = Catalogs(table).published()
    return None if snapshot is None else snapshot["version"]
