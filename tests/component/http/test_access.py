"""Who gets in, and what needs no token: health and docs."""

from typing import Any

import pytest

from infra.inprocess import InProcessAws
from tests.support.faults import on, refuse
from tests.support.world import World

PROTECTED = [
    ("POST", "/v1/actions"),
    ("GET", "/v1/me/hub"),
    ("GET", "/v1/me/achievements"),
    ("POST", "/v1/me/claims"),
    ("POST", "/v1/me/check-ins"),
    ("PATCH", "/v1/me/profile"),
    ("PUT", "/v1/players/p1"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        (None, "missing_token"),
        ({"exp": "1"}, "token_expired"),
        ({"token_use": "id"}, "not_an_access_token"),
        ({"sub": ""}, "invalid_token"),
    ],
)
def test_no_function_answers_without_an_access_token(ann: Any, method: str, path: str, claims: dict[str, str] | None, code: str) -> None:
    ann.claims = None if claims is None else ann.claims | claims
    answer = ann.send(method, path, {"unknown": "field"})
    assert answer.problem == (401, code, None)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_nothing_keeps_what_a_player_was_shown(ann: Any) -> None:
    assert ann.get("/v1/me/wallet").headers["cache-control"] == "no-store"
    assert ann.get("/v1/me/treasure").headers["cache-control"] == "no-store"


def test_the_moved_game_clock_does_not_expire_tokens(ann: Any, world: World) -> None:
    world.now += 365 * 100 * 86_400_000
    assert ann.get("/v1/me/streaks").status == 200


def test_health_needs_no_token(ann: Any) -> None:
    ann.claims = None
    for path in ("/health", "/health/live", "/health/ready"):
        answer = ann.get(path)
        assert (answer.status, answer.body["status"]) == (200, "ok")


def test_it_is_not_ready_without_a_catalog(aws: InProcessAws, environment: dict[str, str]) -> None:
    empty = World(aws, environment, 0)
    answer = empty.invoke("health", request("/health/ready"))
    assert answer["statusCode"] == 503
    assert '"catalog":"no_catalog"' in answer["body"]


def test_it_is_not_ready_without_its_table_but_alive(ann: Any, world: World) -> None:
    world.aws.intercept = on("GetItem", refuse("AccessDeniedException"), times=99)
    ready = ann.get("/health/ready")
    assert (ready.status, ready.body["checks"]["table"]) == (503, "unreachable")
    assert ann.get("/health/live").status == 200


def test_readiness_is_looked_up_every_time(ann: Any, world: World) -> None:
    assert ann.get("/health/ready").status == 200
    world.aws.intercept = on("GetItem", refuse("AccessDeniedException"), times=99)
    assert ann.get("/health/ready").status == 503


def test_the_api_describes_itself(ann: Any) -> None:
    ann.claims = None
    document = ann.get("/v1/openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert "/v1/me/missions/{mission_id}/claim" in document.body["paths"]
    page = ann.get("/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/v1/me/missions/{mission_id}/claim" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text.replace("^https://", "")


def request(path: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": f"GET {path}",
        "rawPath": path,
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": path}, "requestId": "r", "stage": "$default"},
    }
