"""The ledger: a cause is paid once, whatever is repeated, lost or concurrent; wallets and inventories add up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import HOUR_MS, ItemReward, Rewards
from missions_core.domain.state import PendingGrant
from missions_core.errors import Contention, InvalidInput
from missions_core.storage.ledger import InventoryRow, Ledger, LedgerGrant
from missions_core.storage.table import StorageError
from tests.support.faults import conflict, lose_answer, on, recorded, refuse

NOW = 1_795_000_000_000


@pytest.fixture
def ledger(table_name: str) -> Ledger:
    return Ledger(table_name)


def owed(cause: str = "mission:daily_post:2026-11-18", at: int = NOW, **rewards: Any) -> PendingGrant:
    return PendingGrant(cause, at, Rewards(**(rewards or {"amounts": {"xp": 10, "gold": 3}})))


def test_a_grant_moves_the_wallet_once_however_often_it_is_paid(ledger: Ledger) -> None:
    assert [ledger.grant("account", owed()) for _ in range(3)] == [True, False, False]

    assert ledger.wallet("account") == {"xp": 10, "gold": 3}


def test_grants_of_different_causes_add_up_per_account(ledger: Ledger) -> None:
    ledger.grant("account", owed("a"))
    ledger.grant("account", owed("b", amounts={"gold": 4}))
    ledger.grant("another", owed("a"))

    assert ledger.wallet("account") == {"xp": 10, "gold": 7}
    assert ledger.wallet("nobody") == {}


def test_a_currency_may_have_the_name_of_a_key(ledger: Ledger) -> None:
    ledger.grant("account", owed(amounts={"pk": 1, "ttl": 2}))

    assert ledger.wallet("account") == {"pk": 1, "ttl": 2}


def test_concurrent_payments_of_one_cause_pay_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as threads:
        paid = list(threads.map(lambda _: ledger.grant("account", owed()), range(16)))

    assert paid.count(True) == 1
    assert ledger.wallet("account") == {"xp": 10, "gold": 3}


def test_a_payment_whose_answer_was_lost_is_not_paid_again(ledger: Ledger, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", lose_answer, times=100)
    with pytest.raises(StorageError):
        ledger.grant("account", owed())
    aws.intercept = on("TransactWriteItems", lose_answer, times=0)

    assert ledger.grant("account", owed()) is False
    assert ledger.wallet("account") == {"xp": 10, "gold": 3}


def test_a_conflict_with_another_transaction_is_tried_again(ledger: Ledger, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", conflict(2), times=2)

    assert ledger.grant("account", owed()) is True
    assert [call.operation for call in aws.calls] == ["TransactWriteItems"]


def test_a_grant_paid_meanwhile_by_the_transaction_in_the_way_is_paid(ledger: Ledger, aws: InProcessAws) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]
    aws.intercept = on("TransactWriteItems", refuse("TransactionCanceledException", CancellationReasons=reasons), times=1)

    assert ledger.grant("account", owed()) is False


def test_endless_conflicts_end_in_contention(ledger: Ledger, aws: InProcessAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("missions_core.storage.transactions.PAUSES_SECONDS", (0.0, 0.0))
    aws.intercept = on("TransactWriteItems", conflict(2), times=100)

    with pytest.raises(Contention, match="the wallet of account") as caught:
        ledger.grant("account", owed())
    assert caught.value.code == "contention"


def test_any_other_failure_is_raised(ledger: Ledger, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", refuse("ValidationException"), times=1)

    with pytest.raises(StorageError):
        ledger.grant("account", owed())


def test_a_grant_of_nothing_is_recorded_and_moves_nothing(ledger: Ledger, aws: InProcessAws) -> None:
    assert ledger.grant("account", owed(amounts={"xp": 0})) is True

    assert [call.units for call in aws.calls] == [2]
    assert ledger.wallet("account") == {}
    assert ledger.granted("account", [owed()]) == {owed().cause}


def test_goods_are_stacked_by_kind_and_id(ledger: Ledger) -> None:
    hats = (ItemReward("hat", 2), ItemReward("hat"), ItemReward("cape", metadata={"colour": "red"}))
    ledger.grant("account", owed("a", items=hats, badges=("hat",), titles=("king",)))
    ledger.grant("account", owed("b", items=(ItemReward("hat", 4),), frames=("gold",)))

    rows, cursor = ledger.inventory("account", limit=10, cursor=None)

    assert cursor is None
    assert rows == [
        InventoryRow("badge", "hat", 1, None, {}),
        InventoryRow("frame", "gold", 1, None, {}),
        InventoryRow("item", "cape", 1, None, {"colour": "red"}),
        InventoryRow("item", "hat", 7, None, {}),
        InventoryRow("title", "king", 1, None, {}),
    ]


def test_what_expires_at_another_time_lies_on_another_stack(ledger: Ledger) -> None:
    for cause, at in (("a", NOW), ("b", NOW), ("c", NOW + HOUR_MS)):
        ledger.grant("account", owed(cause, at, items=(ItemReward("potion", 1, expires_after_hours=2),)))
    ledger.grant("account", owed("d", items=(ItemReward("potion", 5),)))

    rows, _ = ledger.inventory("account", limit=10, cursor=None)

    assert [(row.quantity, row.expires_at) for row in rows] == [(5, None), (2, NOW + 2 * HOUR_MS), (1, NOW + 3 * HOUR_MS)]


def test_as_much_as_a_transaction_holds_can_be_granted(ledger: Ledger) -> None:
    assert ledger.grant("account", owed(amounts={"xp": 1}, badges=tuple(f"badge-{n}" for n in range(98))))

    assert len(ledger.inventory("account", limit=100, cursor=None)[0]) == 98


def test_a_grant_costs_four_units_and_two_per_stack_in_one_round_trip(ledger: Ledger, aws: InProcessAws) -> None:
    ledger.grant("account", owed("a"))
    ledger.grant("account", owed("b", amounts={"xp": 1}, items=(ItemReward("hat"),), badges=("first",)))

    assert [(call.operation, call.units) for call in aws.calls] == [("TransactWriteItems", 4), ("TransactWriteItems", 8)]


def test_which_grants_are_paid_is_known_without_their_content(ledger: Ledger) -> None:
    ledger.grant("account", owed("a"))

    assert ledger.granted("account", [owed("a"), owed("b")]) == {"a"}
    assert ledger.granted("account", []) == set()
    assert ledger.granted("another", [owed("a")]) == set()


def test_grants_are_listed_newest_first_page_by_page(ledger: Ledger) -> None:
    for age in range(3):
        ledger.grant("account", owed(f"cause-{age}", NOW - age))

    first, cursor = ledger.grants("account", limit=2, cursor=None)
    rest, end = ledger.grants("account", limit=2, cursor=cursor)

    rewards = Rewards({"xp": 10, "gold": 3})
    assert [*first, *rest] == [LedgerGrant(f"cause-{age}", NOW - age, rewards) for age in range(3)]
    assert end is None


def test_a_cursor_of_another_account_or_list_is_refused(ledger: Ledger) -> None:
    for cause in ("a", "b"):
        ledger.grant("account", owed(cause))
    _, cursor = ledger.grants("account", limit=1, cursor=None)

    with pytest.raises(InvalidInput, match="cursor"):
        ledger.grants("another", limit=1, cursor=cursor)
    with pytest.raises(InvalidInput, match="cursor"):
        ledger.inventory("account", limit=1, cursor=cursor)


def test_what_is_paid_and_owned_is_read_strongly(ledger: Ledger, aws: InProcessAws) -> None:
    reads = recorded(aws, "GetItem", "BatchGetItem")

    ledger.wallet("account")
    ledger.granted("account", [owed()])

    wallet, granted = reads
    assert wallet["ConsistentRead"] is True
    [keys_only] = granted["RequestItems"].values()
    assert keys_only["ConsistentRead"] is True
    assert sorted(keys_only["ExpressionAttributeNames"].values()) == ["PK", "SK"]


def test_an_expired_stack_is_shown_for_a_month_and_then_removed(ledger: Ledger, aws: InProcessAws) -> None:
    writes = recorded(aws, "TransactWriteItems")

    ledger.grant("account", owed(items=(ItemReward("potion", 1, expires_after_hours=2),)))

    [written] = writes
    stack = written["TransactItems"][1]["Update"]
    assert {"N": str((NOW + 2 * HOUR_MS) // 1000 + 30 * 24 * 3600)} in stack["ExpressionAttributeValues"].values()


def test_only_items_have_metadata(ledger: Ledger) -> None:
    ledger.grant("account", owed(items=(ItemReward("hat", metadata={"colour": "red"}),), badges=("hat",)))

    rows, _ = ledger.inventory("account", limit=10, cursor=None)

    assert {row.kind: row.metadata for row in rows} == {"badge": {}, "item": {"colour": "red"}}
