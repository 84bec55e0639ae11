"""SQS, EventBridge and S3 as the product relies on them."""

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config

from infra import inprocess
from infra.inprocess import Request
from tests.conformance.conftest import refused
from tests.conformance.differences import emulator_differs

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@pytest.fixture
def sqs() -> "SQSClient":
    return boto3.client("sqs")


@pytest.fixture
def events() -> "EventBridgeClient":
    client = boto3.client("events")
    client.create_event_bus(Name="missions")
    return client


@pytest.fixture
def s3() -> "S3Client":
    client = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    client.create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def queue(sqs: "SQSClient", name: str = "actions", **attributes: str) -> str:
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def arn(sqs: "SQSClient", url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(sqs: "SQSClient", url: str, **members: Any) -> list[Any]:
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], **members).get("Messages", [])


def entries(*bodies: str) -> Any:
    return [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]


def test_a_batch_holds_ten_messages_of_different_ids(sqs: "SQSClient") -> None:
    """`messaging.Queue` cuts what it sends into tens, each entry named by its index."""
    url = queue(sqs)

    sqs.send_message_batch(QueueUrl=url, Entries=entries(*"abcdefghij"))
    assert refused(sqs.send_message_batch, QueueUrl=url, Entries=entries(*"abcdefghijk"))["Code"].endswith("TooManyEntriesInBatchRequest")
    assert refused(sqs.send_message_batch, QueueUrl=url, Entries=entries("a") * 2)["Code"].endswith("BatchEntryIdsNotDistinct")


def test_a_batch_as_large_as_the_product_sends_is_taken(sqs: "SQSClient") -> None:
    """`messaging.MAX_BYTES`: 256 KiB in one batch, or in one message."""
    url = queue(sqs)

    for batch in (entries("x" * 256 * 1024), entries(*["x" * 128 * 1024] * 2)):
        assert not sqs.send_message_batch(QueueUrl=url, Entries=batch).get("Failed")


def test_one_message_of_a_batch_may_fail_alone_and_is_named(sqs: "SQSClient") -> None:
    """`messaging.Queue.send` sends the named ones again: success of the call is not success of its entries."""
    url = queue(sqs, MaximumMessageSize="1024")

    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries("small", "x" * 2000))

    assert [entry["Id"] for entry in answer["Successful"]] == ["0"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["1"]


def test_a_received_message_is_hidden_until_its_time_and_counts_how_often_it_came(sqs: "SQSClient") -> None:
    """What a function does not acknowledge comes back; `maxReceiveCount` counts deliveries."""
    url = queue(sqs, VisibilityTimeout="300")
    sqs.send_message(QueueUrl=url, MessageBody="action")

    [first] = receive(sqs, url)
    assert receive(sqs, url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    [second] = receive(sqs, url)

    assert second["MessageId"] == first["MessageId"]
    assert [message["Attributes"]["ApproximateReceiveCount"] for message in (first, second)] == ["1", "2"]


def test_deleting_names_each_message_of_a_batch(sqs: "SQSClient") -> None:
    """`missions redrive` moves messages by sending and then deleting them: what is not deleted comes again."""
    url = queue(sqs)
    sqs.send_message_batch(QueueUrl=url, Entries=entries("a", "b"))
    taken = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(receive(sqs, url, VisibilityTimeout=0))]

    answer = sqs.delete_message_batch(QueueUrl=url, Entries=taken)

    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
    assert receive(sqs, url) == []


def test_what_came_too_often_moves_to_the_dead_letter_queue_unchanged(sqs: "SQSClient") -> None:
    """Nothing lost: every queue has one (template.yaml), and `missions redrive` sends from there what was sent before."""
    dead = queue(sqs, "dead")
    url = queue(sqs, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 2}), VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes={"receipts": {"DataType": "String", "StringValue": "here"}})

    delivered = [receive(sqs, url) for _ in range(3)]

    assert [len(messages) for messages in delivered] == [1, 1, 0]
    [message] = receive(sqs, dead, MessageAttributeNames=["All"])
    assert (message["Body"], message["MessageAttributes"]["receipts"]["StringValue"]) == ("poison", "here")


def event(detail: str = "{}", **members: Any) -> Any:
    return {"EventBusName": "missions", "Source": "missions", "DetailType": "MissionCompleted", "Detail": detail} | members


@emulator_differs("it takes any text for an event: entries that fail are injected (test_messaging); once it refuses, let it")
def test_events_fail_one_by_one_in_the_order_given(events: "EventBridgeClient") -> None:
    """`messaging.EventBus` learns which failed by position; the call itself succeeds."""
    answer = events.put_events(Entries=[event(), event("not json"), event()])

    assert answer["FailedEntryCount"] == 1
    assert ["ErrorCode" in entry for entry in answer["Entries"]] == [False, True, False]


def test_a_call_takes_ten_events(events: "EventBridgeClient") -> None:
    """`messaging.MAX_ENTRIES`."""
    events.put_events(Entries=[event()] * 10)
    assert refused(events.put_events, Entries=[event()] * 11)["Code"] == "ValidationException"


@emulator_differs("it takes events of any size; that `messaging` leaves too large ones out is tested without it")
def test_events_larger_than_a_mebibyte_are_refused(events: "EventBridgeClient") -> None:
    """`messaging.MAX_BYTES` stays below what any region takes."""
    large = json.dumps({"text": "x" * 1024 * 1024})
    try:
        answer = events.put_events(Entries=[event(large)])
    except events.exceptions.ClientError:
        return
    assert answer["FailedEntryCount"] == 1


