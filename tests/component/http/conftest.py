"""The HTTP functions' real handlers, called as API Gateway calls them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.game import ms
from tests.support.world import World

NOW = ms("2026-11-21T12:00:10")
FAR_AHEAD = "4102444800"  # 2100: an expiry no test lives to see
RULES: dict[str, Any] = {
    "check_in": {
        "base": {"gold": 10},
        "tiers": [{"min_days": 2, "max_days": None, "bonus_percent": 50}],
        "milestones": [{"days": 7, "reward": {"gold": 100}}],
        "monthly": {"days": 20, "reward": {"gold": 500}},
    },
    "rotation": {"daily": {"min": 2, "max": 2}, "weekly": {"min": 9, "max": 9}, "monthly": {"min": 0, "max": 0}},
}

VOLUME = {"all": [{"key": "volume", "action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 1}]}

FUNCTIONS = {
    r"POST /v1/actions": "post_actions",
    r"POST /v1/me/((missions|quests|achievements)/[^/]+/claim|claims)": "claim_reward",
    r"POST /v1/me/check-ins": "check_in",
    r"DELETE /v1/me|GET /v1/me/export": "player_commands",
    r"PATCH /v1/me/profile|POST /v1/me/(missions/[^/]+/(start|reroll)|quests/[^/]+/(start|steps/[^/]+/complete)|pause)": "player_commands",
    r"POST /v1/me/(notifications/read|streaks/freezes|missions/[^/]+/evidence)": "player_commands",
    r"PUT /v1/players/[^/]+|(GET|POST) /v1/admin/.*": "admin_api",
    r"GET /(health.*|v1/(openapi.json|docs))": "health",
    r"GET /v1/me/.*": "player_queries",
}


@dataclass(frozen=True)
class Answer:
    """A response as the client sees it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str, str | None]:
        """What a problem document says, once it is one."""
        assert self.headers["content-type"] == "application/problem+json"
        body = self.body
        assert body["status"] == self.status
        assert body["type"].endswith(body["code"])
        assert body["title"]
        assert body["detail"]
        return self.status, body["code"], body["field"]


class Client:
    """One caller of the API."""

    def __init__(self, world: World, player: str, *roles: str) -> None:
        self.world = world
        self.player = player
        self.roles = frozenset(roles)
        self.claims: dict[str, Any] | None = {
            "sub": player,
            "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool",
            "token_use": "access",
            "exp": FAR_AHEAD,
            **({"cognito:groups": f"[{' '.join(roles)}]"} if roles else {}),
        }
        self._requests = count(1)

    def get(self, path: str, **query: str | int) -> Answer:
        return self.send("GET", path, query={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.send("POST", path, body, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        text: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> Answer:
        """Send a request; `text` is a body that is not to be spelt as JSON, `members` replace members of the event."""
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": urlencode(query or {}),
            "headers": sent,
            "requestContext": {
                "http": {"method": method, "path": path},
                "requestId": f"{self.player}-{next(self._requests)}",
                "stage": "$default",
            },
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = dict(query)
        if text is not None or body is not None:
            event["body"] = json.dumps(body) if text is None else text
        if self.claims is not None:
            event["requestContext"]["authorizer"] = {"jwt": {"claims": self.claims, "scopes": None}}
        answer = self.world.invoke(self._function(f"{method} {path}"), event | members)
        return Answer(answer["statusCode"], _lowered(answer), answer["body"])

    def _function(self, route: str) -> str:
        return next((function for pattern, function in FUNCTIONS.items() if re.fullmatch(pattern, route)), "player_queries")


def _lowered(answer: Mapping[str, Any]) -> dict[str, str]:
    single = answer.get("headers") or {}
    several = {name: values[0] for name, values in (answer.get("multiValueHeaders") or {}).items()}
    return {name.lower(): value for name, value in {**single, **several}.items()}


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """A stack with a small catalog, at noon of a Saturday."""
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(
        snapshot(
            mission("one_post", name={"en": "Morning post", "de": "Morgenbeitrag"}, rewards={"xp": 50, "gold": 5}),
            mission("three_posts", {"post.created": 3}),
            mission("ten_posts", {"post.created": 10}, period="weekly"),
            mission("watcher", {"video.watched": 2}, period="weekly", requires_start=True),
            mission("tipper", VOLUME, period="weekly"),
            mission("sprint", {"post.created": 5}, type="timebound", period="weekly", time_limit_hours=1),
            mission("feast", {"tip.sent": 1}, period="special", active={"from": "2026-11-21T11:30:00Z", "until": "2026-11-21T18:00:00Z"}),
            achievement("regular", tiers=[{"name": "bronze", "target": 1}, {"name": "silver", "target": 99}], rewards={}),
            quest(
                "tour",
                step("hello"),
                step("look", {"video.watched": 1}),
                step("wave", optional=True),
                requires_start=True,
                auto_claim=False,
                max_completions=2,
            ),
            **RULES,
        )
    )
    aws.calls.clear()
    return world


@pytest.fixture
def ann(world: World) -> Client:
    """A player."""
    return Client(world, "11111111-1111-4111-8111-111111111111")


@pytest.fixture
def bob(world: World) -> Client:
    """Another player."""
    return Client(world, "22222222-2222-4222-8222-222222222222")


@pytest.fixture
def host(world: World) -> Client:
    """The host product's service."""
    return Client(world, "service-1", "service")


@pytest.fixture
def post(host: Client, ann: Client) -> "Post":
    """Let the host report that ann posted."""
    return Post(host, ann.player)


class Post:
    """Posts of a player, reported by the host, each with an id of its own."""

    def __init__(self, host: Client, player: str) -> None:
        self.host = host
        self.player = player
        self._ids = count(1)

    def __call__(self, times: int = 1) -> Answer:
        """Report so many posts; returns the last answer."""
        for _ in range(times):
            answer = self.host.post("/v1/actions", self.event())
            assert answer.status == 200, answer.text
        return answer

    def event(self, **members: Any) -> dict[str, Any]:
        """A post as a CloudEvent."""
        event = {"specversion": "1.0", "id": str(next(self._ids)), "source": "forum", "type": "post.created", "subject": self.player}
        return event | {"time": "2026-11-21T12:00:00Z", "data": {}} | members
