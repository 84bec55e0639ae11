"""The stores a use case works on."""

from functools import cached_property
from typing import TYPE_CHECKING

from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players

if TYPE_CHECKING:
    from missions_core.storage.audit import Audit
    from missions_core.storage.devices import Devices
    from missions_core.storage.evidence import EvidenceStore
    from missions_core.storage.notifications import Notifications
    from missions_core.storage.scores import Scores
    from missions_core.storage.statistics import Statistics


class Stores:
    """One table's stores. What few requests need is imported and bound when first asked for: cold starts are paid by every function."""

    def __init__(self, players: Players, ledger: Ledger, catalogs: Catalogs, *, table_name: str) -> None:
        self.players = players
        self.ledger = ledger
        self.catalogs = catalogs
        self._table_name = table_name

    @cached_property
    def scores(self) -> "Scores":
        """Leaderboards."""
        from missions_core.storage.scores import Scores

        return Scores(self._table_name)

    @cached_property
    def statistics(self) -> "Statistics":
        """Counts over all players."""
        from missions_core.storage.statistics import Statistics

        return Statistics(self._table_name)

    @cached_property
    def notifications(self) -> "Notifications":
        """What players were told."""
        from missions_core.storage.notifications import Notifications

        return Notifications(self._table_name)

    @cached_property
    def devices(self) -> "Devices":
        """Who shares a device."""
        from missions_core.storage.devices import Devices

        return Devices(self._table_name)

    @cached_property
    def audit(self) -> "Audit":
        """Decisions of operators."""
        from missions_core.storage.audit import Audit

        return Audit(self._table_name)

    @cached_property
    def evidence(self) -> "EvidenceStore":
        """What players handed in."""
        from missions_core.storage.evidence import EvidenceStore

        return EvidenceStore(self._table_name)


def stores_of(table_name: str) -> Stores:
    """Bind the stores to one table; its connection is built now, while Lambda's init phase has a whole CPU."""
    return Stores(Players(table_name), Ledger(table_name), Catalogs(table_name), table_name=table_name)
