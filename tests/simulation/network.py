"""What lies between the functions and AWS: every call can fail in every way, and anything can happen between two calls.

DynamoDB is the real thing (in process). Queues, bus and bucket are answered here, in as few lines as the product needs of them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from infra.inprocess import Deliver, Request, respond

WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems"})
ERRORS = {  # what AWS itself answers: status and body, by name of the fault
    "throttle": (400, "ProvisionedThroughputExceededException"),
    "server_error": (500, "InternalServerError"),
}


class CrashError(BaseException):
    """The execution environment dies: no `except Exception` sees it."""


@dataclass
class Faults:
    """How often what happens, per call. `outage`: services that cannot be reached at all."""

    rate: float = 0.0
    crashes: float = 0.0
    partial: float = 0.0
    between: float = 0.0
    outage: frozenset[str] = frozenset()


@dataclass
class Network:
    """Answers every request of the functions. `calls` is the trace: the same seed gives the same one."""

    faults: Faults = field(default_factory=Faults)
    chance: Random = field(default_factory=Random)
    meanwhile: Callable[[], None] = lambda: None  # something else happens, between two calls of an invocation
    on_send: Callable[[str, str], None] = lambda queue, body: None
    on_event: Callable[[dict[str, Any]], None] = lambda detail: None
    on_put: Callable[[dict[str, Any]], None] = lambda item: None
    objects: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)  # what players uploaded, by its key
    calls: list[str] = field(default_factory=list)
    injected: int = 0

    def intercept(self, request: Request, deliver: Deliver) -> AWSResponse:
        """One attempt of one call, with whatever befalls it."""
        self.calls.append(request.operation)
        if self.chance.random() < self.faults.between:
            self.meanwhile()
        if request.service in self.faults.outage:
            self.injected += 1
            raise ConnectTimeoutError(endpoint_url=request.service)
        self._maybe_crash()
        fault = self._fault(request)
        self.injected += fault is not None
        response = self._answered(fault, request, deliver)
        self._maybe_crash()
        return response

    def _maybe_crash(self) -> None:
        if self.chance.random() < self.faults.crashes:
            self.injected += 1
            raise CrashError

    def _fault(self, request: Request) -> str | None:
        if self.chance.random() >= self.faults.rate:
            return None
        kinds = ["drop", "lost_answer", "duplicate", *ERRORS]
        if request.operation in WRITES:
            kinds.append("conflict")
        return self.chance.choice(kinds)

    def _answered(self, fault: str | None, request: Request, deliver: Deliver) -> AWSResponse:
        if fault in ERRORS:
            status, code = ERRORS[fault]
            return respond(request, status, json.dumps({"__type": f"service#{code}", "message": "injected"}).encode())
        if fault == "conflict":
            return _conflict(request)
        if fault == "drop":
            raise ConnectTimeoutError(endpoint_url=request.service)
        response = self._served(request, deliver)
        if fault == "duplicate":
            self._served(request, deliver)
        if fault == "lost_answer":
            raise ReadTimeoutError(endpoint_url=request.service)
        return response

    def _served(self, request: Request, deliver: Deliver) -> AWSResponse:
        match request.operation:
            case "SendMessageBatch":
                return self._send(request)
            case "PutEvents":
                return self._put_events(request)
            case "PutObject":
                return self._put_object(request)
            case "GetObject" | "HeadObject" | "DeleteObject" | "ListObjectsV2":
                return self._file(request)
            case "PutItem" | "TransactWriteItems":
                response, body = deliver(request), _body(request)
                token = body.get("ClientRequestToken")
                if response.status_code == 200 and token not in self.tokens:  # a transaction sent again is answered, not run
                    for item in _put_items(body):
                        self.on_put(item)
                    self.tokens |= {token} - {None}
                return response
        return deliver(request)

    def _send(self, request: Request) -> AWSResponse:
        body = _body(request)
        accepted, refused = [], []
        for entry in body["Entries"]:
            if self._refuses():
                refused.append({"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "injected"})
            else:
                self.on_send(body["QueueUrl"], entry["MessageBody"])
                accepted.append({"Id": entry["Id"], "MessageId": "sent", "MD5OfMessageBody": ""})
        return _json(request, {"Successful": accepted, "Failed": refused})

    def _put_events(self, request: Request) -> AWSResponse:
        results = []
        for entry in _body(request)["Entries"]:
            if self._refuses():
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "injected"})
            else:
                self.on_event(json.loads(entry["Detail"]))
                results.append({"EventId": "put"})
        return _json(request, {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results})

    def _put_object(self, request: Request) -> AWSResponse:
        key = request.prepared.url
        if key in self.objects:  # the product always asks for If-None-Match: *
            return respond(request, 412, b"<Error><Code>PreconditionFailed</Code><Message>exists</Message></Error>")
        self.objects.add(key)
        return respond(request, 200, b"", {"ETag": '"etag"'})

    def _file(self, request: Request) -> AWSResponse:
        """A call about players' files."""
        url = urlsplit(request.prepared.url)
        key = unquote(url.path).lstrip("/")
        match request.operation:
            case "DeleteObject":
                self.files.pop(key, None)
                return respond(request, 204, b"")
            case "ListObjectsV2":
                folder = parse_qs(url.query)["prefix"][0]
                found = "".join(
                    f"<Contents><Key>{name}</Key><Size>{len(self.files[name])}</Size></Contents>"
                    for name in self.files
                    if name.startswith(folder)
                )
                return respond(request, 200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode())
        if key not in self.files:
            return respond(request, 404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
        headers = {"ETag": f'"{len(self.files[key])}"', "Content-Length": str(len(self.files[key]))}
        return respond(request, 200, self.files[key] if request.operation == "GetObject" else b"", headers)

    def _refuses(self) -> bool:
        refused = self.chance.random() < self.faults.partial
        self.injected += refused
        return refused


def _put_items(body: Any) -> list[dict[str, Any]]:
    """The items a call puts, alone or in a transaction."""
    if "TransactItems" in body:
        return [part["Put"]["Item"] for part in body["TransactItems"] if "Put" in part]
    return [body["Item"]]


def _conflict(request: Request) -> AWSResponse:
    """Another transaction holds one of the rows."""
    error: dict[str, Any] = {"__type": "service#TransactionConflictException", "message": "injected"}
    if request.operation == "TransactWriteItems":
        reasons = [{"Code": "TransactionConflict"}] + [{"Code": "None"} for _ in _body(request)["TransactItems"][1:]]
        error = {"__type": "service#TransactionCanceledException", "message": "injected", "CancellationReasons": reasons}
    return respond(request, 400, json.dumps(error).encode())


def _body(request: Request) -> Any:
    return json.loads(request.prepared.body)  # type: ignore[arg-type]  # JSON protocols send text


def _json(request: Request, body: dict[str, Any]) -> AWSResponse:
    return respond(request, 200, json.dumps(body).encode(), {"content-type": "application/x-amz-json-1.0"})
