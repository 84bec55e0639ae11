"""The audit trail: every decision, newest first by month, none twice and none replaced."""

from dataclasses import replace

import pytest

from missions_core.storage.audit import Audit, AuditEntry, month_of
from tests.support.game import ms

NOW = ms("2026-11-30T23:59:59")
ENTRY = AuditEntry(NOW, "mod-1", "hold_released", "account", "why not", {"cause": "mission:m:2026-11-18", "number": 2})


@pytest.fixture
def audit(table_name: str) -> Audit:
    return Audit(table_name)


def month(audit: Audit, name: str = "2026-11") -> list[AuditEntry]:
    return audit.month(name, limit=100, cursor=None)[0]


def test_an_entry_comes_back_as_it_was_and_once(audit: Audit) -> None:
    for _ in range(2):
        audit.write(ENTRY)
    assert month(audit) == [ENTRY]


@pytest.mark.parametrize(
    "change", [{"actor": "mod-2"}, {"what": "hold_revoked"}, {"account": "b"}, {"reason": "so"}, {"details": {"cause": "other"}}]
)
def test_another_decision_of_the_same_instant_replaces_nothing(audit: Audit, change: dict[str, str]) -> None:
    other = replace(ENTRY, **change)  # type: ignore[arg-type]
    audit.write(ENTRY)
    audit.write(other)
    assert sorted(month(audit), key=repr) == sorted([ENTRY, other], key=repr)


def test_months_are_those_of_utc_and_the_newest_comes_first_page_by_page(audit: Audit) -> None:
    entries = [replace(ENTRY, at=NOW + seconds * 1000) for seconds in (-2, -1, 0, 1)]
    for entry in entries:
        audit.write(entry)
    first, cursor = audit.month("2026-11", limit=2, cursor=None)
    rest, end = audit.month("2026-11", limit=2, cursor=cursor)

    assert ([*first, *rest], end) == (entries[2::-1], None)
    assert month(audit, "2026-12") == [entries[3]]
    assert month_of(NOW) == "2026-11"
