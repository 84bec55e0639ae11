"""Held grants in the ledger: held, released and revoked once each, whatever is repeated, lost or concurrent; and never both."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import HOUR_MS, ItemReward, Rewards
from missions_core.domain.state import GrantKind, PendingGrant
from missions_core.storage.ledger import Ledger
from missions_core.storage.table import StorageError
from tests.support.faults import conflict, lose_answer, on, recorded

NOW = 1_795_000_000_000
HAT = (ItemReward("hat", 2),)
KINDS: list[GrantKind] = ["grant", "held", "release", "revoke"]


@pytest.fixture
def ledger(table_name: str) -> Ledger:
    return Ledger(table_name)


def owed(kind: GrantKind, cause: str = "mission:m:2026-11-18", gold: int = 3, at: int = NOW) -> PendingGrant:
    note = "mod-1: fine" if kind in ("release", "revoke") else ""
    return PendingGrant(cause, at, Rewards({"gold": gold}, items=HAT), kind, note)


def goods(ledger: Ledger) -> list[int]:
    return [row.quantity for row in ledger.inventory("account", limit=9, cursor=None)[0]]


def statuses(ledger: Ledger) -> dict[str, str]:
    return {grant.cause: grant.status for grant in ledger.grants("account", limit=100, cursor=None)[0]}


def test_a_held_grant_has_its_row_and_moves_nothing(ledger: Ledger) -> None:
    assert [ledger.grant("account", owed("held")) for _ in range(2)] == [True, False]

    assert (ledger.wallet("account"), goods(ledger)) == ({}, [])
    assert statuses(ledger) == {"mission:m:2026-11-18": "held"}


def test_releasing_moves_wallet_and_goods_once(ledger: Ledger) -> None:
    ledger.grant("account", owed("held"))

    assert [ledger.grant("account", owed("release")) for _ in range(3)] == [True, False, False]

    assert (ledger.wallet("account"), goods(ledger)) == ({"gold": 3}, [2])
    assert statuses(ledger) == {"mission:m:2026-11-18": "granted"}


def test_revoking_moves_nothing(ledger: Ledger) -> None:
    ledger.grant("account", owed("held"))

    assert [ledger.grant("account", owed("revoke")) for _ in range(2)] == [True, False]

    assert (ledger.wallet("account"), goods(ledger)) == ({}, [])
    assert statuses(ledger) == {"mission:m:2026-11-18": "reversed"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_written_once_whose_answer_was_lost(ledger: Ledger, aws: InProcessAws, kind: GrantKind) -> None:
    working = aws.intercept
    aws.intercept = on("TransactWriteItems", lose_answer, times=100)
    with pytest.raises(StorageError):
        ledger.grant("account", owed(kind))
    aws.intercept = working

    assert ledger.grant("account", owed(kind)) is False
    assert ledger.wallet("account") == ({"gold": 3} if kind in ("grant", "release") else {})


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_tried_again_after_a_conflict(ledger: Ledger, aws: InProcessAws, kind: GrantKind) -> None:
    aws.intercept = on("TransactWriteItems", conflict(3 if kind in ("grant", "release") else 1), times=2)

    assert ledger.grant("account", owed(kind)) is True


@pytest.mark.parametrize("kind", KINDS)
def test_duplicates_at_the_same_time_write_each_kind_once(ledger: Ledger, kind: GrantKind) -> None:
    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(lambda _: ledger.grant("account", owed(kind)), range(16)))

    assert written.count(True) == 1
    assert ledger.wallet("account") == ({"gold": 3} if kind in ("grant", "release") else {})


def test_released_or_revoked_whoever_comes_first(ledger: Ledger) -> None:
    ledger.grant("account", owed("held"))
    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(lambda n: ledger.grant("account", owed(KINDS[2 + n % 2])), range(16)))

    assert written.count(True) == 1
    released = statuses(ledger) == {"mission:m:2026-11-18": "granted"}
    assert ledger.wallet("account") == ({"gold": 3} if released else {})


@pytest.mark.parametrize("seed", range(20))
def test_the_wallet_is_the_sum_of_what_was_not_held_and_what_was_released(ledger: Ledger, aws: InProcessAws, seed: int) -> None:
    """Any messages in any order, repeated, with lost answers and conflicts."""
    dice = random.Random(seed)
    causes = {f"cause-{n}": (dice.choice([1, 5, 25, 125]), dice.choice([*KINDS[2:], None, "paid"])) for n in range(6)}
    messages = []
    for cause, (gold, fate) in causes.items():
        kinds = ["grant"] if fate == "paid" else ["held"] if fate is None else ["held", fate]
        messages += [owed(kind, cause, gold) for kind in kinds for _ in range(dice.randint(1, 3))]  # type: ignore[arg-type]
    dice.shuffle(messages)
    working = aws.intercept
    for message in messages:
        fault = dice.choice([lose_answer, conflict(3), *[None] * 10])  # few: the SDK has a budget for retries, for the whole process
        aws.intercept = working if fault is None else on("TransactWriteItems", fault, times=1)
        ledger.grant("account", message)
    aws.intercept = working

    expected = {None: "held", "release": "granted", "revoke": "reversed", "paid": "granted"}
    assert statuses(ledger) == {cause: expected[fate] for cause, (_, fate) in causes.items()}
    assert ledger.wallet("account").get("gold", 0) == sum(gold for gold, fate in causes.values() if fate in ("paid", "release"))


def test_a_held_grant_and_its_decision_are_told_apart(ledger: Ledger) -> None:
    held, release = owed("held"), owed("release")
    ledger.grant("account", held)

    assert ledger.granted("account", [held, release]) == {held.entry}
    ledger.grant("account", release)
    assert ledger.granted("account", [held, release]) == {held.entry, release.entry}
    assert held.entry == held.cause != release.entry


def test_who_decided_and_why_stands_in_the_ledger(ledger: Ledger) -> None:
    ledger.grant("account", owed("held"))
    ledger.grant("account", owed("revoke"))

    found = ledger.find_held("account", "mission:m:2026-11-18")

    assert found is not None
    assert (found.status, found.decision, found.at, found.rewards) == ("reversed", "mod-1: fine", NOW, owed("held").rewards)


def test_a_hold_is_found_by_its_cause_and_only_if_it_was_held(ledger: Ledger) -> None:
    for n in range(3):
        ledger.grant("account", owed("grant", f"paid-{n}", at=NOW + n))
    ledger.grant("account", owed("held", "held"))

    assert ledger.find_held("account", "paid-1") is None
    assert ledger.find_held("account", "hel") is None
    assert ledger.find_held("another", "held") is None
    assert ledger.find_held("account", "held") is not None


def test_what_expires_does_so_counted_from_when_it_was_earned(ledger: Ledger) -> None:
    potion = Rewards(items=(ItemReward("potion", expires_after_hours=2),))
    ledger.grant("account", replace(owed("release"), rewards=potion))

    [row] = ledger.inventory("account", limit=9, cursor=None)[0]
    assert row.expires_at == NOW + 2 * HOUR_MS


def test_a_page_without_held_grants_costs_one_call_and_one_with_them_two(ledger: Ledger, aws: InProcessAws) -> None:
    ledger.grant("account", owed("grant", "paid"))
    aws.calls.clear()
    ledger.grants("account", limit=9, cursor=None)
    assert [call.operation for call in aws.calls] == ["Query"]
    ledger.grant("account", owed("held"))
    aws.calls.clear()
    ledger.grants("account", limit=9, cursor=None)
    assert [call.operation for call in aws.calls] == ["Query", "BatchGetItem"]


def test_decisions_are_read_strongly(ledger: Ledger, aws: InProcessAws) -> None:
    ledger.grant("account", owed("held"))
    reads = recorded(aws, "Query", "BatchGetItem", "GetItem")

    ledger.find_held("account", "mission:m:2026-11-18")
    ledger.with_decision("account", owed("held"))

    query, batch, get = reads
    assert query["ConsistentRead"] is True
    assert next(iter(batch["RequestItems"].values()))["ConsistentRead"] is True
    assert get["ConsistentRead"] is True


def test_a_hundred_held_grants_on_a_page_are_told_from_each_other(ledger: Ledger) -> None:
    for n in range(101):
        ledger.grant("account", owed("held", f"cause-{n:03}"))
        if n % 2:
            ledger.grant("account", owed("revoke", f"cause-{n:03}"))

    page, _ = ledger.held("account", limit=100, cursor=None)

    assert {grant.cause: grant.status for grant in page} == {f"cause-{n:03}": "reversed" if n % 2 else "held" for n in range(1, 101)}
