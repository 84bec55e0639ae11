"""What the stream gave up on is published later: by the real function, from what Lambda kept of it."""

import json
from base64 import b64encode
from typing import Any

import boto3
import pytest

from infra.inprocess import InProcessAws
from infra.republishing import Records, Republished, kept, refusal, republish
from missions_core.storage.ledger import Ledger
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.world import World, post

BUCKET = "outbox-failures"
POISON = b64encode(b"\x63of a newer release").decode()


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, ms("2026-11-21T12:00:10"))
    monkeypatch.setattr("missions_core.clock.now", lambda: world.now)
    world.publish_catalog(snapshot(mission("gift", {"tip.sent": 1}, auto_claim=True, rewards={"gold": 7})))
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")  # uploads in one piece, as the services in process take them
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return world


def given_up(world: World, *players: str, at: str = "2026-11-21T12.00.30") -> str:
    """A batch of the stream, as Lambda keeps it once it has given up; one of `poison` cannot be read."""
    records = []
    for player in players:
        world.ingest(post(player, "2026-11-21T12:00:00Z", player=player, type_="tip.sent"))
        records += [_poisoned(record) if player == "poison" else record for record in world._stream]
        world._stream.clear()
    key = f"aws/lambda/0d0d0d0d-mapping/shardId-{at[-1]}/2026/11/21/{at}-{'-'.join(players)}"
    info = {
        "batchSize": len(records),
        "shardId": "shardId-0",
        "streamArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/missions/stream/1",
    }
    document = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 21},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
        "version": "1.0",
        "timestamp": "2026-11-21T12:00:30.000Z",
        "DDBStreamBatchInfo": info,
        "payload": json.dumps({"Records": records}),
    }
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())
    return key


def _poisoned(record: dict[str, Any]) -> dict[str, Any]:
    change = record["dynamodb"]
    return {**record, "dynamodb": {**change, "NewImage": {**change["NewImage"], "outbox": {"B": POISON}}}}


def redrive(world: World, *, limit: int | None = None) -> Republished:
    def publish(records: Records) -> str | None:
        return refusal(world.invoke("publish_outbox", {"Records": records}))

    done = republish(boto3.client("s3"), BUCKET, publish, limit=limit, on_progress=lambda _: None)
    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")
    return done


def paid(world: World, *players: str) -> list[int]:
    return [Ledger("missions").wallet(world.state(player).account).get("gold", 0) for player in players]


def still_kept(key: str) -> list[str]:
    """The players whose records an object holds."""
    document = json.loads(boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert document["DDBStreamBatchInfo"]["batchSize"]
    return [record["dynamodb"]["NewImage"]["PK"]["S"].removeprefix("PLAYER#") for record in json.loads(document["payload"])["Records"]]


def test_a_kept_batch_is_published_paid_and_forgotten(world: World) -> None:
    given_up(world, "ann", "bob")

    assert redrive(world) == Republished(moved=1)
    assert paid(world, "ann", "bob") == [7, 7]
    assert kept(boto3.client("s3"), BUCKET) == []


def test_a_poison_record_holds_up_nobody_and_is_the_only_one_kept(world: World) -> None:
    key = given_up(world, "ann", "poison", "bob")
    given_up(world, "eve", at="2026-11-21T12.00.31")

    done = redrive(world)

    assert (done.moved, list(done.refused)) == (1, [key])
    assert "is not taken" in done.refused[key]
    assert paid(world, "ann", "bob", "eve") == [7, 7, 7]
    assert still_kept(key) == ["poison"]
    assert list(redrive(world).refused) == [key]
    assert still_kept(key) == ["poison"]


def test_while_the_bus_is_down_everything_stays_kept_and_later_is_paid_once(world: World) -> None:
    key = given_up(world, "ann", "bob")
    plain, down = world.aws.intercept, on("PutEvents", refuse("InternalFailure"), times=999)
    world.aws.intercept = lambda request, deliver: down(request, deliver) if request.service == "eventbridge" else plain(request, deliver)

    assert list(redrive(world).refused) == [key]
    assert still_kept(key) == ["ann", "bob"]

    world.aws.intercept = plain
    assert redrive(world) == Republished(moved=1)
    assert paid(world, "ann", "bob") == [7, 7]


def test_the_oldest_come_first_whatever_their_shard(world: World) -> None:
    newer = given_up(world, "bob", at="2026-11-21T13.00.00")
    given_up(world, "ann", at="2026-11-21T12.00.09")

    assert redrive(world, limit=1).moved == 1
    assert kept(boto3.client("s3"), BUCKET) == [newer]


def test_what_lambda_did_not_write_is_left_alone(world: World) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key="aws/lambda/other", Body=b'{"payload": "text"}')
    boto3.client("s3").put_object(Bucket=BUCKET, Key="aws/lambda/text", Body=b"not JSON")
    boto3.client("s3").put_object(Bucket=BUCKET, Key="notes.txt", Body=b"not ours")
    given_up(world, "ann")

    done = redrive(world)

    assert (done.moved, list(done.refused)) == (1, ["aws/lambda/other", "aws/lambda/text"])
    assert paid(world, "ann") == [7]
