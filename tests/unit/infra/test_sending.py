"""Sending lines to a queue that does not always take them."""

from typing import Any

import pytest

from infra import sending
from infra.errors import ToolError
from infra.lines import Line
from infra.sending import Sender, Sent


class FakeSqs:
    """A queue that refuses what it is told to: an entry's text → how often, and whose fault."""

    def __init__(self, **refusals: tuple[int, bool]) -> None:
        self.refusals = refusals
        self.batches: list[list[str]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.batches.append([entry["MessageBody"] for entry in Entries])
        failed = [entry for entry in Entries if self._refuses(entry["MessageBody"])]
        return {
            "Successful": [{"Id": entry["Id"], "MessageId": entry["MessageBody"]} for entry in Entries if entry not in failed],
            "Failed": [
                {"Id": entry["Id"], "Code": "Refused", "Message": "no", "SenderFault": self.refusals[entry["MessageBody"]][1]}
                for entry in failed
            ],
        }

    def _refuses(self, text: str) -> bool:
        times, fault = self.refusals.get(text, (0, False))
        self.refusals[text] = (times - 1, fault)
        return times > 0


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that was not really waited for."""
    waited: list[float] = []
    monkeypatch.setattr(sending.time, "sleep", waited.append)
    return waited


def send(sqs: FakeSqs, *texts: str, rate: float | None = None) -> Sent:
    lines = [Line(number, text) for number, text in enumerate(texts, start=1)]
    return Sender(sqs, "queue", receipts="receipts", rate=rate).send(lines, lambda _: None)  # type: ignore[arg-type]


def test_lines_go_in_batches_of_ten() -> None:
    sqs = FakeSqs()

    assert len(send(sqs, *map(str, range(25))).message_ids) == 25
    assert [len(batch) for batch in sqs.batches] == [10, 10, 5]


def test_what_the_queue_did_not_take_is_sent_again_alone() -> None:
    sqs = FakeSqs(b=(2, False))

    assert sorted(send(sqs, "a", "b", "c").message_ids) == ["a", "b", "c"]
    assert sqs.batches == [["a", "b", "c"], ["b"], ["b"]]


def test_what_it_will_never_take_is_named_and_the_rest_sent() -> None:
    sent = send(FakeSqs(b=(1, True)), "a", "b", "c")

    assert sent.message_ids == ["a", "c"]
    assert sent.refused == ["line 2: no"]


def test_a_line_too_large_for_a_message_is_named_and_not_sent() -> None:
    sent = send(FakeSqs(), "a", "x" * 300_000)

    assert sent.message_ids == ["a"]
    assert "line 2" in sent.refused[0]


def test_large_lines_share_no_batch() -> None:
    sqs = FakeSqs()
    send(sqs, *["x" * 100_000] * 5)

    assert [len(batch) for batch in sqs.batches] == [2, 2, 1]


def test_a_queue_that_keeps_refusing_is_given_up_with_what_to_do() -> None:
    with pytest.raises(ToolError, match=r"line 1.*sending all again is safe"):
        send(FakeSqs(a=(99, False)), "a")


def test_without_receipts_nothing_is_kept_but_a_count() -> None:
    sent = Sender(FakeSqs(), "queue").send([Line(1, "a"), Line(2, "b")], lambda _: None)  # type: ignore[arg-type]

    assert (sent.count, sent.message_ids) == (2, [])


def test_a_rate_is_kept_in_small_steps(waits: list[float]) -> None:
    sqs = FakeSqs()
    send(sqs, *map(str, range(20)), rate=8)

    assert {len(batch) for batch in sqs.batches} == {2}
    assert max(waits) == pytest.approx(18 / 8, abs=0.2)
