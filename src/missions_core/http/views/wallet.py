"""Balances, payments and goods as the API shows them."""

from collections import Counter

from missions_core.domain import rewards
from missions_core.http.representations.rewards import Grant, InventoryEntry, Wallet
from missions_core.http.views.missions import rewards_view
from missions_core.instants import timestamp
from missions_core.storage.ledger import InventoryRow, LedgerGrant
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


def wallet_view(stores: Stores, view: PlayerView) -> Wallet:
    """Balances from the ledger, and what is on its way to it. What is held, or was revoked, is neither.

    The state forgets a pending grant only some time after it was paid, so the ledger is asked which are. Balances are read first: what
    is paid in between is missing for a moment, never counted twice.
    """
    state = view.state
    balances = stores.ledger.wallet(state.account)
    paid = stores.ledger.granted(state.account, state.pending) if state.pending else set()
    pending: Counter[str] = Counter()
    for grant in state.pending:
        if grant.moves_money and grant.entry not in paid:
            pending.update(grant.rewards.amounts)
    currencies = dict.fromkeys([*view.catalog.rules.currencies, *balances, *pending])
    return {
        "balances": {currency: {"balance": balances.get(currency, 0), "pending": pending[currency]} for currency in currencies},
        "level": rewards.level(state, view.catalog.rules),
    }


def grant_view(grant: LedgerGrant) -> Grant:
    """A row of the ledger."""
    return {
        "id": grant.cause,
        "cause": grant.cause,
        "rewards": rewards_view(grant.rewards),
        "status": grant.status,
        "granted_at": timestamp(grant.at),
    }


def inventory_entry(row: InventoryRow, *, now: int) -> InventoryEntry:
    """A stack of goods."""
    return {
        "kind": row.kind,
        "id": row.id,
        "quantity": row.quantity,
        "expires_at": timestamp(row.expires_at),
        "expired": row.expires_at is not None and row.expires_at <= now,
        "metadata": dict(row.metadata),
    }
