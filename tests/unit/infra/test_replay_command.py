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
CHASES = """
templates:
  - {key: best, kind: mission, name: Best, type: competitive, category: a, period: weekly, requirements: {post.created: 99}, rewards: {},
     prizes: [{from: 1, to: 1, rewards: {xp: 7}}]}
  - {key: tour, kind: quest, name: Tour, rewards: {xp: 100}, auto_claim: false,
     steps: [{key: one, name: One, requirements: {post.created: 2}}]}
  - {key: trip, kind: quest, name: Trip, rewards: {xp: 3}, auto_claim: false,
     steps: [{key: one, name: One, requirements: {post.created: 4}}]}
  - {key: talk, kind: quest, name: Talk, rewards: {}, steps: [{key: one, name: One, manual: true}]}
  - {key: race, kind: quest, name: Race, rewards: {}, requires_start: true, steps: [{key: one, name: One, requirements: {post.created: 1}}]}
  - {key: prolific, kind: achievement, name: P, requirements: {post.created: 1}, tiers: [{name: a, target: 1}, {name: b, target: 3},
     {name: c, target: 5}], rewards: {xp: 1000}, auto_claim: false}
  - {key: tourist, kind: achievement, name: T, requirements: {game.quest.completed: 1}, rewards: {}}
  - {key: hermit, kind: achievement, name: H, requirements: {post.created: 50}, rewards: {}}
"""
BOB = [post(f"bob-{n}", f"2026-03-01T09:00:0{n}Z", player="bob") for n in range(2)]
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


@pytest.fixture
def lively(folder: Path) -> Path:
    """The same history, with things to chase, and with bob."""
    (folder / "catalog" / "chases.yaml").write_text(CHASES, encoding="utf-8")
    lines = [json.dumps(event) for event in (*BOB, *EVENTS)]
    (folder / "events.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


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


def test_a_player_is_reported_with_quests_and_achievements_claimed_for_them(lively: Path) -> None:
    found = report(lively)
    ann, totals = found["players"]["ann"], found["totals"]

    assert ann["quests"] == {
        "talk": {"status": "in_progress", "runs": 1},
        "tour": {"status": "completed", "runs": 1},
        "trip": {"status": "completed", "runs": 1},
    }
    assert ann["achievements"] == {"prolific": ["a", "b"], "tourist": []}
    assert ann["wallet"] == {"xp": 10 + 100 + 3 + 2 * 1000 + 7}
    assert (totals["quests"], totals["achievements"]) == (3, 4)


def test_a_leaderboard_ranks_whoever_got_there_first_before_equals_and_pays_its_prize(lively: Path) -> None:
    found = report(lively)

    assert found["boards"]["best"]["2026-W09"] == {
        "final": True,
        "participants": 2,
        "top": [
            {"rank": 1, "player": "bob", "score": 2, "reached_at": "2026-03-01T09:00:01.000Z"},
            {"rank": 2, "player": "ann", "score": 2, "reached_at": "2026-03-01T11:00:00.000Z"},
        ],
    }
    assert [entry["player"] for entry in found["boards"]["best"]["2026-W10"]["top"]] == ["ann"]
    assert found["players"]["bob"]["wallet"] == {"xp": 10 + 100 + 1000 + 7}


def test_a_leaderboard_is_not_final_until_a_day_after_its_label_is_over_everywhere(lively: Path) -> None:
    early = report(lively, "--until", "2026-03-03T11:59:59Z")
    late = report(lively, "--until", "2026-03-03T12:00:00Z")

    assert [found["boards"]["best"]["2026-W09"]["final"] for found in (early, late)] == [False, True]
    assert [found["players"]["bob"]["wallet"]["xp"] for found in (early, late)] == [1110, 1117]


def test_delays_and_duplicates_change_no_rank(lively: Path) -> None:
    straight, disturbed = report(lively), report(lively, "--shuffle", "12h", "--duplicates", "0.5", "--seed", "7")

    assert (disturbed["boards"], disturbed["players"]) == (straight["boards"], straight["players"])


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
