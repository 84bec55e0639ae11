"""A few days on which everything happens: every function at work and in every kind of trouble.

Whatever must not be logged carries a mark. Run as a program, it leaves on stdout and stderr what Lambda would keep as the log.
"""

import json
import logging
import os
from base64 import b64encode
from functools import partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import boto3
from botocore.config import Config

from infra.inprocess import create_resources, running
from infra.local.stack import ROOT
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import PlayerJoined, ScoreChanged
from missions_core.files import evidence_key
from missions_core.instants import timestamp
from missions_core.storage import keys
from missions_core.use_cases.standings import standings_body
from tests.component.http.conftest import NOW, Client
from tests.component.test_outbound import Server, serving
from tests.support.catalogs import achievement, mission, snapshot
from tests.support.faults import on, refuse
from tests.support.world import World, post

TOKEN = "marked.token.signature"
NAME, EMAIL, AVATAR = "Marked Name", "marked@example.org", "https://example.org/marked.png"
PAYLOAD = "marked-payload"
MARK = "marked"  # what all of them have in common

PLAYER = "11111111-1111-4111-8111-111111111111"  # of the samples, too
SHOWN, TOLD = (f"/v1/me/missions/{template}:always-0/evidence" for template in ("shown", "told"))
GONE = "99999999-9999-4999-8999-999999999999"
RACE = ("race", "2026-11-24")
PROFILE = {"name": NAME, "email": EMAIL, "avatar": AVATAR, "zone": "Asia/Tokyo"}
AUTHORIZED = {"authorization": f"Bearer {TOKEN}", "cookie": PAYLOAD}
PROOF = {"types": ["uploaded_content", "url"], "content_types": ["image/png"], "price": {"gold": 1}, "hosts": ["example.org"]}
ANNOUNCED = {"messageId": "1", "body": json.dumps({"detail": {"id": "1", "data": PAYLOAD}})}
CATALOG = snapshot(
    mission("daily_first_post"),
    achievement("first"),
    mission("race", {"post.created": 3}, type="competitive", prizes=[{"from": 1, "to": 3, "rewards": {"gold": 5}}]),
    mission("watcher", {"video.watched": 2}, period="weekly", requires_start=True),
    mission("long", {"post.created": 900}, period="weekly"),
    mission("shown", evidence=PROOF, type="unique", period="perpetual") | {"requirements": None},
    mission("told", evidence=PROOF | {"review": "auto"}, type="unique", period="perpetual") | {"requirements": None},
    mission("feast", {"tip.sent": 1}, period="special", active={"from": "2026-11-21T09:30:00Z", "until": "2026-11-21T18:00:00Z"}),
    check_in={"base": {"gold": 10}},
    referral={"inviter": {"gold": 5}, "invitee": {"gold": 5}},
    freeze_price={"gold": 5},
    fraud={
        "devices": {"max_players": 5, "new": True},
        "impossible": [{"key": "rich", "action": "tip.sent", "where": [{"field": "amount", "op": ">", "value": 9}]}],
    },
    reroll={"per_day": 0, "price": {"gold": 5}},
    rotation={"daily": {"min": 1, "max": 1}, "weekly": {"min": 2, "max": 2}, "monthly": {"min": 0, "max": 0}},
)


def live(world: World) -> None:
    """All of it, in an empty world."""
    world.publish_catalog(CATALOG)
    samples(world)
    days(world)
    contest(world)
    farewell(world)
    suspicion(world)
    proofs(world)
    neighbours(world)
    refusals(world)
    queue_trouble(world)
    outages(world)
    slowness(world)
    corruption(world)


def samples(world: World) -> None:
    """The sample events of every function, marked where they come from outside."""
    for path in sorted((ROOT / "events").glob("*.json")):
        function = path.stem.split(".")[0]
        event = json.loads(path.read_text())
        if "headers" in event:
            event["headers"] |= AUTHORIZED
        for record in event.get("Records", []):
            if function == "ingest_actions":
                record["body"] = json.dumps(json.loads(record["body"]) | {"data": {"text": PAYLOAD}})
        world.invoke(function, event)


