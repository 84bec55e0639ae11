"""The event sources behave as AWS documents them: what the simulation rests on."""

import json
from random import Random
from typing import Any

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from tests.simulation.engine import QUEUES, STREAM
from tests.simulation.sources import SqsSource, StreamSource

HOUR_MS = 3_600_000


class Function:
    """Fails the records named, until told otherwise; keeps what it saw."""

    def __init__(self, *failing: str, names_them: bool = True) -> None:
        self.failing = set(failing)
        self.names_them = names_them
        self.batches: list[list[str]] = []

    def __call__(self, records: list[dict[str, Any]]) -> list[str] | None:
        ids = [record["messageId"] if "messageId" in record else record["dynamodb"]["SequenceNumber"] for record in records]
        self.batches.append(ids)
        failed = [id_ for id_ in ids if id_ in self.failing]
        return failed if self.names_them or not failed else None


def stream_of(changes: int, **options: Any) -> StreamSource:
    source = StreamSource(**({"batch_size": 8, "max_retries": 3, "max_age_ms": 6 * HOUR_MS} | options))
    source.shards = source.shards[:1]
    for _ in range(changes):
        source.add("PLAYER#ann", {"outbox": {"B": ""}}, now=0)
    return source


def deliver(source: StreamSource, function: Function, *, times: int = 1, now: int = 0) -> None:
    for _ in range(times):
        source.deliver(function, now=now, chance=Random(1))


def test_the_simulation_delivers_as_the_template_says() -> None:
    resources = read_template(ROOT)["Resources"]
    sources = [
        (event["Type"], event["Properties"])
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] in ("SQS", "DynamoDB")
    ]

    queues = {}
    for kind, source in sources:
        if kind == "SQS":
            name = source["Queue"]["Fn::GetAtt"][0]
            queue = resources[name]["Properties"]
            receives = queue["RedrivePolicy"]["maxReceiveCount"]
            queues[name.removesuffix("Queue").lower()] = (queue["VisibilityTimeout"] * 1000, receives, source["BatchSize"])
    (stream,) = [source for kind, source in sources if kind == "DynamoDB"]

    assert {name: queues[name] for name in QUEUES} == QUEUES
    assert (stream["BatchSize"], stream["MaximumRetryAttempts"], stream["MaximumRecordAgeInSeconds"] * 1000) == STREAM
    assert stream["BisectBatchOnFunctionError"]


def test_a_stream_delivers_in_order_and_goes_on_after_the_batch() -> None:
    source, function = stream_of(10), Function()

    deliver(source, function, times=2)

    assert function.batches == [["1", "2", "3", "4", "5", "6", "7", "8"], ["9", "10"]]
    assert source.waiting() == 0


def test_the_checkpoint_is_the_lowest_failed_sequence_number() -> None:
    source, function = stream_of(5), Function("3")

    deliver(source, function)
    function.failing.clear()
    deliver(source, function)

    assert function.batches == [["1", "2", "3", "4", "5"], ["3", "4", "5"]]


def test_a_poison_record_is_bisected_out_kept_whole_and_its_neighbours_are_delivered() -> None:
    source, function = stream_of(8), Function("4", names_them=False)

    deliver(source, function, times=30)

    assert source.waiting() == 0
    (kept,) = source.kept
    (record,) = json.loads(json.loads(kept)["payload"])["Records"]
    assert record["dynamodb"]["SequenceNumber"] == "4"
    assert [batch for batch in function.batches if "4" not in batch] == [["1", "2"], ["3"], ["5", "6", "7", "8"]]
    assert function.batches.count(["4"]) == 4, "once, and three retries"


def test_records_too_old_are_given_up_undelivered() -> None:
    source, function = stream_of(2), Function()
    source.add("PLAYER#ann", {}, now=5 * HOUR_MS)

    deliver(source, function, now=7 * HOUR_MS)

    assert function.batches == [["3"]]
    assert json.loads(source.kept[0])["DDBStreamBatchInfo"]["batchSize"] == 2


def test_an_unknown_sequence_number_in_the_answer_fails_the_whole_batch() -> None:
    source = stream_of(2, bisects=False)

    source.deliver(lambda records: ["77"], now=0, chance=Random(1))

    assert source.waiting() == 2


def test_a_replay_starts_again_from_records_that_were_done() -> None:
    source, function = stream_of(6), Function()
    deliver(source, function)

    source.deliver(function, now=0, chance=Random(1), replays=1.0)

    assert function.batches[1][-1] == "6"


@pytest.mark.parametrize("answer", [["m1"], ["nobody"], None])
def test_a_failed_message_comes_back_after_its_visibility_and_dies_after_its_receives(answer: list[str] | None) -> None:
    queue = SqsSource(visibility_ms=100, max_receives=2, batch_size=10)
    queue.put("body", now=0)

    assert queue.deliver(lambda records: answer, now=0, chance=Random(1)) == 1
    assert queue.deliver(lambda records: answer, now=99, chance=Random(1)) == 0
    assert queue.deliver(lambda records: answer, now=100, chance=Random(1)) == 1

    assert not queue.messages
    assert [message.body for message in queue.dead] == ["body"]


def test_only_failed_messages_of_a_batch_stay() -> None:
    queue = SqsSource(visibility_ms=100, max_receives=5, batch_size=10)
    for body in "abc":
        queue.put(body, now=0)

    queue.deliver(Function("m2"), now=0, chance=Random(1))

    assert [message.body for message in queue.messages.values()] == ["b"]


def test_a_handled_message_may_come_again() -> None:
    queue = SqsSource(visibility_ms=100, max_receives=5, batch_size=10)
    queue.put("body", now=0)

    queue.deliver(Function(), now=0, chance=Random(1), duplicates=1.0)

    assert queue.deliver(Function(), now=100, chance=Random(1)) == 1
    assert not queue.messages
