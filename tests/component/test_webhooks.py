"""Integration events to the host's endpoint, through the real handler, to a server on loopback."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.inprocess import InProcessAws
from missions_core import clock, messaging
from missions_core.domain.events import MissionStarted
from missions_core.use_cases.integration import announcement_of, envelope
from tests.component.test_outbound import SECRET, Server, serving
from tests.support.game import ms
from tests.support.world import World

NOW = ms("2026-11-21T12:00")
ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:webhook"


@pytest.fixture
def server(aws: InProcessAws, socket_enabled: None) -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "real_now", lambda: world.now)
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)
    return world


@pytest.fixture(autouse=True)
def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack's secret."""
    monkeypatch.setenv("WEBHOOK_SECRET_ARN", ARN)
    messaging.secret.cache_clear()
    monkeypatch.setattr("missions_core.messaging.secret", {ARN: SECRET}.__getitem__)


def at(monkeypatch: pytest.MonkeyPatch, url: str, stage: str = "local") -> None:
    monkeypatch.setenv("WEBHOOK_URL", url)
    monkeypatch.setenv("STAGE", stage)


def event(id_: str = "1") -> dict[str, Any]:
    announced = announcement_of(MissionStarted("daily:2026-11-21", "daily", NOW), id_, "ann")
    assert announced is not None
    return {"version": "0", "id": "bus", "source": "missions", "detail-type": announced.type, "detail": envelope(announced)}


def deliver(world: World, *events: Any) -> list[str]:
    """Deliver a batch; the indexes of what comes again."""
    records = [{"messageId": str(n), "body": body if isinstance(body, str) else json.dumps(body)} for n, body in enumerate(events)]
    return [failure["itemIdentifier"] for failure in world.invoke("deliver_webhooks", {"Records": records})["batchItemFailures"]]


def test_each_event_is_posted_signed_under_its_own_id(world: World, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, f"http://127.0.0.1:{server.server_port}/events")
    assert deliver(world, event("1"), event("2")) == []
    for n, (method, path, headers, body) in enumerate(server.requests, start=1):
        assert (method, path, headers["content-type"]) == ("POST", "/events", "application/cloudevents+json; charset=utf-8")
        assert json.loads(body) == event(str(n))["detail"]
        key = base64.b64decode(SECRET.removeprefix(b"whsec_"))
        digest = hmac.digest(key, f"{n}.{NOW // 1000}.{body}".encode(), "sha256")
        assert (headers["webhook-id"], headers["webhook-timestamp"]) == (str(n), str(NOW // 1000))
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 429, 500, 503])
def test_what_is_not_accepted_comes_again_and_the_others_do_not(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    at(monkeypatch, f"http://127.0.0.1:{server.server_port}/")
    tries = 2 if status in (429, 500, 503) else 1
    server.answers = [(204, b"", {}), *[(status, b"", {"location": "/elsewhere"})] * tries, (200, b"", {})]
    assert deliver(world, event("1"), event("2"), event("3")) == ["1"]
    assert [headers["webhook-id"] for _, _, headers, _ in server.requests] == ["1", *["2"] * tries, "3"]


def test_while_nobody_listens_events_come_again(world: World, socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Server()) as gone:
        at(monkeypatch, f"http://127.0.0.1:{gone.server_port}/")
    assert deliver(world, *(event(str(n)) for n in range(7))) == [str(n) for n in range(7)]


@pytest.mark.parametrize(
    ("url", "stage"),
    [
        ("http://127.0.0.1:{port}/", "prod"),
        ("https://127.0.0.1:{port}/", "prod"),
        ("https://localhost:{port}/", "dev"),
        ("https://10.0.0.1/", "local"),
        ("https://169.254.169.254/latest/meta-data/", "staging"),
        ("https://user:password@127.0.0.1:{port}/", "local"),
    ],
)
def test_an_endpoint_inside_is_never_called_and_its_events_are_kept(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str, stage: str
) -> None:
    at(monkeypatch, url.format(port=server.server_port), stage)
    assert deliver(world, event()) == ["0"]
    assert server.connections == set()
    [told] = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert told["reason"] == "endpoint_refused"
    assert "user:password" not in str(told)


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"detail": {}}', '{"detail": {"id": 1}}', '{"detail": {"id": "é"}}', '{"detail": {"id": "a\\nb"}}']
)
def test_what_is_no_event_is_quarantined(world: World, server: Server, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    at(monkeypatch, f"http://127.0.0.1:{server.server_port}/")
    assert deliver(world, body, event("2")) == []
    [quarantined] = world.bodies("QUARANTINE_QUEUE_URL")
    assert (quarantined["origin"], quarantined["reason"], quarantined["body"]) == ("webhook", "malformed_event", body)
    assert [headers["webhook-id"] for _, _, headers, _ in server.requests] == ["2"]


def test_without_a_webhook_nobody_is_told(world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    at(monkeypatch, "")
    assert deliver(world, event()) == []
    assert "no webhook is configured" in caplog.text
