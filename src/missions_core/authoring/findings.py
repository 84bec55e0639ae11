"""What is found in a catalog folder: where it is (file, path, line) and what to write instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from missions_core.authoring.yaml_source import Document
from missions_core.errors import CatalogInvalid

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake or a notice at a path inside a file."""

    path: Path
    text: str

    def below(self, parent: Path) -> "Finding":
        """The same finding seen from a member further out."""
        return Finding(parent + self.path, self.text)


Findings = Iterator[Finding]


@dataclass(slots=True)
class Report:
    """Collects everything found, so that an author sees all of it at once."""

    _problems: list[tuple[str, int, str]] = field(default_factory=list)  # file, line, text
    _notices: list[tuple[str, int, str]] = field(default_factory=list)

    def add_problems(self, document: Document, findings: Iterable[Finding]) -> None:
        """Record mistakes of one file."""
        self._problems += [_rendered(document, finding) for finding in findings]

    def add_notices(self, document: Document, findings: Iterable[Finding]) -> None:
        """Record what is valid but probably not what the author expects."""
        self._notices += [_rendered(document, finding) for finding in findings]

    @property
    def has_problems(self) -> bool:
        """Whether there is any mistake so far."""
        return bool(self._problems)

    @property
    def notices(self) -> tuple[str, ...]:
        """The notices in reading order."""
        return tuple(text for _, _, text in sorted(self._notices))

    def raise_problems(self) -> None:
        """Raise CatalogInvalid with all mistakes in reading order, if there is any."""
        if self._problems:
            raise CatalogInvalid([text for _, _, text in sorted(self._problems)])


def _rendered(document: Document, finding: Finding) -> tuple[str, int, str]:
    line = document.line_of(finding.path)
    where = path_text(finding.path)
    text = f"{document.file}: {where}{': ' if where else ''}{finding.text}" + (f" (line {line})" if line else "")
    return document.file, line or 0, text


def path_text(path: Path) -> str:
    """Spell a path as authors read it: `templates[2].requirements["post.created"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "." in step or " " in step or not step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text
