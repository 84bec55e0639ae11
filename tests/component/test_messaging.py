"""Messaging: batches the services accept, per-entry failures noticed, and one log object per batch."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Interceptor, Request, respond
from missions_core.messaging import MAX_BYTES, ActionLog, BusEvent, EventBus, Queue, secret
from missions_core.settings import settings
from tests.support.faults import on, refuse

NOW = 1_795_000_000_000


@pytest.fixture
def queue() -> Queue:
    return Queue(settings.rewards_queue_url)


def received() -> Iterator[str]:
    client = boto3.client("sqs")
    while messages := client.receive_message(QueueUrl=settings.rewards_queue_url, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in messages)


def body_of(request: Request) -> Any:
    return json.loads(cast(bytes, request.prepared.body))


def refusing(body: str, times: int) -> Interceptor:
    """SQS takes the others and refuses this one, so many times."""
    left = [times]

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        refused = [entry["Id"] for entry in body_of(request)["Entries"] if entry["MessageBody"] == body]
        if not refused or left[0] == 0:
            return deliver(request)
        left[0] -= 1
        failed = [{"Id": id_, "SenderFault": False, "Code": "InternalError"} for id_ in refused]
        return respond(request, 200, json.dumps({"Successful": [], "Failed": failed}).encode())

    return intercept


def operations(aws: InProcessAws) -> list[str]:
    return [call.operation for call in aws.calls]


def test_messages_are_sent_in_batches_of_ten(queue: Queue, aws: InProcessAws) -> None:
    assert queue.send([f"message {n}" for n in range(21)]) == []

    assert operations(aws) == ["SendMessageBatch"] * 3
    assert sorted(received()) == sorted(f"message {n}" for n in range(21))


def test_nothing_to_send_asks_nobody(queue: Queue, aws: InProcessAws) -> None:
    assert queue.send([]) == []
    assert aws.calls == []


def test_a_batch_never_exceeds_what_the_service_accepts(queue: Queue, aws: InProcessAws) -> None:
    third = "é" * (MAX_BYTES // 6 - 1)

    assert queue.send([third] * 4) == []

    assert operations(aws) == ["SendMessageBatch"] * 2


def test_a_message_too_large_for_the_service_fails_alone(queue: Queue) -> None:
    assert queue.send(["small", "x" * (MAX_BYTES + 1), "also small"]) == [1]

    assert sorted(received()) == ["also small", "small"]


def test_a_refused_message_is_sent_once_more(queue: Queue, aws: InProcessAws) -> None:
    aws.intercept = refusing("b", times=1)

    assert queue.send(["a", "b"]) == []


def test_a_message_refused_twice_is_reported_by_its_index(queue: Queue, aws: InProcessAws) -> None:
    aws.intercept = refusing("b", times=2)

    assert queue.send(["a", "b"]) == [1]


def test_a_failed_call_fails_its_batch_and_no_other(queue: Queue, aws: InProcessAws) -> None:
    def first_batch_fails(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation != "SendMessageBatch":
            return deliver(request)
        is_first_batch = body_of(request)["Entries"][0]["Id"] == "0"
        return refuse("AccessDenied")(request, deliver) if is_first_batch else deliver(request)

    aws.intercept = first_batch_fails

    assert queue.send([f"message {n}" for n in range(11)]) == list(range(10))
    assert list(received()) == ["message 10"]


def test_events_reach_the_bus_with_their_time(aws: InProcessAws) -> None:
    client = boto3.client("events")
    queue_arn = boto3.client("sqs").get_queue_attributes(QueueUrl=settings.rewards_queue_url, AttributeNames=["QueueArn"])
    client.put_rule(Name="all", EventBusName=settings.event_bus_name, EventPattern='{"source": ["missions"]}')
    client.put_targets(
        Rule="all", EventBusName=settings.event_bus_name, Targets=[{"Id": "queue", "Arn": queue_arn["Attributes"]["QueueArn"]}]
    )

    assert EventBus(settings.event_bus_name, "missions").put([BusEvent("MissionCompleted", '{"mission": "m:1"}', NOW)] * 11) == []

    events = [json.loads(body) for body in received()]
    assert len(events) == 11
    assert (events[0]["detail-type"], events[0]["source"], events[0]["detail"]) == ("MissionCompleted", "missions", {"mission": "m:1"})


def test_an_event_the_bus_refuses_is_reported_by_its_index(aws: InProcessAws) -> None:
    def second_entry_fails(request: Request, deliver: Deliver) -> AWSResponse:
        entries = body_of(request)["Entries"]
        results = [{"ErrorCode": "InternalFailure"} if entry["DetailType"] == "b" else {"EventId": "1"} for entry in entries]
        return respond(request, 200, json.dumps({"FailedEntryCount": 1, "Entries": results}).encode())

    aws.intercept = second_entry_fails

    assert EventBus("missions", "missions").put([BusEvent(type_, "{}", NOW) for type_ in "abc"]) == [1]


def test_a_batch_of_actions_is_one_object_that_a_repetition_replaces() -> None:
    log = ActionLog(settings.action_log_bucket)
    records = [{"source": "forum", "id": str(n), "outcome": "counted", "text": "é\ud800"} for n in range(3)]

    log.write(records, now=NOW)
    log.write(records, now=NOW)

    client = boto3.client("s3")
    [stored] = client.list_objects_v2(Bucket=settings.action_log_bucket)["Contents"]
    assert stored["Key"].startswith("actions/2026/11/18/")
    assert stored["Key"].endswith(".jsonl.gz")
    lines = gzip.decompress(client.get_object(Bucket=settings.action_log_bucket, Key=stored["Key"])["Body"].read()).splitlines()
    assert [json.loads(line) for line in lines] == records


def test_a_log_that_cannot_be_written_is_an_error(aws: InProcessAws) -> None:
    aws.intercept = on("PutObject", refuse("AccessDenied"), times=1)

    with pytest.raises(Exception, match="PutObject"):
        ActionLog(settings.action_log_bucket).write([{"source": "forum", "id": "1"}], now=NOW)


@pytest.mark.parametrize("stored", [{"SecretString": "whsec_a2V5"}, {"SecretBinary": b"whsec_a2V5"}])
def test_a_secret_is_fetched_once(aws: InProcessAws, stored: Any) -> None:
    arn = boto3.client("secretsmanager").create_secret(Name="webhook", **stored)["ARN"]
    secret.cache_clear()
    assert secret(arn) == secret(arn) == b"whsec_a2V5"
    assert operations(aws).count("GetSecretValue") == 1
