"""The one table as PynamoDB models, bound to a table name when a store is built."""

from decimal import Decimal
from functools import cache
from types import new_class
from typing import TypeVar

from botocore.config import Config
from pynamodb.attributes import Attribute, BinaryAttribute, BinarySetAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.connection import TableConnection
from pynamodb.connection.base import MetaTable
from pynamodb.constants import NUMBER
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from missions_core.sdk import quick
from missions_core.storage import keys

StorageError = PynamoDBException  # the table cannot be reached, throttles or refuses; whoever catches it need not know PynamoDB

# A healthy call takes milliseconds. Three attempts (botocore's `standard` mode: jittered, quota-bound) end well within a function's
# timeout, and the callers' callers retry too.
CONNECT_SECONDS = 1
READ_SECONDS = 2
RETRIES = 2
# A fixed user agent: botocore would spell out its own anew for every request, a fifth of a call's CPU.
CLIENT = Config(user_agent="missions", tcp_keepalive=True)

# What PynamoDB must know of the table to build requests.
SCHEMA = {
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "PK", "AttributeType": "S"},
        {"AttributeName": "SK", "AttributeType": "S"},
        {"AttributeName": "due_shard", "AttributeType": "S"},
        {"AttributeName": "due_at", "AttributeType": "N"},
        {"AttributeName": "work_queue", "AttributeType": "S"},
        {"AttributeName": "work_at", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "due",
            "KeySchema": [{"AttributeName": "due_shard", "KeyType": "HASH"}, {"AttributeName": "due_at", "KeyType": "RANGE"}],
        },
        {
            "IndexName": "work",
            "KeySchema": [{"AttributeName": "work_queue", "KeyType": "HASH"}, {"AttributeName": "work_at", "KeyType": "RANGE"}],
        },
    ],
}


class IntegerAttribute(Attribute[int]):
    """A number without a fraction; PynamoDB's own is a float to type checkers."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class DecimalAttribute(Attribute[Decimal]):
    """An exact number."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return f"{value:f}"

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class Row(Model):
    """What every item has."""

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")

    @property
    def key(self) -> keys.Key:
        """Both keys."""
        return self.pk, self.sk


class TombstoneRow(Row):
    """What a player's state item says once they are erased; before that the attribute is absent."""

    erased_at = IntegerAttribute(null=True)


class SeenRow(Row):
    """Action ids of one hour."""

    ids = BinarySetAttribute(legacy_encoding=False)
    ttl = IntegerAttribute()


class ProfileRow(Row):
    """Personal data."""

    profile = JSONAttribute()
    language_at = IntegerAttribute(null=True)
    version = IntegerAttribute(null=True)  # none in rows that older releases wrote


class HistoryRow(Row):
    """A settled board, and the version of the state it was settled from."""

    board = BinaryAttribute(legacy_encoding=False)
    version = IntegerAttribute()


class NoteRow(Row):
    """A notification: its type, the template it is about, and what the event said."""

    at = IntegerAttribute()
    event = UnicodeAttribute()
    type = UnicodeAttribute()
    template = UnicodeAttribute(null=True)
    data = JSONAttribute()
    ttl = IntegerAttribute()


class GrantRow(Row):
    """One payment."""

    cause = UnicodeAttribute()
    at = IntegerAttribute()
    rewards = JSONAttribute()
    kind = UnicodeAttribute(null=True)  # held, release or revoke; absent: paid as it is
    note = UnicodeAttribute(null=True)  # of a decision: who, and why


class ItemRow(Row):
    """A stack of goods."""

    kind = UnicodeAttribute()
    item = UnicodeAttribute()
    quantity = IntegerAttribute()
    metadata = JSONAttribute(null=True)
    expires_at = IntegerAttribute(null=True)
    ttl = IntegerAttribute(null=True)


class PointerRow(Row):
    """Which catalog is current, and what its chunks add up to."""

    version = IntegerAttribute()
    digest = UnicodeAttribute()
    chunks = IntegerAttribute()


class ContentRow(Row):
    """A chunk of a catalog snapshot, or a template version."""

    content = BinaryAttribute(legacy_encoding=False)


