"""Replaying recorded actions in memory through the product's use cases, under a virtual clock."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.memory import MemoryCatalogs, MemoryLedger, MemoryPlayers, MemoryRewards
from missions_core.domain import rewards, streaks
from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, Catalog
from missions_core.domain.events import MissionCompleted
from missions_core.use_cases.claim import claim_all
from missions_core.use_cases.command import PlayerAttributes, put_player
from missions_core.use_cases.read import read_player
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import Stores
from missions_core.use_cases.track import track_player

SETTLING_MS = 70 * DAY_MS  # two months and some days: by then even a monthly board of the last action has settled
NOT_APPLIED = ("duplicate", "quarantined")


@dataclass(slots=True)
class _Tally:
    """What was seen of one player."""

    actions: Counter[str] = field(default_factory=Counter)
    completions: Counter[str] = field(default_factory=Counter)


class Replay:
    """One replay under way. The clock is the greatest time seen; whatever falls due runs before the next action."""

    def __init__(self, catalog: Catalog, players: Mapping[str, PlayerAttributes]) -> None:
        self._ledger = MemoryLedger()
        self._players = MemoryPlayers(self._ledger)
        self._stores = Stores(self._players, self._ledger, MemoryCatalogs(catalog))
        self._rewards = MemoryRewards()
        self._attributes = players
        self._tallies: dict[str, _Tally] = {}
        self._outcomes: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._clock = 0

    def act(self, action: Action) -> None:
        """Deliver one action; completed missions are claimed as soon as they are complete."""
        self._pass_time(action.time)
        tally = self._tallies.get(action.player)
        if tally is None:
            tally = self._tallies[action.player] = _Tally()
            if action.player in self._attributes:
                put_player(self._stores, action.player, self._attributes[action.player], now=self._clock)
        [tracked] = track_player(self._stores, action.player, [action], now=self._clock)
        self._totals["actions"] += 1
        self._outcomes[tracked.reason.code if tracked.reason else tracked.outcome] += 1
        self._totals[tracked.outcome if tracked.outcome in (*NOT_APPLIED, "late") else "applied"] += 1
        if tracked.outcome not in NOT_APPLIED:
            tally.actions[action.type] += 1
        self._collect()

    def refuse(self, reasons: Mapping[str, int]) -> None:
        """Account for what could not even be read as an action."""
        refused = sum(reasons.values())
        self._totals.update(actions=refused, quarantined=refused)
        self._outcomes.update(reasons)

    def finish(self, until: int) -> None:
        """Let time pass until everything that falls due by then is settled."""
        self._pass_time(until)

    def report(self) -> dict[str, Any]:
        """The JSON report."""
        players = {player: self._report_player(player, tally) for player, tally in sorted(self._tallies.items())}
        totals = {"actions": 0, "applied": 0, "duplicate": 0, "late": 0, "quarantined": 0, "settlements": 0} | dict(self._totals)
        totals |= {
            "players": len(players),
            "completions": sum(sum(player["completions"].values()) for player in players.values()),
            "grants": sum(player["grants"] for player in players.values()),
        }
        return {"totals": totals, "outcomes": dict(sorted(self._outcomes.items())), "players": players}

    def _pass_time(self, until: int) -> None:
        while (due := self._players.next_due(until)) is not None:
            self._clock = max(self._clock, due[0])
            reconcile(self._stores, self._rewards, due[1], now=self._clock)
            self._totals["settlements"] += 1
            self._collect()
        self._clock = max(self._clock, until)

    def _collect(self) -> None:
        """Count what completed, and claim it for the player."""
        while self._players.events:
            events, self._players.events = self._players.events, []
            completed = [(player, event) for player, event in events if isinstance(event, MissionCompleted)]
            for player, event in completed:
                self._tallies.setdefault(player, _Tally()).completions[event.template] += 1
            for player in sorted({player for player, _ in completed}):
                self._claim(player)

    def _claim(self, player: str) -> None:
        claim_all(self._stores, player, request=f"replay-{self._totals['actions']}-{self._totals['settlements']}", now=self._clock)

    def _report_player(self, player: str, tally: _Tally) -> dict[str, Any]:
        view = read_player(self._stores, player, now=self._clock)
        rules = view.catalog.rules
        shown = {kind: streaks.shown(view.state, kind, rules.streaks[kind]) for kind in streaks.STREAK_KINDS}
        return {
            "timezone": view.state.zone or "UTC",
            "actions": dict(sorted(tally.actions.items())),
            "streaks": {kind: {"current": streak.current, "best": streak.best} for kind, streak in shown.items()},
            "completions": dict(sorted(tally.completions.items())),
            "grants": self._ledger.count(view.state.account),
            "wallet": dict(sorted(self._ledger.wallet(view.state.account).items())),
            "level": rewards.level(view.state, rules),
        }


def replay(
    actions: Sequence[Action],
    catalog: Catalog,
    players: Mapping[str, PlayerAttributes],
    *,
    refused: Mapping[str, int],
    until: int | None,
    progress: Callable[[Sequence[Action]], Iterable[Action]],
) -> dict[str, Any]:
    """Replay actions in the order given and return the report. `until` defaults to 70 days after the last action.

    `refused` are the recorded messages that were no actions, counted by reason.
    """
    run = Replay(catalog, players)
    run.refuse(refused)
    within = [action for action in actions if until is None or action.time <= until]
    for action in progress(within):
        run.act(action)
    last = max((action.time for action in within), default=0)
    run.finish(until if until is not None else last + SETTLING_MS)
    report = run.report()
    report["totals"]["after_until"] = len(actions) - len(within)
    return report


def disturbed(actions: Sequence[Action], *, seed: int, shuffle_ms: int, duplicates: float) -> list[Action]:
    """The same actions as a bad network delivers them: each up to `shuffle_ms` late, some of them twice."""
    chance = random.Random(seed)
    copies = [action for action in actions if chance.random() < duplicates]
    return sorted([*actions, *copies], key=lambda action: action.time + chance.uniform(0, shuffle_ms))
