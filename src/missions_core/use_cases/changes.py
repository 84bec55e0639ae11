"""The one way a player's state changes: load, pure functions, conditional save; again from the start if someone else was faster."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from missions_core.domain import achievements, duplicates
from missions_core.domain.catalog import Amounts, Catalog, Rewards
from missions_core.domain.completion import pay_out
from missions_core.domain.events import Event, PlayerJoined
from missions_core.domain.roll import Rolled, due_at, new_player, roll, welcome
from missions_core.domain.state import Board, PendingGrant, PlayerState
from missions_core.errors import NotFound
from missions_core.storage.players import Stored
from missions_core.use_cases.retrying import until_first
from missions_core.use_cases.stores import Stores

Answer = TypeVar("Answer")

PENDING_GRACE_MS = 60_000  # a grant younger than this is most likely still on its way: not worth a look


@dataclass(slots=True)
class Draft:
    """A player's state on its way from load to save, with what will leave with it. `now` never runs backwards for a player."""

    state: PlayerState
    catalog: Catalog
    now: int
    is_new: bool
    due_at: int | None = None  # as the index has it
    changed: bool = False
    events: list[Event] = field(default_factory=list)
    reviewed: int = 0  # how many of the events were looked at for achievements
    settled: list[Board] = field(default_factory=list)
    leaving: dict[int, list[str]] = field(default_factory=dict)  # committed action ids that are too many or too old, by hour
    overdue: list[PendingGrant] = field(default_factory=list)  # owed when loaded, and should be paid by now: worth a look, once
    purchase: PendingGrant | None = None  # what this change costs, as negative amounts

    def absorb(self, rolled: Rolled) -> None:
        """Take over what time did."""
        self.changed |= rolled.changed
        self.events += rolled.events
        self.settled += rolled.settled

    def write(self, events: list[Event] | None = None) -> None:
        """Say that the state changed and must be saved."""
        self.changed = True
        self.events += events or []

    def buy(self, cause: str, price: Amounts) -> None:
        """Let this change happen only if the wallet covers its price, and take that with it. What costs nothing leaves no trace.

        That a repeated request buys nothing more is up to its key, which the state remembers (`idempotency.once`): a ledger row's key has
        its instant, too.
        """
        amounts = {currency: -amount for currency, amount in price.items() if amount}
        if amounts:
            assert self.purchase is None, "a change is bought at once"
            self.purchase = PendingGrant(cause, self.now, Rewards(amounts))
            self.write()


def change(stores: Stores, player: str, command: Callable[[Draft], Answer], *, now: int, present: bool = True) -> Answer:
    """Run a command on a player's state, rolled to now, and save what it changed. A draft that did not change is not written.

    `present`: the player is here (acts, commands), so boards are dealt even after a long absence. Contention when others keep winning.
    """

    def attempt() -> Answer:
        stored = stores.players.load(player)
        draft = open_draft(stores, player, stored, now=now, present=present)
        answer = command(draft)
        if draft.changed:
            review(draft)
        save(stores, draft, version=stored.version if stored else None)
        return answer

    return until_first(attempt, about="state")


def open_draft(stores: Stores, player: str, stored: Stored | None, *, now: int, present: bool, to_show: bool = False) -> Draft:
    """The player's state as of now, in memory: a first state for an unknown player. `to_show`: it is never saved."""
    if stored is None:
        catalog = stores.catalogs.current()
        draft = Draft(new_player(player, str(uuid4()), catalog, now=now), catalog, now, is_new=True)
    else:
        state = stored.state
        catalog = stores.catalogs.for_state(state, to_show=to_show)
        draft = Draft(state, catalog, max(now, state.updated_at), is_new=False, due_at=stored.due_at)
        draft.overdue = [grant for grant in state.pending if grant.at < draft.now - PENDING_GRACE_MS]
        draft.absorb(roll(state, catalog, now=draft.now))
    if present:
        draft.absorb(welcome(draft.state, draft.catalog, now=draft.now))
    return draft


def review(draft: Draft) -> None:
    """Unlock the achievements that are reached by now. Each event is counted once, however often this is called."""
    unlocked = achievements.review(draft.state, draft.catalog, draft.events[draft.reviewed :], now=draft.now)
    draft.changed |= bool(unlocked)
    draft.events += unlocked
    draft.reviewed = len(draft.events)


def require_registered(draft: Draft) -> None:
    """Refuse a player nobody registered, where the catalog's rules want players registered first."""
    if draft.is_new and draft.catalog.rules.unknown_players == "quarantine":
        raise NotFound("unknown_player", "no such player; the host registers players (PUT /v1/players/{id})")


def save(stores: Stores, draft: Draft, *, version: int | None) -> None:
    """Write a changed draft. Rows it leaves behind (spilled ids, settled boards) are stored first: both writes are idempotent."""
    if not draft.changed:
        return
    state = draft.state
    drop_paid(stores, draft)
    if draft.leaving:
        stores.players.spill(state.player, draft.leaving, now=draft.now)
        duplicates.drop(state, draft.leaving)
    if draft.settled:
        stores.players.save_history(state.player, draft.settled, version=version or 0)
    joined: list[Event] = [PlayerJoined(state.created_at)] if version is None else []
    events, due = joined + draft.events, due_at(state, draft.catalog)
    if draft.purchase is None:
        stores.players.save(state, version=version, events=events, due_at=due)
    else:
        saving = stores.players.saving(state, version=version, events=events, due_at=due)
        stores.ledger.purchase(state.account, draft.purchase, saving)


def owe_once(stores: Stores, draft: Draft, prize: PendingGrant) -> None:
    """Owe a prize, unless it is owed or in the ledger already: cause and instant follow from what it is for, so it has one row."""
    if prize.cause in {owed.cause for owed in draft.state.pending} or stores.ledger.granted(draft.state.account, [prize]):
        return
    draft.write(pay_out(draft.state, prize.cause, prize.rewards, at=prize.at))


def drop_paid(stores: Stores, draft: Draft) -> list[PendingGrant]:
    """Forget overdue grants whose ledger rows exist; return the others: those should have arrived by now and did not."""
    overdue, draft.overdue = draft.overdue, []
    paid = stores.ledger.granted(draft.state.account, overdue) if overdue else set()
    if paid:
        draft.state.pending = [grant for grant in draft.state.pending if grant.entry not in paid]
        draft.write()
    return [grant for grant in overdue if grant.entry not in paid]
