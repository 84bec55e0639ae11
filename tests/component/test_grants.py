"""The rewards queue's messages, one by one: paid, paid before, not a grant, not paid this time."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import ItemReward, Rewards
from missions_core.domain.state import PendingGrant
from missions_core.messaging import Queue
from missions_core.settings import settings
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.grant import grant_all, grant_message
from missions_core.use_cases.grant import logger as grant_logger
from missions_core.use_cases.grant import metrics as grant_metrics
from missions_core.use_cases.quarantine import QueueMessage
from tests.support.faults import on, refuse

NOW = 1_795_000_000_000
OWED = PendingGrant("mission:m:2026-11-18", NOW, Rewards({"xp": 10}, items=(ItemReward("hat", 2),)))


@pytest.fixture(autouse=True)
def counted() -> Iterator[dict[str, Any]]:
    """The metrics' values so far."""
    yield grant_metrics.provider.metric_set
    grant_metrics.provider.clear_metrics()


class Lines(logging.Handler):
    """Log lines: level, message, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        ids = {name: member for name, member in vars(record).items() if name in ("account", "cause", "message_id", "reason")}
        self.seen.append((record.levelname, str(record.msg), ids))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged meanwhile."""
    handler = Lines()
    grant_logger.addHandler(handler)
    yield handler
    logging.getLogger(grant_logger.name).removeHandler(handler)


@pytest.fixture
def ledger(table_name: str) -> Ledger:
    return Ledger(table_name)


def pay(ledger: Ledger, *bodies: str) -> list[str]:
    messages = [QueueMessage(f"message-{n}", body) for n, body in enumerate(bodies)]
    return grant_all(ledger, Queue(settings.quarantine_queue_url), messages)


def body(**members: Any) -> str:
    """A grant's message, with some members replaced, or left out by None."""
    replaced = json.loads(grant_message("ada", "account", OWED)) | members
    return json.dumps({name: member for name, member in replaced.items() if member is not None})


def quarantined() -> list[Any]:
    received = boto3.client("sqs").receive_message(QueueUrl=settings.quarantine_queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_a_message_carries_all_that_the_ledger_needs_and_says_whose_it_is(ledger: Ledger) -> None:
    assert pay(ledger, body(), body()) == []

    assert ledger.wallet("account") == {"xp": 10}
    assert ledger.granted("account", [OWED]) == {OWED.cause}
    assert [(row.id, row.quantity) for row in ledger.inventory("account", limit=9, cursor=None)[0]] == [("hat", 2)]
    assert json.loads(body())["player"] == "ada"


@pytest.mark.parametrize(
    "malformed",
    [
        "not json",
        "[]",
        "7",
        body(account=None),
        body(account=7),
        body(cause=None),
        body(cause=["a"]),
        body(at=None),
        body(at="now"),
        body(at=-1),
        body(at=True),
        body(at=1.5),
        body(rewards=None),
        body(rewards=7),
        body(rewards={"amounts": {"xp": -1}}),
        body(rewards={"amounts": {"xp": 1.5}}),
        body(rewards={"amounts": {"xp": "10"}}),
        body(rewards={"items": [{}]}),
        body(rewards={"boost": {"xp": {"multiply": "2/0", "hours": 1}}}),
        body(rewards={"boost": {"xp": {"multiply": "2"}}}),
    ],
)
def test_what_is_no_grant_is_quarantined_with_its_reason_and_its_neighbours_are_paid(ledger: Ledger, malformed: str) -> None:
    assert pay(ledger, malformed, body()) == []

    [kept] = quarantined()
    assert (kept["origin"], kept["body"], kept["reason"]) == ("rewards", malformed, "malformed_grant")
    assert ledger.wallet("account") == {"xp": 10}


@pytest.mark.parametrize("edge", [body(at=0), body(rewards={}), body(rewards={"amounts": {"xp": 0}})])
def test_nothing_and_the_beginning_of_time_are_grants_too(ledger: Ledger, edge: str) -> None:
    assert pay(ledger, edge) == []

    assert quarantined() == []
    assert ledger.grants("account", limit=9, cursor=None)[0] != []


def test_a_message_that_is_not_taken_by_the_quarantine_comes_back(ledger: Ledger, aws: InProcessAws) -> None:
    aws.intercept = on("SendMessageBatch", refuse("AccessDenied"), times=9)

    assert pay(ledger, body(), "not json") == ["message-1"]


def test_a_grant_that_cannot_be_paid_comes_back_and_its_neighbours_are_paid(
    ledger: Ledger, aws: InProcessAws, counted: dict[str, Any]
) -> None:
    aws.intercept = on("TransactWriteItems", refuse("AccessDeniedException"), times=1)

    assert pay(ledger, body(), body(account="another")) == ["message-0"]

    assert (ledger.wallet("account"), ledger.wallet("another")) == ({}, {"xp": 10})
    assert {name: (metric["Unit"], metric["Value"]) for name, metric in counted.items()} == {
        "GrantsReceived": ("Count", [2.0]),
        "GrantsPaid": ("Count", [1.0]),
    }


def test_every_message_leaves_one_line_with_the_ids_to_search_for(ledger: Ledger, aws: InProcessAws, lines: Lines) -> None:
    pay(ledger, body(), body(), "not json")
    aws.intercept = on("TransactWriteItems", refuse("AccessDeniedException"), times=1)
    pay(ledger, body())

    ids = {"account": "account", "cause": OWED.cause}
    assert lines.seen == [
        ("INFO", "grant paid", ids),
        ("INFO", "grant was paid before", ids),
        ("ERROR", "message quarantined", {"reason": "malformed_grant", "message_id": "message-2"}),
        ("ERROR", "grant not paid", ids),
    ]


def test_the_quarantine_says_what_a_grant_looks_like(ledger: Ledger) -> None:
    pay(ledger, body(at=-1), body(cause=None))

    assert sorted(kept["detail"] for kept in quarantined()) == [
        "account and cause are strings, at is epoch milliseconds, amounts are non-negative integers",
        "not a grant message: KeyError('cause')",
    ]
