"""The ledger: grants that exist once (invariant 3), and the wallet and inventory they move."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from missions_core.domain.catalog import HOUR_MS, ItemReward, Rewards
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.domain.state import PendingGrant
from missions_core.errors import Contention
from missions_core.storage import keys
from missions_core.storage.table import GrantRow, ItemRow, bind, connect, page

# Rules out paying one cause twice: the same cause has the same key.
IS_UNPAID = GrantRow.pk.does_not_exist()

PAUSES_SECONDS = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)  # at most, after each attempt
# Reasons that pass by themselves; botocore retries throttled requests, but not what DynamoDB calls a cancelled transaction.
PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
EXPIRED_SECONDS = 30 * 24 * 3600  # how long an expired stack stays visible as such

BALANCE = "balance_"  # in front of a currency: no currency can be mistaken for a key
NAMED_GOODS = (("badge", "badges"), ("title", "titles"), ("frame", "frames"))


@dataclass(frozen=True, slots=True)
class LedgerGrant:
    """A payment made. `at` is when it fell due, fixed by the state write that owed it."""

    cause: str
    at: int
    rewards: Rewards


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A stack of goods: `kind` is item, badge, title or frame. What expires at different times lies on different stacks."""

    kind: str
    id: str
    quantity: int
    expires_at: int | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Stack:
    """Where goods go."""

    kind: str
    id: str
    expires_at: int | None


class Ledger:
    """Grants, wallets and inventories of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._grants = bind(GrantRow, table_name)
        self._items = bind(ItemRow, table_name)

    def grant(self, account: str, grant: PendingGrant) -> bool:
        """Pay a grant in one transaction; False: it was paid before, and nothing changed.

        Repeating it is always safe, whatever became of the first call. Contention: others kept writing the same rows.
        """
        put, updates = self._grant_put(account, grant), list(self._updates(account, grant))
        for pause in PAUSES_SECONDS:
            try:
                self._connection.connection.transact_write_items([], [], [put], updates)
            except TransactWriteError as error:
                if _was_paid(error):
                    return False
                if not _may_pass(error):
                    raise
                time.sleep(random.uniform(0, pause))
            else:
                return True
        raise Contention("contention", f"the wallet of account {account} is being changed by many at once; try again")

    def granted(self, account: str, grants: Sequence[PendingGrant]) -> set[str]:
        """The causes among these grants that are paid, strongly read."""
        wanted = {keys.grant(account, grant): grant.cause for grant in grants}
        rows = self._grants.batch_get(list(wanted), consistent_read=True, attributes_to_get=["PK", "SK"])
        return {wanted[row.key] for row in rows}

    def wallet(self, account: str) -> dict[str, int]:
        """Balances by currency, strongly read; a currency never paid is absent."""
        item = self._connection.get_item(*keys.wallet(account), consistent_read=True).get("Item", {})
        return {name.removeprefix(BALANCE): int(value["N"]) for name, value in item.items() if name.startswith(BALANCE)}

    def grants(self, account: str, *, limit: int, cursor: str | None) -> tuple[list[LedgerGrant], str | None]:
        """An account's grants, newest first, and the cursor of the next page."""
        rows, next_cursor = page(self._grants, keys.ledger(account), keys.GRANTS, limit=limit, cursor=cursor, newest_first=True)
        return [LedgerGrant(row.cause, row.at, rewards_from_snapshot(row.rewards)) for row in rows], next_cursor

    def inventory(self, account: str, *, limit: int, cursor: str | None) -> tuple[list[InventoryRow], str | None]:
        """An account's goods by kind and id, and the cursor of the next page. Expired stacks stay in the list for a while."""
        rows, next_cursor = page(self._items, keys.goods(account), keys.ITEMS, limit=limit, cursor=cursor)
        return [InventoryRow(row.kind, row.item, row.quantity, row.expires_at, row.metadata or {}) for row in rows], next_cursor

    def _grant_put(self, account: str, grant: PendingGrant) -> dict[str, Any]:
        row = self._grants(*keys.grant(account, grant), cause=grant.cause, at=grant.at, rewards=rewards_to_json(grant.rewards))
        return row.get_save_kwargs_from_instance(condition=IS_UNPAID)

    def _updates(self, account: str, grant: PendingGrant) -> Iterator[dict[str, Any]]:
        amounts = {currency: amount for currency, amount in grant.rewards.amounts.items() if amount}
        if amounts:
            additions = [Path([f"{BALANCE}{currency}"]).add(amount) for currency, amount in amounts.items()]
            yield self._connection.get_operation_kwargs(*keys.wallet(account), actions=additions)
        metadata = {item.id: item.metadata for item in grant.rewards.items if item.metadata}
        for stack, quantity in _stacks(grant).items():
            key = keys.item(account, stack.kind, stack.id, stack.expires_at)
            actions = _item_actions(stack, quantity, metadata.get(stack.id) if stack.kind == "item" else None)
            yield self._connection.get_operation_kwargs(*key, actions=actions)


def _was_paid(error: TransactWriteError) -> bool:
    return _reasons(error)[:1] == ["ConditionalCheckFailed"]  # the grant's row is the first item


def _may_pass(error: TransactWriteError) -> bool:
    return not PASSING.isdisjoint(_reasons(error))


def _reasons(error: TransactWriteError) -> list[str | None]:
    return [reason.code if reason else None for reason in error.cancellation_reasons]


def _stacks(grant: PendingGrant) -> Counter[_Stack]:
    """Quantities by stack: a transaction must not touch a row twice."""
    stacks: Counter[_Stack] = Counter()
    for item in grant.rewards.items:
        stacks[_Stack("item", item.id, _expiry(item, grant.at))] += item.quantity
    for kind, member in NAMED_GOODS:
        stacks.update(_Stack(kind, name, None) for name in getattr(grant.rewards, member))
    return stacks


def _expiry(item: ItemReward, granted_at: int) -> int | None:
    return None if item.expires_after_hours is None else granted_at + item.expires_after_hours * HOUR_MS


def _item_actions(stack: _Stack, quantity: int, metadata: Mapping[str, Any] | None) -> list[Action]:
    actions: list[Action] = [ItemRow.quantity.add(quantity), ItemRow.kind.set(stack.kind), ItemRow.item.set(stack.id)]
    if metadata:
        actions.append(ItemRow.metadata.set(dict(metadata)))
    if stack.expires_at is not None:
        actions += [ItemRow.expires_at.set(stack.expires_at), ItemRow.ttl.set(stack.expires_at // 1000 + EXPIRED_SECONDS)]
    return actions
