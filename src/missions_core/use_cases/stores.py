"""The stores a use case works on."""

from dataclasses import dataclass

from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players


@dataclass(frozen=True, slots=True)
class Stores:
    """One table's players, ledger and catalogs."""

    players: Players
    ledger: Ledger
    catalogs: Catalogs


def stores_of(table_name: str) -> Stores:
    """Bind all stores to one table."""
    return Stores(Players(table_name), Ledger(table_name), Catalogs(table_name))