def days(world: World) -> None:
    """A player's days as they should be."""
    ann, host = Client(world, PLAYER), Client(world, "service-1", "service")
    host.send("PUT", f"/v1/players/{PLAYER}", {"zone": "UTC", "level": 2}, headers=AUTHORIZED)
    ann.send("PATCH", "/v1/me/profile", PROFILE, headers=AUTHORIZED)
    for day in (21, 22, 23):
        hours = range(12) if day == 21 else (12,)  # as many hours as make ids leave the state
        world.ingest(*(post(f"{day}-{h}-{n}", f"2026-11-{day}T{h:02}:00:00Z", PLAYER, text=PAYLOAD) for h in hours for n in range(8)))
        ann.post("/v1/actions", {"specversion": "1.0", "id": f"v{day}", "source": "app", "type": "video.watched", "data": {"x": PAYLOAD}})
        ann.post(f"/v1/me/missions/daily_first_post:2026-11-{day}/claim", **AUTHORIZED)
        ann.post("/v1/me/claims")
        ann.post("/v1/me/check-ins", **AUTHORIZED)
        ann.get("/v1/me/wallet")
        world.pay()
        world.compete()
        world.now += DAY_MS
        world.night()
        world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    ann.post("/v1/me/missions/watcher:2026-W48/start")
    ann.post("/v1/me/missions/long:2026-W48/reroll")
    ann.post("/v1/me/streaks/freezes", **AUTHORIZED)
    Client(world, "boss", "admin").post(f"/v1/admin/players/{PLAYER}/missions/regenerate", {"kind": "daily", "reason": PAYLOAD})
    ann.post("/v1/me/pause", {"days": 1})
    ann.post("/v1/me/notifications/read", {})
    reads = (
        "hub",
        "missions",
        "streaks",
        "check-ins",
        "wallet",
        "grants",
        "inventory",
        "history",
        "stats",
        "profile",
        "achievements",
        "notifications",
    )
    for path in (*(f"/v1/me/{read}" for read in reads), "/v1/docs", "/v1/openapi.json", "/health/ready"):
        ann.send("GET", path, query={"access_token": TOKEN}, headers=AUTHORIZED)


def contest(world: World) -> None:
    """A leaderboard longer than what is kept in order, seen from its top and its bottom."""
    accounts = {PLAYER: world.state(PLAYER).account} | {f"player-{n}": f"account-{n}" for n in range(130)}
    scores = zip(accounts, range(len(accounts), 0, -1), strict=True)
    bodies = [standings_body(player, accounts[player], [ScoreChanged(*RACE, str(score), NOW, NOW, 1)], at=NOW) for player, score in scores]
    world.invoke("update_standings", {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]})
    for player in (PLAYER, "player-129"):
        Client(world, player).send("GET", "/v1/leaderboards/race", query={"period": RACE[1], "around": "me"}, headers=AUTHORIZED)


def farewell(world: World) -> None:
    """A player who takes their data along and is erased, with a score and an upload that come late."""
    gone = Client(world, GONE)
    gone.send("PATCH", "/v1/me/profile", PROFILE, headers=AUTHORIZED)
    world.ingest(post("gone", "2026-11-24T12:00:00Z", GONE, text=PAYLOAD))
    world.publish()
    scores = world.take("STANDINGS_QUEUE_URL")
    for _ in range(2):
        for batch in scores:
            world.invoke("update_standings", {"Records": batch})
        gone.send("GET", "/v1/me/export", headers=AUTHORIZED)
        gone.send("DELETE", "/v1/me", headers=AUTHORIZED)
        world.publish()
        world.now += HOUR_MS
        world.deliver("ERASURE_QUEUE_URL", "erase_players")
    world.invoke("moderate_evidence", {"Records": [arrived(evidence_key(GONE, "shown:always-0", 1))]})


