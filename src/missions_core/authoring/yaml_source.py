"""Reads YAML files: one document each, YAML 1.2 scalars, no duplicate keys, line numbers by path."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file."""

    file: str
    data: object
    root: yaml.Node | None

    def line_of(self, path: tuple[str | int, ...]) -> int | None:
        """Line of the deepest existing member on the path; None for an empty file."""
        node = self.root
        line = None
        for step in path:
            found = _member(node, step)
            if found is None:
                break
            line, node = found
        return line


class _Loader(yaml.SafeLoader):
    """Scalars as in YAML 1.2: `no` and `22:00` are text, `010` is not eight, a date stays text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (typed so by the parent)


for _tag, _pattern, _first in (
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(0|[1-9][0-9_]*)$", list("-+0123456789")),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def read_yaml(path: Path) -> tuple[Document, list[tuple[tuple[str | int, ...], str]]]:
    """Parse one file; the second value lists its syntax mistakes as (path, text)."""
    file = str(path)
    loader = None
    try:
        loader = _Loader(path.read_bytes())
        root = loader.get_single_node()
        mistakes = _key_mistakes(root, (), set())
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        return Document(file, None, None), [((), _syntax_text(error))]
    except (yaml.YAMLError, UnicodeDecodeError):
        return Document(file, None, None), [((), "is not UTF-8 text; save the file as UTF-8")]
    finally:
        if loader is not None:
            loader.dispose()
    return Document(file, data, root), mistakes


def _syntax_text(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}is not valid YAML ({error.problem or error.context}); check indentation, colons and quotes there"


def _key_mistakes(node: yaml.Node | None, path: tuple[str | int, ...], seen: set[int]) -> list[tuple[tuple[str | int, ...], str]]:
    if id(node) in seen:  # an alias: reported where it is anchored
        return []
    seen.add(id(node))
    mistakes: list[tuple[tuple[str | int, ...], str]] = []
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            mistakes += _key_mistakes(child, (*path, index), seen)
    if isinstance(node, yaml.MappingNode):
        first_lines: dict[str, int] = {}
        for key, child in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first_lines:
                mistakes.append(((*path, name), f"is there twice, on lines {first_lines[name]} and {line}; keep one"))
            first_lines.setdefault(name, line)
            mistakes += _key_mistakes(child, (*path, name), seen)
    return mistakes


def _member(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value == step:
                return key.start_mark.line + 1, child
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        child = node.value[step]
        return child.start_mark.line + 1, child
    return None
