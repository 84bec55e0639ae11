"""Who plays on the local stack: the host product, which reports what players do, and the players themselves."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.errors import ToolError
from infra.local.api import Answer, Api
from infra.local.clock import clock_offset
from infra.local.stack import LocalStack, local_session
from infra.local.tokens import Role, issue_token
from infra.sending import attributes_with

SOURCE = "demo/forum"
TOKEN_SECONDS = 1800  # half of what a token lives

Json = dict[str, Any]


class Caller:
    """Somebody with an access token, renewed before it expires."""

    def __init__(self, stack: LocalStack, name: str, role: Role | None = None) -> None:
        self.name = name
        self._stack = stack
        self._role = role
        self._sign_in()

    def expect(self, answer: Answer, *, status: int = 200) -> Any:
        """The body of an answer that must have this status."""
        if answer.status != status:
            raise ToolError(f"{self.name}: expected HTTP {status}, got {answer.status}: {json.dumps(answer.body)}")
        return answer.body

    @property
    def api(self) -> Api:
        """The HTTP API as this caller sees it."""
        if time.monotonic() - self._signed_in_at > TOKEN_SECONDS:
            self._sign_in()
        return self._api

    def _sign_in(self) -> None:
        issued = issue_token(self._stack, self.name, self._role)
        self.id = issued.player
        self._api = Api(self._stack.api_url, issued.token)
        self._signed_in_at = time.monotonic()


class Player(Caller):
    """A player, with what they would do in an app."""

    def missions(self) -> list[Json]:
        """The missions on the player's boards."""
        items: list[Json] = self.expect(self.api.get("/v1/me/missions"))["items"]
        return items

    def mission(self, mission_id: str) -> Json:
        """One of them."""
        mission: Json = self.expect(self.api.get(f"/v1/me/missions/{mission_id}"))
        return mission

    def claim(self, mission_id: str) -> Answer:
        """Claim a completed mission's reward."""
        return self.api.post(f"/v1/me/missions/{mission_id}/claim")

    def balances(self) -> dict[str, int]:
        """What was paid so far."""
        balances = self.expect(self.api.get("/v1/me/wallet"))["balances"]
        return {currency: held["balance"] for currency, held in balances.items()}

    def streak(self) -> Json:
        """The daily streak."""
        streak: Json = self.expect(self.api.get("/v1/me/streaks"))["daily"]
        return streak


class Host(Caller):
    """The product beside the missions. Its clock is the stack's."""

    def __init__(self, stack: LocalStack) -> None:
        super().__init__(stack, "demo-host", "service")
        self.stack = stack
        self.sqs = local_session().client("sqs", endpoint_url=stack.endpoint_url)
        self.follow_clock()

    def follow_clock(self) -> None:
        """Read how far the stack's clock is ahead, after somebody moved it."""
        self._offset_seconds = clock_offset(self.stack)

    def now(self) -> datetime:
        """The stack's time."""
        return datetime.fromtimestamp(time.time() + self._offset_seconds, UTC)

    def register(self, player: Player, zone: str) -> None:
        """Tell the missions who a player is."""
        self.expect(self.api.request("PUT", f"/v1/players/{player.id}", {"zone": zone}))

    def action(self, player: Player, type_: str, data: Mapping[str, Any]) -> Json:
        """Something a player did just now, as a CloudEvent."""
        return {
            "specversion": "1.0",
            "id": secrets.token_hex(8),
            "source": SOURCE,
            "type": type_,
            "subject": player.id,
            "time": self.now().isoformat(timespec="milliseconds"),
            "data": dict(data),
        }

    def report(self, action: Json | str, receipts: str | None = None) -> str:
        """Put an action (or whatever text) on the queue; returns the message id."""
        body = action if isinstance(action, str) else json.dumps(action)
        answer = self.sqs.send_message(QueueUrl=self.stack.actions_queue_url, MessageBody=body, MessageAttributes=attributes_with(receipts))
        return answer["MessageId"]
