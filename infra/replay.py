"""Replaying recorded actions in memory through the product's use cases, under a virtual clock."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from infra.memory import (
    Effect,
    MemoryCatalogs,
    MemoryLedger,
    MemoryPlayers,
    MemoryRewards,
    MemoryScores,
    Standings,
)
from infra.replay_report import Tally, boards_report, player_report, totals_report
from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, Catalog, Rewards
from missions_core.domain.completion import pay_out
from missions_core.domain.events import AchievementUnlocked, MissionCompleted, QuestCompleted, ScoreChanged
from missions_core.domain.leaderboards import Entry
from missions_core.domain.neighbours import PlayerAttributes
from missions_core.use_cases.attributes import put_player
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.claim import claim_all
from missions_core.use_cases.closing import prize_cause, prizes_of
from missions_core.use_cases.read import read_player
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import Stores
from missions_core.use_cases.track import track_player

SETTLING_MS = 70 * DAY_MS  # two months and some days: by then even a monthly board of the last action has settled
NOT_APPLIED = ("duplicate", "quarantined")
CLAIMABLE = (MissionCompleted, QuestCompleted, AchievementUnlocked)


class Replay:
    """One replay under way. The clock is the greatest time seen; whatever falls due runs before the next action."""

    def __init__(self, catalog: Catalog, players: Mapping[str, PlayerAttributes]) -> None:
        self._ledger = MemoryLedger()
        self._players = MemoryPlayers(self._ledger)
        self._scores = MemoryScores()
        self._catalog = catalog
        self._stores = Stores(self._players, self._ledger, MemoryCatalogs(catalog), table_name="memory")
        self._stores.scores = self._scores
        self._rewards = MemoryRewards()
        self._attributes = players
        self._tallies: dict[str, Tally] = {}
        self._outcomes: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._clock = 0

    def act(self, action: Action) -> None:
        """Deliver one action; completed missions are claimed as soon as they are complete."""
        self._pass_time(action.time)
        tally = self._tallies.get(action.player)
        if tally is None:
            tally = self._tallies[action.player] = Tally()
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
        views = {player: read_player(self._stores, player, now=self._clock) for player in sorted(self._tallies)}
        players = {player: player_report(view, self._tallies[player], self._ledger) for player, view in views.items()}
        boards = boards_report(self._scores.all(), now=self._clock)
        totals = totals_report(self._totals, players)
        return {"totals": totals, "outcomes": dict(sorted(self._outcomes.items())), "players": players, "boards": boards}

    def _pass_time(self, until: int) -> None:
        """Let everything happen that falls due, in order; at the same instant leaderboards are closed last."""
        while (final := self._scores.next_final(until)) is not None:
            self._settle(final.closes_at)
            self._close(final)
        self._settle(until)

    def _settle(self, until: int) -> None:
        while (due := self._players.next_due(until)) is not None:
            self._clock = max(self._clock, due[0])
            reconcile(self._stores, self._rewards, due[1], now=self._clock)
            self._totals["settlements"] += 1
            self._collect()
        self._clock = max(self._clock, until)

    def _close(self, final: Standings) -> None:
        """Pay the winners of a leaderboard, as its closing would."""
        prizes = prizes_of(self._catalog.templates[final.board])
        for rank, entry in enumerate(final.ranked(), start=1):
            if rank in prizes:
                self._award(prize_cause(final.board, final.label, rank), entry, prizes[rank])
        self._collect()

    def _award(self, cause: str, entry: Entry, prize: Rewards) -> None:
        def run(draft: Draft) -> None:
            draft.write(pay_out(draft.state, cause, prize, at=self._clock))

        change(self._stores, entry.player, run, now=self._clock, present=False)

    def _collect(self) -> None:
        """Count and rank what left the states, and claim it for the players."""
        while self._players.events:
            left, self._players.events = self._players.events, []
            for effect in left:
                self._note(effect)
            for player in sorted({effect.player for effect in left if isinstance(effect.event, CLAIMABLE)}):
                self._claim(player)

    def _note(self, effect: Effect) -> None:
        match effect.event:
            case MissionCompleted():
                self._tallies.setdefault(effect.player, Tally()).completions[effect.event.template] += 1
            case ScoreChanged():
                self._scores.add(effect.player, effect.account, effect.event)

    def _claim(self, player: str) -> None:
        claim_all(self._stores, player, request=f"replay-{self._totals['actions']}-{self._totals['settlements']}", now=self._clock)


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
