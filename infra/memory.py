"""Stores that live in this process: the same interface as the table's, for replaying history at speed."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from missions_core.domain.catalog import Catalog
from missions_core.domain.codec import decode, encode
from missions_core.domain.events import Event, GrantPending, ScoreChanged
from missions_core.domain.leaderboards import Entry, merged
from missions_core.domain.state import Board, PendingGrant, PlayerState
from missions_core.errors import VersionConflict
from missions_core.messaging import Queue
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players, Stored
from missions_core.storage.scores import Scores


class MemoryLedger(Ledger):
    """Grants and wallets in dictionaries."""

    def __init__(self) -> None:
        self._rows: dict[str, set[str]] = {}
        self._wallets: dict[str, dict[str, int]] = {}

    def grant(self, account: str, grant: PendingGrant) -> bool:
        """Pay a cause once."""
        rows = self._rows.setdefault(account, set())
        if grant.entry in rows:
            return False
        rows.add(grant.entry)
        if not grant.moves_money:
            return True
        wallet = self._wallets.setdefault(account, {})
        for currency, amount in grant.rewards.amounts.items():
            wallet[currency] = wallet.get(currency, 0) + amount
        return True

    def granted(self, account: str, grants: Sequence[PendingGrant]) -> set[str]:
        """The entries that the ledger has."""
        return {grant.entry for grant in grants} & self._rows.get(account, set())

    def wallet(self, account: str) -> dict[str, int]:
        """Balances per currency."""
        return dict(self._wallets.get(account, {}))

    def count(self, account: str) -> int:
        """How many grants an account has."""
        return len(self._rows.get(account, ()))


class Effect(NamedTuple):
    """An event that left a player's state."""

    player: str
    account: str
    event: Event


class MemoryPlayers(Players):
    """States as bytes in a dictionary, their due times in a heap, and every event that left them, delivered at once."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._items: dict[str, tuple[bytes, int, int | None]] = {}
        self._spilled: dict[tuple[str, int], set[str]] = {}
        self._due: list[tuple[int, str]] = []
        self.events: list[Effect] = []

    def load(self, player: str) -> Stored | None:
        """The state and its version."""
        if player not in self._items:
            return None
        stored, version, due_at = self._items[player]
        return Stored(decode(stored), version, due_at)

    def save(self, state: PlayerState, *, version: int | None, events: Sequence[Event], due_at: int | None) -> None:
        """Store the state if nobody else did since; grants reach the ledger at once, as the stream would bring them."""
        _, held, _ = self._items.get(state.player, (b"", None, None))
        if held != version:
            raise VersionConflict("version_conflict", "the state was saved by someone else")
        self._items[state.player] = (encode(state), (version or 0) + 1, due_at)
        if due_at is not None:
            heapq.heappush(self._due, (due_at, state.player))
        for event in events:
            if isinstance(event, GrantPending):
                self._ledger.grant(state.account, PendingGrant(event.cause, event.at, event.rewards, event.kind))
            self.events.append(Effect(state.player, state.account, event))

    def seen(self, player: str, hours: Iterable[int]) -> dict[int, set[str]]:
        """Spilled action ids by hour."""
        return {hour: self._spilled.get((player, hour), set()) for hour in hours}

    def spill(self, player: str, ids_by_hour: Mapping[int, Sequence[str]], *, now: int) -> None:
        """Keep action ids that leave the state."""
        for hour, ids in ids_by_hour.items():
            self._spilled.setdefault((player, hour), set()).update(ids)

    def save_history(self, player: str, boards: Sequence[Board], *, version: int) -> None:
        """Settled boards are not looked at again here."""

    def next_due(self, until: int) -> tuple[int, str] | None:
        """Take the earliest player whose stored due time has come, None if there is none by `until`."""
        while self._due and self._due[0][0] <= until:
            due_at, player = heapq.heappop(self._due)
            if self._items[player][2] == due_at:
                return due_at, player
        return None


class Standings(NamedTuple):
    """A leaderboard: the best entry of each player."""

    board: str
    label: str
    closes_at: int
    entries: dict[str, Entry]

    def ranked(self) -> tuple[Entry, ...]:
        """The entries that are kept in order, best first."""
        return merged((), self.entries.values())


class MemoryScores(Scores):
    """Leaderboards in a dictionary, and in a heap when they become final."""

    def __init__(self) -> None:
        self._standings: dict[tuple[str, str], Standings] = {}
        self._open: list[tuple[int, str, str]] = []

    def add(self, player: str, account: str, score: ScoreChanged) -> None:
        """Take a score as it left its state: a player's later ones are better."""
        name = (score.board, score.label)
        if name not in self._standings:
            self._standings[name] = Standings(*name, score.closes_at, {})
            heapq.heappush(self._open, (score.closes_at, *name))
        self._standings[name].entries[player] = Entry(player, account, Decimal(score.score), score.reached_at)

    def next_final(self, until: int) -> Standings | None:
        """Take the leaderboard that became final first, None if none has by `until`."""
        if not self._open or self._open[0][0] > until:
            return None
        _, board, label = heapq.heappop(self._open)
        return self._standings[board, label]

    def all(self) -> Iterator[Standings]:
        """Every leaderboard, by name."""
        return (self._standings[name] for name in sorted(self._standings))


class MemoryRewards(Queue):
    """A rewards queue for grants that got stuck, of which there are none here: each is paid with the write that owes it."""

    def __init__(self) -> None:
        pass

    def send(self, bodies: Sequence[str]) -> list[int]:
        """Say so, should it ever happen."""
        raise AssertionError(f"stuck in memory: {bodies}")


class MemoryCatalogs(Catalogs):
    """One catalog that never changes."""

    def __init__(self, catalog: Catalog) -> None:
        self._only = catalog

    def current(self) -> Catalog:
        """The catalog."""
        return self._only

    def for_state(self, state: PlayerState, *, to_show: bool = False) -> Catalog:
        """The catalog."""
        return self._only
