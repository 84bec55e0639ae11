"""What stands between the services and our functions: event sources, routes, the authorizer. Asked of ministack's own modules."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import provisioners

from infra import inprocess
from tests.conformance.conftest import TABLE
from tests.conformance.differences import emulator_differs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]
SOON = time.time() + 600


class Function:
    """A function behind an event source: what it was given, and how it chooses the identifiers it names as failed."""

    def __init__(self) -> None:
        self.given: list[list[Record]] = []
        self.fails: Callable[[list[Record]], list[str]] = lambda records: []

    def invoke(self, _function: object, event: dict[str, list[Record]]) -> dict[str, Any]:
        self.given.append(event["Records"])
        return {"body": {"batchItemFailures": [{"itemIdentifier": id_} for id_ in self.fails(event["Records"])]}}


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    """Deployed as `f`; nothing polls by itself."""
    deployed = Function()
    monkeypatch.setitem(inprocess.SERVICES, "lambda", lambda_svc)
    monkeypatch.setattr(lambda_svc, "_ensure_poller", lambda: None)
    monkeypatch.setattr(lambda_svc, "spawn_background", lambda run, **_: run())
    monkeypatch.setattr(lambda_svc, "_execute_function", deployed.invoke)
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    boto3.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/f",
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    yield deployed
    lambda_svc.reset()


def subscribe(source_arn: str, **members: Any) -> None:
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="f", EventSourceArn=source_arn, FunctionResponseTypes=["ReportBatchItemFailures"], BatchSize=10, **members
    )


def deliver_messages(*bodies: str) -> list[str]:
    """Deliver messages to the function once; what is in the queue then."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="actions", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    subscribe(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
    lambda_svc._poll_sqs()
    return sorted(message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))


def test_messages_a_function_names_stay_in_the_queue_and_the_others_go(function: Function) -> None:
    """`ingest_actions` and `grant_rewards` acknowledge message by message."""
    function.fails = lambda records: [record["messageId"] for record in records if record["body"] == "b"]

    assert deliver_messages("a", "b", "c") == ["b"]


@emulator_differs("it deletes the messages: that no function ever answers so, only the functions' own tests can show")
def test_an_answer_that_names_no_message_fails_the_whole_batch(function: Function) -> None:
    function.fails = lambda records: [""]

    assert deliver_messages("a", "b") == ["a", "b"]


@emulator_differs("it goes on past the failed record: outbox failures are simulated (tests/simulation); once it waits, show them deployed")
def test_a_stream_is_delivered_again_from_the_first_record_a_function_names(function: Function, dynamodb: "DynamoDBClient") -> None:
    """`publish_outbox` answers with the first record it could not send."""
    subscribe(dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"], StartingPosition="TRIM_HORIZON")
    function.fails = lambda records: [records[1]["dynamodb"]["SequenceNumber"]]
    for name in "abc":
        dynamodb.put_item(TableName=TABLE, Item={"PK": {"S": name}, "SK": {"S": "STATE"}})

    lambda_svc._poll_dynamodb_streams()
    lambda_svc._poll_dynamodb_streams()

    assert [[record["dynamodb"]["Keys"]["PK"]["S"] for record in batch] for batch in function.given] == [["a", "b", "c"], ["b", "c"]]


@emulator_differs("it ignores the body: once it does not, delete infra/local/routes.py")
def test_an_api_has_the_routes_of_its_openapi_body() -> None:
    body = {"openapi": "3.0.1", "paths": {"/health": {"get": {"responses": {}}}}}

    api, _ = provisioners._apigw_v2_api_create("Api", {"Name": "api", "ProtocolType": "HTTP", "Body": body}, "stack")

    assert apigateway._routes.get(api)
    apigateway.reset()


class Issuer:
    """An issuer of RS256 tokens whose keys the authorizer has fetched."""

    url = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool"

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self.key.public_key().public_numbers()
        self.jwks = {"keys": [{"kid": "1", "kty": "RSA", "n": text(numbers.n.to_bytes(256)), "e": text(numbers.e.to_bytes(3))}]}

    def token(self, alg: str = "RS256", **claims: Any) -> str:
        """A signed token; a claim of None is left out."""
        members = {"sub": "p", "iss": self.url, "client_id": "app", "exp": SOON} | claims
        parts = [{"alg": alg, "kid": "1"}, {name: value for name, value in members.items() if value is not None}]
        signed = ".".join(text(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{text(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    known = Issuer()

    async def fetched(_url: str) -> Any:
        return known.jwks

    monkeypatch.setattr(apigateway, "_fetch_jwks", fetched)
    return known


def is_let_through(token: str) -> bool:
    authorizer = {"identitySource": ["$request.header.Authorization"], "jwtConfiguration": {"issuer": Issuer.url, "audience": ["app"]}}
    _claims, _scopes, refusal = inprocess._finished(apigateway._validate_jwt_authorizer({}, authorizer, {"authorization": token}, {}))
    return refusal is None


@pytest.mark.parametrize("claims", [{"exp": 1}, {"iss": "https://issuer.example"}, {"client_id": "another"}, {"nbf": SOON}])
def test_the_authorizer_checks_expiry_issuer_audience_and_start(issuer: Issuer, claims: dict[str, Any]) -> None:
    """`http.identity` leaves these to it."""
    assert is_let_through(issuer.token())
    assert not is_let_through(issuer.token(**claims))
    assert not is_let_through(issuer.token()[:-4] + "AAAA")


@pytest.mark.parametrize("token", [{"exp": None}, {"alg": "none"}, {"alg": "HS256"}], ids=str)
@emulator_differs(
    "it lets the token through; `http.identity` checks the expiry again, the signature was verified as RS256 whatever alg says"
)
def test_the_authorizer_wants_an_expiry_and_the_algorithm_of_the_key(issuer: Issuer, token: dict[str, Any]) -> None:
    assert not is_let_through(issuer.token(**token))
