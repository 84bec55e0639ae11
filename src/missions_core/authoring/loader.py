"""Loads a catalog folder: reads every file, collects every mistake, returns a catalog without any."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic import TypeAdapter, ValidationError

from missions_core.authoring.catalog_checks import paid_badges, reference_findings, template_notices
from missions_core.authoring.compiler import CatalogSource, compile_catalog
from missions_core.authoring.explanations import explained
from missions_core.authoring.findings import Finding, Findings, Report
from missions_core.authoring.models import Template
from missions_core.authoring.rule_checks import rules_findings, rules_notices
from missions_core.authoring.rule_models import RulesModel
from missions_core.authoring.state_size import LIMIT_BYTES, StateSize, worst_case_state
from missions_core.authoring.template_checks import AnyTemplate, template_findings
from missions_core.authoring.yaml_source import Document, read_yaml
from missions_core.domain.snapshots import catalog_from_snapshot

MEMBERS = ("rules", "templates")
_template_model: TypeAdapter[AnyTemplate] = TypeAdapter(Template)


@dataclass(frozen=True, slots=True)
class LoadedCatalog:
    """A valid catalog, what its authors should know, and how large it can make a player's state."""

    source: CatalogSource
    notices: tuple[str, ...]
    state_size: StateSize


@dataclass(frozen=True, slots=True)
class _Placed:
    """A template and where it is written."""

    document: Document
    index: int
    template: AnyTemplate

    def located(self, findings: Findings) -> Findings:
        return (finding.below(("templates", self.index)) for finding in findings)


def load_catalog(directory: FilePath) -> LoadedCatalog:
    """Read, merge and check all YAML files below a folder. CatalogInvalid lists every mistake with file, path and fix."""
    report = Report()
    documents = [*_documents(directory, report)]
    rules_at = _rules_document(directory, documents, report)
    rules = _rules(rules_at, report) if rules_at else None
    placed = [one for document in documents for one in _templates(document, report)]
    _check_keys(placed, report)
    _check_templates(placed, rules, documents, report)
    report.raise_problems()
    if rules_at is None or rules is None:
        raise AssertionError("there are no rules and it was not reported")
    source = CatalogSource(rules, [one.template for one in placed])
    size = worst_case_state(catalog_from_snapshot(compile_catalog(source)))
    report.add_problems(rules_at, _size_findings(size))
    report.raise_problems()
    return LoadedCatalog(source, report.notices, size)


def _documents(directory: FilePath, report: Report) -> Iterator[Document]:
    for path in sorted(directory.rglob("*")):
        if path.suffix not in (".yaml", ".yml") or not path.is_file():
            continue
        document, mistakes = read_yaml(path)
        report.add_problems(document, (Finding(*mistake) for mistake in mistakes))
        yield document


def _rules_document(directory: FilePath, documents: list[Document], report: Report) -> Document | None:
    having = [document for document in documents if "rules" in _members(document)]
    for extra in having[1:]:
        report.add_problems(extra, [Finding(("rules",), f"is also in {having[0].file}; write the rules in one file only")])
    if not having:
        if not report.has_problems:
            folder = Document(str(directory), None, None)
            report.add_problems(folder, [Finding((), "no YAML file has rules; write `rules: {}` in exactly one file, such as rules.yaml")])
        return None
    return having[0]


def _members(document: Document) -> dict[str, object]:
    return document.data if isinstance(document.data, dict) else {}


def _rules(document: Document, report: Report) -> RulesModel | None:
    try:
        rules = RulesModel.model_validate(_members(document)["rules"])
    except ValidationError as error:
        report.add_problems(document, explained(error, ("rules",)))
        return None
    report.add_problems(document, (finding.below(("rules",)) for finding in rules_findings(rules)))
    report.add_notices(document, (finding.below(("rules",)) for finding in rules_notices(rules)))
    return rules


def _templates(document: Document, report: Report) -> Iterator[_Placed]:
    report.add_problems(document, _shape_findings(document))
    entries = _members(document).get("templates")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        try:
            yield _Placed(document, index, _template_model.validate_python(entry))
        except ValidationError as error:
            report.add_problems(document, explained(error, ("templates", index)))


def _shape_findings(document: Document) -> Findings:
    if document.data is not None and not isinstance(document.data, dict):
        yield Finding((), "is not a mapping; write `templates:` (and in one file `rules:`) at the top")
    for name in _members(document):
        if name not in MEMBERS:
            yield Finding((name,), "is not a member of a catalog file; write rules or templates")
    if not isinstance(_members(document).get("templates", []), list):
        yield Finding(("templates",), "is not a list; write one `- key: …` entry per template")


def _check_keys(placed: list[_Placed], report: Report) -> None:
    first: dict[str, _Placed] = {}
    for one in placed:
        earlier = first.setdefault(one.template.key, one)
        if earlier is not one:
            text = f'"{one.template.key}" is taken by templates[{earlier.index}] in {earlier.document.file}; write a key of its own'
            report.add_problems(one.document, one.located(iter([Finding(("key",), text)])))


def _check_templates(placed: list[_Placed], rules: RulesModel | None, documents: list[Document], report: Report) -> None:
    by_key = {one.template.key: one.template for one in placed}
    all_keys = {key for document in documents for key in _written_keys(document)}
    currencies = rules.known_currencies if rules else None
    badges = paid_badges(by_key.values(), rules) if rules else ()
    for one in placed:
        report.add_problems(one.document, one.located(template_findings(one.template, currencies)))
        report.add_problems(one.document, one.located(reference_findings(one.template, by_key, all_keys)))
        report.add_notices(one.document, one.located(template_notices(one.template, rules, badges) if rules else iter(())))


def _written_keys(document: Document) -> Iterator[str]:
    entries = _members(document).get("templates")
    return (str(entry.get("key")) for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, dict))


def _size_findings(size: StateSize) -> Findings:
    if size.total > LIMIT_BYTES:
        text = f"one player's state could grow to {size.total} of {LIMIT_BYTES} bytes; the biggest parts are {size.biggest()}"
        yield Finding(("rules",), f"{text}; lower rotation max or distinct targets, or shorten windows")