def subscribed(events: "EventBridgeClient", sqs: "SQSClient", pattern: dict[str, Any]) -> str:
    """The URL of a queue behind a rule."""
    url = queue(sqs, "receiver")
    events.put_rule(Name="rule", EventBusName="missions", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="rule", EventBusName="missions", Targets=[{"Id": "queue", "Arn": arn(sqs, url)}])
    return url


def test_a_rule_delivers_the_event_as_it_was_put(events: "EventBridgeClient", sqs: "SQSClient") -> None:
    """Receivers of integration events read `source`, `detail-type` and `detail`."""
    url = subscribed(events, sqs, {"source": ["missions"]})

    events.put_events(Entries=[event(json.dumps({"mission": "m"})), event(Source="other")])

    [message] = receive(sqs, url)
    body = json.loads(message["Body"])
    assert (body["source"], body["detail-type"], body["detail"]) == ("missions", "MissionCompleted", {"mission": "m"})


def test_the_first_object_under_a_key_stays(s3: "S3Client") -> None:
    """`messaging.ActionLog`: a batch delivered again would log that all were duplicates."""
    s3.put_object(Bucket="log", Key="k", Body=b"first", IfNoneMatch="*")

    answer = refused(s3.put_object, Bucket="log", Key="k", Body=b"second", IfNoneMatch="*")

    assert answer["Code"] == "PreconditionFailed"
    assert s3.get_object(Bucket="log", Key="k")["Body"].read() == b"first"


def test_a_rule_may_want_any_source_but_one_and_some_types(events: "EventBridgeClient", sqs: "SQSClient") -> None:
    """`IntegrationEventsRule`: neighbours' events, whoever they are, and none of ours."""
    url = subscribed(events, sqs, {"source": [{"anything-but": ["missions"]}], "detail-type": ["UserDeleted", "UserRegistered"]})

    sent = [
        ("iam", "UserDeleted"),
        ("missions", "UserDeleted"),
        ("iam", "UserRenamed"),
        ("growth", "UserRegistered"),
        ("missions2", "UserDeleted"),
    ]
    events.put_events(Entries=[event(Source=source, DetailType=type_) for source, type_ in sent])

    bodies = [json.loads(message["Body"]) for message in receive(sqs, url)]
    assert sorted((body["source"], body["detail-type"]) for body in bodies) == [
        ("growth", "UserRegistered"),
        ("iam", "UserDeleted"),
        ("missions2", "UserDeleted"),
    ]


def form(s3: "S3Client", **changes: str) -> int:
    """What S3 answers to a file of nine bytes, sent with a form for that; `changes` are other fields than were signed."""
    conditions: list[Any] = [{"Content-Type": "image/png"}, ["content-length-range", 9, 9]]
    signed = s3.generate_presigned_post("log", "evidence/1", Fields={"Content-Type": "image/png"}, Conditions=conditions, ExpiresIn=900)
    content = changes.pop("file", "nine byte")
    fields = {**signed["fields"], **{name.replace("_", "-"): value for name, value in changes.items()}, "file": content}
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    headers = HTTPHeaders.from_dict({"content-type": "multipart/form-data; boundary=b"})
    sent = AWSPreparedRequest("POST", signed["url"], headers, f"{parts}--b--\r\n".encode(), stream_output=False)
    active = inprocess._active
    assert active is not None
    return active.deliver(Request("s3", "PostObject", sent)).status_code


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "ten bytes!"},
        {"file": "eight by"},
        {"file": ""},
        {"key": "evidence/2"},
        {"Content_Type": "text/html"},
        {"acl": "public-read"},
    ],
)
def test_a_form_uploads_the_key_type_and_size_it_was_signed_for(changes: dict[str, str]) -> None:
    """`files.PlayerFiles`: what a player may upload is S3's to refuse."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"}, request_checksum_calculation="when_required")
    s3 = boto3.client("s3", config=config)
    s3.create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    assert form(s3, **changes) in (400, 403)
    assert "Contents" not in s3.list_objects_v2(Bucket="log")
    assert form(s3) == 204
    assert s3.get_object(Bucket="log", Key="evidence/1")["ContentType"] == "image/png"


def test_another_file_under_the_same_key_has_another_etag(s3: "S3Client") -> None:
    """`reviews.show` compares: what was checked must be what is approved."""
    etags = [s3.put_object(Bucket="log", Key="k", Body=body)["ETag"] for body in (b"first", b"other", b"first")]

    assert etags[0] == etags[2] != etags[1]
    assert s3.head_object(Bucket="log", Key="k")["ETag"] == etags[2]


def test_a_rule_brings_what_was_uploaded_into_a_queue(s3: "S3Client", sqs: "SQSClient") -> None:
    """`evidence_queue.read_case` reads the key; the bucket tells EventBridge's default bus."""
    url = queue(sqs, "evidence")
    s3.put_bucket_notification_configuration(Bucket="log", NotificationConfiguration={"EventBridgeConfiguration": {}})
    default = boto3.client("events")
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"object": {"key": [{"prefix": "evidence/"}]}}}
    default.put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    default.put_targets(Rule="uploads", Targets=[{"Id": "queue", "Arn": arn(sqs, url)}])

    for key in ("evidence/YW5u/bQ/1", "exports/YW5u/1"):
        s3.put_object(Bucket="log", Key=key, Body=b"x")

    [message] = receive(sqs, url)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail"]["object"]["key"]) == ("aws.s3", "evidence/YW5u/bQ/1")
