"""Evidence rows: numbered once, decided once, owned once."""

from typing import Any

import pytest

from missions_core.errors import InvalidInput
from missions_core.storage.evidence import REPEATED_MS, Decision, Evidence, EvidenceStore

NOW = 1_795_000_000_000
APPROVED = Decision("approved", "mona", NOW, "fine")
REJECTED = Decision("rejected", "root", NOW + 1, "no")


@pytest.fixture
def store(table_name: str) -> EvidenceStore:
    return EvidenceStore(table_name)


def handed(request: str = "r", **members: Any) -> Evidence:
    """Evidence before it has a number."""
    plain = {"player": "p#1", "mission": "m:2026-11-21", "number": 0, "template": "m", "version": 1, "type": "url"}
    return Evidence(**plain | {"content": {"url": "https://a"}, "request": request, "submitted_at": NOW, "began_at": NOW - 5} | members)


def test_each_request_gets_a_number_of_its_own_and_keeps_it(store: EvidenceStore) -> None:
    numbers = [store.add(handed(request)).number for request in ("a", "a", "b", "b", "c")]

    assert numbers == [1, 1, 2, 2, 3]
    assert store.add(handed("a", mission="n:2026-11-21")).number == 1
    assert store.load("p#1", "m:2026-11-21", 2) == handed("b", number=2)


def test_a_request_that_comes_much_later_or_was_decided_is_another_one(store: EvidenceStore) -> None:
    first = store.add(handed())
    later = store.add(handed(submitted_at=NOW + REPEATED_MS))
    store.decide(later, REJECTED)

    assert (first.number, later.number) == (1, 2)
    assert store.add(handed(submitted_at=NOW + REPEATED_MS)).number == 3


def test_the_first_decision_stands(store: EvidenceStore) -> None:
    kept = store.add(handed())

    assert store.decide(kept, APPROVED) == APPROVED
    assert store.decide(kept, REJECTED) == APPROVED
    assert not store.record(kept, waits=True, now=NOW)
    held = store.load(*("p#1", "m:2026-11-21"), 1)
    assert held is not None
    assert (held.decision, held.waits) == (APPROVED, False)


def test_decided_evidence_stays_in_the_queue_until_the_case_is_closed(store: EvidenceStore) -> None:
    kept = store.add(handed())
    store.record(kept, waits=True, now=NOW)
    store.decide(kept, APPROVED)
    waiting, _ = store.waiting(limit=5, cursor=None)
    store.finish(kept)

    assert [each.key for each in waiting] == [kept.key]
    assert store.waiting(limit=5, cursor=None) == ([], None)


def test_what_was_erased_is_not_brought_back(store: EvidenceStore) -> None:
    gone = handed(number=1)
    store.record(gone, waits=True, now=NOW)
    store.decide(gone, APPROVED)
    store.finish(gone)

    assert store.load("p#1", "m:2026-11-21", 1) is None


def test_content_belongs_to_whoever_had_it_first(store: EvidenceStore) -> None:
    claims = [("a", "m"), ("a", "m"), ("a", "n"), ("b", "m")]

    assert [store.claim("file:x", account, mission) for account, mission in claims] == [True, True, False, False]


@pytest.mark.parametrize("cursor", ["x", "", "a" * 50])
def test_a_cursor_of_something_else_is_refused(store: EvidenceStore, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        store.waiting(limit=5, cursor=cursor)
