"""AWS inside this process: ministack's own handlers answer every botocore request, without a socket or a second process."""

import json
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from ministack.core.responses import set_request_region
from ministack.core.router import extract_region
from ministack.services import dynamodb, dynamodb_streams, eventbridge, s3, secretsmanager, sqs

# The keys, indexes and stream of template.yaml's table. Its TTL is left out: ministack would expire rows by the real clock, in the
# middle of a test that lives at another time, while the product must not rely on an expired row being gone.
TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "PK", "AttributeType": "S"},
        {"AttributeName": "SK", "AttributeType": "S"},
        {"AttributeName": "due_shard", "AttributeType": "S"},
        {"AttributeName": "due_at", "AttributeType": "N"},
        {"AttributeName": "work_queue", "AttributeType": "S"},
        {"AttributeName": "work_at", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "due",
            "KeySchema": [{"AttributeName": "due_shard", "KeyType": "HASH"}, {"AttributeName": "due_at", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "work",
            "KeySchema": [{"AttributeName": "work_queue", "KeyType": "HASH"}, {"AttributeName": "work_at", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
QUEUES = (
    "ACTIONS_QUEUE_URL",
    "QUARANTINE_QUEUE_URL",
    "REWARDS_QUEUE_URL",
    "SETTLE_QUEUE_URL",
    "STANDINGS_QUEUE_URL",
    "ERASURE_QUEUE_URL",
    "EVIDENCE_QUEUE_URL",
    "NOTIFICATIONS_QUEUE_URL",
)
READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request on its way to a service, such as `dynamodb` and `PutItem`."""

    service: str
    operation: str
    prepared: AWSPreparedRequest


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was answered, and the DynamoDB capacity units it said it consumed."""

    service: str
    operation: str
    status: int
    units: float

    @property
    def read_units(self) -> float:
        """Units of a reading call."""
        return self.units if self.operation in READS else 0.0

    @property
    def write_units(self) -> float:
        """Units of a writing call."""
        return 0.0 if self.operation in READS else self.units


Deliver = Callable[[Request], AWSResponse]
# Stands between the caller and the services: it may deliver a request, twice, not at all, or lose the answer.
Interceptor = Callable[[Request, Deliver], AWSResponse]


class _Service(Protocol):
    """What ministack's service modules have in common."""

    def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, list[str]]
    ) -> Awaitable[tuple[int, dict[str, str], bytes | str]]: ...

    def reset(self) -> None: ...


SERVICES: dict[str, _Service] = {
    "dynamodb": dynamodb,
    "dynamodb-streams": dynamodb_streams,
    "sqs": sqs,
    "eventbridge": eventbridge,
    "s3": s3,
    "secrets-manager": secretsmanager,
}


class InProcessAws:
    """The services, empty at first; `calls` lists what was asked of them."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.intercept: Interceptor = lambda request, deliver: deliver(request)
        self._one_at_a_time = threading.RLock()  # ministack serves one event loop: its handlers do not expect threads
        for service in SERVICES.values():
            service.reset()

    def answer(self, request: Request) -> AWSResponse:
        """Answer as the interceptor sees fit."""
        return self.intercept(request, self.deliver)

    def deliver(self, request: Request) -> AWSResponse:
        """Hand a request to its service."""
        prepared = request.prepared
        url = urlsplit(prepared.url)
        headers = {"host": url.netloc} | {name.lower(): _text(value) for name, value in prepared.headers.items()}
        set_request_region(extract_region(headers))
        with self._one_at_a_time:
            handling = SERVICES[request.service].handle_request(
                prepared.method, _path(url.hostname or "", url.path), headers, _body(prepared), parse_qs(url.query, keep_blank_values=True)
            )
            status, response_headers, payload = _finished(handling)
            content = payload if isinstance(payload, bytes) else payload.encode()
            self.calls.append(Call(request.service, request.operation, status, _units(content) if request.service == "dynamodb" else 0.0))
        return respond(request, status, content, response_headers)

    def read_units(self) -> float:
        """All units read so far."""
        return sum(call.read_units for call in self.calls)

    def write_units(self) -> float:
        """All units written so far."""
        return sum(call.write_units for call in self.calls)


@contextmanager
def running() -> Iterator[InProcessAws]:
    """Empty services that answer every botocore client built from now on, until the block ends; clients outlive the block."""
    global _active
    assert _active is None, "ministack's state is global: the services of one block would empty the other's"
    _install()
    _active = InProcessAws()
    try:
        yield _active
    finally:
        _active = None


def create_table(table_name: str) -> None:
    """Create the product's table."""
    boto3.client("dynamodb").create_table(TableName=table_name, **TABLE)


def create_resources() -> dict[str, str]:
    """Create what template.yaml creates, and return the functions' environment variables that name it."""
    create_table("missions")
    sqs_client = boto3.client("sqs")
    queues = {variable: sqs_client.create_queue(QueueName=variable.removesuffix("_QUEUE_URL").lower())["QueueUrl"] for variable in QUEUES}
    boto3.client("events").create_event_bus(Name="missions")
    s3_client = boto3.client("s3")
    elsewhere: Any = {"CreateBucketConfiguration": {"LocationConstraint": s3_client.meta.region_name}}
    s3_client.create_bucket(Bucket="player-files", **({} if s3_client.meta.region_name == "us-east-1" else elsewhere))
    s3_client.create_bucket(Bucket="action-log", **({} if s3_client.meta.region_name == "us-east-1" else elsewhere))
    return {
        "STAGE": "local",
        "TABLE_NAME": "missions",
        **queues,
        "ERASURE_DELAY_SECONDS": "900",
        "EVENT_BUS_NAME": "missions",
        "ACTION_LOG_BUCKET": "action-log",
        "PLAYER_FILES_BUCKET": "player-files",
        "POWERTOOLS_SERVICE_NAME": "missions",
        "POWERTOOLS_METRICS_NAMESPACE": "Missions",
    }


def respond(request: Request, status: int, content: bytes, headers: dict[str, str] | None = None) -> AWSResponse:
    """A service's answer, as botocore wants it."""
    all_headers = {"x-amzn-requestid": "in-process", **(headers or {})}
    return AWSResponse(request.prepared.url, status, all_headers, _Raw(content))  # type: ignore[arg-type]  # the stub wants less than it takes


_active: InProcessAws | None = None


class _Raw(BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.getvalue()


def _hook(request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
    if _active is None:
        return None
    _before_send, service, operation = event_name.split(".")
    return _active.answer(Request(service, operation, request))


def _install() -> None:
    """Make every session from now on ask `_hook` before it sends; botocore has no public place for that (moto uses the same)."""
    if ("before-send", _hook) not in botocore.handlers.BUILTIN_HANDLERS:
        botocore.handlers.BUILTIN_HANDLERS.append(("before-send", _hook))
        boto3.DEFAULT_SESSION = None  # it was built without
        logging.getLogger().addHandler(logging.NullHandler())  # finding none, ministack would make the root log every request


def _path(host: str, path: str) -> str:
    """The decoded path, with the bucket of a virtual-hosted S3 request in front."""
    bucket, is_bucket, _ = host.partition(".s3.")
    return unquote(f"/{bucket}{path}" if is_bucket else path)


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


def _body(request: AWSPreparedRequest) -> bytes:
    body: object = request.body
    if isinstance(body, str):
        return body.encode()
    if body is None or isinstance(body, bytes):
        return body or b""
    assert isinstance(body, bytearray | BytesIO), "aws-chunked uploads are not understood here"
    return bytes(body if isinstance(body, bytearray) else body.getvalue())


def _finished(handling: Awaitable[tuple[int, dict[str, str], bytes | str]]) -> tuple[int, dict[str, str], bytes | str]:
    """Run a handler that has nothing to wait for."""
    steps = handling.__await__()
    try:
        next(steps)
    except StopIteration as end:
        answer: tuple[int, dict[str, str], bytes | str] = end.value
        return answer
    raise RuntimeError("the handler waits for something (a long poll?): in process, nothing would ever happen")


def _units(content: bytes) -> float:
    """Capacity units of an answer: 0 for BatchGetItem, where ministack tells none, and where nobody asked (PynamoDB always does)."""
    consumed = json.loads(content).get("ConsumedCapacity", [])
    return float(sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed])))
