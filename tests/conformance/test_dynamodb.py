"""DynamoDB as the product relies on it. `make conformance` asks the official DynamoDB Local the same."""

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.conformance.conftest import TABLE, refused
from tests.conformance.differences import dynamodb_local_differs, emulator_differs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
ABSENT = "attribute_not_exists(PK)"


def item(pk: str = "p", sk: str = "s", **attributes: Any) -> Item:
    return {"PK": {"S": pk}, "SK": {"S": sk}, **attributes}


def put(pk: str = "p", sk: str = "s", **members: Any) -> Item:
    return {"Put": {"TableName": TABLE, "Item": item(pk, sk), **members}}


def stored(dynamodb: "DynamoDBClient", pk: str = "p", sk: str = "s") -> Item | None:
    return dynamodb.get_item(TableName=TABLE, Key=item(pk, sk), ConsistentRead=True).get("Item")


def test_a_put_whose_condition_fails_is_named_so_and_changes_nothing(dynamodb: "DynamoDBClient") -> None:
    """One writer shape: `Players.save` tells a lost race from every other error by this code."""
    dynamodb.put_item(TableName=TABLE, Item=item(version={"N": "1"}))

    for condition in (ABSENT, "version = :seen"):
        values: Any = {":seen": {"N": "2"}} if ":seen" in condition else None
        answer = refused(
            dynamodb.put_item,
            TableName=TABLE,
            Item=item(version={"N": "9"}),
            ConditionExpression=condition,
            **({"ExpressionAttributeValues": values} if values else {}),
        )
        assert answer["Code"] == "ConditionalCheckFailedException"
    assert stored(dynamodb) == item(version={"N": "1"})


def test_a_put_replaces_the_whole_item(dynamodb: "DynamoDBClient") -> None:
    """The outbox leaves the state with the first write that has no events (`Players.save`)."""
    dynamodb.put_item(TableName=TABLE, Item=item(outbox={"B": b"events"}))
    dynamodb.put_item(TableName=TABLE, Item=item())

    assert stored(dynamodb) == item()


