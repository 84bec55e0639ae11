"""The players' and the host's programs: they send requests, and repeat those to which they got no final answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Effect = Callable[[int], None]
FAR_AHEAD = "4102444800"
KEYS_KEPT = 8
KEY_LIVES_MS = 20 * 3_600_000  # the product keeps an answer for a day


@dataclass
class Request:
    """One request as a client keeps it until it knows what became of it. `effect` notes in the journal that it took effect."""

    function: str
    method: str
    path: str
    player: str
    body: Any = None
    role: str | None = None
    key: str = ""
    effect: Effect = lambda at: None
    target: str = ""
    number: int = 0
    first_sent_at: int = 0
    effect_expected: bool = False
    took_effect: bool = False
    status: int | None = None
    answer: Any = None
    problem: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether repeating it would be of no use."""
        return self.status is not None and self.status < 500

    @property
    def is_refused(self) -> bool:
        """Whether it was understood, and declined."""
        return self.status is not None and 400 <= self.status < 500

    def event(self) -> dict[str, Any]:
        """As API Gateway passes it on."""
        claims = {"sub": self.player, "iss": "https://issuer.example", "token_use": "access", "exp": FAR_AHEAD, "roles": self.role or ""}
        return {
            "version": "2.0",
            "routeKey": f"{self.method} {self.path}",
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", **({"idempotency-key": self.key} if self.key else {})},
            "requestContext": {
                "http": {"method": self.method, "path": self.path},
                "requestId": "request",
                "stage": "$default",
                "authorizer": {"jwt": {"claims": claims, "scopes": None}},
            },
            "isBase64Encoded": False,
            **({"body": json.dumps(self.body)} if self.body is not None else {}),
        }

    def hear(self, answer: Mapping[str, Any] | None) -> None:
        """Take in what came back; None: nothing did."""
        if answer is not None:
            self.status = answer["statusCode"]
            self.answer = json.loads(answer["body"])
            self.problem = self.answer.get("code") if self.status >= 400 else None


@dataclass
class Clients:
    """Everybody's requests, in the order in which they were first sent."""

    requests: list[Request] = field(default_factory=list)

    def unfinished(self, *, now: int) -> list[Request]:
        """Those worth repeating: a program gives up before its key is forgotten, after a day or so many further commands."""
        return [request for request in self.requests if not request.is_final and not self._given_up(request, now)]

    def given_up(self, *, now: int) -> list[Request]:
        """Those nobody will ever repeat."""
        return [request for request in self.requests if not request.is_final and self._given_up(request, now)]

    def _given_up(self, request: Request, now: int) -> bool:
        later = sum(other.player == request.player and bool(other.key) and other.number > request.number for other in self.requests)
        return bool(request.key) and (later >= KEYS_KEPT or now - request.first_sent_at >= KEY_LIVES_MS)
