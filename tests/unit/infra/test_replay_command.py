"""`missions replay`: from files to a report."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from tests.support.world import post

CATALOG = """
rules:
  actions: {post.created: {}}
  rotation: {daily: {min: 5, max: 5}, weekly: {min: 0, max: 0}, monthly: {min: 0, max: 0}}
templates:
  - {key: two, kind: mission, name: Two, type: count, category: a, period: daily, requirements: {post.created: 2}, rewards: {xp: 10}}
"""
EVENTS = [
    post(1, "2026-03-01T10:00:00Z"),
    post(2, "2026-03-01T11:00:00Z"),
    post(2, "2026-03-01T11:00:00Z"),
    post(3, "2026-03-02T23:30:00Z"),  # in Berlin it is the 3rd
    post(4, "2026-03-03T10:00:00Z"),
    post(5, "2026-03-03T10:00:00Z", type_="cake.eaten"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "all.yaml").write_text(CATALOG, encoding="utf-8")
    lines = [*(json.dumps(event) for event in EVENTS), "{"]
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "players.jsonl").write_text('{"player": "ann", "timezone": "Europe/Berlin", "level": 4}', encoding="utf-8")
    return tmp_path


def replay(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["replay", str(folder / "events.jsonl.gz"), "--catalog", str(folder / "catalog"), *options])


def report(folder: Path, *options: str) -> dict[str, Any]:
    done = replay(folder, "--json", *options)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_line_is_accounted_for(folder: Path) -> None:
    found = report(folder)

    assert {name: found["totals"][name] for name in ("actions", "applied", "duplicate", "late", "quarantined")} == {
        "actions": 7,
        "applied": 4,
        "duplicate": 1,
        "late": 0,
        "quarantined": 2,
    }
    assert found["outcomes"] == {"counted": 4, "duplicate": 1, "malformed_json": 1, "unknown_action_type": 1}


def test_players_live_in_their_zones(folder: Path) -> None:
    in_utc = report(folder)["players"]["ann"]
    in_berlin = report(folder, "--players", str(folder / "players.jsonl"))["players"]["ann"]

    assert (in_utc["timezone"], in_utc["completions"], in_utc["streaks"]["daily"]["best"]) == ("UTC", {"two": 1}, 1)
    assert (in_berlin["timezone"], in_berlin["completions"], in_berlin["level"]) == ("Europe/Berlin", {"two": 2}, 4)


def test_delays_and_duplicates_change_no_progress(folder: Path) -> None:
    disturbed = report(folder, "--shuffle", "12h", "--duplicates", "0.5", "--seed", "7")

    assert disturbed["players"] == report(folder)["players"]
    assert disturbed["totals"]["duplicate"] > 1


def test_history_can_end_early(folder: Path) -> None:
    totals = report(folder, "--until", "2026-03-02")["totals"]

    assert (totals["applied"], totals["after_until"]) == (2, 3)


def test_the_report_goes_to_a_file_and_a_summary_to_the_reader(folder: Path) -> None:
    done = replay(folder, "--report", str(folder / "report.json"))

    assert done.exit_code == 0
    assert "7 actions of 1 players" in done.output
    assert json.loads((folder / "report.json").read_text()) == report(folder)


def test_a_bad_catalog_is_named_with_file_and_fix(folder: Path) -> None:
    (folder / "catalog" / "more.yaml").write_text("templates: [{key: x}]", encoding="utf-8")

    done = replay(folder)

    assert done.exit_code == 1
    assert "more.yaml" in done.output


def test_a_missing_file_is_wrong_usage(folder: Path) -> None:
    assert replay(folder, "--players", "nowhere.jsonl").exit_code == 2
