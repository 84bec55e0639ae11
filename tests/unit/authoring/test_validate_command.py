"""`missions catalog validate`: one look tells whether a folder can be applied."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from infra.cli import main

Write = Callable[..., Path]
BAD = "templates: [{key: a, kind: mission}]"


def test_a_valid_folder_is_summed_up(write: Write) -> None:
    result = CliRunner().invoke(main, ["catalog", "validate", str(write())])

    assert result.exit_code == 0
    assert "is valid: 0 templates (none); a player's state stays below 6." in result.output


def test_json_tells_the_same(write: Write) -> None:
    result = CliRunner().invoke(main, ["catalog", "validate", str(write()), "--json"])

    report = json.loads(result.output)
    assert (result.exit_code, report["valid"], report["problems"], report["templates"]) == (0, True, [], 0)
    assert report["state_bytes"] > 5000


def test_json_lists_the_problems_and_fails(write: Write) -> None:
    result = CliRunner().invoke(main, ["catalog", "validate", str(write(t=BAD)), "--json"])

    report = json.loads(result.output)
    assert (result.exit_code, report["valid"]) == (1, False)
    assert any("templates[0].name: is missing" in problem for problem in report["problems"])


def test_a_folder_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["catalog", "validate", str(tmp_path / "nowhere")]).exit_code == 2