def test_a_refused_transaction_changes_nothing_and_says_which_item_was_why(dynamodb: "DynamoDBClient") -> None:
    """Exactly once out: `Ledger.grant` recognises a payment made before by the first reason."""
    dynamodb.put_item(TableName=TABLE, Item=item("grant"))

    answer = refused(dynamodb.transact_write_items, TransactItems=[put("grant", ConditionExpression=ABSENT), put("wallet")])

    assert answer["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["ConditionalCheckFailed", "None"]
    assert stored(dynamodb, "wallet") is None


@pytest.mark.parametrize("held", [{"coins": {"N": "4"}}, {}, None], ids=["too little", "none of it", "no wallet"])
def test_a_refused_debit_says_what_there_was(dynamodb: "DynamoDBClient", held: Item | None) -> None:
    """A purchase is covered or refused, and the refusal has the balance with it: `Ledger.purchase` need not read."""
    wallet = None if held is None else item("wallet", **held)
    if wallet is not None:
        dynamodb.put_item(TableName=TABLE, Item=wallet)
    debit: Any = {
        "TableName": TABLE,
        "Key": item("wallet"),
        "UpdateExpression": "ADD coins :less",
        "ConditionExpression": "coins >= :price",
        "ExpressionAttributeValues": {":less": {"N": "-5"}, ":price": {"N": "5"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }

    answer = refused(dynamodb.transact_write_items, TransactItems=[put("state"), {"Update": debit}])

    reasons = answer["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1].get("Item") == wallet
    assert (stored(dynamodb, "wallet"), stored(dynamodb, "state")) == (wallet, None)


def test_a_transaction_must_not_touch_an_item_twice(dynamodb: "DynamoDBClient") -> None:
    """Why the ledger adds up equal goods into one stack before it pays them."""
    assert refused(dynamodb.transact_write_items, TransactItems=[put(), put()])["Code"] == "ValidationException"


def test_a_transaction_holds_a_hundred_items_and_not_one_more(dynamodb: "DynamoDBClient") -> None:
    """What a catalog may reward at most at once."""
    items = [put(sk=str(number)) for number in range(101)]

    dynamodb.transact_write_items(TransactItems=items[:100])
    assert refused(dynamodb.transact_write_items, TransactItems=items)["Code"] == "ValidationException"


def test_a_transaction_repeated_with_its_token_is_applied_once(dynamodb: "DynamoDBClient") -> None:
    """botocore repeats a transaction whose answer was lost, with the same token: `Ledger.grant` must not pay twice, nor see itself."""
    add: Any = {
        "TableName": TABLE,
        "Key": item(),
        "UpdateExpression": "ADD coins :n",
        "ExpressionAttributeValues": {":n": {"N": "5"}},
    }
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[put("grant", ConditionExpression=ABSENT), {"Update": add}], ClientRequestToken="token")

    assert stored(dynamodb) == item(coins={"N": "5"})


def test_add_starts_from_nothing_and_adds_up(dynamodb: "DynamoDBClient") -> None:
    """Wallets (numbers) and SEEN rows (sets) are only ever added to, and never created first."""
    add: Any = {"TableName": TABLE, "Key": item(), "UpdateExpression": "ADD coins :n, ids :ids"}
    for ids in ([b"a", b"b"], [b"b", b"c"]):
        dynamodb.update_item(**add, ExpressionAttributeValues={":n": {"N": "3"}, ":ids": {"BS": ids}})

    found = stored(dynamodb)
    assert found is not None
    assert found["coins"] == {"N": "6"}
    assert sorted(found["ids"]["BS"]) == [b"a", b"b", b"c"]


def test_the_due_index_holds_only_what_has_its_attributes_in_order_and_only_keys(dynamodb: "DynamoDBClient") -> None:
    """Settling reads `due_at <= now`, the longest due first; a state without `due_at` has left the index (`Players.due`)."""
    for at in (30, 10, 20):
        dynamodb.put_item(TableName=TABLE, Item=item(f"p{at}", due_shard={"S": "DUE#1"}, due_at={"N": str(at)}, state={"B": b"x"}))
    dynamodb.put_item(TableName=TABLE, Item=item("never", due_shard={"S": "DUE#1"}))

    def due(now: int, **members: Any) -> list[Item]:
        return dynamodb.query(
            TableName=TABLE,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues={":shard": {"S": "DUE#1"}, ":now": {"N": str(now)}},
            **members,
        )["Items"]

    assert due(20) == [item(f"p{at}", due_shard={"S": "DUE#1"}, due_at={"N": str(at)}) for at in (10, 20)]
    assert [entry["PK"]["S"] for entry in due(99, Limit=1)] == ["p10"]
    dynamodb.put_item(TableName=TABLE, Item=item("p10"))
    assert [entry["PK"]["S"] for entry in due(99)] == ["p20", "p30"]


def test_a_query_reads_backwards_from_after_any_key(dynamodb: "DynamoDBClient") -> None:
    """Lists with cursors (`storage.table.page`) continue after the last row shown, whether the service named it or not."""
    for number in range(5):
        dynamodb.put_item(TableName=TABLE, Item=item(sk=f"ROW#{number}"))
    dynamodb.put_item(TableName=TABLE, Item=item(sk="Z"))

    page = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
        ExpressionAttributeValues={":pk": {"S": "p"}, ":prefix": {"S": "ROW#"}},
        ScanIndexForward=False,
        Limit=2,
        ExclusiveStartKey=item(sk="ROW#3"),
    )

    assert [entry["SK"]["S"] for entry in page["Items"]] == ["ROW#2", "ROW#1"]
    assert page["LastEvaluatedKey"] == item(sk="ROW#1")


def test_a_strong_read_sees_the_last_write(dynamodb: "DynamoDBClient") -> None:
    """Load, change, save: a stale read would only cost a conflict, but a stale wallet would be shown."""
    for number in range(20):
        dynamodb.put_item(TableName=TABLE, Item=item(n={"N": str(number)}))
        assert stored(dynamodb) == item(n={"N": str(number)})


def test_a_batch_read_leaves_out_what_is_absent_and_takes_a_hundred_different_keys(dynamodb: "DynamoDBClient") -> None:
    """Which grants are paid, which ids were seen: absence is an answer (`Ledger.granted`, `Players.seen`)."""
    dynamodb.put_item(TableName=TABLE, Item=item(sk="7"))
    keys = [item(sk=str(number)) for number in range(101)]

    answer = dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys[:100], "ConsistentRead": True}})

    assert (answer["Responses"][TABLE], answer["UnprocessedKeys"]) == ([item(sk="7")], {})
    for wrong in (keys, [keys[0], keys[0]]):
        members: Any = {"RequestItems": {TABLE: {"Keys": wrong}}}
        assert refused(dynamodb.batch_get_item, **members)["Code"] == "ValidationException"


@emulator_differs("it returns everything at once, so only DynamoDB Local shows that the rest is asked for again")
def test_a_batch_read_returns_what_fits_and_names_the_rest(dynamodb: "DynamoDBClient") -> None:
    """PynamoDB asks for the rest again; nobody else may (`Catalogs.bring` reads templates of any size)."""
    keys = [item(sk=str(number)) for number in range(45)]
    for key in keys:
        dynamodb.put_item(TableName=TABLE, Item=key | {"state": {"B": b"x" * 390_000}})

    answer = dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys}})

    rest = answer["UnprocessedKeys"].get(TABLE, {"Keys": []})["Keys"]
    assert len(answer["Responses"][TABLE]) + len(rest) == 45
    assert 0 < len(rest) < 10


