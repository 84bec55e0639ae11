"""Single faults for the in-process services: what can go wrong between a caller and AWS, once or always."""

import json
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from infra.inprocess import Deliver, InProcessAws, Interceptor, Request, respond

Fault = Callable[[Request, Deliver], AWSResponse]


def lose_answer(request: Request, deliver: Deliver) -> AWSResponse:
    """The service did it, but the caller never hears of it."""
    deliver(request)
    raise ReadTimeoutError(endpoint_url=str(request.prepared.url))


def refuse(code: str, **members: object) -> Fault:
    """The service answers with an error and does nothing."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **members}).encode()
    return lambda request, deliver: respond(request, 400, body)


def conflict(transaction_items: int) -> Fault:
    """Another transaction holds one of the rows."""
    reasons = [{"Code": "TransactionConflict"}] + [{"Code": "None"}] * (transaction_items - 1)
    return refuse("TransactionCanceledException", CancellationReasons=reasons)


def on(operation: str, fault: Fault, *, times: int, about: str = "") -> Interceptor:
    """The fault hits the first `times` requests of an operation that speak of something."""
    left = [times]

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == operation and left[0] > 0 and (not about or about.encode() in bytes(request.prepared.body)):  # type: ignore[arg-type]
            left[0] -= 1
            return fault(request, deliver)
        return deliver(request)

    return intercept


def recorded(aws: InProcessAws, *operations: str) -> list[Any]:
    """The requests of these operations from now on, as sent."""
    requests: list[Any] = []

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation in operations:
            requests.append(json.loads(bytes(request.prepared.body)))  # type: ignore[arg-type]
        return deliver(request)

    aws.intercept = intercept
    return requests
