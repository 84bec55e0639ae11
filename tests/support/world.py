"""The real handlers on in-process services: what SQS, the stream and the schedules would deliver, delivered by hand."""

import json
import sys
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any
from uuid import uuid4

import boto3
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core.domain.catalog import Snapshot
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.players import Players


@dataclass
class Context:
    """Enough of a Lambda context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:000000000000:function:function"
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


class World:
    """A stack in this process. Nothing moves by itself: a test says what is delivered when."""

    def __init__(self, aws: InProcessAws, environment: dict[str, str], now: int) -> None:
        self.aws = aws
        self.environment = environment
        self.now = now
        self.players = Players(environment["TABLE_NAME"])
        self._stream: list[dict[str, Any]] = []
        self._sequence = count(1)
        for name in [name for name in sys.modules if name.startswith("functions.")]:
            del sys.modules[name]  # cold starts: what a warm function remembers belongs to another world
        inner = aws.intercept
        aws.intercept = lambda request, deliver: inner(request, lambda again: self._observed(again, deliver))

    def publish_catalog(self, snapshot: Snapshot) -> None:
        """Make a catalog current."""
        Catalogs(self.environment["TABLE_NAME"]).publish(snapshot)

    def invoke(self, function: str, event: dict[str, Any], **context: Any) -> Any:
        """Call a function's handler."""
        return import_module(f"functions.{function}.app").handler(event, Context(**context))

    def ingest(self, *bodies: dict[str, Any] | str, receipts: str | None = None) -> list[str]:
        """Deliver actions as one batch; returns the indexes SQS would deliver again."""
        attributes = {"receipts": {"stringValue": receipts, "dataType": "String"}} if receipts else {}
        records = [
            {"messageId": str(n), "body": body if isinstance(body, str) else json.dumps(body), "messageAttributes": attributes}
            for n, body in enumerate(bodies)
        ]
        answer = self.invoke("ingest_actions", {"Records": records})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def publish(self) -> list[dict[str, Any]]:
        """Deliver the stream's records since the last time; the records the stream would deliver again stay."""
        records, self._stream = self._stream, []
        failed = self.invoke("publish_outbox", {"Records": records})["batchItemFailures"] if records else []
        if failed:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            self._stream = records[numbers.index(failed[0]["itemIdentifier"]) :] + self._stream
        return failed

    def deliver(self, queue: str, function: str) -> list[Any]:
        """Deliver everything in a queue to a function, once; what it names stays out (a test redelivers by hand)."""
        return [self.invoke(function, {"Records": batch}) for batch in self.take(queue)]

    def take(self, queue: str) -> list[list[dict[str, Any]]]:
        """Take everything out of a queue, in batches as a function receives them."""
        url, client = self.environment[queue], boto3.client("sqs")
        batches = []
        while received := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            batches.append([{"messageId": m["MessageId"], "body": m["Body"], "messageAttributes": {}} for m in received])
        return batches

    def bodies(self, queue: str) -> list[dict[str, Any]]:
        """The JSON bodies of everything in a queue, taken out."""
        return [json.loads(message["body"]) for batch in self.take(queue) for message in batch]

    def pay(self) -> None:
        """Let effects leave: stream, then rewards queue."""
        self.publish()
        self.deliver("REWARDS_QUEUE_URL", "grant_rewards")

    def compete(self) -> None:
        """Let scores and counts leave: stream, then standings queue."""
        self.publish()
        self.deliver("STANDINGS_QUEUE_URL", "update_standings")

    def notify(self) -> None:
        """Let players be told: stream, bus, notifications queue. The bus must have been given the rule (`tests.support.rules`)."""
        self.publish()
        self.deliver("NOTIFICATIONS_QUEUE_URL", "write_notifications")

    def night(self) -> None:
        """Run the reset job and settle every shard it asks for."""
        self.invoke("nightly_reset", {})
        self.deliver("SETTLE_QUEUE_URL", "settle_players")

    def state(self, player: str) -> Any:
        """A player's stored state."""
        stored = self.players.load(player)
        assert stored is not None
        return stored.state

    def _observed(self, request: Request, deliver: Deliver) -> AWSResponse:
        response = deliver(request)
        if response.status_code == 200 and request.operation in ("PutItem", "TransactWriteItems"):
            for item in _put(json.loads(request.prepared.body)):  # type: ignore[arg-type]
                change = {"SequenceNumber": str(next(self._sequence)), "NewImage": item}
                self._stream.append({"eventName": "MODIFY", "dynamodb": change})
        return response


def _put(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The items with an outbox that a call put, alone or in a transaction."""
    puts = [each["Put"] for each in body["TransactItems"] if "Put" in each] if "TransactItems" in body else [body]
    return [put["Item"] for put in puts if "outbox" in put["Item"]]


def post(id_: int | str, at: str, player: str = "ann", type_: str = "post.created", **data: Any) -> dict[str, Any]:
    """An action as a service sends it."""
    return {"specversion": "1.0", "id": str(id_), "source": "forum", "type": type_, "subject": player, "time": at, "data": data}
