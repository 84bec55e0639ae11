"""What leaves the product also leaves it on moto, an AWS emulator written by others: neither is AWS, both must agree."""

import gzip
import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from missions_core import messaging
from missions_core.messaging import ActionLog, BusEvent, EventBus, Queue

NOW = 1_795_258_800_000  # 2026-11-21T11:00:00Z


@pytest.fixture(autouse=True)
def moto_answers() -> Iterator[None]:
    messaging._client.cache_clear()  # clients built before are not moto's
    with mock_aws():
        yield
    messaging._client.cache_clear()


def test_every_message_of_a_large_send_arrives_and_the_too_large_one_is_named() -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="rewards")["QueueUrl"]
    bodies = [f"message {number}" for number in range(23)]

    refused = Queue(url).send([*bodies, "x" * 300_000])

    received: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        received += [message["Body"] for message in messages]
    assert refused == [23]
    assert sorted(received) == sorted(bodies)


def test_events_are_taken_by_the_bus_and_the_too_large_one_is_named() -> None:
    boto3.client("events").create_event_bus(Name="missions")
    small, large = BusEvent("MissionCompleted", '{"a": 1}', NOW), BusEvent("StreakBroken", json.dumps({"a": "x" * 300_000}), NOW)

    assert EventBus("missions", "missions").put([small, large, small]) == [1]


def test_the_first_log_of_a_batch_stays() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    record = {"source": "forum", "id": "1"}

    ActionLog("log").write([record | {"outcome": "counted"}], now=NOW)
    ActionLog("log").write([record | {"outcome": "duplicate"}], now=NOW)

    [entry] = s3.list_objects_v2(Bucket="log")["Contents"]
    stored = gzip.decompress(s3.get_object(Bucket="log", Key=entry["Key"])["Body"].read())
    assert json.loads(stored) == record | {"outcome": "counted"}
