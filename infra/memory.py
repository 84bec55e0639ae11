"""Stores that live in this process: the same interface as the table's, for replaying history at speed."""

import heapq
from collections.abc import Iterable, Mapping, Sequence

from missions_core.domain.catalog import Catalog
from missions_core.domain.codec import decode, encode
from missions_core.domain.events import Event, GrantPending
from missions_core.domain.state import Board, PendingGrant, PlayerState
from missions_core.errors import VersionConflict
from missions_core.messaging import Queue
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players, Stored


class MemoryLedger(Ledger):
    """Grants and wallets in dictionaries."""

    def __init__(self) -> None:
        self._rows: dict[str, set[str]] = {}
        self._wallets: dict[str, dict[str, int]] = {}

    def grant(self, account: str, grant: PendingGrant) -> bool:
        """Pay a cause once."""
        rows = self._rows.setdefault(account, set())
        if grant.cause in rows:
            return False
        rows.add(grant.cause)
        wallet = self._wallets.setdefault(account, {})
        for currency, amount in grant.rewards.amounts.items():
            wallet[currency] = wallet.get(currency, 0) + amount
        return True

    def granted(self, account: str, grants: Sequence[PendingGrant]) -> set[str]:
        """The causes that were paid."""
        return {grant.cause for grant in grants} & self._rows.get(account, set())

    def wallet(self, account: str) -> dict[str, int]:
        """Balances per currency."""
        return dict(self._wallets.get(account, {}))

    def count(self, account: str) -> int:
        """How many grants an account has."""
        return len(self._rows.get(account, ()))


class MemoryPlayers(Players):
    """States as bytes in a dictionary, their due times in a heap, and every event that left them, delivered at once."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._items: dict[str, tuple[bytes, int, int | None]] = {}
        self._spilled: dict[tuple[str, int], set[str]] = {}
        self._due: list[tuple[int, str]] = []
        self.events: list[tuple[str, Event]] = []

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
                self._ledger.grant(state.account, PendingGrant(event.cause, event.at, event.rewards))
            self.events.append((state.player, event))

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

    def for_state(self, state: PlayerState) -> Catalog:
        """The catalog."""
        return self._only
