"""What leaves the product: SQS messages, EventBridge events, the S3 log of actions, what KMS signs. Clients are built on first use."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Literal, NotRequired, Protocol, TypedDict, TypeVar, overload

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from missions_core.observability import create_logger
from missions_core.sdk import quick

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_ENTRIES = 10  # of one SendMessageBatch or PutEvents
MAX_BYTES = 256 * 1024  # of one SendMessageBatch or PutEvents together, so of one message or event too
ENTRY_OVERHEAD_BYTES = 64  # what an event's time and other fixed members count, rounded up
SENDS = 2  # an entry that is refused by itself is sent once more; botocore has retried what failed as a whole

CONFIG = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    user_agent="missions",  # botocore would spell out its own anew for every request
    request_checksum_calculation="when_required",  # gzip carries its own
)

logger = create_logger()

Entry = TypeVar("Entry")
Indexed = list[tuple[int, Entry]]


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event for the bus: its type, its JSON object as text, and when it happened (epoch milliseconds)."""

    type: str
    detail: str
    at: int


class Queue:
    """One SQS queue."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, bodies: Sequence[str]) -> list[int]:
        """Send messages; the indexes of those that were not accepted, also after a second try."""
        return _send_all(bodies, lambda body: len(body.encode()), self._send_batch)

    def _send_batch(self, batch: Indexed[str]) -> set[int]:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [{"Id": str(index), "MessageBody": body} for index, body in batch]
        answer = _client("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
        return {int(failure["Id"]) for failure in answer.get("Failed", [])}


class EventBus:
    """One EventBridge bus, and the source our events name."""

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def put(self, events: Sequence[BusEvent]) -> list[int]:
        """Put events; the indexes of those that were not accepted, also after a second try."""
        return _send_all(events, self._size, self._put_batch)

    def _size(self, event: BusEvent) -> int:
        return len(f"{self._source}{event.type}{event.detail}".encode()) + ENTRY_OVERHEAD_BYTES

    def _put_batch(self, batch: Indexed[BusEvent]) -> set[int]:
        answer = _client("events").put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": self._source,
                    "DetailType": event.type,
                    "Detail": event.detail,
                    "Time": datetime.fromtimestamp(event.at / 1000, UTC),
                }
                for _, event in batch
            ]
        )
        return {index for (index, _), result in zip(batch, answer["Entries"], strict=True) if "ErrorCode" in result}


class ActionLog:
    """The bucket that keeps every ingested action and what became of it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def write(self, records: Sequence[Mapping[str, object]], *, now: int) -> None:
        """Keep a batch as one object of JSON lines. Each record is a JSON object with `source` and `id`, which readers dedupe by.

        The key is a hash of the ids, and the first object stays: a batch delivered again would only say that all are duplicates.
        """
        lines = "".join(f"{json.dumps(record, separators=(',', ':'))}\n" for record in records)
        ids = json.dumps(sorted([str(record["source"]), str(record["id"])] for record in records))
        digest = blake2b(ids.encode(), digest_size=16).hexdigest()
        key = f"actions/{datetime.fromtimestamp(now / 1000, UTC):%Y/%m/%d}/{digest}.jsonl.gz"
        try:
            _client("s3").put_object(Bucket=self._bucket, Key=key, Body=gzip.compress(lines.encode(), 6, mtime=0), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise


class Signer:
    """An asymmetric RSA key of KMS, which never leaves it."""

    def __init__(self, key_arn: str) -> None:
        self._key_arn = key_arn

    def sign(self, text: bytes) -> bytes:
        """The text's signature as RS256 means it. KMS gets the digest: it takes texts of 4 KB at most."""
        answer = _client("kms").sign(
            KeyId=self._key_arn, Message=sha256(text).digest(), MessageType="DIGEST", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
        )
        return answer["Signature"]

    @cached_property
    def public_key(self) -> bytes:
        """The public key as a DER SubjectPublicKeyInfo. It never changes."""
        return _client("kms").get_public_key(KeyId=self._key_arn)["PublicKey"]


@cache
def secret(arn: str) -> bytes:
    """A secret of Secrets Manager, fetched once per process."""
    answer = _client("secretsmanager").get_secret_value(SecretId=arn)
    return answer["SecretBinary"] if "SecretBinary" in answer else answer["SecretString"].encode()


class _SecretValue(TypedDict):
    SecretString: NotRequired[str]
    SecretBinary: NotRequired[bytes]


class _SecretsClient(Protocol):
    """What is asked of Secrets Manager; its stubs are no dependency of ours."""

    def get_secret_value(self, *, SecretId: str) -> _SecretValue: ...  # noqa: N803  # botocore's name


class _Signed(TypedDict):
    Signature: bytes


class _PublicKey(TypedDict):
    PublicKey: bytes


class _KmsClient(Protocol):
    """What is asked of KMS; its stubs are no dependency of ours."""

    def sign(self, *, KeyId: str, Message: bytes, MessageType: str, SigningAlgorithm: str) -> _Signed: ...  # noqa: N803  # botocore's names
    def get_public_key(self, *, KeyId: str) -> _PublicKey: ...  # noqa: N803  # botocore's names


def _send_all(entries: Sequence[Entry], size: Callable[[Entry], int], send: Callable[[Indexed[Entry]], set[int]]) -> list[int]:
    """Send in batches the service accepts; what is too large for any is not sent at all."""
    sizes = [size(entry) for entry in entries]
    waiting = [(index, entry) for index, entry in enumerate(entries) if sizes[index] <= MAX_BYTES]
    for _ in range(SENDS):
        failed = {index for batch in _batches(waiting, sizes) for index in _send_safely(batch, send)}
        waiting = [(index, entry) for index, entry in waiting if index in failed]
    return sorted({index for index, _ in waiting} | {index for index, bytes_ in enumerate(sizes) if bytes_ > MAX_BYTES})


def _send_safely(batch: Indexed[Entry], send: Callable[[Indexed[Entry]], set[int]]) -> set[int]:
    """The entries that failed: all of them where the call did. What was sent before stays sent, and the caller learns which."""
    try:
        return send(batch)
    except (BotoCoreError, ClientError) as error:
        logger.warning("send_failed", entries=len(batch), error=str(error))
        return {index for index, _ in batch}


def _batches(entries: Indexed[Entry], sizes: Sequence[int]) -> Iterator[Indexed[Entry]]:
    batch: Indexed[Entry] = []
    room = MAX_BYTES
    for index, entry in entries:
        if len(batch) == MAX_ENTRIES or sizes[index] > room:
            yield batch
            batch, room = [], MAX_BYTES
        batch.append((index, entry))
        room -= sizes[index]
    if batch:
        yield batch


@overload
def _client(service: Literal["sqs"]) -> "SQSClient": ...
@overload
def _client(service: Literal["events"]) -> "EventBridgeClient": ...
@overload
def _client(service: Literal["s3"]) -> "S3Client": ...
@overload
def _client(service: Literal["kms"]) -> _KmsClient: ...
@overload
def _client(service: Literal["secretsmanager"]) -> _SecretsClient: ...
@cache
def _client(service: str) -> object:
    """The process's client of a service; botocore's own, because importing boto3 would cost 20 ms for nothing used here."""
    return quick(get_session()).create_client(service, config=CONFIG)
