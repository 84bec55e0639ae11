"""The use cases of the crash matrix: a world made ready, and the one invocation in which calls will fail."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.codec import rewards_to_json
from missions_core.files import evidence_key
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.reset import shard_message
from tests.simulation.crash_world import CrashWorld
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.game import ms
from tests.support.world import post

NOW = ms("2026-11-21T12:00:10")  # a Saturday
NOON = "2026-11-21T12:00:00Z"
MORNING = "2026-11-21T09:00:00Z"  # long enough ago for its ids to leave the state
ANN, BOB = "ann", "bob-19"  # in the same shard of the due index
SHARD = 37

GOODS = {"xp": 50, "gold": 5, "items": [{"id": "hat", "quantity": 2}], "badges": ["early"]}
TEMPLATES = [
    mission("one_post", rewards=GOODS),
    mission("three_posts", {"post.created": 3}),
    mission("many_posts", {"post.created": 50}),
    mission("gift", {"tip.sent": 1}, auto_claim=True, rewards={"gold": 7}),
    mission("quiet", {"all": [{"action": "video.watched", "op": "<=", "target": 3}]}, auto_claim=True, rewards={"gold": 2}),
    mission("watcher", {"video.watched": 2}, period="weekly", requires_start=True),
    mission("feast", {"tip.sent": 1}, period="special", active={"from": "2026-11-21T11:30:00Z", "until": "2026-11-21T18:00:00Z"}),
    mission("race", {"post.created": 9}, period="weekly", type="competitive", prizes=[{"from": 1, "to": 2, "rewards": {"xp": 9}}]),
    quest("hunt", step("hello", {"post.created": 1}), step("word"), requires_start=True),
    achievement("writer", {"post.created": 3}, auto_claim=False, rewards={"gold": 4}),
    mission(
        "show",
        {"tip.sent": 1},
        auto_claim=True,
        period="weekly",
        evidence={"types": ["url", "uploaded_content"], "review": "manual", "price": {"gold": 3}},
    ),
    mission("ball", {"tip.sent": 1}, period="special", active={"from": "2026-11-21T11:00:00Z", "until": "2026-11-21T19:00:00Z"}),
]
RULES: dict[str, Any] = {
    "actions": {"post.created": {}, "tip.sent": {}, "video.watched": {"client": True}, "page.read": {}},
    "freeze_price": {"gold": 2},
    "referral": {"inviter": {"gold": 20}, "invitee": {"gold": 10}},
    "fraud": {"impossible": [{"key": "cake", "action": "post.created", "where": [{"field": "cakes", "op": ">", "value": 9}]}]},
    "check_in": {"base": {"gold": 10}, "milestones": [{"days": 1, "reward": {"gold": 100}}]},
    "rotation": {"daily": {"min": 4, "max": 4}, "weekly": {"min": 9, "max": 9}, "monthly": {"min": 0, "max": 0}},
}
FIRST = snapshot(*TEMPLATES, **RULES)
SECOND = snapshot(*TEMPLATES[1:], mission("one_post", {"post.created": 2}), mission("fresh"), previous=FIRST, **RULES)


class Source:
    """Whoever caused the invocation: it causes it again until it is done, and perhaps once more.

    A queue or a schedule does so after minutes: what is owed for one is looked up with the next write, and forgotten where it was paid.
    """

    pause_ms = 90_000

    def __init__(self, invoke: Callable[[CrashWorld], bool], again: Callable[[CrashWorld], None] = lambda world: None) -> None:
        self.invoke = invoke
        self.again = again


class Client(Source):
    """A player's or an operator's program repeats its request within the minute in which it finds the evidence it left."""

    pause_ms = 20_000


class Batch(Source):
    """Messages of a queue: those the function names as failed, or all if it dies, are delivered again."""

    def __init__(self, function: str, bodies: Sequence[str], **context: Any) -> None:
        self._all = [{"messageId": f"m{n}", "body": body, "messageAttributes": {}} for n, body in enumerate(bodies)]
        self._left = self._all
        self._function = function
        self._context = context
        super().__init__(self._deliver, self._redeliver)

    def _deliver(self, world: CrashWorld) -> bool:
        answer = world.invoke(self._function, {"Records": self._left}, **self._context)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self._left = [record for record in self._left if record["messageId"] in failed]
        return not self._left

    def _redeliver(self, world: CrashWorld) -> None:
        self._left = self._all


def _request(function: str, route: str, body: object = None, player: str = ANN, *roles: str) -> Source:
    return Client(lambda world: world.request(function, route, body, player, *roles))


def _night(world: CrashWorld, days: int = 1) -> Source:
    world.now += days * DAY_MS
    return Batch("settle_players", [shard_message(SHARD, world.now)])


def _busy(world: CrashWorld) -> None:
    """Ann and Bob have posted and tipped this morning: missions wait to be claimed, grants are paid."""
    world.ingest(
        *(post(n, MORNING, ANN) for n in range(3)), post("t", MORNING, ANN, "tip.sent"), post("b", MORNING, BOB), post("c", MORNING, BOB)
    )
    world.pay()


def _track(world: CrashWorld) -> Source:
    world.now -= 3 * HOUR_MS
    _busy(world)
    world.now += 3 * HOUR_MS
    world.ingest(post("spill", NOON, ANN))  # this morning's ids leave the state
    world.now += 3 * HOUR_MS
    actions = [
        post("new", "2026-11-21T15:00:00Z", ANN),
        post("late", MORNING, ANN),  # its hour's row must be asked
        post("noon", NOON, ANN),  # its hour leaves the state with this very write
        post(1, MORNING, ANN),  # a duplicate only that row knows
        post("tip", "2026-11-21T15:00:00Z", "newcomer", "tip.sent"),
        post("cake", NOON, "newcomer", "cake.eaten"),
        post("d", "2026-11-21T15:00:00Z", BOB),
    ]
    return Batch("ingest_actions", ["{", *(json.dumps(action) for action in actions)])


def _post_actions(world: CrashWorld) -> Source:
    _busy(world)
    actions = [post("new", NOON, ANN), post("tip", NOON, "newcomer", "tip.sent"), post("other", NOON, ANN)]
    return _request("post_actions", "POST /v1/actions", actions, "host", "service")


def _on_busy_day(source: Callable[[], Source]) -> Callable[[CrashWorld], Source]:
    def prepare(world: CrashWorld) -> Source:
        _busy(world)
        return source()

    return prepare


def _settle(world: CrashWorld) -> Source:
    _busy(world)
    world.now += DAY_MS
    world.ingest(post("next", "2026-11-22T12:00:00Z", ANN))
    world.pay()
    return _night(world, days=2)


def _out_of_time(world: CrashWorld) -> Source:
    _busy(world)
    world.now += DAY_MS
    return Batch("settle_players", [shard_message(SHARD, world.now)], remaining_ms=1_000)


def _reconcile(world: CrashWorld) -> Source:
    _busy(world)
    world.ingest(post("lost", NOON, BOB, "tip.sent"))
    world.forget_stream()  # nobody is told that Bob is owed a gift
    return _night(world)


def _publish(world: CrashWorld) -> Source:
    world.ingest(post(1, NOON, ANN), post(2, NOON, ANN, "tip.sent"), post(3, NOON, BOB, "tip.sent"))
    world.request("claim_reward", "POST /v1/me/claims", None, ANN)
    world.request("check_in", "POST /v1/me/check-ins", None, BOB)
    return Source(lambda world: not world.publish(), CrashWorld.replay_stream)


def _grant(world: CrashWorld) -> Source:
    account = "account-of-nobody"
    rewards = [rewards_to_json(template.rewards) for template in Catalogs(world.environment["TABLE_NAME"]).current().templates.values()]
    grants = [{"account": account, "cause": f"c{n}", "at": NOW, "rewards": each} for n, each in enumerate(rewards[:2])]
    return Batch("grant_rewards", [json.dumps(grants[0]), '{"account": 7}', json.dumps(grants[1])])


def _rotate(world: CrashWorld) -> Source:
    world.invoke("rotate_missions", {})
    world.now = ms("2026-11-21T18:30")  # the feast is over
    return Source(lambda world: bool(world.invoke("rotate_missions", {})))


def _begun(world: CrashWorld) -> None:
    """A busy day, on which Ann began a quest and did its first step."""
    _busy(world)
    world.request("player_commands", f"POST {QUESTS}/hunt/start", None, ANN)
    world.now += HOUR_MS
    world.ingest(post("hello", "2026-11-21T13:00:00Z", ANN))


def _give_word(world: CrashWorld) -> Source:
    _begun(world)
    return _request("player_commands", f"POST {QUESTS}/hunt/steps/word/complete")


def _close(world: CrashWorld) -> Source:
    _busy(world)
    world.compete()
    world.now = ms("2026-11-24T13:00")  # the week is over in the last zone, and a day later
    world.ingest(post("again", "2026-11-24T13:00:00Z", ANN, "page.read"))  # one winner goes on acting, one is away
    return Batch("settle_players", [json.dumps({"board": "race", "label": "2026-W47"})])


def _rich(world: CrashWorld) -> None:
    """A busy day, on which Ann checked in and was paid for it."""
    _busy(world)
    world.request("check_in", "POST /v1/me/check-ins", None, ANN)
    world.pay()


def _on_rich_day(source: Callable[[], Source]) -> Callable[[CrashWorld], Source]:
    def prepare(world: CrashWorld) -> Source:
        _rich(world)
        return source()

    return prepare


def _shown(world: CrashWorld) -> None:
    """Ann handed in a page, which waits to be checked."""
    _busy(world)
    world.request("player_commands", f"POST {EVIDENCE}", PAGE, ANN)
    world.publish()


def _moderate(world: CrashWorld) -> Source:
    _shown(world)
    (bodies,) = world.take("EVIDENCE_QUEUE_URL")
    return Batch("moderate_evidence", [bodies[0]["body"], "{"])


def _arrived(world: CrashWorld) -> Source:
    _rich(world)
    world.request("player_commands", f"POST {EVIDENCE}", UPLOAD, ANN)
    world.publish()
    key = evidence_key(ANN, SHOW, 1)
    s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    s3.put_object(Bucket=world.environment["PLAYER_FILES_BUCKET"], Key=key, Body=b"\xff\xd8\xff" + bytes(9))
    return Batch("moderate_evidence", [json.dumps({"source": "aws.s3", "detail": {"object": {"key": key}}})])


def _decide(decision: str) -> Callable[[CrashWorld], Source]:
    def prepare(world: CrashWorld) -> Source:
        _arrived(world).invoke(world)
        world.drain()
        review = urlsafe_b64encode(json.dumps([ANN, SHOW, 1], separators=(",", ":")).encode()).decode().rstrip("=")
        return _request("admin_api", f"POST /v1/admin/reviews/{review}/{decision}", {"reason": "seen"}, "mod", "moderator")

    return prepare


def _held(world: CrashWorld) -> None:
    """Ann did something impossible: what she claims now waits for an operator."""
    _busy(world)
    world.ingest(post("cakes", NOON, ANN, cakes=10))
    world.request("claim_reward", f"POST {MISSION}/one_post:2026-11-21/claim", None, ANN)
    world.pay()


def _judge(decision: str) -> Callable[[CrashWorld], Source]:
    def prepare(world: CrashWorld) -> Source:
        _held(world)
        body = {"cause": "mission:one_post:2026-11-21", "reason": "seen"}
        return _request("admin_api", f"POST /v1/admin/players/{ANN}/holds/{decision}", body, "ops", "admin")

    return prepare


def _clear(world: CrashWorld) -> Source:
    _held(world)
    return _request("admin_api", f"POST /v1/admin/players/{ANN}/flags/clear", {"reason": "seen"}, "ops", "admin")


def _sweep(world: CrashWorld) -> Source:
    _shown(world)
    world.compete()
    world.request("player_commands", "PATCH /v1/me/profile", {"name": "Ann"}, ANN)
    world.request("player_commands", "DELETE /v1/me", None, ANN)
    world.publish()
    (bodies,) = world.take("ERASURE_QUEUE_URL")
    return Batch("erase_players", [bodies[0]["body"], "{"])


def _neighbours(world: CrashWorld) -> Source:
    _busy(world)
    told = [
        ("UserRegistered", {"player": "new", "zone": "Asia/Tokyo", "name": "New"}),
        ("PlayerUpdated", {"player": BOB, "level": 3}),
        ("ReferralActivated", {"inviter": ANN, "invitee": BOB}),
    ]
    events = [
        {"specversion": "1.0", "id": f"e{number}", "source": "iam", "type": type_, "time": NOON, "data": data}
        for number, (type_, data) in enumerate(told)
    ]
    return Batch("consume_events", [*(json.dumps({"detail-type": each["type"], "source": "iam", "detail": each}) for each in events), "{"])


def _reset(world: CrashWorld) -> Source:
    _busy(world)
    world.now += DAY_MS
    return Source(lambda world: bool(world.invoke("nightly_reset", {})))


def _erase(world: CrashWorld) -> Source:
    _busy(world)
    world.compete()
    world.now += DAY_MS  # everybody's night is due, and nobody acts between two deliveries: Ann could or could not
    return _request("player_commands", "DELETE /v1/me")


def _publish_catalog(world: CrashWorld) -> Source:
    def apply(world: CrashWorld) -> bool:
        world.publish_catalog(SECOND)
        return True

    _busy(world)
    world.now += DAY_MS  # everybody's night is due: whoever acted between two deliveries would be dealt by one catalog or the other
    return Source(apply)


MISSION, QUESTS = "/v1/me/missions", "/v1/me/quests"
SHOW = "show:2026-W47"
EVIDENCE = f"{MISSION}/{SHOW}/evidence"
PAGE = {"type": "url", "url": "https://example.org/page"}
UPLOAD = {"type": "uploaded_content", "content_type": "image/jpeg", "size": 12}

# By name: makes a world ready and says who will cause the invocation.
CASES: Mapping[str, Callable[[CrashWorld], Source]] = {
    "track (queue)": _track,
    "track (HTTP)": _post_actions,
    "claim": _on_busy_day(lambda: _request("claim_reward", f"POST {MISSION}/one_post:2026-11-21/claim")),
    "claim all": _on_busy_day(lambda: _request("claim_reward", "POST /v1/me/claims")),
    "check-in": _on_busy_day(lambda: _request("check_in", "POST /v1/me/check-ins")),
    "settle": _settle,
    "settle, out of time": _out_of_time,
    "reconcile": _reconcile,
    "grant": _grant,
    "publish": _publish,
    "rotate": _rotate,
    "reset": _reset,
    "publish catalog": _publish_catalog,
    "profile": _on_busy_day(lambda: _request("player_commands", "PATCH /v1/me/profile", {"zone": "Asia/Tokyo", "name": "Ann"})),
    "start": _on_busy_day(lambda: _request("player_commands", f"POST {MISSION}/watcher:2026-W47/start")),
    "start quest": _on_busy_day(lambda: _request("player_commands", f"POST {QUESTS}/hunt/start")),
    "complete step": _give_word,
    "claim achievement": _on_busy_day(lambda: _request("claim_reward", "POST /v1/me/achievements/writer/claim")),
    "close leaderboard": _close,
    "reroll": _on_busy_day(lambda: _request("player_commands", f"POST {MISSION}/many_posts:2026-11-21/reroll")),
    "hand in evidence": _on_busy_day(lambda: _request("player_commands", f"POST {EVIDENCE}", PAGE)),
    "buy an upload": _on_rich_day(lambda: _request("player_commands", f"POST {EVIDENCE}", UPLOAD)),
    "take an upload": _arrived,
    "moderate": _moderate,
    "approve": _decide("approve"),
    "reject": _decide("reject"),
    "buy freeze": _on_rich_day(lambda: _request("player_commands", "POST /v1/me/streaks/freezes")),
    "release": _judge("release"),
    "revoke": _judge("revoke"),
    "clear flags": _clear,
    "erase": _erase,
    "sweep": _sweep,
    "consume events": _neighbours,
    "pause": _on_busy_day(lambda: _request("player_commands", "POST /v1/me/pause", {"days": 3})),
    "register": lambda world: _request(
        "admin_api", "PUT /v1/players/new", {"zone": "Europe/Berlin", "locale": "de", "vip": True}, "host", "service"
    ),
}