def test_an_item_of_400_kilobytes_is_refused(dynamodb: "DynamoDBClient") -> None:
    """Why a catalog is stored in chunks of 350 KB, and why publishing checks how large a state may become."""
    dynamodb.put_item(TableName=TABLE, Item=item(state={"B": b"x" * (400 * 1024 - 20)}))

    answer = refused(dynamodb.put_item, TableName=TABLE, Item=item(state={"B": b"x" * 400 * 1024}))
    assert answer["Code"] == "ValidationException"


@pytest.mark.parametrize("key", [{"PK": {"S": ""}, "SK": {"S": "s"}}, {"PK": {"S": "p"}, "SK": {"S": ""}}])
def test_an_empty_key_is_refused(dynamodb: "DynamoDBClient", key: Item) -> None:
    """Every key has a prefix; a bug that loses one must not store anything."""
    assert refused(dynamodb.put_item, TableName=TABLE, Item=key)["Code"] == "ValidationException"


def test_writes_cost_the_kilobytes_of_the_larger_item_and_of_the_index_entries_that_change(dynamodb: "DynamoDBClient") -> None:
    """The budgets (units per action, claim, settled player) are asserted on these figures."""

    def write(size: int, **members: Any) -> float:
        changed = item(state={"B": b"x" * size}, **members)
        return dynamodb.put_item(TableName=TABLE, Item=changed, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"]

    assert write(500) == 1
    assert write(3000) == 3
    assert write(10) == 3  # the larger of the item before and after
    assert write(10) == 1
    assert write(10, due_shard={"S": "DUE#1"}, due_at={"N": "1"}) == 2  # a new index entry
    assert write(10, due_shard={"S": "DUE#1"}, due_at={"N": "1"}) == 1  # an unchanged one
    assert write(10, due_shard={"S": "DUE#1"}, due_at={"N": "2"}) == 3  # a moved one: deleted and put


def read_units(dynamodb: "DynamoDBClient", size: int, *, strong: bool) -> float:
    dynamodb.put_item(TableName=TABLE, Item=item(state={"B": b"x" * size}))
    answer = dynamodb.get_item(TableName=TABLE, Key=item(), ConsistentRead=strong, ReturnConsumedCapacity="TOTAL")
    return answer["ConsumedCapacity"]["CapacityUnits"]


def test_a_strong_read_costs_a_unit_and_another_half_of_it(dynamodb: "DynamoDBClient") -> None:
    """The budget of an action: one strong read."""
    assert (read_units(dynamodb, 3000, strong=True), read_units(dynamodb, 3000, strong=False)) == (1, 0.5)


@emulator_differs("a read costs one unit whatever its size: budgets of reads must look at sizes; once it counts, assert units alone")
def test_a_read_costs_another_unit_for_every_four_kilobytes(dynamodb: "DynamoDBClient") -> None:
    """Why a state has a budget of 4 KB."""
    assert read_units(dynamodb, 5000, strong=True) == 2


@dynamodb_local_differs("it counts any small transaction as four units")
def test_transactions_cost_twice_per_item(dynamodb: "DynamoDBClient") -> None:
    """The budget of a grant: four units and two per stack of goods."""
    for number in (1, 2, 4):
        answer = dynamodb.transact_write_items(TransactItems=[put(sk=str(n)) for n in range(number)], ReturnConsumedCapacity="TOTAL")
        assert [entry["CapacityUnits"] for entry in answer["ConsumedCapacity"]] == [2 * number]


def test_the_stream_tells_every_real_change_in_order_with_what_is_stored_then(dynamodb: "DynamoDBClient") -> None:
    """Nothing lost: the outbox leaves through the stream. A write that changes nothing tells nobody: repeating it repeats no event."""
    for version in ("1", "2", "2", "3"):
        dynamodb.put_item(TableName=TABLE, Item=item(version={"N": version}))
    dynamodb.put_item(TableName=TABLE, Item=item("other"))
    dynamodb.update_item(TableName=TABLE, Key=item("other"), UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "x"}})
    dynamodb.delete_item(TableName=TABLE, Key=item())

    records = stream_records(dynamodb)

    ours = [record for record in records if record["dynamodb"]["Keys"] == item()]
    assert [record["eventName"] for record in ours] == ["INSERT", "MODIFY", "MODIFY", "REMOVE"]
    assert [record["dynamodb"].get("NewImage") for record in ours] == [*(item(version={"N": n}) for n in "123"), None]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in ours]
    assert numbers == sorted(set(numbers))
    assert len(records) == len(ours) + 2


def test_the_stream_tells_what_a_transaction_put(dynamodb: "DynamoDBClient") -> None:
    """The outbox of a purchase leaves like any other."""
    state: Any = {"Put": {"TableName": TABLE, "Item": item(outbox={"B": b"events"})}}
    dynamodb.transact_write_items(TransactItems=[state, put("grant")])

    images = [record["dynamodb"]["NewImage"] for record in stream_records(dynamodb)]

    assert item(outbox={"B": b"events"}) in images
    assert len(images) == 2


def stream_records(dynamodb: "DynamoDBClient") -> list[Any]:
    streams = boto3.client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    records: list[Any] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return records
