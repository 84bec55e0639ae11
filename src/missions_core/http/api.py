"""The HTTP API's machinery: what every request must pass before its route, and how errors leave.

A request is checked in this order: size, caller, route, parameters and body. MissionsError becomes a problem document, and so does an
outage of what we stand on: 503, come again. Anything else is a bug: it is logged and raised, so that it counts as a Lambda error (the
function's alarm) while API Gateway answers a plain 500.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.domain.fraud import device_hash
from missions_core.errors import InvalidInput, MissionsError, NotFound, Unavailable
from missions_core.http.identity import Caller, caller_of
from missions_core.http.languages import preferred
from missions_core.http.problems import PROBLEM_JSON, headers_of, invalid_request, problem_of, status_of
from missions_core.observability import create_logger
from missions_core.outages import is_outage
from missions_core.use_cases.stores import Stores

MAX_BODY_BYTES = 64 * 1024
OUTAGE_RETRY_SECONDS = 5  # the SDK has tried three times by then
MAX_KEY = 128  # characters of an Idempotency-Key
MAX_DEVICE_ID = 200  # characters of an X-Device-Id

Event = Mapping[str, Any]

logger = create_logger()


class Routes(APIGatewayHttpRouter):
    """One function's routes, with what they work on: its stores, and the caller of the request under way."""

    stores: Stores
    caller: Caller

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @property
    def languages(self) -> list[str]:
        """What the caller wants to read, most wanted first."""
        event = self.current_event
        return preferred(event.query_string_parameters.get("lang"), event.headers.get("accept-language"))

    @property
    def device(self) -> str | None:
        """The hash of the device the caller says this comes from, if it says so."""
        id_ = self.current_event.headers.get("x-device-id")
        return None if id_ is None else device_hash(_short_text(id_, "X-Device-Id", "invalid_device_id", MAX_DEVICE_ID))

    @property
    def request_id(self) -> str:
        """Under which the command is done once: the caller's Idempotency-Key, else the gateway's id of this request."""
        key = self.current_event.headers.get("idempotency-key")
        if key is None:
            return f"request:{self.current_event.request_context.request_id}"
        return f"key:{_short_text(key, 'Idempotency-Key', 'invalid_idempotency_key', MAX_KEY)}"


class Api(APIGatewayHttpResolver):
    """Serves one function's routes; `is_public`: without asking who calls."""

    def __init__(self, routes: Routes, *, is_public: bool, list_member: str | None) -> None:
        super().__init__(
            enable_validation=True,
            debug=False,  # whatever the environment says: it would print the event, token and all
            response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,  # our own mistake, never the caller's
            json_body_deserializer=partial(_read_object, list_member=list_member),
        )
        self._routes = routes
        self._is_public = is_public
        self.include_router(routes)

    def resolve(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Answer one request and log its outcome."""
        try:
            answer = super().resolve(self._admitted(event), context)
        except MissionsError as error:  # refused before a route was looked for
            answer = problem_answer(error)
        if not self._is_public:
            answer["headers"]["cache-control"] = "no-store"  # what one player sees is nobody else's
        logger.info("answered", route=event.get("routeKey"), status=answer["statusCode"])
        return answer

    def _admitted(self, event: Event) -> Event:
        """The request, if it may be looked at, with its body as text."""
        body = _body_of(event)
        if not self._is_public:
            self._routes.caller = caller_of(event)
            logger.append_keys(player=self._routes.caller.player)
        # Bodies are JSON whatever they are called: curl -d calls them forms, CloudEvents senders application/cloudevents+json.
        headers = {**(event.get("headers") or {}), "content-type": "application/json"}
        return {**event, "headers": headers, "body": body, "isBase64Encoded": False}


def create_api(routes: Routes, stores: Stores | None = None, *, is_public: bool = False, list_member: str | None = None) -> Api:
    """The API of one function. `list_member`: a body that is an array stands for an object with this one member."""
    if stores is not None:
        routes.stores = stores
    api = Api(routes, is_public=is_public, list_member=list_member)
    api.exception_handler(MissionsError)(problem_response)
    api.exception_handler(RequestValidationError)(lambda error: problem_response(invalid_request(error.errors())))
    api.not_found(lambda _: problem_response(NotFound("route_not_found", "there is no such route; GET /v1/docs lists them")))
    api.exception_handler(Exception)(_unexpected)
    return api


def problem_response(error: MissionsError) -> Response[str]:
    """The error as an HTTP response."""
    logger.append_keys(code=error.code)
    body = json.dumps(problem_of(error), separators=(",", ":"))
    return Response(status_code=status_of(error).value, content_type=PROBLEM_JSON, body=body, headers=dict(headers_of(error)))


def problem_answer(error: MissionsError) -> dict[str, Any]:
    """The error as Lambda returns it."""
    response = problem_response(error)
    headers = {"content-type": PROBLEM_JSON, **headers_of(error)}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body, "isBase64Encoded": False}


def _short_text(text: str, header: str, code: str, longest: int) -> str:
    if not 0 < len(text) <= longest or not text.isascii() or not text.isprintable():
        raise InvalidInput(code, f"{header} must have 1 to {longest} printable ASCII characters", field=header)
    return text


def _unexpected(error: Exception) -> Response[str]:
    if not is_outage(error):
        logger.exception("unexpected error")
        raise error
    logger.error("unavailable", error=type(error).__name__)
    message = "this is not to be had just now; send the same request again in a while, and show what you have until then"
    return problem_response(Unavailable("unavailable", message, retry_after_seconds=OUTAGE_RETRY_SECONDS))


def _body_of(event: Event) -> str:
    """The body as text; the gateway encodes what it takes for binary."""
    body: str = event.get("body") or ""
    try:
        content = b64decode(body) if event.get("isBase64Encoded") else body.encode()
        text = content.decode()
    except ValueError:
        raise InvalidInput("malformed_json", "the body is not JSON: it is not UTF-8 text") from None
    if len(content) > MAX_BODY_BYTES:
        raise InvalidInput("body_too_large", f"a body has at most {MAX_BODY_BYTES} bytes; send several requests")
    return text


def _read_object(text: str, *, list_member: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_not_json)
    except (ValueError, RecursionError, InvalidOperation) as error:  # the last: an exponent no Decimal can hold
        raise InvalidInput("malformed_json", f"the body is not JSON: {error}") from None
    if list_member is not None and isinstance(value, list):
        return {list_member: value}
    if not isinstance(value, dict):
        raise InvalidInput("not_an_object", "the body must be a JSON object")
    return value


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
