"""What is paid: rewards, wallet, ledger, inventory."""

from typing import Any, Literal

from typing_extensions import TypedDict


class RewardItem(TypedDict, total=False):
    """Goods for the inventory."""

    id: str
    quantity: int
    expires_after_hours: int
    metadata: dict[str, Any]


class Rewards(TypedDict, total=False):
    """Amounts in the smallest unit of each currency, and goods; empty members are left out."""

    amounts: dict[str, int]
    items: list[RewardItem]
    badges: list[str]
    titles: list[str]
    frames: list[str]


class PendingGrant(TypedDict):
    """A payment on its way to the wallet."""

    id: str
    status: Literal["pending"]
    rewards: Rewards


class Balance(TypedDict):
    """Smallest units: in the wallet, and on their way to it."""

    balance: int
    pending: int


class Wallet(TypedDict):
    """Balances by currency."""

    balances: dict[str, Balance]
    level: int


class Grant(TypedDict):
    """A payment in the ledger; its id is its cause, so it exists once."""

    id: str
    cause: str
    rewards: Rewards
    status: Literal["granted"]
    granted_at: str


class InventoryEntry(TypedDict):
    """A stack of goods."""

    kind: str
    id: str
    quantity: int
    expires_at: str | None
    expired: bool
    metadata: dict[str, Any]
