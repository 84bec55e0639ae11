"""Job runs: one record per scheduled time."""

import boto3

from missions_core.storage import keys
from missions_core.storage.jobs import Jobs

AT = 1_795_000_000_000


def test_the_latest_run_of_a_job_is_remembered_for_ninety_days(table_name: str) -> None:
    jobs = Jobs(table_name)
    assert jobs.last("nightly_reset") == {}

    jobs.record("nightly_reset", AT, {"shards": 64})
    jobs.record("nightly_reset", AT - 1, {"shards": 1})
    jobs.record("another", AT + 1, {"shards": 2})

    assert jobs.last("nightly_reset") == {"shards": 64}
    partition, sort = keys.job("nightly_reset", AT)
    row = boto3.client("dynamodb").get_item(TableName=table_name, Key={"PK": {"S": partition}, "SK": {"S": sort}})["Item"]
    assert row["ttl"] == {"N": str(AT // 1000 + 90 * 24 * 3600)}