def suspicion(world: World) -> None:
    """A player who is flagged, what they earn then, and what operators do about it."""
    eve, boss = Client(world, "eve"), Client(world, "boss", "admin")
    world.ingest(post("rich", "2026-11-24T12:00:00Z", "eve", "tip.sent", amount=10, text=PAYLOAD))
    watched = {"specversion": "1.0", "id": "device", "source": "app", "type": "video.watched", "time": "2026-11-24T12:00:00Z"}
    eve.post("/v1/actions", watched, x_device_id=f"{PAYLOAD}-1")
    eve.post("/v1/me/check-ins", x_device_id=f"{PAYLOAD}-2")
    world.ingest(post("claimed", "2026-11-24T12:00:00Z", "eve"))
    eve.post("/v1/me/missions/daily_first_post:2026-11-24/claim", x_device_id=f"{PAYLOAD}-3")
    world.pay()
    decision = {"reason": PAYLOAD}
    for path in ("flags", "players/eve/flags", "players/eve/holds"):
        boss.get(f"/v1/admin/{path}")
    boss.post("/v1/admin/players/eve/holds/release", decision | {"cause": "check_in:2026-11-24"})
    boss.post("/v1/admin/players/eve/holds/revoke", decision | {"cause": "mission:daily_first_post:2026-11-24"})
    boss.post("/v1/admin/players/eve/flags/clear", decision)
    world.pay()
    eve.get("/v1/me/grants")
    boss.get("/v1/admin/audit")


def told(type_: str, **data: Any) -> dict[str, Any]:
    """An event of a neighbour's, as a record of the queue."""
    detail = {"specversion": "1.0", "id": type_, "source": "iam", "type": type_, "time": "2026-11-24T11:00:00Z", "data": data}
    return {"messageId": "1", "body": json.dumps({"detail-type": type_, "detail": detail, PAYLOAD: PAYLOAD})}


def neighbours(world: World) -> None:
    """What other services tell us, and what the host's endpoint is told, which nobody listens at."""
    records = [
        told("UserRegistered", player="flo", zone="UTC", locale="de", name=NAME, email=EMAIL, avatar=AVATAR),
        told("PlayerUpdated", player="flo", locale="fr", segments=[PAYLOAD]),
        told("ReferralActivated", inviter=PLAYER, invitee="flo"),
        told("UserDeleted", player="flo"),
        told(PAYLOAD, player=PAYLOAD),
        told("UserRegistered", player="gil", zone=PAYLOAD, name=NAME),
        {"messageId": "m", "body": PAYLOAD},
    ]
    world.invoke("consume_events", {"Records": records})
    secret = boto3.client("secretsmanager").create_secret(Name="webhook", SecretString=TOKEN)["ARN"]
    import_module("functions.deliver_webhooks.app").endpoint.cache_clear()
    with patch.dict(os.environ, WEBHOOK_URL=f"http://127.0.0.1:9/{PAYLOAD}", WEBHOOK_SECRET_ARN=secret):
        world.invoke("deliver_webhooks", {"Records": [ANNOUNCED, {"messageId": "2", "body": PAYLOAD}]})


def arrived(key: str) -> dict[str, Any]:
    """What S3 says of an upload, as a record of the queue."""
    return {"messageId": "1", "body": json.dumps({"source": "aws.s3", "detail": {"object": {"key": key}}})}


