"""docs/clients.md against the API: what each status comes with, what may be sent again, and the snippets as they stand there."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.error import HTTPError

import pytest

from infra.local.stack import ROOT
from missions_core.domain.catalog import DAY_MS
from missions_core.http.problems import STATUS_OF, TOO_LARGE
from tests.component.http.conftest import Answer, Client, Post
from tests.support.faults import on, refuse
from tests.support.world import World

PAGE = (ROOT / "docs" / "clients.md").read_text()
ROWS = {int(status): again for status, again in re.findall(r"^\| (\d{3}) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)}
MISSION = "/v1/me/missions/one_post:2026-11-21/claim"


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def claimed_before(ann: Client) -> Answer:
    ann.post(MISSION)
    return ann.post(MISSION)


def after_its_time(ann: Client) -> Answer:
    ann.world.now += 3 * DAY_MS
    ann.world.night()
    return ann.post("/v1/me/missions/three_posts:2026-11-21/claim")


def too_much(ann: Client) -> Answer:
    event = {"specversion": "1.0", "source": "app", "type": "video.watched", "time": "2026-11-21T12:00:00Z"}
    return [ann.post("/v1/actions", event | {"id": str(n)}) for n in range(11)][-1]


def without_token(ann: Client) -> Answer:
    ann.claims = None
    return ann.get("/v1/me/hub")


def while_down(ann: Client) -> Answer:
    ann.world.aws.intercept = on("GetItem", refuse("ThrottlingException"), times=99)
    return ann.get("/v1/me/hub")


PROVOKED: dict[int, Callable[[Client], Answer]] = {
    200: lambda ann: ann.get("/v1/me/hub"),
    400: lambda ann: ann.post("/v1/me/pause", {"weeks": 1}),
    401: without_token,
    403: lambda ann: ann.send("PUT", f"/v1/players/{ann.player}", {"level": 9}),
    404: lambda ann: ann.get("/v1/me/missions/none:2026-11-21"),
    409: claimed_before,
    410: after_its_time,
    413: lambda ann: ann.post("/v1/me/pause", {"days": 1, "why": "x" * 70_000}),
    429: too_much,
    503: while_down,
}


def test_the_page_explains_every_status_there_is() -> None:
    ours = {status.value for status in STATUS_OF.values()} | {HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value for _ in TOO_LARGE}
    assert set(ROWS) == ours | {200} == set(PROVOKED) | {500}


@pytest.mark.parametrize("status", PROVOKED)
def test_a_status_comes_with_what_the_page_promises(ann: Client, post: Post, status: int) -> None:
    post()

    answer = PROVOKED[status](ann)

    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert ("retry-after" in answer.headers) == ("`Retry-After`" in ROWS[status])
    assert int(answer.headers.get("retry-after", 1)) >= 1
    if status >= 400:
        assert answer.problem[0] == status
        assert set(answer.body) >= {"code", "field", "detail"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/me/hub", None),
        ("PATCH", "/v1/me/profile", {"name": "Ann", "zone": "Asia/Tokyo"}),
        ("POST", "/v1/me/notifications/read", {}),
        ("POST", MISSION, None),
        ("POST", "/v1/me/claims", None),
        ("POST", "/v1/me/check-ins", None),
        ("POST", "/v1/me/missions/watcher:2026-W47/start", None),
        ("POST", "/v1/me/quests/tour/start", None),
        ("POST", "/v1/me/pause", {"days": 2}),
    ],
)
def test_what_is_sent_again_as_the_page_says_hears_the_same(ann: Client, post: Post, method: str, path: str, body: object) -> None:
    post()
    headers = {"idempotency-key": "pressed once"} if method == "POST" else {}

    first, second = (ann.send(method, path, body, headers=headers) for _ in range(2))

    assert (first.status, first.text) == (200, second.text)


# The Python snippet ---------------------------------------------------------------------------------------------------


class Gateway:
    """What stands between the sender and the API: `troubles` come first, one for each request."""

    def __init__(self, host: Client) -> None:
        self.host = host
        self.troubles: list[Callable[[], object]] = []
        self.asked = 0

    def open(self, request: urllib.request.Request, timeout: float) -> BytesIO:
        assert timeout == 5
        assert request.get_header("Authorization") == "Bearer token"
        self.asked += 1
        trouble = self.troubles.pop(0) if self.troubles else lambda: None
        answer = self.host.post("/v1/actions", json.loads(request.data)) if trouble is lost else None  # type: ignore[arg-type]
        trouble()
        answer = self.host.post("/v1/actions", json.loads(request.data))  # type: ignore[arg-type]
        if answer.status >= 400:
            raise failed(answer.status, {**answer.headers})
        return BytesIO(answer.text.encode())


def failed(status: int, headers: dict[str, str]) -> HTTPError:
    message = Message()
    for name, value in headers.items():
        message[name] = value
    return HTTPError("https://missions.example.com", status, "", message, BytesIO())


def lost() -> None:
    """The answer gets lost on its way."""
    raise TimeoutError


def down() -> None:
    raise failed(503, {"retry-after": "7"})


@pytest.fixture
def gateway(host: Client, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = Gateway(host)
    monkeypatch.setattr(urllib.request, "urlopen", gateway.open)
    return gateway


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def send(slept: list[float]) -> Callable[[list[Any]], tuple[list[Any], list[Any]]]:
    code: dict[str, Any] = {}
    exec(snippet("python"), code)
    code["time"] = type("Clock", (), {"sleep": slept.append})
    return lambda actions: code["send"]("https://missions.example.com", "token", actions)


def test_the_sender_sends_each_action_until_it_is_taken_and_it_counts_once(
    world: World, ann: Client, post: Post, gateway: Gateway, send: Any, slept: list[float]
) -> None:
    gateway.troubles = [lost, down]

    assert send([post.event(), post.event()]) == ([], [])

    assert gateway.asked == 3
    assert slept[0] >= 1
    assert slept[1] >= 7, "as long as it was told"
    assert world.state(ann.player).lifetime["post.created"] == 2


def test_the_sender_gives_back_what_was_not_taken_and_what_never_will_be(post: Post, gateway: Gateway, send: Any) -> None:
    events = [post.event(), post.event()]
    gateway.troubles = [down, down, down]
    assert send(events) == (events, [])

    later, refused = send([post.event(type="nonsense"), *events])
    assert (later, [problem["code"] for problem in refused]) == ([], ["unknown_action_type"])


def test_the_sender_does_not_repeat_what_no_repeating_helps(host: Client, post: Post, gateway: Gateway, send: Any) -> None:
    host.claims = None
    with pytest.raises(HTTPError):
        send([post.event()])
    assert gateway.asked == 1


# The JavaScript snippet -----------------------------------------------------------------------------------------------

SCRIPT = """
const asked = [], pauses = [];
let answers = [];
globalThis.fetch = async (url, { method, headers, body, signal }) => {
  asked.push({ url, method, key: headers["idempotency-key"] ?? null, body: body ?? null, bounded: signal instanceof AbortSignal });
  const [status, json, extra] = answers.length ? answers.shift() : [0];
  if (!status) throw new TypeError("fetch failed");
  return { ok: status < 400, status, json: async () => json, headers: new Headers(extra ?? {}) };
};
const pause = async (milliseconds) => pauses.push(milliseconds);
const shown = [];
for (const [path, options, given] of JSON.parse(process.argv[1])) {
  answers = given;
  shown.push(await missions(path, { token: "t", pause, ...options }));
}
console.log(JSON.stringify({ asked, pauses, shown }));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs what browsers do")
def test_the_pages_wrapper_never_throws_and_shows_what_it_had() -> None:
    good, problem = [200, {"n": 1}], {"code": "unavailable"}
    calls = [
        ["/hub", {}, [good]],
        ["/hub", {}, [[503, problem, {"retry-after": "5"}]]],
        ["/hub", {}, []],
        ["/hub", {}, [[410, {"code": "player_erased"}]]],
        ["/new", {}, []],
        ["/claim", {"method": "POST", "body": {"a": 1}}, [[503, problem, {"retry-after": "5"}], [0], good]],
        ["/claim", {"method": "POST"}, [[409, {"code": "already_claimed"}]]],
        ["/claim", {"method": "POST"}, [[429, {"message": "Too Many Requests"}]] * 4],
    ]
    command = ["node", "--input-type=module", "-e", snippet("js").replace("export ", "") + SCRIPT, json.dumps(calls)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert [(each["data"], each["stale"], (each["problem"] or {}).get("code")) for each in told["shown"]] == [
        ({"n": 1}, False, None),
        ({"n": 1}, True, "unavailable"),
        ({"n": 1}, True, "unreachable"),
        (None, True, "player_erased"),
        (None, True, "unreachable"),
        ({"n": 1}, False, None),
        (None, True, "already_claimed"),
        (None, True, None),
    ]
    assert [each["method"] for each in told["asked"]] == ["GET"] * 5 + ["POST"] * 7, "a read once, a command three times"
    first, second, third, *_ = told["asked"][5:]
    assert first["key"] == second["key"] == third["key"] != told["asked"][8]["key"]
    assert (first["body"], told["asked"][0]["key"]) == ('{"a":1}', None)
    assert all(each["bounded"] for each in told["asked"])
    assert told["pauses"][0] >= 5000
    assert all(pause >= 1000 for pause in told["pauses"][2:])
