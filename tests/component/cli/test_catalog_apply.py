"""`missions catalog apply`: a folder becomes what players are dealt, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.storage.catalogs import Catalogs

RULES = "rules: {actions: {post.created: {}}}\n"
TEMPLATE = (
    "{key: NAME, kind: mission, name: A, type: count, category: a, period: daily, requirements: {post.created: 2}, rewards: {xp: 10}}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "first")
    return tmp_path


def write(folder: Path, *keys: str) -> None:
    templates = "".join(f"  - {TEMPLATE.replace('NAME', key)}\n" for key in keys)
    (folder / "all.yaml").write_text(f"{RULES}templates:\n{templates}", encoding="utf-8")


def apply(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["catalog", "apply", str(folder), "--table", "missions", *options])


def applied(folder: Path) -> Any:
    done = apply(folder, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_catalog_is_published_and_a_changed_one_follows_it(folder: Path) -> None:
    assert applied(folder) == {"version": 1, "changed": True, "templates": 1}
    write(folder, "first", "second")
    assert applied(folder) == {"version": 2, "changed": True, "templates": 2}

    assert set(Catalogs("missions").current().templates) == {"first", "second"}


def test_publishing_what_is_published_writes_nothing(folder: Path, aws: InProcessAws) -> None:
    applied(folder)
    aws.calls.clear()

    assert applied(folder) == {"version": 1, "changed": False, "templates": 1}
    assert aws.write_units() == 0
    assert "nothing changed" in apply(folder).output


def test_a_catalog_knows_when_it_was_published_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in (1000, 2000):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        applied(folder)

    assert Catalogs("missions").current().published_at == 1000


def test_a_catalog_with_mistakes_is_not_published_and_all_of_them_are_printed(folder: Path, aws: InProcessAws) -> None:
    applied(folder)
    (folder / "broken.yaml").write_text("templates: [{key: A}, {key: b, kind: nonsense}]", encoding="utf-8")
    aws.calls.clear()

    done = apply(folder)

    assert done.exit_code == 1
    assert done.output.count("broken.yaml") >= 2
    assert aws.write_units() == 0
    assert Catalogs("missions").current().version == 1


def test_a_table_that_is_not_there_is_one_line(folder: Path) -> None:
    done = CliRunner().invoke(main, ["catalog", "apply", str(folder), "--table", "elsewhere"])

    assert done.exit_code == 1
    assert done.output.startswith("Error: the table cannot be used: ")


@pytest.mark.parametrize("options", [["--profile", "p"], ["--endpoint", "http://127.0.0.1:1"], ["--profile", "p", "--endpoint", "u"]])
def test_another_account_needs_a_table(folder: Path, options: list[str]) -> None:
    assert CliRunner().invoke(main, ["catalog", "apply", str(folder), *options]).exit_code == 2
