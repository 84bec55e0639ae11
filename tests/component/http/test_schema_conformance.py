"""Requests made up from the OpenAPI document, right and wrong: every answer is one the document promises, none is a server error."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from missions_core.domain.catalog import DAY_MS
from tests.component.http.conftest import Client
from tests.support.api_document import OPERATIONS, Route
from tests.support.world import World, post

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The document leaves every error to `default`: that they are of these is for this test to say.
STATUSES = {200, 400, 401, 403, 404, 409, 410, 413, 429}
TAKING_BODIES = [route for route, operation in OPERATIONS.items() if "requestBody" in operation]
EXAMPLES = 20
# What callers have, by the parameter that names it.
KNOWN = {
    "mission_id": ["one_post:2026-11-23", "one_post:2026-11-25", "three_posts:2026-11-25", "watcher:2026-W48", "feast:2026-11-21"],
    "key": ["tour", "regular"],
    "step": ["hello", "look", "wave"],
    "player_id": ["11111111-1111-4111-8111-111111111111"],
}
made_up = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def application(client: Client) -> Callable[..., Iterable[bytes]]:
    """The handlers as a WSGI application."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        text = b64encode(body).decode()
        got = client.send(environ["REQUEST_METHOD"], path, text=text, query=query, headers=headers, isBase64Encoded=True)
        start_response(f"{got.status} {HTTPStatus(got.status).phrase}", list(got.headers.items()))
        return [got.text.encode()]

    return answer


@pytest.fixture
def callers(world: World, ann: Client, host: Client) -> Callable[[Route], Client]:
    """Who calls a route: the host, or a player with something of everything."""
    ann.send("PATCH", "/v1/me/profile", {"name": "Ann", "zone": "UTC"})
    for day in (21, 23):  # a day between, so that the first has settled
        world.ingest(post(day, f"2026-11-{day}T12:00:00Z", ann.player))
        ann.post("/v1/me/claims")
        ann.post("/v1/me/check-ins")
        world.pay()
        world.now += 2 * DAY_MS
        world.night()
    ann.post("/v1/me/quests/tour/start")
    ann.post("/v1/me/quests/tour/steps/hello/complete")
    world.ingest(post("seen", "2026-11-25T12:00:10Z", ann.player, "video.watched"))
    admin = Client(world, "boss", "admin")
    return lambda route: admin if "/admin/" in route[1] else host if "/players/" in route[1] else ann


@pytest.mark.parametrize("route", OPERATIONS, ids=" ".join)
def test_right_and_wrong_requests_get_documented_answers(callers: Callable[[Route], Client], route: Route) -> None:
    converse(callers(route), route, GenerationMode.POSITIVE)
    if OPERATIONS[route].keys() & {"parameters", "requestBody"}:  # else there is nothing to get wrong
        converse(callers(route), route, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("route", TAKING_BODIES, ids=" ".join)
def test_bodies_that_are_no_json_are_refused(callers: Callable[[Route], Client], route: Route) -> None:
    method, path = route
    client = callers(route)

    is_required = OPERATIONS[route]["requestBody"].get("required", False)

    @made_up
    @given(body=st.one_of(st.binary(), st.sampled_from([b"{", b"[1", b"NaN", b'{"days": 1e9999999}', b"[" * 9000, b"\xff"])))
    def check(body: bytes) -> None:
        assume(body or is_required)
        aimed = path.format(player_id="p", mission_id="m", review_id="r")
        answer = client.send(method, aimed, text=b64encode(body).decode(), isBase64Encoded=True)
        assert answer.problem[0] == 400

    check()


def converse(client: Client, route: Route, mode: GenerationMode) -> None:
    """Some requests to a route, and what is wrong with the answers."""
    method, path = route
    operation = schemathesis.openapi.from_wsgi("/v1/openapi.json", application(client))[path][method]

    @made_up
    @given(
        case=operation.as_strategy(generation_mode=mode),
        known=st.none() | st.fixed_dictionaries({name: st.sampled_from(ids) for name, ids in KNOWN.items()}),
    )
    def check(case: Case, known: dict[str, str] | None) -> None:
        case.path_parameters |= {name: (known or {}).get(name, given_) for name, given_ in case.path_parameters.items()}
        answer = case.call()
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code in STATUSES

    check()
