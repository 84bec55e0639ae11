"""Waiting for receipts: each message counted once, and no waiting for what cannot come."""

import json
from typing import Any

from infra.receipts import Receipts


class FakeSqs:
    """A receipts queue with prepared answers, and an actions queue in which so many messages wait."""

    def __init__(self, *receipts: tuple[str, str], waiting: list[int] | None = None) -> None:
        self.receipts = [{"message_id": message_id, "outcome": outcome} for message_id, outcome in receipts]
        self.waiting = waiting or []
        self.polls = 0

    def receive_message(self, **_: Any) -> dict[str, Any]:
        self.polls += 1
        batch, self.receipts = self.receipts[:2], self.receipts[2:]
        return {"Messages": [{"Body": json.dumps(receipt), "ReceiptHandle": "handle"} for receipt in batch]} if batch else {}

    def delete_message_batch(self, **_: Any) -> dict[str, Any]:
        return {}

    def get_queue_attributes(self, *, AttributeNames: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        if AttributeNames == ["VisibilityTimeout"]:
            return {"Attributes": {"VisibilityTimeout": "190"}}
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.waiting.pop(0) if self.waiting else 0)}}


def collect(sqs: FakeSqs, *message_ids: str) -> dict[str, int]:
    return dict(Receipts(sqs, "receipts", "actions").collect(message_ids, lambda _: None))  # type: ignore[arg-type]


def test_outcomes_are_counted_by_what_they_mean_to_the_sender() -> None:
    sqs = FakeSqs(("a", "counted"), ("b", "filtered"), ("c", "late"), ("d", "duplicate"), ("e", "quarantined"))

    assert collect(sqs, *"abcde") == {"applied": 2, "late": 1, "duplicate": 1, "quarantined": 1}


def test_a_message_delivered_twice_counts_as_what_it_did_first_in_whichever_order_the_answers_come() -> None:
    assert collect(FakeSqs(("a", "duplicate"), ("a", "counted"), ("b", "counted"), ("b", "duplicate"), ("c", "late")), *"abc") == {
        "applied": 2,
        "late": 1,
    }


def test_receipts_of_other_messages_do_not_count() -> None:
    assert collect(FakeSqs(("x", "counted"), ("a", "late")), "a") == {"late": 1}


def test_what_nobody_will_answer_for_is_missing() -> None:
    sqs = FakeSqs(("a", "counted"))

    assert collect(sqs, "a", "b") == {"applied": 1, "missing": 1}


def test_as_long_as_something_is_under_way_it_is_waited_for() -> None:
    sqs = FakeSqs(waiting=[1] * 10)

    assert collect(sqs, "a") == {"missing": 1}
    assert sqs.polls > 10


def test_nothing_sent_is_nothing_to_wait_for() -> None:
    sqs = FakeSqs()

    assert collect(sqs) == {}
    assert sqs.polls == 0
