"""The ledger: grants that exist once (invariant 3), and the wallet and inventory they move."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import Any, Literal

from pynamodb.constants import ALL_OLD
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from missions_core.domain.catalog import Amounts, Rewards
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.domain.state import PendingGrant
from missions_core.errors import Conflict, VersionConflict
from missions_core.storage import keys
from missions_core.storage.goods import additions_of
from missions_core.storage.table import GrantRow, ItemRow, bind, connect, find, page
from missions_core.storage.transactions import Write, found_by, is_refused, transact

# Rules out paying one cause twice: its instant is fixed in the state that owes it, so the same cause has the same key. Of what is held, it
# also rules out releasing it twice, and releasing what was revoked: both decisions have one key. It does not rule out buying twice with
# one request, which may come again at another instant: the state remembers requests.
IS_UNPAID = GrantRow.pk.does_not_exist()

IS_HELD = GrantRow.kind == "held"

BALANCE = "balance_"  # in front of a currency: no currency can be mistaken for a key


GrantStatus = Literal["granted", "held", "reversed"]
DECIDED: Mapping[str, GrantStatus] = {"release": "granted", "revoke": "reversed"}


@dataclass(frozen=True, slots=True)
class LedgerGrant:
    """A payment made, or held. `at` is when it fell due, fixed by the state write that owed it."""

    cause: str
    at: int
    rewards: Rewards
    status: GrantStatus = "granted"
    decision: str | None = None  # on what was held: who, and why


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A stack of goods: `kind` is item, badge, title or frame. What expires at different times lies on different stacks."""

    kind: str
    id: str
    quantity: int
    expires_at: int | None
    metadata: Mapping[str, Any]


