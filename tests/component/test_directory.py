"""Players' names from the host's user service: few questions, little time, and no answer that could break what they are shown in."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.errors import MisconfiguredError, Unreachable
from missions_core.outbound import Answer, Endpoint
from missions_core.use_cases import directory
from missions_core.use_cases.directory import BATCH, FRESH_SECONDS, MOST_KEPT, NOBODY, UNKNOWN_SECONDS, Directory, Person
from tests.component.http.conftest import NOW, Client
from tests.support.catalogs import mission, snapshot
from tests.support.world import World, post

RACE = snapshot(mission("race", {"post.created": 9}, type="competitive"))
ANN = {"id": "ann", "displayName": "Ann", "avatarUrl": "https://example.org/ann.png"}


class Service(Endpoint):
    """A user service that knows everybody by their id, unless a test says otherwise."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answer: Callable[[list[str]], Answer] = lambda ids: people(*({"id": id_, "displayName": id_.title()} for id_ in ids))

    def get(self, query: Mapping[str, str]) -> Answer:
        self.asked.append(query["ids"].split(","))
        return self.answer(self.asked[-1])


def people(*entries: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(list(entries)).encode())


def failing(error: Exception) -> Callable[[list[str]], Answer]:
    def fail(ids: list[str]) -> Answer:
        raise error

    return fail


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def names(service: Service) -> Directory:
    return Directory(service)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock: its only entry."""
    now = [1000.0]
    monkeypatch.setattr(directory.time, "monotonic", lambda: now[0])
    return now


def test_names_and_avatars_are_what_the_service_says(service: Service, names: Directory) -> None:
    service.answer = lambda _: people(ANN)
    assert names.people(["ann", "bob"]) == {"ann": Person("Ann", "https://example.org/ann.png"), "bob": NOBODY}


def test_players_are_asked_for_fifty_at_a_time_and_once(service: Service, names: Directory) -> None:
    players = [f"p{n}" for n in range(BATCH + 10)]

    assert {person.name for person in names.people([*players, *players]).values()} == {player.title() for player in players}
    assert [len(ids) for ids in service.asked] == [BATCH, 10]


def test_an_answer_is_kept_for_five_minutes_and_a_missing_name_for_one(service: Service, names: Directory, seconds: list[float]) -> None:
    service.answer = lambda _: people(ANN)
    names.people(["ann", "bob"])

    seconds[0] += UNKNOWN_SECONDS - 1
    names.people(["ann", "bob"])
    seconds[0] += 1
    names.people(["ann", "bob"])
    seconds[0] += FRESH_SECONDS - UNKNOWN_SECONDS
    names.people(["ann"])

    assert service.asked == [["ann", "bob"], ["bob"], ["ann"]]


def test_no_more_than_ten_thousand_are_kept_and_the_latest_stay(service: Service, names: Directory) -> None:
    for start in range(0, MOST_KEPT + BATCH, BATCH):
        names.people([f"p{n}" for n in range(start, start + BATCH)])
    service.asked.clear()

    names.people([f"p{MOST_KEPT + BATCH - 1}", f"p{BATCH}"])
    names.people(["p0"])

    assert service.asked == [["p0"]]


@pytest.mark.parametrize("error", [Unreachable("endpoint_unreachable", "down"), MisconfiguredError("endpoint_refused", "not public")])
def test_a_service_that_cannot_be_asked_leaves_players_without_names(service: Service, names: Directory, error: Exception) -> None:
    names.people(["bob"])
    service.answer = failing(error)

    players = [f"p{n}" for n in range(3 * BATCH)]
    assert names.people(["bob", *players]) == {"bob": Person("Bob")} | dict.fromkeys(players, NOBODY)
    assert len(service.asked) == 2, "not asked again for the same answer"

    service.answer = lambda _: people(ANN)
    assert names.people(["ann"])["ann"].name == "Ann", "a failure is not kept"


def test_a_slow_service_is_not_asked_for_another_batch(service: Service, names: Directory, seconds: list[float]) -> None:
    quick = service.answer

    def slow(ids: list[str]) -> Answer:
        seconds[0] += 0.26
        return quick(ids)

    service.answer = slow
    found = names.people([f"p{n}" for n in range(3 * BATCH)])

    assert len(service.asked) == 1
    assert sum(person != NOBODY for person in found.values()) == BATCH


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>"),
        Answer(200, b"\xff"),
        Answer(200, b"[" * 100_000),
        Answer(200, b'{"id": "ann"}'),
        Answer(404, b"[]"),
        people(ANN, status=403),
        people(None, 7, [], {"displayName": "Ann"}, {"id": 7}, {"id": "eve", "displayName": "Eve"}),
        people({"id": "ann"}),
        people({"id": "ann", "displayName": "", "avatarUrl": ""}),
        people({"id": "ann", "displayName": ["Ann"], "avatarUrl": {"href": "https://example.org"}}),
        people({"id": "ann", "displayName": "x" * 101, "avatarUrl": "https://example.org/" + "x" * 500}),
        people({"id": "ann", "displayName": "Ann\u202e", "avatarUrl": "javascript:alert(1)"}),
        people({"id": "ann", "displayName": " ", "avatarUrl": "https://example.org/a b"}),
    ],
)
def test_what_is_not_as_agreed_is_not_shown(service: Service, names: Directory, answer: Answer) -> None:
    service.answer = lambda _: answer

    assert names.people(["ann"]) == {"ann": NOBODY}
    names.people(["ann"])
    assert len(service.asked) == 1, "nor asked for again at once"


def test_members_nobody_agreed_on_do_no_harm(service: Service, names: Directory) -> None:
    service.answer = lambda _: people(ANN | {"email": "ann@example.org", "rank": 7}, {"unknown": True})
    assert names.people(["ann"]) == {"ann": Person("Ann", "https://example.org/ann.png")}


def test_ids_that_a_list_cannot_hold_are_not_asked_for(service: Service, names: Directory) -> None:
    assert names.people(["a,b", "", "ann"]) == {"a,b": NOBODY, "": NOBODY, "ann": Person("Ann")}
    assert service.asked == [["ann"]]


def test_nothing_of_what_is_said_is_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    for answer in (Answer(200, b"marked"), people("marked"), people({"id": "marked", "displayName": "marked" * 99})):
        service.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        Directory(service).people(["marked"])
    service.answer = failing(Unreachable("endpoint_unreachable", "host did not answer"))
    Directory(service).people(["marked"])

    assert [record.message for record in caplog.records] == ["directory not understood", "directory not asked"]
    assert "marked" not in str([vars(record) for record in caplog.records])


class Users(ThreadingHTTPServer):
    """The service as it is: over HTTP, asking for its token; it falls silent when told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hold = Event()
        self.hold.set()


