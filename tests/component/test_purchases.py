"""Purchases: a change of state, what it costs and the ledger's row are one, whatever is repeated, lost or concurrent."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.inprocess import Deliver, InProcessAws, Request, create_table
from missions_core.domain.catalog import DAY_MS, Amounts, Rewards
from missions_core.domain.state import PendingGrant
from missions_core.errors import Conflict, Contention, MissionsError
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.ledger import LedgerGrant
from missions_core.storage.table import StorageError
from missions_core.use_cases import retrying
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.idempotency import hashed, once
from missions_core.use_cases.stores import Stores, stores_of
from tests.support.catalogs import mission, snapshot
from tests.support.faults import Fault, lose_answer, on, recorded, refuse

NOW = 1_795_000_000_000
PRICE = {"gold": 30}


@pytest.fixture
def stores(table_name: str) -> Stores:
    """A player with 100 gold and 10 xp."""
    return shop(table_name, gold=100, xp=10)


def shop(table_name: str, **wallet: int) -> Stores:
    Catalogs(table_name).publish(snapshot(mission("m")))
    stores = stores_of(table_name)
    change(stores, "ann", Draft.write, now=NOW)
    if wallet:
        stores.ledger.grant(account(stores), PendingGrant("prize", NOW, Rewards(wallet)))
    return stores


def account(stores: Stores) -> str:
    stored = stores.players.load("ann")
    assert stored is not None
    return stored.state.account


def buy(stores: Stores, request: str = "r1", price: Amounts = PRICE, *, now: int = NOW + 1) -> str:
    """Buy a segment named after the request."""

    def command(draft: Draft) -> str:
        def run() -> str:
            draft.state.segments.append(request)
            draft.buy(f"purchase:test:{hashed(request)}", price)
            return request

        return once(draft, request, "buy", run)

    return change(stores, "ann", command, now=now)


def bought(stores: Stores) -> list[str]:
    stored = stores.players.load("ann")
    assert stored is not None
    return list(stored.state.segments)


def ledger(stores: Stores) -> list[LedgerGrant]:
    return stores.ledger.grants(account(stores), limit=100, cursor=None)[0]


def wallet(stores: Stores) -> dict[str, int]:
    return stores.ledger.wallet(account(stores))


def assert_untouched(stores: Stores) -> None:
    assert (bought(stores), wallet(stores), [row.cause for row in ledger(stores)]) == ([], {"gold": 100, "xp": 10}, ["prize"])


def cancelled(*codes: str | None) -> Fault:
    """The transaction is cancelled: why, by item (state, ledger's row, wallet)."""
    return refuse("TransactionCanceledException", CancellationReasons=[{"Code": code or "None"} for code in codes])


def test_a_purchase_is_one_transaction_of_the_state_the_wallet_and_a_ledger_row(stores: Stores, aws: InProcessAws) -> None:
    aws.calls.clear()
    assert buy(stores) == "r1"

    assert [(call.operation, call.units) for call in aws.calls] == [("GetItem", 1), ("TransactWriteItems", 6)]
    assert bought(stores) == ["r1"]
    assert wallet(stores) == {"gold": 70, "xp": 10}
    assert ledger(stores)[0] == LedgerGrant(f"purchase:test:{hashed('r1')}", NOW + 1, Rewards({"gold": -30}))


def test_a_repeated_purchase_is_not_paid_again(stores: Stores, aws: InProcessAws) -> None:
    buy(stores)
    aws.calls.clear()

    assert buy(stores, now=NOW + 5) == "r1"

    assert [call.operation for call in aws.calls] == ["GetItem"]
    assert wallet(stores) == {"gold": 70, "xp": 10}


@pytest.mark.parametrize("price", [PRICE, {}])
def test_a_purchase_is_remembered_for_its_day_whatever_free_commands_follow(stores: Stores, price: Amounts) -> None:
    """What costs nothing is remembered for eight further commands."""
    buy(stores, price=price)
    for n in range(8):
        change(stores, "ann", lambda draft, n=n: once(draft, f"free-{n}", "wave", str), now=NOW + 2 + n)

    buy(stores, price=price, now=NOW + DAY_MS)

    assert bought(stores) == (["r1"] if price else ["r1", "r1"])
    assert wallet(stores)["gold"] == (70 if price else 100)


def test_purchases_take_no_room_from_what_is_free_and_make_room_for_each_other(stores: Stores) -> None:
    change(stores, "ann", lambda draft: once(draft, "free", "wave", str), now=NOW + 1)
    for n in range(17):
        buy(stores, f"r{n}", {"gold": 1}, now=NOW + 2 + n)

    stored = stores.players.load("ann")
    assert stored is not None
    kept = {entry.key_hash for entry in stored.state.commands}
    assert kept == {hashed("free"), *(hashed(f"r{n}") for n in range(1, 17))}


def test_what_the_wallet_does_not_cover_is_refused_and_nothing_changes(stores: Stores) -> None:
    with pytest.raises(Conflict) as caught:
        buy(stores, price={"gold": 101, "xp": 10})

    assert caught.value.code == "insufficient_balance"
    assert caught.value.details == {"price": {"gold": 101, "xp": 10}, "balances": {"gold": 100, "xp": 10}}
    assert_untouched(stores)


@pytest.mark.parametrize("price", [{"gold": 100, "xp": 11}, {"gold": 1, "gems": 1}])
def test_every_currency_of_a_price_must_be_covered(stores: Stores, price: dict[str, int]) -> None:
    with pytest.raises(Conflict, match="less than this costs"):
        buy(stores, price=price)
    assert_untouched(stores)


def test_the_last_coin_can_be_spent(stores: Stores) -> None:
    buy(stores, price={"gold": 100, "xp": 10})
    assert wallet(stores) == {"gold": 0, "xp": 0}


def test_an_account_that_was_never_paid_holds_nothing(table_name: str) -> None:
    with pytest.raises(Conflict) as caught:
        buy(shop(table_name))
    assert caught.value.details["balances"] == {"gold": 0}


@pytest.mark.parametrize("price", [{}, {"gold": 0}])
def test_what_costs_nothing_is_saved_as_ever(stores: Stores, aws: InProcessAws, price: dict[str, int]) -> None:
    aws.calls.clear()
    buy(stores, price=price)

    assert [call.operation for call in aws.calls] == ["GetItem", "PutItem"]
    assert [row.cause for row in ledger(stores)] == ["prize"]


@pytest.mark.parametrize("losses", [1, 2])
def test_a_purchase_whose_answer_was_lost_on_the_way_is_paid_once(stores: Stores, aws: InProcessAws, losses: int) -> None:
    aws.intercept = on("TransactWriteItems", lose_answer, times=losses)

    assert buy(stores) == "r1"
    assert (bought(stores), wallet(stores)) == (["r1"], {"gold": 70, "xp": 10})


def test_a_purchase_nobody_heard_of_is_found_when_it_is_asked_for_again(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", lose_answer, times=3)
    with pytest.raises(StorageError):
        buy(stores)

    assert buy(stores, now=NOW + 9) == "r1"
    assert (bought(stores), wallet(stores)) == (["r1"], {"gold": 70, "xp": 10})


def test_a_purchase_that_was_applied_and_is_refused_for_that_answers_as_if_it_were_heard_of(stores: Stores, aws: InProcessAws) -> None:
    """DynamoDB forgets a transaction's token after ten minutes; a later repetition then meets what the first one wrote."""

    def forgotten(request: Request, deliver: Deliver) -> Any:
        deliver(request)
        return cancelled("ConditionalCheckFailed", "ConditionalCheckFailed", None)(request, deliver)

    aws.intercept = on("TransactWriteItems", forgotten, times=1)

    assert buy(stores) == "r1"
    assert (bought(stores), wallet(stores)) == (["r1"], {"gold": 70, "xp": 10})


@pytest.mark.parametrize(
    "codes",
    [
        ("TransactionConflict", None, None),
        (None, None, "TransactionConflict"),
        ("TransactionConflict", None, "ConditionalCheckFailed"),
        (None, None, "ThrottlingError"),
        ("ProvisionedThroughputExceeded", None, None),
    ],
)
def test_what_passes_by_itself_is_tried_again(stores: Stores, aws: InProcessAws, codes: tuple[str | None, ...]) -> None:
    aws.calls.clear()
    aws.intercept = on("TransactWriteItems", cancelled(*codes), times=1)

    buy(stores)

    assert [call.operation for call in aws.calls] == ["GetItem", "TransactWriteItems"]
    assert wallet(stores) == {"gold": 70, "xp": 10}


def test_whoever_is_overtaken_starts_over_even_if_the_wallet_was_in_the_way_too(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", cancelled("ConditionalCheckFailed", None, "TransactionConflict"), times=1)
    aws.calls.clear()

    buy(stores)

    assert [call.operation for call in aws.calls] == ["GetItem", "GetItem", "TransactWriteItems"]


def test_a_wallet_that_is_too_small_only_for_the_old_state_is_asked_again(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", cancelled("ConditionalCheckFailed", None, "ConditionalCheckFailed"), times=1)

    assert buy(stores) == "r1"


def test_endless_conflicts_end_in_contention_and_nothing_is_bought(
    stores: Stores, aws: InProcessAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("missions_core.storage.transactions.PAUSES_SECONDS", (0.0, 0.0))
    aws.intercept = on("TransactWriteItems", cancelled(None, None, "TransactionConflict"), times=100)

    with pytest.raises(Contention, match="the wallet of account"):
        buy(stores)
    assert_untouched(stores)


def test_a_ledger_row_that_is_there_already_is_never_written_over(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)
    stores.ledger.grant(account(stores), PendingGrant(f"purchase:test:{hashed('r1')}", NOW + 1, Rewards({"gold": 1})))

    with pytest.raises(Contention):
        buy(stores)
    assert (bought(stores), wallet(stores)) == ([], {"gold": 101, "xp": 10})


def test_any_other_failure_is_raised(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("TransactWriteItems", refuse("ValidationException"), times=1)
    with pytest.raises(StorageError):
        buy(stores)
    assert_untouched(stores)


def test_a_purchase_is_of_the_state_as_it_is_not_as_it_was_loaded(stores: Stores, aws: InProcessAws) -> None:
    """Somebody else saves between our load and our save: both changes stay."""

    def overtaken(request: Request, deliver: Deliver) -> Any:
        aws.intercept = lambda again, on_: on_(again)
        buy(stores, "r2", {"gold": 5})
        return deliver(request)

    aws.intercept = on("TransactWriteItems", overtaken, times=1)
    buy(stores)

    assert bought(stores) == ["r2", "r1"]
    assert wallet(stores) == {"gold": 65, "xp": 10}


def test_a_save_that_meets_a_purchase_of_the_same_player_starts_over(stores: Stores, aws: InProcessAws) -> None:
    aws.intercept = on("PutItem", refuse("TransactionConflictException"), times=1)
    aws.calls.clear()

    change(stores, "ann", Draft.write, now=NOW + 1)

    assert [call.operation for call in aws.calls] == ["GetItem", "GetItem", "PutItem"]


def test_concurrent_purchases_spend_what_there_is_and_no_more(stores: Stores) -> None:
    def attempt(number: int) -> bool:
        try:
            buy(stores, f"r{number}", {"gold": 30})
        except MissionsError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(attempt, range(6)))

    assert done.count(True) == len(bought(stores)) == 3
    assert wallet(stores) == {"gold": 10, "xp": 10}


def test_the_transaction_names_no_wallet_but_the_players(stores: Stores, aws: InProcessAws) -> None:
    sent = recorded(aws, "TransactWriteItems")
    buy(stores)

    [request] = sent
    [state, row, debit] = [next(iter(item.values())) for item in request["TransactItems"]]
    assert [state["Item"]["PK"], row["Item"]["PK"], debit["Key"]["PK"]] == [
        {"S": "PLAYER#ann"},
        {"S": f"LEDGER#{account(stores)}"},
        {"S": f"WALLET#{account(stores)}"},
    ]
    assert all("ConditionExpression" in item for item in (state, row, debit))


def twice(request: Request, deliver: Deliver) -> Any:
    """The service gets the request a second time, and answers that."""
    deliver(request)
    return deliver(request)


FAULTS: dict[str, Callable[[], Fault] | None] = {
    "none": None,
    "lost answer": lambda: lose_answer,
    "duplicate": lambda: twice,
    "conflict": lambda: cancelled(None, None, "TransactionConflict"),
    "throttle": lambda: refuse("ThrottlingException"),
    "dropped": lambda: refuse("ValidationException"),
}
TABLES = count()  # an empty one for each example
Step = tuple[str, int, int, str]  # grant or purchase, its number, its amount, what happens to its first request


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["grant", "buy"]), st.integers(0, 4), st.integers(1, 60), st.sampled_from(sorted(FAULTS))),
        max_size=12,
    )
)
def test_however_grants_and_purchases_interleave_and_fail_the_books_balance(aws: InProcessAws, steps: list[Step]) -> None:
    table_name = f"missions-{next(TABLES)}"
    create_table(table_name)
    stores = shop(table_name)
    for at, (what, number, amount, fault) in enumerate(steps):
        make = FAULTS[fault]
        aws.intercept = on("TransactWriteItems", make(), times=1) if make else on("TransactWriteItems", lose_answer, times=0)
        try:
            if what == "grant":
                stores.ledger.grant(account(stores), PendingGrant(f"grant-{number}", NOW, Rewards({"gold": amount})))
            else:
                buy(stores, f"r{number}", {"gold": amount}, now=NOW + at)
        except (MissionsError, StorageError):
            pass
        aws.intercept = on("TransactWriteItems", lose_answer, times=0)
        rows = ledger(stores)
        assert wallet(stores).get("gold", 0) == sum(row.rewards.amounts["gold"] for row in rows) >= 0
        assert sorted(f"purchase:test:{hashed(one)}" for one in bought(stores)) == sorted(
            row.cause for row in rows if row.cause.startswith("purchase:")
        )