def proofs(world: World) -> None:
    """Evidence that is uploaded, refused, approved, rejected, and looked at by a moderator."""
    ann, bob, mona = Client(world, PLAYER), Client(world, "bob"), Client(world, "mona", "moderator")
    page = {"type": "url", "url": f"https://example.org/{PAYLOAD}"}
    uploading = ann.post(SHOWN, {"type": "uploaded_content", "content_type": "image/png", "size": 9, "sha256": "0" * 64})
    key = uploading.body["upload"]["fields"]["key"]
    s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    s3.put_object(Bucket=world.environment["PLAYER_FILES_BUCKET"], Key=key, Body=PAYLOAD.encode())
    for client, path, evidence in ((ann, TOLD, page), (bob, TOLD, page), (bob, SHOWN, page | {"url": f"{page['url']}/2"})):
        client.post(path, evidence, **AUTHORIZED)
    world.invoke("moderate_evidence", {"Records": [arrived(key)]})
    for _ in range(2):
        world.publish()
        world.deliver("EVIDENCE_QUEUE_URL", "moderate_evidence")
    for review in mona.get("/v1/admin/reviews").body["items"]:
        mona.get(f"/v1/admin/reviews/{review['id']}")
        mona.post(f"/v1/admin/reviews/{review['id']}/approve", {"reason": PAYLOAD}, **AUTHORIZED)
        mona.post(f"/v1/admin/reviews/{review['id']}/reject", {"reason": PAYLOAD})


def closing(world: World) -> Any:
    """Ask for that leaderboard to be closed."""
    body = json.dumps(dict(zip(("board", "label"), RACE, strict=True)))
    return partial(world.invoke, "settle_players", {"Records": [{"messageId": "1", "body": body}]})


def refusals(world: World) -> None:
    """Requests that must be refused."""
    ann, bob = Client(world, PLAYER), Client(world, "bob")
    bodies = [f'{{"name": "{PAYLOAD}"', f'["{PAYLOAD}"]', f'{{"{PAYLOAD}": 1}}', "é" * 70_000]
    for text in (*bodies, json.dumps({"zone": PAYLOAD, "email": PAYLOAD, "daily_minutes": PAYLOAD}), json.dumps({"zone": PAYLOAD})):
        ann.send("PATCH", "/v1/me/profile", text=text, headers=AUTHORIZED)
        ann.send("POST", "/v1/actions", text=text, headers=AUTHORIZED)
    ann.send("PATCH", "/v1/me/profile", text=b64encode(b"\xff" + PAYLOAD.encode()).decode(), isBase64Encoded=True)
    for query in ({"cursor": PAYLOAD}, {"limit": PAYLOAD}, {"lang": PAYLOAD}):
        ann.send("GET", "/v1/me/grants", query=query, headers=AUTHORIZED | {"idempotency-key": PAYLOAD})
    ann.post("/v1/actions", {"actions": [post("f", "2026-11-24T12:00:00Z", "bob", text=PAYLOAD), PAYLOAD, {"type": PAYLOAD}]})
    bob.send("PUT", f"/v1/players/{PLAYER}", {"segments": [PAYLOAD]}, headers=AUTHORIZED)
    for hostile in ({"exp": PAYLOAD}, {"token_use": PAYLOAD}, {"sub": f"{PAYLOAD}\n"}, None):
        ann.claims = None if hostile is None else Client(world, PLAYER).claims | hostile  # type: ignore[operator]
        ann.send("GET", "/v1/me/hub", headers=AUTHORIZED)


def queue_trouble(world: World) -> None:
    """Messages for the quarantine."""
    late = post("late", "2020-01-01T00:00:00Z", PLAYER, text=PAYLOAD)
    future = post("future", "2036-01-01T00:00:00Z", PLAYER, text=PAYLOAD)
    nowhere = post("p", PAYLOAD, PLAYER)
    world.ingest(
        PAYLOAD, f'{{"data": "{PAYLOAD}"}}', late, future, nowhere, post("u", "2026-11-24T12:00:00Z", PLAYER, PAYLOAD, text=PAYLOAD)
    )
    grants: list[Any] = [
        PAYLOAD,
        [PAYLOAD],
        {PAYLOAD: 1},
        {"account": "a", "cause": "c", "at": PAYLOAD, "rewards": {"amounts": {"xp": PAYLOAD}}},
    ]
    records = [{"messageId": str(n), "body": body if isinstance(body, str) else json.dumps(body)} for n, body in enumerate(grants)]
    world.invoke("grant_rewards", {"Records": records})
    world.invoke("update_standings", {"Records": records})
    world.invoke("erase_players", {"Records": records})
    world.invoke("moderate_evidence", {"Records": records})
    world.invoke("write_notifications", {"Records": records})


