"""The demonstration's scenes of trust and neighbours: evidence, a claim that is held, an invitation, an erasure."""

import json
import secrets
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from infra.activity import Act
from infra.actors import Caller, Json, Player
from infra.errors import ToolError
from infra.local.stack import local_session
from infra.polling import wait_for
from infra.spelling import spelled
from infra.stage import Stage

PROOF = "spread_the_word:always-0"
POST = "https://mastodon.social/@{name}/1"
IMPOSSIBLE = Act("tip.sent", {"amount": 0})
HONEST = Act("post.created", {"length": 120})
WELCOME = "welcome_aboard:always-0"
WELCOMED = (Act("post.created", {"length": 20}), Act("reaction.added", {}), Act("user.followed", {}))


class TrustScenes:
    """Each returns the line that sums it up, or raises ToolError if what it shows did not happen."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._say = say
        self._moderator = Caller(stage.stack, "mona", "moderator")

    def evidence(self) -> str:
        """Hand in evidence; a moderator approves it, and only then the mission is complete."""
        player = self._stage.enter("kim")
        proof = {"type": "social_proof", "url": POST.format(name=player.name)}
        taken = player.expect(player.api.post(f"/v1/me/missions/{PROOF}/evidence", proof))
        self._say(f"HTTP evidence {proof['url']}: {taken['status']}")
        review = wait_for(lambda: self._review_of(player), bool, "the evidence among the reviews")
        assert review is not None
        self._say(f"HTTP reviews: {review['type']} of {player.name}, {player.mission(PROOF)['percent']} %")
        path = f"/v1/admin/reviews/{review['id']}/approve"
        decision = self._moderator.expect(self._moderator.api.post(path, {"reason": "That is about us."}))["decision"]
        mission = player.mission(PROOF)
        self._say(f"HTTP approve: {decision['status']}; {mission['name']} is {mission['status']}, {mission['percent']} %")
        amounts = player.expect(player.claim(PROOF))["grant"]["rewards"]["amounts"]
        wait_for(player.balances, lambda held: Counter(held) >= Counter(amounts), f"{spelled(amounts)} in the wallet")
        return f"{mission['name']} completed by approval, {spelled(amounts)} paid"

    def hold(self) -> str:
        """Do something impossible: the claim is held, the operator reads why, and releases it."""
        player = self._stage.enter("lou")
        for act in (*WELCOMED, IMPOSSIBLE):
            self._stage.host.report(self._stage.host.action(player, *act))
        wait_for(lambda: player.mission(WELCOME), lambda mission: mission["can_claim"], f"{WELCOME} to be complete")
        flagged = wait_for(lambda: self._flags_of(player), bool, "the flag in the work queue")
        for flag in flagged:
            self._say(f"HTTP flags of {player.name}: {flag['rule']}: {flag['detail']}")
        grant = player.expect(player.claim(WELCOME))["grant"]
        self._say(f"HTTP claim {WELCOME}: {grant['status']}")
        if grant["status"] != "held":
            raise ToolError(f"a flagged player's claim is {grant['status']}")
        cause = {"cause": grant["id"], "reason": "A broken sender, not the player."}
        self._moderator.expect(self._moderator.api.post(f"/v1/admin/players/{player.id}/holds/release", cause))
        amounts = grant["rewards"]["amounts"]
        balances = wait_for(player.balances, lambda held: Counter(held) >= Counter(amounts), f"{spelled(amounts)} in the wallet")
        self._say(f"HTTP release: wallet {spelled(balances)}")
        return f"{flagged[0]['rule']} held the claim until it was released"

    def personal(self, player: Player) -> str:
        """Spend some of what was won on a freeze, and read what has happened meanwhile."""
        before = player.balances()
        streak = player.expect(player.api.post("/v1/me/streaks/freezes"))["daily"]
        spent = Counter(before) - Counter(player.balances())
        self._say(f"HTTP freeze: {spelled(spent)} spent, {streak['freezes']} held")
        told = player.expect(player.api.get("/v1/me/notifications?limit=5"))
        for note in told["items"]:
            self._say(f"     {note['type']}: {note['title']}")
        unread = player.expect(player.api.post("/v1/me/notifications/read", {}))["unread"]
        if not spent or not told["unread"] or unread:
            raise ToolError(f"{spelled(spent)} spent, {told['unread']} notifications unread, then {unread}")
        return f"a freeze for {spelled(spent)}; {told['unread']} notifications read"

    def invitation(self) -> str:
        """A neighbour registers somebody and says who invited them, twice; each side is paid once."""
        inviter, invitee = self._stage.enter("max"), Player(self._stage.stack, "nia")
        self._tell("UserRegistered", {"player": invitee.id, "zone": "Asia/Tokyo", "name": "Nia"})
        profile = wait_for(lambda: invitee.api.get("/v1/me/profile").body, lambda found: found.get("name"), "the registration")
        self._say(f"bus  UserRegistered: {profile['name']} lives by {profile['zone']}")
        for _ in range(2):
            self._tell("ReferralActivated", {"inviter": inviter.id, "invitee": invitee.id})
        paid = [wait_for(partial(_referrals, side), bool, f"{side.name} to be paid") for side in (inviter, invitee)]
        if any(len(grants) != 1 for grants in paid):
            raise ToolError(f"a referral told twice paid {[len(grants) for grants in paid]} times")
        sums = [spelled(grants[0]["rewards"]["amounts"]) for grants in paid]
        self._say(f"bus  ReferralActivated, twice: {inviter.name} got {sums[0]}, {invitee.name} {sums[1]}")
        return f"told twice, paid once: {sums[0]} and {sums[1]}"

    def erasure(self) -> str:
        """Take one's data along, and be forgotten; late actions change nothing."""
        player = self._stage.enter("ole")
        player.expect(player.api.request("PATCH", "/v1/me/profile", {"name": "Ole"}))
        sections = player.expect(player.api.get("/v1/me/export"))["sections"]
        self._say(f"HTTP export: {', '.join(name for name, items in sections.items() if items)}")
        player.expect(player.api.request("DELETE", "/v1/me"))
        host = self._stage.host
        outcome = host.expect(host.api.post("/v1/actions", host.action(player, *HONEST)))["outcome"]
        self._say(f"HTTP delete; {HONEST.type} afterwards: {outcome}")
        code = player.expect(player.api.get("/v1/me/hub"), status=410)["code"]
        if outcome != "no_mission" or any(player.expect(player.api.get("/v1/me/export"))["sections"].values()):
            raise ToolError(f"{player.name} was erased, yet an action came to {outcome}")
        return f"{code}: the export is empty, a late action came to {outcome}"

    def _review_of(self, player: Player) -> Json | None:
        items = self._moderator.expect(self._moderator.api.get("/v1/admin/reviews"))["items"]
        return next((item for item in items if item["player"] == player.id), None)

    def _flags_of(self, player: Player) -> list[Json]:
        items = self._moderator.expect(self._moderator.api.get("/v1/admin/flags"))["items"]
        return next((item["flags"] for item in items if item["player"] == player.id), [])

    def _tell(self, type_: str, data: dict[str, Any]) -> None:
        """Let a neighbour put an event on the bus."""
        stack, at = self._stage.stack, self._stage.host.now().isoformat(timespec="milliseconds")
        event = {"specversion": "1.0", "id": secrets.token_hex(8), "source": "iam", "type": type_, "time": at, "data": data}
        events = local_session().client("events", endpoint_url=stack.endpoint_url)
        events.put_events(Entries=[{"EventBusName": stack.event_bus, "Source": "iam", "DetailType": type_, "Detail": json.dumps(event)}])


def _referrals(player: Player) -> list[Json]:
    items = player.expect(player.api.get("/v1/me/grants?limit=100"))["items"]
    return [item for item in items if item["cause"].startswith("referral:")]
