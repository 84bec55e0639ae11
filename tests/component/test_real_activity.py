"""A real project's history, replayed: every player's streaks and completions equal a recomputation from the raw file."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from infra.cli import main

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
EVENTS = DATA / "git-activity.events.jsonl.gz"
PLAYERS = DATA / "git-activity.players.jsonl"

pytestmark = [
    pytest.mark.skipif(not EVENTS.exists(), reason="the recorded activity (../shared/data) is not beside this checkout"),
    pytest.mark.timeout(600),
]


@dataclass
class History:
    """What one player did, by local day."""

    commits: Counter[date] = field(default_factory=Counter)
    merges: Counter[date] = field(default_factory=Counter)
    lines: Counter[date] = field(default_factory=Counter)

    def days(self) -> set[date]:
        return set(self.commits) | set(self.merges)


@pytest.fixture(scope="module")
def histories() -> dict[str, History]:
    zones = {line["player"]: ZoneInfo(line["timezone"]) for line in map(json.loads, PLAYERS.read_text().splitlines())}
    histories: dict[str, History] = defaultdict(History)
    with gzip.open(EVENTS, "rt") as lines:
        for event in map(json.loads, lines):
            player = event["subject"]
            day = datetime.fromisoformat(event["time"]).astimezone(zones[player]).date()
            history = histories[player]
            if event["type"] == "commit.pushed":
                history.commits[day] += 1
                history.lines[day] += event["data"]["insertions"]
            else:
                history.merges[day] += 1
    return dict(histories)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return replay(tmp_path_factory.mktemp("straight"))


def replay(folder: Path, *options: str) -> dict[str, Any]:
    arguments = ["replay", str(EVENTS), "--players", str(PLAYERS), "--catalog", str(ROOT / "catalog" / "git")]
    result = CliRunner().invoke(main, [*arguments, "--report", str(folder / "r.json"), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads((folder / "r.json").read_text())
    return report


def test_every_action_is_accounted_for(straight: dict[str, Any], histories: dict[str, History]) -> None:
    assert straight["totals"]["actions"] == straight["totals"]["applied"] == sum(straight["outcomes"].values()) == 8000
    for player, history in histories.items():
        expected = {"commit.pushed": sum(history.commits.values()), "pull_request.merged": sum(history.merges.values())}
        assert straight["players"][player]["actions"] == {type_: count for type_, count in expected.items() if count}


def test_daily_streaks_equal_a_recomputation(straight: dict[str, Any], histories: dict[str, History]) -> None:
    actual = {player: report["streaks"]["daily"]["best"] for player, report in straight["players"].items()}

    assert actual == {player: best_daily_streak(history.days()) for player, history in histories.items()}
    assert all(report["streaks"]["daily"]["current"] == 0 for report in straight["players"].values())  # 70 days later
    assert max(actual.values()) > 7


def test_completions_equal_a_recomputation(straight: dict[str, Any], histories: dict[str, History]) -> None:
    actual = {player: report["completions"] for player, report in straight["players"].items()}

    assert actual == {player: dict(sorted(completions(history).items())) for player, history in histories.items()}


def test_every_completion_was_paid_once(straight: dict[str, Any]) -> None:
    xp = {"daily_commit": 10, "daily_merge": 15, "daily_lines": 20, "weekly_regular": 100, "weekly_teamwork": 150}
    xp |= {"monthly_contributor": 400, "every_ten_commits": 50, "century": 1000}
    for report in straight["players"].values():
        assert report["grants"] == sum(report["completions"].values())
        assert report["wallet"].get("xp", 0) == sum(xp[template] * count for template, count in report["completions"].items())


def test_a_late_and_repeating_delivery_changes_nothing(straight: dict[str, Any], tmp_path: Path) -> None:
    disturbed = replay(tmp_path, "--shuffle", "12h", "--duplicates", "0.1", "--seed", "7")

    assert disturbed["totals"]["duplicate"] > 700
    assert disturbed["totals"]["applied"] == 8000
    assert disturbed["players"] == straight["players"]


def best_daily_streak(active: set[date]) -> int:
    """Days with any activity in a row; every seventh earns a freeze, at most two are held, a missed day takes one."""
    best = streak = freezes = 0
    for day in every_day(min(active), max(active)):
        if day in active:
            streak += 1
            best = max(best, streak)
            freezes = min(2, freezes + (streak % 7 == 0))
        elif streak and freezes:
            freezes -= 1
        else:
            streak = 0
    return best


def completions(history: History) -> Counter[str]:
    found: Counter[str] = Counter()
    found["daily_commit"] = len(history.commits)
    found["daily_merge"] = len(history.merges)
    found["daily_lines"] = sum(lines >= 100 for lines in history.lines.values())
    weeks = {day.isocalendar()[:2] for day in history.days()}
    for week in weeks:
        days = [date.fromisocalendar(*week, weekday) for weekday in range(1, 8)]
        commits = [history.commits[day] for day in days]
        found["weekly_regular"] += any(all(commits[at : at + 3]) for at in range(5))
        found["weekly_teamwork"] += sum(commits) >= 5 and any(history.merges[day] for day in days)
    for month in {(day.year, day.month) for day in history.days()}:
        commits_of_month = sum(count for day, count in history.commits.items() if (day.year, day.month) == month)
        merges_of_month = sum(count for day, count in history.merges.items() if (day.year, day.month) == month)
        found["monthly_contributor"] += commits_of_month >= 10 or merges_of_month >= 5
    total = sum(history.commits.values())
    found["every_ten_commits"] = total // 10
    found["century"] = int(total >= 100)
    return +found


def every_day(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
