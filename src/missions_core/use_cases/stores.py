"""The stores a use case works on."""

from dataclasses import dataclass

from missions_core.storage.audit import Audit
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.devices import Devices
from missions_core.storage.evidence import EvidenceStore
from missions_core.storage.ledger import Ledger
from missions_core.storage.notifications import Notifications
from missions_core.storage.players import Players
from missions_core.storage.scores import Scores
from missions_core.storage.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Stores:
    """One table's players, ledger, catalogs, scores, statistics, notifications, devices, audit trail and evidence."""

    players: Players
    ledger: Ledger
    catalogs: Catalogs
    scores: Scores
    statistics: Statistics
    notifications: Notifications
    devices: Devices
    audit: Audit
    evidence: EvidenceStore


def stores_of(table_name: str) -> Stores:
    """Bind all stores to one table."""
    return Stores(
        Players(table_name),
        Ledger(table_name),
        Catalogs(table_name),
        Scores(table_name),
        Statistics(table_name),
        Notifications(table_name),
        Devices(table_name),
        Audit(table_name),
        EvidenceStore(table_name),
    )