def outages(world: World) -> None:
    """Every service refuses, one call after the other."""
    ann = Client(world, PLAYER)
    working = world.aws.intercept
    joined = standings_body("newcomer", "account", [PlayerJoined(NOW)], at=NOW)
    work = (
        partial(world.ingest, post("o", "2026-11-24T12:00:00Z", PLAYER, text=PAYLOAD), PAYLOAD),
        partial(ann.send, "PATCH", "/v1/me/profile", PROFILE | {"daily_minutes": 7}, headers=AUTHORIZED),
        partial(ann.post, "/v1/me/check-ins", **AUTHORIZED),
        partial(ann.get, "/health/ready"),
        partial(world.invoke, "grant_rewards", json.loads((ROOT / "events/grant_rewards.json").read_text())),
        partial(world.invoke, "publish_outbox", json.loads((ROOT / "events/publish_outbox.json").read_text())),
        partial(world.invoke, "update_standings", json.loads((ROOT / "events/update_standings.json").read_text())),
        partial(world.invoke, "update_standings", {"Records": [{"messageId": "1", "body": joined}]}),
        partial(world.invoke, "erase_players", json.loads((ROOT / "events/erase_players.json").read_text())),
        partial(world.invoke, "moderate_evidence", json.loads((ROOT / "events/moderate_evidence.json").read_text())),
        partial(world.invoke, "write_notifications", json.loads((ROOT / "events/write_notifications.json").read_text())),
        partial(world.invoke, "consume_events", {"Records": [told("PlayerUpdated", player=PLAYER, locale="de", segments=[PAYLOAD])]}),
        partial(world.invoke, "nightly_reset", {}),
        world.night,
    )
    for operation in (
        "GetItem",
        "BatchGetItem",
        "PutItem",
        "UpdateItem",
        "TransactWriteItems",
        "Query",
        "SendMessage",
        "SendMessageBatch",
        "PutEvents",
        "PutObject",
    ):
        world.now += DAY_MS
        world.aws.intercept = on(operation, refuse("AccessDeniedException"), times=99)
        for each in work:
            failing(each)
        world.aws.intercept = working


def slowness(world: World) -> None:
    """The table throttles: what can be done without is, the rest is refused for now."""
    ann = Client(world, PLAYER)
    working = world.aws.intercept
    for about in ("PROFILE", "STATE"):
        world.aws.intercept = on("GetItem", refuse("ThrottlingException"), times=99, about=about)
        ann.get("/v1/me/profile")
        world.aws.intercept = working


