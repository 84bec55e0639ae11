"""What makes rewards safe to give, and easy to put beside other services, on the deployed stack: evidence, neighbours' events, erasure."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from infra.actors import Caller, Json, Player
from infra.local.stack import LocalStack, local_session
from infra.polling import wait_for
from infra.stage import Stage
from missions_core.instants import timestamp

PNG = b"\x89PNG\r\n\x1a\n" + bytes(56)
PROOF = "spread_the_word:always-0"


@pytest.fixture(scope="module")
def stage(stack: LocalStack) -> Stage:
    return Stage(stack)


@pytest.fixture(scope="module")
def moderator(stack: LocalStack) -> Caller:
    return Caller(stack, "moderator", "moderator")


def tell(stage: Stage, type_: str, data: dict[str, Any], *, ago: timedelta = timedelta(0)) -> None:
    """Let a neighbour put an event on the bus."""
    at = timestamp(int((stage.host.now() - ago).timestamp() * 1000))
    event = {"specversion": "1.0", "id": str(uuid4()), "source": "iam", "type": type_, "time": at, "data": data}
    events = local_session().client("events", endpoint_url=stage.stack.endpoint_url)
    entry = {"EventBusName": stage.stack.event_bus, "Source": "iam", "DetailType": type_, "Detail": json.dumps(event)}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def send_form(form: Json, content: bytes) -> int:
    """Post a file as a browser would; the status S3 answers."""
    fields = {**form["fields"], "file": ("proof.png", content, "image/png")}
    return urllib3.request("POST", form["url"], fields=fields).status


def causes(player: Player) -> Counter[str]:
    grants = player.expect(player.api.get("/v1/me/grants?limit=100"))["items"]
    return Counter(grant["cause"].partition(":")[0] + ":" + grant["cause"].split(":")[1] for grant in grants)


def test_an_upload_is_checked_reviewed_and_pays(stage: Stage, moderator: Caller) -> None:
    player = stage.enter("uploader")
    path = f"/v1/me/missions/{PROOF}/evidence"
    form = player.expect(player.api.post(path, {"type": "uploaded_content", "content_type": "image/png", "size": len(PNG)}))["upload"]

    assert send_form(form, PNG + b"more") in {400, 403}, "S3 itself refuses another size"
    assert send_form({**form, "fields": form["fields"] | {"Content-Type": "text/html"}}, PNG) in {400, 403}, "and another type"
    assert send_form(form, PNG) in {200, 201, 204}

    waiting = wait_for(
        lambda: moderator.expect(moderator.api.get("/v1/admin/reviews"))["items"],
        lambda items: player.id in {item["player"] for item in items},
        "the upload among the reviews",
    )
    review = next(item["id"] for item in waiting if item["player"] == player.id)
    shown = moderator.expect(moderator.api.get(f"/v1/admin/reviews/{review}"))
    assert all(check["problem"] is None for check in shown["checks"])
    assert urllib3.request("GET", shown["upload"]["url"]).data == PNG
    assert player.mission(PROOF)["status"] == "active"
    assert player.api.post(f"/v1/admin/reviews/{review}/approve", {"reason": "mine"}).status == 403

    decided = moderator.expect(moderator.api.post(f"/v1/admin/reviews/{review}/approve", {"reason": "that is our forum"}))
    assert (decided["decision"]["status"], decided["decision"]["by"]) == ("approved", moderator.id)
    assert player.mission(PROOF)["status"] == "completed"
    paid = player.expect(player.claim(PROOF))["grant"]["rewards"]["amounts"]
    wait_for(player.balances, lambda held: Counter(held) >= Counter(paid), "the reward in the wallet")


def test_a_registered_player_finds_their_first_day_in_their_own_zone(stage: Stage) -> None:
    player = Player(stage.stack, "newcomer")
    tell(stage, "UserRegistered", {"player": player.id, "zone": "Pacific/Kiritimati", "name": "New Comer"})

    profile = wait_for(lambda: player.api.get("/v1/me/profile").body, lambda found: found.get("name"), "the registration")

    assert (profile["name"], profile["zone"]) == ("New Comer", "Pacific/Kiritimati")
    assert {board.period.clock.zone for board in stage.stored(player).state.boards} == {"Pacific/Kiritimati"}


def test_a_referral_pays_each_side_once_however_often_it_is_told(stage: Stage) -> None:
    inviter, invitee = stage.enter("inviter"), stage.enter("invitee")
    for minutes in (3, 1, 2, 1):
        tell(stage, "ReferralActivated", {"inviter": inviter.id, "invitee": invitee.id}, ago=timedelta(minutes=minutes))

    wait_for(lambda: causes(inviter) and causes(invitee), bool, "both sides to be paid")
    tell(stage, "ReferralActivated", {"inviter": inviter.id, "invitee": invitee.id})
    tell(stage, "PlayerUpdated", {"player": inviter.id, "level": 7})
    wait_for(lambda: player_level(inviter), lambda level: level >= 7, "what was told last")

    for side in (inviter, invitee):
        assert sum(count for cause, count in causes(side).items() if cause.startswith("referral:")) == 1


def player_level(player: Player) -> int:
    level: int = player.expect(player.api.get("/v1/me/profile"))["level"]
    return level


def test_an_erased_player_is_gone_and_the_ledger_still_adds_up(stage: Stage) -> None:
    player = stage.enter("leaver")
    player.expect(player.api.post("/v1/me/check-ins"))
    wait_for(player.balances, lambda held: any(held.values()), "money")
    player.expect(player.api.request("PATCH", "/v1/me/profile", {"name": "Somebody"}))
    account = stage.stored(player).state.account
    before = ledger_of(stage, account)
    export = player.expect(player.api.get("/v1/me/export"))
    assert "Somebody" in json.dumps(export)

    player.expect(player.api.request("DELETE", "/v1/me"))
    assert player.api.get("/v1/me/hub").status == 410
    left = wait_for(lambda: rows(stage, f"PLAYER#{player.id}"), lambda left: [set(row) for row in left] == [BARE], "a bare tombstone")

    assert len(left) == 1
    assert not any(player.expect(player.api.get("/v1/me/export"))["sections"].values())
    assert ledger_of(stage, account) == before
    assert before[0] == before[1] != {}


BARE = {"PK", "SK", "version", "erased_at"}


def rows(stage: Stage, partition: str) -> list[Json]:
    dynamodb = local_session().client("dynamodb", endpoint_url=stage.stack.endpoint_url)
    return dynamodb.query(
        TableName=stage.stack.table,
        KeyConditionExpression="PK = :partition",
        ExpressionAttributeValues={":partition": {"S": partition}},
        ConsistentRead=True,
    )["Items"]


def ledger_of(stage: Stage, account: str) -> tuple[dict[str, int], dict[str, int]]:
    """What the ledger of an account adds up to, and what its wallet holds."""
    wallet = [row for row in rows(stage, f"WALLET#{account}") if row["SK"]["S"] == "WALLET"]
    held = {name.removeprefix("balance_"): int(value["N"]) for row in wallet for name, value in row.items() if name.startswith("balance_")}
    return _total(json.loads(row["rewards"]["S"])["amounts"] for row in rows(stage, f"LEDGER#{account}")), held


def _total(amounts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in amounts:
        total.update(each)
    return dict(total)
