"""The API's routes as one self-contained HTML page: no scripts, no other host."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

Operation = dict[str, Any]

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #ccd5de;text-transform:capitalize}
details{border:1px solid #ccd5de;border-radius:.4rem;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}
code{font:14px ui-monospace,monospace}
pre{overflow:auto;background:#f3f6f9;padding:.6rem;font:13px ui-monospace,monospace}
.method{display:inline-block;min-width:4rem;font-weight:700}
@media(prefers-color-scheme:dark){body{color:#dbe4ec;background:#12181f}pre{background:#1c252e}}
"""


def render_page(openapi: str) -> str:
    """The page for an OpenAPI document."""
    document = json.loads(openapi)
    info = document["info"]
    sections = "".join(_section(tag, operations) for tag, operations in _by_tag(document).items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style></head><body><main><h1>{escape(info['title'])}</h1>"
        f'<p>{escape(info["description"])}</p><p><a href="openapi.json">OpenAPI document</a></p>{sections}'
        f"<h2>Representations</h2>{_schemas(document)}</main></body></html>"
    )


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, Operation]]]:
    tags: dict[str, list[tuple[str, str, Operation]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags.setdefault(operation["tags"][0], []).append((method, path, operation))
    return dict(sorted(tags.items()))


def _section(tag: str, operations: list[tuple[str, str, Operation]]) -> str:
    return f"<h2>{escape(tag)}</h2>" + "".join(_operation(*operation) for operation in operations)


def _operation(method: str, path: str, operation: Operation) -> str:
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{escape(method.upper())}</span> '
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>{''.join(_parts(operation))}</details>"
    )


def _parts(operation: Operation) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        text = parameter.get("description", "")
        yield f"<p><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}) {escape(text)}</p>"
    if "requestBody" in operation:
        yield "<p>Body</p>" + _json(operation["requestBody"]["content"])
    for status, response in operation["responses"].items():
        yield f"<p>{escape(status)} {escape(response.get('description', ''))}</p>"
        if status == "200":
            yield _json(response.get("content", {}))


def _schemas(document: dict[str, Any]) -> str:
    schemas = document["components"]["schemas"]
    return "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>'
        for name, schema in schemas.items()
    )


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2))}</pre>"
