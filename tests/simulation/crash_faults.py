"""The faults of the crash matrix: what can befall one call to AWS, at a chosen place in an invocation."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from infra.inprocess import Deliver, Request, respond

BATCHES = {"SendMessageBatch": "MessageBody", "PutEvents": "Detail"}  # what tells one of a batch's entries from another


class Died(BaseException):  # no error anybody may handle
    """The execution environment is gone: no `except Exception` sees it, no later call happens."""


@dataclass(frozen=True)
class Fault:
    """`strike` befalls the chosen request (given first) and, later in the invocation, every request it `spreads` to."""

    name: str
    strike: Callable[[Request, Request, Deliver], AWSResponse]
    spreads: Callable[[Request, Request], bool] = lambda first, later: False
    concerns: Callable[[Request], bool] = lambda request: True


@dataclass
class Outlet:
    """What AWS accepted for good: the events on the bus, what the action log holds, and which queues hold something."""

    announced: set[tuple[str, str]] = field(default_factory=set)  # the event's id, and the rest of it
    logged: set[tuple[str, str]] = field(default_factory=set)  # source and id, by which readers dedupe
    queues: set[str] = field(default_factory=set)

    def note(self, request: Request) -> None:
        """A request was served."""
        if request.operation == "SendMessageBatch":
            self.queues.add(_content(request)["QueueUrl"])
        elif request.operation == "PutEvents":
            for entry in _content(request)["Entries"]:
                detail = json.loads(entry["Detail"])
                self.announced.add((detail.pop("id"), json.dumps([entry["DetailType"], detail], sort_keys=True)))
        elif request.operation == "PutObject" and "/actions/" in request.prepared.url:
            lines = gzip.decompress(request.prepared.body.getvalue()).splitlines()  # type: ignore[union-attr]  # botocore made it a BytesIO
            self.logged |= {(record["source"], record["id"]) for record in map(json.loads, lines)}


@dataclass
class Wire:
    """Between the functions and AWS. Only what happens while `watching` is listed in `calls`, and can be struck."""

    outlet: Outlet = field(default_factory=Outlet)
    calls: list[Request] = field(default_factory=list)
    _watching: bool = False
    _fault: Fault | None = None
    _at: int | None = None
    _struck: Request | None = None

    @contextmanager
    def watching(self, fault: Fault | None, at: int | None) -> Iterator[None]:
        """Until the block ends, list requests and let `fault` strike number `at`."""
        self.calls, self._watching, self._fault, self._at, self._struck = [], True, fault, at, None
        try:
            yield
        finally:
            self._watching, self._struck = False, None

    def intercept(self, request: Request, deliver: Deliver) -> AWSResponse:
        """One request, with whatever befalls it."""
        if self._watching:
            self.calls.append(request)
            if len(self.calls) - 1 == self._at:
                self._struck = request
        first, fault = self._struck, self._fault
        if first is not None and fault is not None and (first is request or fault.spreads(first, request)):
            return fault.strike(first, request, lambda again: self._serve(again, deliver))
        return self._serve(request, deliver)

    def _serve(self, request: Request, deliver: Deliver) -> AWSResponse:
        answer = deliver(request)
        if answer.status_code == 200:
            self.outlet.note(request)
        return answer


def _cut_off(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    raise ConnectTimeoutError(endpoint_url=str(request.prepared.url))


def _unheard(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    deliver(request)
    raise ReadTimeoutError(endpoint_url=str(request.prepared.url))


def _die_before(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    raise Died


def _die_after(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    deliver(request)
    raise Died


def _twice(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    answer = deliver(request)
    deliver(request)
    return answer


def _refuse_last(first: Request, request: Request, deliver: Deliver) -> AWSResponse:
    """The service takes all entries of a batch but one: the last of the first batch, whenever that is sent."""
    member = BATCHES[request.operation]
    refused = _content(first)["Entries"][-1][member]
    content = _content(request)
    entries, taken = content["Entries"], [entry for entry in content["Entries"] if entry[member] != refused]
    answer = json.loads(deliver(_with(request, {**content, "Entries": taken})).content) if taken else {}
    if request.operation == "PutEvents":
        results = iter(answer.get("Entries", []))
        results = [{"ErrorCode": "InternalException"} if entry[member] == refused else next(results) for entry in entries]
        return _answer(request, {"FailedEntryCount": len(entries) - len(taken), "Entries": results})
    failed = [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in entries if entry[member] == refused]
    return _answer(request, {"Successful": answer.get("Successful", []), "Failed": failed})


def _same_call(first: Request, later: Request) -> bool:
    """Whether a request is the SDK's next attempt at the same call."""
    header = "amz-sdk-invocation-id"
    return bool(first.prepared.headers[header] == later.prepared.headers[header])


def _content(request: Request) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(request.prepared.body)  # type: ignore[arg-type]
    return content


def _with(request: Request, content: dict[str, Any]) -> Request:
    prepared = copy(request.prepared)
    prepared.body = json.dumps(content).encode()
    return Request(request.service, request.operation, prepared)


def _answer(request: Request, content: dict[str, Any]) -> AWSResponse:
    return respond(request, 200, json.dumps(content).encode())


FAULTS = (
    Fault("fails", _cut_off, spreads=_same_call),
    Fault("outage", _cut_off, spreads=lambda first, later: first.service == later.service),
    Fault("crash before", _die_before),
    Fault("crash after", _die_after),
    Fault("lost answer", _unheard),
    Fault("never answered", _unheard, spreads=_same_call),
    Fault("duplicate", _twice),
    Fault(
        "entry refused",
        _refuse_last,
        spreads=lambda first, later: first.operation == later.operation,
        concerns=lambda request: request.operation in BATCHES,
    ),
)