def corruption(world: World) -> None:
    """What is stored, or delivered, is not what was written."""
    ann = Client(world, PLAYER)
    table = boto3.resource("dynamodb").Table(world.environment["TABLE_NAME"])
    table.put_item(Item={"PK": f"PLAYER#{PLAYER}", "SK": "PROFILE", "profile": json.dumps({"name": [PAYLOAD], "email": {EMAIL: EMAIL}})})
    failing(partial(ann.get, "/v1/me/profile"))
    table.put_item(Item={"PK": f"PLAYER#{PLAYER}", "SK": "PROFILE", "profile": f"{{{PAYLOAD}"})
    failing(partial(ann.get, "/v1/me/profile"))
    table.put_item(Item={"PK": f"PLAYER#{PLAYER}", "SK": "STATE", "version": 1, "state": PAYLOAD.encode()})
    for work in (
        partial(ann.get, "/v1/me/hub"),
        partial(world.ingest, post("c", "2026-11-24T12:00:00Z", PLAYER, text=PAYLOAD)),
        world.night,
        closing(world),
        partial(world.invoke, "consume_events", {"Records": [told("PlayerUpdated", player=PLAYER, segments=[PAYLOAD])]}),
    ):
        failing(work)
    image = {"outbox": {"B": b64encode(PAYLOAD.encode()).decode()}}
    failing(partial(world.invoke, "publish_outbox", {"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]}))
    failing(partial(world.invoke, "settle_players", {"Records": [{"messageId": "1", "body": PAYLOAD}]}))
    failing(partial(world.invoke, "ingest_actions", {"Records": [{"messageId": "1", "data": PAYLOAD}]}))


def hosts(world: World) -> None:
    """What the host runs beside us: endpoints whose secret is lost, that answer what nobody agreed on, and that refuse."""
    secret = boto3.client("secretsmanager").create_secret(Name="host", SecretString=TOKEN)["ARN"]
    with serving(Server()) as server:
        urls = dict.fromkeys(("USER_DIRECTORY_URL", "MODERATION_URL", "WEBHOOK_URL"), f"http://127.0.0.1:{server.server_port}/{PAYLOAD}")
        for player, used, status in (("ida", f"{secret}-lost", 200), ("ike", secret, 200), ("ivy", secret, 400)):
            secrets = dict.fromkeys(("USER_DIRECTORY_SECRET_ARN", "MODERATION_SECRET_ARN", "WEBHOOK_SECRET_ARN"), used)
            server.answers = [(status, PAYLOAD.encode(), {})] * 9
            with patch.dict(os.environ, urls | secrets, BADGE_KEY_ARN="key", BADGE_ISSUER="https://example.org"):
                between(World(world.aws, world.environment, world.now), player)  # cold starts: what is warm has other endpoints


def between(world: World, player: str) -> None:
    """A player for whom everything there is beside us is asked."""
    client, working = Client(world, player), world.aws.intercept
    world.ingest(post(player, timestamp(world.now), player, text=PAYLOAD))
    world.compete()
    client.get("/v1/leaderboards/race")
    client.post(TOLD, {"type": "url", "url": f"https://example.org/{PAYLOAD}/{player}"})
    world.publish()
    world.deliver("EVIDENCE_QUEUE_URL", "moderate_evidence")
    world.invoke("deliver_webhooks", {"Records": [ANNOUNCED]})
    world.aws.intercept = on("GetPublicKey", refuse("KMSInternalException"), times=9)
    client.get("/v1/me/achievements/first/badge", **AUTHORIZED)
    world.aws.intercept = working


def succession(world: World) -> None:
    """The next catalog: it wants players registered first, and a template of the one before is lost."""
    world.publish_catalog(snapshot(mission("daily_first_post"), previous=CATALOG, unknown_players="quarantine"))
    partition, row = keys.template("told", 1)
    boto3.resource("dynamodb").Table(world.environment["TABLE_NAME"]).delete_item(Key={"PK": partition, "SK": row})
    later = World(world.aws, world.environment, world.now)  # what is warm still has the old one
    Client(later, "ivy").get("/v1/me/missions")
    later.invoke("consume_events", {"Records": [told("ReferralActivated", inviter="unheard-of", invitee="ivy")]})


def failing(work: Any) -> None:
    """Do it; what it raises is logged as Lambda's runtime would."""
    try:
        work()
    except Exception:  # the runtime's own catch
        logging.getLogger("lambda").exception("[ERROR]")


def main() -> None:
    """Live in this process, with a root logger as Lambda sets it up."""
    logging.basicConfig(level=logging.WARNING)
    with running() as aws:
        environment = create_resources()
        os.environ.update(environment)
        world = World(aws, environment, NOW)
        with patch.multiple(clock, now=lambda: world.now, real_now=lambda: NOW, sleep=lambda seconds: None):
            live(world)
            hosts(world)
            succession(world)


if __name__ == "__main__":
    main()