class Handler(BaseHTTPRequestHandler):
    server: Users

    def do_GET(self) -> None:
        self.server.hold.wait(5)
        known = self.headers["authorization"] == "Bearer token"
        ids = parse_qs(urlsplit(self.path).query)["ids"][0].split(",")
        body = json.dumps([{"id": id_, "displayName": id_.upper()} for id_ in ids]).encode()
        self.send_response(200 if known else 401)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Users]:
    with Users() as users:
        Thread(target=users.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield users
        users.hold.set()
        users.shutdown()


def test_leaderboards_show_names_and_are_shown_without_them_too(
    aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, socket_enabled: None
) -> None:
    with serving() as users:
        monkeypatch.setenv("USER_DIRECTORY_URL", f"http://127.0.0.1:{users.server_port}/users")
        monkeypatch.setenv("USER_DIRECTORY_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:000000000000:secret:users")
        monkeypatch.setattr(directory, "secret", lambda arn: b"token")
        world = World(aws, environment, NOW)
        monkeypatch.setattr(clock, "now", lambda: world.now)
        world.publish_catalog(RACE)
        for player in ("ann", "bob"):
            world.ingest(post(f"{player} 1", "2026-11-21T12:00:00Z", player))
        world.compete()
        ann = Client(world, "ann")

        shown = ann.get("/v1/leaderboards/race", players="eve").body
        assert [(each["player"], each["name"]) for each in shown["items"]] == [("ann", "ANN"), ("bob", "BOB")]
        assert (shown["me"]["name"], shown["players"][0]["name"], shown["me"]["avatar"]) == ("ANN", "EVE", None)

        users.hold.clear()
        names = {each["player"]: each["name"] for each in ann.get("/v1/leaderboards/race", players="zoe,eve").body["players"]}
        assert names == {"zoe": None, "eve": "EVE"}


@pytest.mark.parametrize("url", ["http://users.example.org", "https://127.0.0.1/users", "ftp://users"])
def test_a_directory_that_must_not_be_called_costs_names_only(
    aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, socket_enabled: None, url: str
) -> None:
    monkeypatch.setenv("USER_DIRECTORY_URL", url)
    monkeypatch.setenv("STAGE", "prod")
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(RACE)

    (eve,) = Client(world, "ann").get("/v1/leaderboards/race", players="eve").body["players"]
    assert (eve["player"], eve["name"]) == ("eve", None)


@pytest.mark.parametrize("secret", [b"marked\n", "marked €".encode()])
def test_a_secret_that_no_header_can_carry_costs_names_only_and_is_not_logged(
    aws: InProcessAws,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
    secret: bytes,
) -> None:
    with serving() as users:
        monkeypatch.setenv("USER_DIRECTORY_URL", f"http://127.0.0.1:{users.server_port}/users")
        monkeypatch.setenv("USER_DIRECTORY_SECRET_ARN", "arn")
        monkeypatch.setattr(directory, "secret", lambda arn: secret)
        world = World(aws, environment, NOW)
        monkeypatch.setattr(clock, "now", lambda: world.now)
        world.publish_catalog(RACE)

        shown = Client(world, "ann").get("/v1/leaderboards/race", players="eve")

    assert (shown.status, shown.body["players"][0]["name"]) == (200, None)
    assert "marked" not in caplog.text + str([vars(record) for record in caplog.records])


def test_a_secret_that_cannot_be_fetched_costs_names_until_it_can(
    monkeypatch: pytest.MonkeyPatch, socket_enabled: None, seconds: list[float]
) -> None:
    answers: list[bytes | Exception] = [ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue"), b"token"]

    def fetch(arn: str) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(directory, "secret", fetch)
    with serving() as users:
        names = directory.directory_at(f"http://127.0.0.1:{users.server_port}/users", "arn", allow_loopback=True)
        assert names.people(["ann"]) == {"ann": NOBODY}
        assert len(answers) == 1, "the first look-up asks for it"

        seconds[0] += 30
        assert names.people(["ann"]) == {"ann": Person("ANN")}


def test_without_a_directory_it_is_not_even_imported() -> None:
    code = "import sys, functions.player_queries.app; print('missions_core.use_cases.directory' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "False"


def test_a_service_that_says_nothing_costs_a_quarter_of_a_second(aws: InProcessAws, socket_enabled: None) -> None:
    with serving() as users:
        endpoint = Endpoint(
            f"http://127.0.0.1:{users.server_port}/users",
            secret=lambda: b"token",
            timeout_seconds=directory.TIMEOUT_SECONDS,
            attempts=1,
            allow_loopback=True,
        )
        names = Directory(endpoint)
        assert names.people(["ann"]) == {"ann": Person("ANN")}

        users.hold.clear()
        before = directory.time.monotonic()
        assert names.people(["ann", "bob"]) == {"ann": Person("ANN"), "bob": NOBODY}
        assert directory.time.monotonic() - before < 2 * directory.TIMEOUT_SECONDS + 1, "half a second, on a busy machine"
