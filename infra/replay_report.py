"""What a replay found: totals, every player, every leaderboard."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.memory import MemoryLedger, Standings
from missions_core.domain import quests, rewards, streaks
from missions_core.domain.catalog import Catalog
from missions_core.domain.leaderboards import Entry
from missions_core.domain.state import PlayerState
from missions_core.instants import timestamp
from missions_core.use_cases.read import PlayerView

TOTALS = ("actions", "applied", "duplicate", "late", "quarantined", "settlements")


@dataclass(slots=True)
class Tally:
    """What was seen of one player."""

    actions: Counter[str] = field(default_factory=Counter)
    completions: Counter[str] = field(default_factory=Counter)


def totals_report(totals: Mapping[str, int], players: Mapping[str, Any]) -> dict[str, int]:
    """Counts over everything."""

    def all_of(member: str) -> int:
        return sum(len(player[member]) for player in players.values())

    return {name: totals.get(name, 0) for name in TOTALS} | {
        "players": len(players),
        "completions": sum(sum(player["completions"].values()) for player in players.values()),
        "quests": sum(quest["status"] == "completed" for player in players.values() for quest in player["quests"].values()),
        "achievements": all_of("achievements"),
        "grants": sum(player["grants"] for player in players.values()),
    }


def player_report(view: PlayerView, tally: Tally, ledger: MemoryLedger) -> dict[str, Any]:
    """One player as of now."""
    state, rules = view.state, view.catalog.rules
    shown = {kind: streaks.shown(state, kind, rules.streaks[kind]) for kind in streaks.STREAK_KINDS}
    return {
        "timezone": state.zone or "UTC",
        "actions": dict(sorted(tally.actions.items())),
        "streaks": {kind: {"current": streak.current, "best": streak.best} for kind, streak in shown.items()},
        "completions": dict(sorted(tally.completions.items())),
        "quests": _quests(view),
        "achievements": _achievements(state, view.catalog),
        "grants": ledger.count(state.account),
        "wallet": dict(sorted(ledger.wallet(state.account).items())),
        "level": rewards.level(state, rules),
    }


def boards_report(standings: Iterable[Standings], *, now: int) -> dict[str, Any]:
    """Per competitive template and label, whether it is final, how many have a score, and the best of them in order."""
    boards: dict[str, Any] = {}
    for each in standings:
        ranks = [_rank(rank, entry) for rank, entry in enumerate(each.ranked(), start=1)]
        shown = {"final": each.closes_at <= now, "participants": len(each.entries), "top": ranks}
        boards.setdefault(each.board, {})[each.label] = shown
    return boards


def _quests(view: PlayerView) -> dict[str, Any]:
    """Of the quests that were ever begun, how the last run stands and how many there were."""
    found: dict[str, Any] = {}
    for template in view.catalog.missions("quest"):
        ended = view.state.quests.get(template.key)
        runs = (ended.runs if ended else 0) + (quests.find_run(view.state, template.key) is not None)
        if runs:
            found[template.key] = {"status": quests.status(view.state, template, now=view.now), "runs": runs}
    return found


def _achievements(state: PlayerState, catalog: Catalog) -> dict[str, list[str]]:
    """The achievements that are unlocked, with the names of the tiers that are reached, if they have names."""
    unlocked = [(template, state.achievements[template.key]) for template in catalog.achievements if template.key in state.achievements]
    return {template.key: [tier.name for tier in template.tiers[: len(held.tiers)] if tier.name] for template, held in unlocked}


def _rank(rank: int, entry: Entry) -> dict[str, Any]:
    score = int(entry.score) if entry.score == int(entry.score) else float(entry.score)
    return {"rank": rank, "player": entry.player, "score": score, "reached_at": timestamp(entry.reached_at)}
