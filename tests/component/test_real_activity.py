"""A real project's history, replayed: whatever players completed, unlocked, won and were paid equals a recomputation from the raw file."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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


# What each thing pays in (xp, karma), as catalog/git says.
MISSIONS = {
    "daily_commit": (10, 0),
    "daily_merge": (15, 1),
    "daily_lines": (20, 0),
    "weekly_regular": (100, 5),
    "weekly_teamwork": (150, 10),
    "monthly_contributor": (400, 25),
    "monthly_top_committer": (50, 0),
    "every_ten_commits": (50, 0),
    "century": (1000, 100),
}
TIERS = {
    "committer": {"bronze": 5, "silver": 25, "gold": 100},
    "gatekeeper": {None: 50},
    "big_bang": {None: 10},
    "surgeon": {None: 5},
    "on_a_roll": {"three": 3, "week": 10, "fortnight": 50},
    "finisher": {"bronze": 5, "silver": 50},
    "one_of_each": {"three": 5, "five": 25},
}
PRIZES = [100, 50, 50, 10, 10, 10, 10, 10, 10, 10]


@dataclass
class History:
    """What one player did, by local day."""

    commits: Counter[date] = field(default_factory=Counter)
    merges: Counter[date] = field(default_factory=Counter)
    lines: Counter[date] = field(default_factory=Counter)
    changes: list[tuple[int, int, int]] = field(default_factory=list)  # files, insertions and deletions of each commit
    pushed: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # when, by local month

    def days(self) -> set[date]:
        return set(self.commits) | set(self.merges)

    def commit(self, at: datetime, data: dict[str, int]) -> None:
        self.commits[at.date()] += 1
        self.lines[at.date()] += data["insertions"]
        self.changes.append((data["files"], data["insertions"], data["deletions"]))
        self.pushed[f"{at:%Y-%m}"].append(at)


@pytest.fixture(scope="module")
def histories() -> dict[str, History]:
    zones = {line["player"]: ZoneInfo(line["timezone"]) for line in map(json.loads, PLAYERS.read_text().splitlines())}
    histories: dict[str, History] = defaultdict(History)
    with gzip.open(EVENTS, "rt") as lines:
        for event in map(json.loads, lines):
            player = event["subject"]
            at = datetime.fromisoformat(event["time"]).astimezone(zones[player])
            if event["type"] == "commit.pushed":
                histories[player].commit(at, event["data"])
            else:
                histories[player].merges[at.date()] += 1
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


def test_quests_equal_a_recomputation(straight: dict[str, Any], histories: dict[str, History]) -> None:
    actual = {player: report["quests"] for player, report in straight["players"].items()}
    expected = {player: "completed" if steps_done(history) == 3 else "in_progress" for player, history in histories.items()}

    assert actual == {player: {"first_contribution": {"status": status, "runs": 1}} for player, status in expected.items()}
    assert set(expected.values()) == {"completed", "in_progress"}


def test_achievements_equal_a_recomputation(straight: dict[str, Any], histories: dict[str, History]) -> None:
    actual = {player: report["achievements"] for player, report in straight["players"].items()}
    expected = {player: achievements(history) for player, history in histories.items()}

    assert actual == {player: {key: [*filter(None, tiers)] for key, tiers in found.items()} for player, found in expected.items()}
    reached = {(key, tier) for found in expected.values() for key, tiers in found.items() for tier in tiers}
    assert reached == {(key, tier) for key, tiers in TIERS.items() for tier in tiers}


def test_the_final_boards_equal_an_independent_sort_ties_included(straight: dict[str, Any], histories: dict[str, History]) -> None:
    boards = straight["boards"]["monthly_top_committer"]
    expected = {label: ranks(label, histories) for label in {label for history in histories.values() for label in history.pushed}}

    assert {label: board["top"] for label, board in boards.items()} == expected
    assert all(board["final"] and board["participants"] == len(board["top"]) for board in boards.values())
    scores = [[entry["score"] for entry in board] for board in expected.values()]
    assert sum(len(set(board)) < len(board) for board in scores) > 100


def test_everything_was_paid_once(straight: dict[str, Any], histories: dict[str, History]) -> None:
    won = prizes(histories)
    for player, history in histories.items():
        report, done, steps = straight["players"][player], completions(history), steps_done(history)
        unlocked = [TIERS[key][tier] for key, tiers in achievements(history).items() for tier in tiers]
        xp = sum(MISSIONS[key][0] * times for key, times in done.items()) + 25 * steps + 100 * (steps == 3)
        karma = sum(MISSIONS[key][1] * times for key, times in done.items()) + 10 * (steps == 3) + sum(unlocked) + sum(won[player])

        assert (report["wallet"].get("xp", 0), report["wallet"].get("karma", 0)) == (xp, karma)
        assert report["grants"] == done.total() + steps + (steps == 3) + len(unlocked) + len(won[player])


def test_a_late_and_repeating_delivery_changes_nothing(straight: dict[str, Any], tmp_path: Path) -> None:
    disturbed = replay(tmp_path, "--shuffle", "12h", "--duplicates", "0.1", "--seed", "7")

    assert disturbed["totals"]["duplicate"] > 700
    assert disturbed["totals"]["applied"] == 8000
    assert disturbed["players"] == straight["players"]
    assert disturbed["boards"] == straight["boards"]


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
        found["monthly_top_committer"] += commits_of_month >= 5
    total = sum(history.commits.values())
    found["every_ten_commits"] = total // 10
    found["century"] = int(total >= 100)
    return +found


def steps_done(history: History) -> int:
    """How many steps of the quest: a commit, one that adds 50 lines, five commits; in this order."""
    steps = [len(history.changes) >= 1, any(insertions >= 50 for _, insertions, _ in history.changes), len(history.changes) >= 5]
    return steps.index(False) if False in steps else 3


def achievements(history: History) -> dict[str, list[str | None]]:
    """The tiers reached by achievement; None is the only tier of one without."""
    done = completions(history)
    values = {
        "committer": (len(history.changes), [10, 50, 250]),
        "gatekeeper": (history.merges.total(), [100]),
        "big_bang": (max((insertions for _, insertions, _ in history.changes), default=0), [1000]),
        "surgeon": (history.changes.count((1, 1, 1)), [1]),
        "on_a_roll": (best_daily_streak(history.days()), [3, 7, 14]),
        "finisher": (done.total(), [25, 250]),
        "one_of_each": (len([key for key in done if key.startswith(("daily", "weekly"))]), [3, 5]),
    }
    reached = {key: sum(value >= target for target in targets) for key, (value, targets) in values.items()}
    return {key: list(TIERS[key])[:tiers] for key, tiers in reached.items() if tiers}


def ranks(label: str, histories: dict[str, History]) -> list[dict[str, Any]]:
    """Most commits first, of equals who got there first, of equals in both the name that sorts first."""
    commits = {player: history.pushed[label] for player, history in histories.items() if label in history.pushed}
    order = sorted(commits, key=lambda player: (-len(commits[player]), max(commits[player]), player))
    return [
        {"rank": rank, "player": player, "score": len(commits[player]), "reached_at": instant(max(commits[player]))}
        for rank, player in enumerate(order, start=1)
    ]


def prizes(histories: dict[str, History]) -> dict[str, list[int]]:
    """The karma each player won."""
    won: dict[str, list[int]] = defaultdict(list)
    for label in {label for history in histories.values() for label in history.pushed}:
        for entry, karma in zip(ranks(label, histories), PRIZES, strict=False):
            won[entry["player"]].append(karma)
    return won


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def every_day(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