class ScoreRow(Row):
    """A player's score on a leaderboard."""

    account = UnicodeAttribute()
    score = DecimalAttribute()
    reached_at = IntegerAttribute()
    ttl = IntegerAttribute()


class TopRow(Row):
    """A leaderboard: its best scores in order and the histogram of all, and when it was merged. In the index until its prizes are paid."""

    content = BinaryAttribute(legacy_encoding=False)
    version = IntegerAttribute()
    template_version = IntegerAttribute()
    closes_at = IntegerAttribute()
    merged_at = IntegerAttribute()
    closed_at = IntegerAttribute(null=True)
    left = IntegerAttribute(null=True)
    work_queue = UnicodeAttribute(null=True)
    work_at = IntegerAttribute(null=True)
    ttl = IntegerAttribute()


class DeviceRow(Row):
    """Hashes of the accounts that were seen on a device."""

    accounts = BinarySetAttribute(legacy_encoding=False)
    ttl = IntegerAttribute()


class AuditRow(Row):
    """A decision."""

    entry = JSONAttribute()


class EvidenceRow(Row):
    """What a player handed in for a mission, what was found, and who decided. In the index while it waits for a moderator."""

    template = UnicodeAttribute()
    version = IntegerAttribute()
    type = UnicodeAttribute()
    content = JSONAttribute()
    request = UnicodeAttribute()
    submitted_at = IntegerAttribute()
    began_at = IntegerAttribute()
    checks = JSONAttribute(null=True)
    verdict = JSONAttribute(null=True)
    etag = UnicodeAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    decision = JSONAttribute(null=True)
    work_queue = UnicodeAttribute(null=True)
    work_at = IntegerAttribute(null=True)


class OwnerRow(Row):
    """Whose evidence, and for which mission, had a content first."""

    account = UnicodeAttribute()
    mission = UnicodeAttribute()


class JobRow(Row):
    """One run of a scheduled job."""

    summary = JSONAttribute()
    ttl = IntegerAttribute()


AnyRow = TypeVar("AnyRow", bound=Row)
FILTERED_AT_ONCE = 1000  # rows of which some may be wanted


@cache
def connect(table_name: str) -> TableConnection:
    """The process's one connection to a table; its client is built here, while Lambda's init phase still has a whole CPU.

    Region, credentials and endpoint come from the environment, as botocore reads them (AWS_ENDPOINT_URL included).
    """
    connection = TableConnection(
        table_name,
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=RETRIES,
        meta_table=MetaTable({"TableName": table_name, **SCHEMA}),
    )
    quick(connection.connection.session).set_default_client_config(CLIENT)
    assert connection.connection.client is not None
    return connection


def bind(model: type[AnyRow], table_name: str) -> type[AnyRow]:
    """The model on a table. PynamoDB would build a client for each, 40 ms apiece; bound ones share the table's connection."""
    members = {"Meta": type("Meta", (), {"table_name": table_name}), "_connection": connect(table_name)}
    bound: type[AnyRow] = new_class(model.__name__, (model,), exec_body=lambda namespace: namespace.update(members))
    return bound


def find(model: type[AnyRow], key: keys.Key, *, consistent: bool = True) -> AnyRow | None:
    """The row under a key, strongly read unless said otherwise, at half the price."""
    try:
        return model.get(*key, consistent_read=consistent)
    except model.DoesNotExist:
        return None


def page(
    model: type[AnyRow],
    partition: str,
    prefix: str,
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
    only: Condition | None = None,
    consistent: bool = False,
) -> tuple[list[AnyRow], str | None]:
    """A page of a partition's rows under a sort key prefix, and the cursor of the next page: None where the list ends.

    `only` these rows: the others are read, and paid for, all the same.
    """
    start = keys.after_cursor(cursor, partition, prefix) if cursor is not None else None
    rows = model.query(
        partition,
        model.sk.startswith(prefix) if prefix else None,
        only,
        consistent_read=consistent,
        scan_index_forward=not newest_first,
        limit=limit + 1,  # one more than asked for tells whether there is more
        page_size=FILTERED_AT_ONCE if only is not None else None,
        last_evaluated_key={"PK": {"S": start[0]}, "SK": {"S": start[1]}} if start else None,
    )
    found = list(rows)
    return found[:limit], keys.cursor(found[limit - 1].key) if len(found) > limit else None
