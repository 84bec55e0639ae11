"""The audit trail: who of the operators decided what about whom, and why. Rows are only ever added."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b

from missions_core.storage import keys
from missions_core.storage.table import AuditRow, bind, page


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A decision. It outlives the player, so it names their account, which nothing leads back from once they are erased.

    `reason` and `details` are kept as they are: no personal data belongs there.
    """

    at: int
    actor: str  # the operator's token's subject
    what: str  # such as flags_cleared, hold_released, hold_revoked
    account: str
    reason: str
    details: Mapping[str, str | int] = field(default_factory=dict)


class Audit:
    """The audit trail of one table."""

    def __init__(self, table_name: str) -> None:
        self._rows = bind(AuditRow, table_name)

    def write(self, entry: AuditEntry) -> None:
        """Add an entry, before what it tells of is saved: no decision is without one. The same entry again is the same row."""
        members = asdict(entry)
        text = json.dumps(members, sort_keys=True)
        digest = blake2b(text.encode(), digest_size=8).hexdigest()
        self._rows(*keys.audit_entry(month_of(entry.at), entry.at, digest), entry=members).save()

    def month(self, month: str, *, limit: int, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
        """A month's (YYYY-MM, UTC) entries, newest first, and the cursor of the next page."""
        rows, next_cursor = page(self._rows, keys.audit(month), "", limit=limit, cursor=cursor, newest_first=True)
        return [AuditEntry(**row.entry) for row in rows], next_cursor


def month_of(instant: int) -> str:
    """The UTC month an entry of this instant lies in."""
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m")
