"""The in-process services themselves: empty for every test, countable, open to faults."""

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.inprocess import InProcessAws
from missions_core.settings import settings
from missions_core.storage.jobs import Jobs
from tests.support.faults import on, refuse


@pytest.mark.parametrize("run", [1, 2])
def test_every_test_starts_empty(table_name: str, run: int) -> None:
    jobs = Jobs(table_name)

    assert jobs.last("job") == {}
    jobs.record("job", 1, {"run": run})


def test_units_are_counted_apart_for_reads_and_writes(aws: InProcessAws, table_name: str) -> None:
    jobs = Jobs(table_name)
    jobs.record("job", 1, {})
    jobs.last("job")

    assert (aws.read_units(), aws.write_units()) == (1, 1)


def test_an_injected_error_is_answered_as_aws_would(aws: InProcessAws, table_name: str) -> None:
    aws.intercept = on("DescribeTable", refuse("ResourceNotFoundException"), times=1)
    client = boto3.client("dynamodb")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_table(TableName=table_name)
    assert client.describe_table(TableName=table_name)["Table"]["TableStatus"] == "ACTIVE"


def test_writes_show_in_the_stream(table_name: str) -> None:
    Jobs(table_name).record("job", 1, {})

    client = boto3.client("dynamodbstreams")
    arn = client.list_streams(TableName=table_name)["Streams"][0]["StreamArn"]
    shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    [record] = client.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["NewImage"]["PK"] == {"S": "JOB#job"}


def test_a_long_poll_is_an_error_because_nothing_would_ever_come() -> None:
    with pytest.raises(RuntimeError):
        boto3.client("sqs").receive_message(QueueUrl=settings.settle_queue_url, WaitTimeSeconds=1)
