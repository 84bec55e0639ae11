"""The goods a grant brings: onto which stacks of an inventory they go, and how."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.update import Action

from missions_core.domain.catalog import HOUR_MS, ItemReward
from missions_core.domain.state import PendingGrant
from missions_core.storage.table import ItemRow

EXPIRED_SECONDS = 30 * 24 * 3600  # how long an expired stack stays visible as such

NAMED_GOODS = (("badge", "badges"), ("title", "titles"), ("frame", "frames"))


@dataclass(frozen=True, slots=True)
class Stack:
    """Where goods go."""

    kind: str
    id: str
    expires_at: int | None


def additions_of(grant: PendingGrant) -> Iterator[tuple[Stack, list[Action]]]:
    """What a grant adds to each stack."""
    metadata = {item.id: item.metadata for item in grant.rewards.items if item.metadata}
    for stack, quantity in _stacks(grant).items():
        yield stack, _addition(stack, quantity, metadata.get(stack.id) if stack.kind == "item" else None)


def _stacks(grant: PendingGrant) -> Counter[Stack]:
    """Quantities by stack: a transaction must not touch a row twice."""
    stacks: Counter[Stack] = Counter()
    for item in grant.rewards.items:
        stacks[Stack("item", item.id, _expiry(item, grant.at))] += item.quantity
    for kind, member in NAMED_GOODS:
        stacks.update(Stack(kind, name, None) for name in getattr(grant.rewards, member))
    return stacks


def _expiry(item: ItemReward, granted_at: int) -> int | None:
    return None if item.expires_after_hours is None else granted_at + item.expires_after_hours * HOUR_MS


def _addition(stack: Stack, quantity: int, metadata: Mapping[str, Any] | None) -> list[Action]:
    actions: list[Action] = [ItemRow.quantity.add(quantity), ItemRow.kind.set(stack.kind), ItemRow.item.set(stack.id)]
    if metadata:
        actions.append(ItemRow.metadata.set(dict(metadata)))
    if stack.expires_at is not None:
        actions += [ItemRow.expires_at.set(stack.expires_at), ItemRow.ttl.set(stack.expires_at // 1000 + EXPIRED_SECONDS)]
    return actions