class Ledger:
    """Grants, wallets and inventories of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._grants = bind(GrantRow, table_name)
        self._items = bind(ItemRow, table_name)

    def grant(self, account: str, grant: PendingGrant) -> bool:
        """Pay a grant in one transaction; False: it was paid before, and nothing changed. What is held, or revoked, leaves its row alone.

        Repeating it is always safe, whatever became of the first call. Contention: others kept writing the same rows.
        """
        put, updates = self._grant_put(account, grant), list(self._updates(account, grant)) if grant.moves_money else []
        try:
            transact(self._connection, [put], updates, about=f"the wallet of account {account}")
        except TransactWriteError as error:
            if _was_paid(error):
                return False
            raise
        return True

    def purchase(self, account: str, purchase: PendingGrant, saving: Write) -> None:
        """Save a state and take what that costs out of the wallet: in one transaction, so neither happens without the other.

        `purchase` has the price as negative amounts, `saving` is what `Players.saving` made. Conflict `insufficient_balance`.
        VersionConflict: someone else saved the state first, or we did and our answer was lost; the state then holds what was bought.
        """
        price = {currency: -amount for currency, amount in purchase.rewards.amounts.items()}
        puts = [saving, self._grant_put(account, purchase)]
        try:
            transact(self._connection, puts, [self._debit(account, price)], about=f"the wallet of account {account}")
        except TransactWriteError as error:
            if is_refused(error, 0) or is_refused(error, 1):
                raise VersionConflict("version_conflict", "the player changed meanwhile: load again, apply again") from None
            if is_refused(error, 2):
                raise _insufficient(price, _balances(found_by(error, 2))) from None
            raise

    def require(self, account: str, price: Amounts) -> None:
        """Refuse what the wallet does not cover now, before anything is written for it. Conflict `insufficient_balance`."""
        wanted = {currency: amount for currency, amount in price.items() if amount}
        held = self.wallet(account) if wanted else {}
        if any(held.get(currency, 0) < amount for currency, amount in wanted.items()):
            raise _insufficient(wanted, held)

    def granted(self, account: str, grants: Sequence[PendingGrant]) -> set[str]:
        """The entries (`PendingGrant.entry`: of payments, their causes) among these that the ledger has, strongly read."""
        wanted = {keys.grant(account, grant): grant.entry for grant in grants}
        rows = self._grants.batch_get(list(wanted), consistent_read=True, attributes_to_get=["PK", "SK"])
        return {wanted[row.key] for row in rows}

    def wallet(self, account: str) -> dict[str, int]:
        """Balances by currency, strongly read; a currency never paid is absent."""
        return _balances(self._connection.get_item(*keys.wallet(account), consistent_read=True).get("Item", {}))

    def grants(self, account: str, *, limit: int, cursor: str | None) -> tuple[list[LedgerGrant], str | None]:
        """An account's grants, newest first, and the cursor of the next page."""
        rows, next_cursor = page(self._grants, keys.ledger(account), keys.GRANTS, limit=limit, cursor=cursor, newest_first=True)
        return self._with_decisions(rows), next_cursor

    def held(self, account: str, *, limit: int, cursor: str | None) -> tuple[list[LedgerGrant], str | None]:
        """An account's grants that were held, whatever became of them, newest first, and the cursor of the next page."""
        partition = keys.ledger(account)
        rows, next_cursor = page(self._grants, partition, keys.GRANTS, limit=limit, cursor=cursor, newest_first=True, only=IS_HELD)
        return self._with_decisions(rows), next_cursor

    def find_held(self, account: str, cause: str) -> LedgerGrant | None:
        """The held grant of a cause, strongly read."""
        only = IS_HELD & (GrantRow.cause == cause)
        rows, _ = page(self._grants, keys.ledger(account), keys.GRANTS, limit=1, cursor=None, newest_first=True, only=only, consistent=True)
        return next(iter(self._with_decisions(rows)), None)

    def inventory(self, account: str, *, limit: int, cursor: str | None) -> tuple[list[InventoryRow], str | None]:
        """An account's goods by kind and id, and the cursor of the next page. Expired stacks stay in the list for a while."""
        rows, next_cursor = page(self._items, keys.goods(account), keys.ITEMS, limit=limit, cursor=cursor)
        return [InventoryRow(row.kind, row.item, row.quantity, row.expires_at, row.metadata or {}) for row in rows], next_cursor

    def with_decision(self, account: str, held: PendingGrant) -> LedgerGrant:
        """A grant that is held, whether or not its row is there yet, with what was decided on it, strongly read."""
        decision = find(self._grants, keys.decision(keys.grant(account, held)))
        return _decided(LedgerGrant(held.cause, held.at, held.rewards, "held"), decision)

    def _grant_put(self, account: str, grant: PendingGrant) -> dict[str, Any]:
        row = self._grants(*keys.grant(account, grant), cause=grant.cause, at=grant.at, rewards=rewards_to_json(grant.rewards))
        if grant.kind != "grant":
            row.kind, row.note = grant.kind, grant.note or None
        return row.get_save_kwargs_from_instance(condition=IS_UNPAID)

    def _with_decisions(self, rows: Sequence[GrantRow]) -> list[LedgerGrant]:
        """The grants of these rows, with what was decided on those that were held."""
        held = [keys.decision(row.key) for row in rows if row.kind == "held"]
        decisions = {row.key: row for row in self._grants.batch_get(held, consistent_read=True)} if held else {}
        return [_decided(_ledger_grant(row), decisions.get(keys.decision(row.key))) for row in rows]

    def _updates(self, account: str, grant: PendingGrant) -> Iterator[dict[str, Any]]:
        amounts = {currency: amount for currency, amount in grant.rewards.amounts.items() if amount}
        if amounts:
            additions = [Path([f"{BALANCE}{currency}"]).add(amount) for currency, amount in amounts.items()]
            yield self._connection.get_operation_kwargs(*keys.wallet(account), actions=additions)
        for stack, actions in additions_of(grant):
            yield self._connection.get_operation_kwargs(*keys.item(account, stack.kind, stack.id, stack.expires_at), actions=actions)

    def _debit(self, account: str, price: Mapping[str, int]) -> Write:
        subtractions = [Path([f"{BALANCE}{currency}"]).add(-amount) for currency, amount in price.items()]
        return self._connection.get_operation_kwargs(
            *keys.wallet(account), actions=subtractions, condition=_covers(price), return_values_on_condition_failure=ALL_OLD
        )


def _ledger_grant(row: GrantRow) -> LedgerGrant:
    return LedgerGrant(row.cause, row.at, rewards_from_snapshot(row.rewards), "held" if row.kind == "held" else "granted")


def _decided(grant: LedgerGrant, decision: GrantRow | None) -> LedgerGrant:
    return grant if decision is None else replace(grant, status=DECIDED[decision.kind], decision=decision.note)


def _balances(wallet: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    return {name.removeprefix(BALANCE): int(value["N"]) for name, value in wallet.items() if name.startswith(BALANCE)}


def _insufficient(price: Mapping[str, int], held: Mapping[str, int]) -> Conflict:
    balances = {currency: held.get(currency, 0) for currency in price}
    return Conflict("insufficient_balance", "the wallet holds less than this costs", price=price, balances=balances)


def _was_paid(error: TransactWriteError) -> bool:
    return is_refused(error, 0)  # the grant's row is the first item


def _covers(price: Mapping[str, int]) -> Condition:
    """Rules out spending more than there is; a currency never paid is absent, which does not cover anything either."""
    covers: Condition = reduce(and_, (Path([f"{BALANCE}{currency}"]) >= amount for currency, amount in price.items()))
    return covers
