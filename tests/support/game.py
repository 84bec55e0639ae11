"""One player's game in memory: the domain functions in the order a use case calls them."""

from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from missions_core.domain import achievements, commands, duplicates, streaks
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog
from missions_core.domain.events import Event, GrantPending, MissionCompleted
from missions_core.domain.progress import Applied, apply
from missions_core.domain.roll import due_at, new_player, roll, welcome
from missions_core.domain.state import Board, PlayerState


def ms(text: str) -> int:
    """Epoch milliseconds of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def action(id_: int | str, at: int, type_: str = "post.created", **data: Any) -> Action:
    """An action of the player."""
    key = f"{id_:012x}" if isinstance(id_, int) else blake2b(id_.encode(), digest_size=6).hexdigest()
    return Action("test", str(id_), type_, "player", at, at, data, key)


def account_of(player: str) -> str:
    """An account for a player. Accounts sort the other way round than their players: what is ordered by the wrong one of the two shows."""
    return "".join(f"{255 - byte:02x}" for byte in player.encode()) + "g"


class Game:
    """A player, a catalog and everything that came out."""

    def __init__(self, catalog: Catalog, *, now: int, zone: str | None = "UTC") -> None:
        self.catalog = catalog
        self.now = now
        self.state: PlayerState = new_player("player", "account", catalog, now=now, zone=zone)
        self.events: list[Event] = []
        self.settled: list[Board] = []
        self.reviewed = 0
        self._welcome()

    def at(self, now: int) -> "Game":
        """Let time pass to `now`, as the reset job would see it."""
        self.now = max(now, self.now)
        rolled = roll(self.state, self.catalog, now=self.now)
        self.events += rolled.events
        self.settled += rolled.settled
        return self

    def night_by_night(self, until: int) -> "Game":
        """Let time pass, stopping wherever something falls due."""
        while (due := due_at(self.state, self.catalog)) is not None and due <= until and due > self.now:
            self.at(due)
        return self.at(until)

    def act(self, act: Action, *, now: int | None = None) -> Applied | None:
        """Deliver an action at `now` (its own time unless told otherwise); None: a duplicate."""
        self.at(act.time if now is None else now)
        self._welcome()
        if duplicates.is_duplicate(self.state, act, set()):
            return None
        duplicates.mark(self.state, act)
        applied = apply(self.state, self.catalog, act)
        self.events += applied.events
        return applied

    def claim_all(self) -> None:
        """Claim whatever is complete."""
        for wanted in commands.claimable(self.state):
            self.events += commands.claim(self.state, self.catalog, wanted, now=self.now)[2]

    def review(self) -> list[Event]:
        """Unlock what is reached, as every write does at its end."""
        unlocked = achievements.review(self.state, self.catalog, self.events[self.reviewed :], now=self.now)
        self.events += unlocked
        self.reviewed = len(self.events)
        return unlocked

    def mission(self, template: str) -> Any:
        """The open mission of a template."""
        return next(m for b, m in self.state.missions() if m.template == template and not b.closed)

    def board(self, kind: Any, *, closed: bool = False) -> Board:
        """The current (or previous) board of a kind."""
        board = self.state.previous(kind) if closed else self.state.current(kind)
        assert board is not None
        return board

    def streak(self, kind: Any = "daily") -> int:
        """The streak shown."""
        return streaks.shown(self.state, kind, self.catalog.rules.streaks[kind]).current

    def completions(self) -> Counter[str]:
        """How often each template was completed, as the world was told."""
        return Counter(event.template for event in self.events if isinstance(event, MissionCompleted))

    def paid(self) -> list[str]:
        """The causes of all grants."""
        return [event.cause for event in self.events if isinstance(event, GrantPending)]

    def copy(self) -> "Game":
        """The same game, to be continued differently."""
        return deepcopy(self)

    def _welcome(self) -> None:
        rolled = welcome(self.state, self.catalog, now=self.now)
        self.events += rolled.events
        self.settled += rolled.settled
