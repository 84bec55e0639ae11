"""What is paid: rewards, wallet, ledger, inventory."""

from typing import Any, Literal

from typing_extensions import TypedDict


class RewardItem(TypedDict, total=False):
    """Goods for the inventory."""

    id: str
    quantity: int
    expires_after_hours: int
    metadata: dict[str, Any]


class RewardBoost(TypedDict):
    """By what (a whole number or a fraction such as `3/2`) and for how long completed missions pay more of a currency."""

    multiply: str
    hours: int


class Rewards(TypedDict, total=False):
    """Amounts in the smallest unit of each currency, goods, and boosts by currency; empty members are left out.

    What was bought has negative amounts.
    """

    amounts: dict[str, int]
    items: list[RewardItem]
    badges: list[str]
    titles: list[str]
    frames: list[str]
    boost: dict[str, RewardBoost]


class PendingGrant(TypedDict):
    """A payment on its way to the wallet, or held until an operator has looked at it."""

    id: str
    status: Literal["pending", "held"]
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
    """A payment in the ledger; its id is its cause, so it exists once. What is held waits for an operator, who releases or reverses it."""

    id: str
    cause: str
    rewards: Rewards
    status: Literal["granted", "held", "reversed"]
    granted_at: str


class InventoryEntry(TypedDict):
    """A stack of goods."""

    kind: str
    id: str
    quantity: int
    expires_at: str | None
    expired: bool
    metadata: dict[str, Any]
