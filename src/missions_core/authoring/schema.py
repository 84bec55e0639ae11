"""Exports the JSON Schema of catalog files: `python -m missions_core.authoring.schema > catalog/catalog.schema.json`."""

import json
import sys
from collections.abc import Mapping
from functools import cache

from missions_core.authoring.models import CatalogFile

Schema = Mapping[str, object]


@cache
def catalog_schema() -> Schema:
    """The JSON Schema of one catalog file."""
    return CatalogFile.model_json_schema()


def schema_text() -> str:
    """The schema as it is committed beside the catalogs, for editors."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **catalog_schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
