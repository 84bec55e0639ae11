"""GET /v1/me/export: everything kept of a player, nothing forgotten and nothing of others, in one answer or in several files."""

import json
import re
from dataclasses import fields
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.periods import FOREVER
from missions_core.domain.state import ActiveBoost, Flag, PlayerState, Referral
from missions_core.files import evidence_key
from missions_core.http.views.export import LEFT_OUT_OF_ROWS, LEFT_OUT_OF_STATE, OF_ROWS, OF_STATE, SECTIONS, portable
from missions_core.storage import keys
from missions_core.use_cases import export as exporting
from tests.component.http.conftest import NOW, Client
from tests.support.catalogs import achievement, mission, snapshot
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(
        snapshot(
            mission("one_post", rewards={"xp": 50, "gold": 5, "items": [{"id": "hat"}]}),
            achievement("first"),
            mission("race", {"post.created": 99}, type="competitive", prizes=[{"from": 1, "to": 1, "rewards": {"gold": 1000}}]),
            check_in={"base": {"gold": 10}},
        )
    )
    return world


@pytest.fixture
def ann(world: World) -> Client:
    """A player with some days behind them."""
    ann = Client(world, "ann")
    ann.send("PATCH", "/v1/me/profile", {"name": "Ann", "email": "ann@example.org", "zone": "UTC", "daily_minutes": 20})
    for day in (21, 22, 23):
        world.ingest(post(day, f"2026-11-{day}T12:00:00Z", "ann"), post(f"b{day}", f"2026-11-{day}T12:00:00Z", "bob"))
        ann.post(f"/v1/me/missions/one_post:2026-11-{day}/claim")
        ann.post("/v1/me/check-ins")
        world.pay()
        world.deliver("STANDINGS_QUEUE_URL", "update_standings")
        world.now += DAY_MS
        world.night()
    world.invoke("rotate_missions", {})
    world.deliver("SETTLE_QUEUE_URL", "settle_players")
    world.pay()
    return ann


def change_state(world: World, player: str, **members: Any) -> None:
    stored = world.players.load(player)
    assert stored is not None
    for name, value in members.items():
        setattr(stored.state, name, value)
    world.players.save(stored.state, version=stored.version, events=[], due_at=stored.due_at)


def put(**item: Any) -> None:
    boto3.resource("dynamodb").Table("missions").put_item(Item=item)


def sections(client: Client) -> dict[str, Any]:
    answer = client.get("/v1/me/export")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.body["sections"]
    return found


def test_an_export_shows_what_a_player_is_and_has(ann: Client) -> None:
    shown = sections(ann)

    assert shown["profile"] == [{"name": "Ann", "email": "ann@example.org"}]
    [settings] = shown["settings"]
    assert (settings["zone"], settings["preferences"]["daily_minutes"], settings["devices"]) == ("UTC", 20, 0)
    assert settings["created_at"] == "2026-11-21T12:00:10.000Z"
    assert shown["check_ins"] == [{"streak": 3, "best": 3, "total": 3, "days": ["2026-11-21", "2026-11-22", "2026-11-23"]}]
    assert shown["counters"][0]["lifetime"]["post.created"] == 3
    assert shown["counters"][0]["lifetime_xp"] == 160
    assert {board["period"]["label"] for board in shown["missions"]} >= {"2026-11-24"}
    assert "2026-11-21" in {board["period"]["label"] for board in shown["history"]}
    assert shown["wallet"] == [{"balances": {"gold": 1045, "xp": 160}}]
    assert {grant["cause"] for grant in shown["grants"]} >= {
        "mission:one_post:2026-11-21",
        "check_in:2026-11-22",
        "board:race:2026-11-21:1",
    }
    assert [(row["kind"], row["item"], row["quantity"]) for row in shown["inventory"]] == [("item", "hat", 3)]
    assert [(each["achievement"], each["tiers"]) for each in shown["achievements"]] == [("first", ["2026-11-21T12:00:10.000Z"])]


def test_it_is_all_json_and_tells_nothing_of_others(ann: Client, world: World) -> None:
    answer = ann.get("/v1/me/export")

    assert (answer.body["player"], answer.body["generated_at"], answer.body["files"]) == ("ann", "2026-11-24T12:00:10.000Z", None)
    assert answer.headers["cache-control"] == "no-store"
    assert "bob" not in answer.text
    assert world.state("ann").account not in answer.text, "what outlives erasure cannot be found by a file somebody keeps"
    assert answer.body["sections"].keys() == set(SECTIONS)


def test_what_rules_against_fraud_found_is_shown_by_name_alone(world: World, ann: Client) -> None:
    flag = Flag("impossible:rich", "amount 10 > 9", NOW, NOW, hold=True)
    change_state(world, "ann", flags=[flag], devices=["hash-1", "hash-2"], referral=Referral("hash of inviter", NOW))

    answer = ann.get("/v1/me/export")

    at = "2026-11-21T12:00:10.000Z"
    assert answer.body["sections"]["flags"] == [{"rule": "impossible:rich", "first_at": at, "last_at": at}]
    assert answer.body["sections"]["settings"][0]["devices"] == 2
    assert answer.body["sections"]["settings"][0]["referral"] == {"activated_at": at}
    assert not [text for text in ("> 9", "hash-1", "hash of inviter") if text in answer.text]


def test_evidence_and_notifications_are_shown_without_who_decided_and_what_was_checked(world: World, ann: Client) -> None:
    row = {"type": "url", "content": json.dumps({"url": "https://example.org"}), "submitted_at": NOW, "checks": "[]", "request": "r"}
    decision = json.dumps({"status": "rejected", "by": "moderator-7", "at": NOW, "reason": "blurred"})
    put(PK="PLAYER#ann", SK="EVIDENCE#m:1#1", decision=decision, work_queue="REVIEW", **row)
    put(PK="PLAYER#ann", SK="NOTE#1#2", at=NOW, type="mission.completed", data=json.dumps({"mission": "m"}), ttl=1)

    shown = sections(ann)

    at = "2026-11-21T12:00:10.000Z"
    decided = {"status": "rejected", "at": at, "reason": "blurred"}
    assert shown["evidence"][-1] == {"type": "url", "content": {"url": "https://example.org"}, "submitted_at": at, "decision": decided}
    assert {"at": at, "type": "mission.completed", "data": {"mission": "m"}} in shown["notifications"]


def test_a_kind_of_row_nobody_thought_of_is_shown_all_the_same(ann: Client) -> None:
    put(PK="PLAYER#ann", SK="PET#1", name="Rex", weight=7, legs=[1, {"left": b"\x01"}], ttl=1)

    assert sections(ann)["pet"] == [{"name": "Rex", "weight": 7, "legs": [1, {"left": "AQ=="}]}]


@pytest.mark.parametrize("player", ["nobody", "ann"])
def test_of_an_unknown_or_erased_player_there_is_nothing(world: World, ann: Client, player: str) -> None:
    ann.send("DELETE", "/v1/me")  # and before the rows are removed
    before = world.aws.write_units()

    answer = Client(world, player).get("/v1/me/export")

    assert (answer.status, answer.body["files"], answer.body["uploads"]) == (200, None, [])
    assert answer.body["sections"] == {name: [] for name in SECTIONS}
    assert world.aws.write_units() == before


def test_of_an_erased_player_no_upload_can_be_opened_any_more(world: World, ann: Client) -> None:
    key = evidence_key("ann", "m:1", 1)
    s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    s3.put_object(Bucket=world.environment["PLAYER_FILES_BUCKET"], Key=key, Body=b"x")
    assert [file["name"] for file in ann.get("/v1/me/export").body["uploads"]] == ["m:1/1"]

    ann.send("DELETE", "/v1/me")

    assert ann.get("/v1/me/export").body["uploads"] == []


def test_instants_of_what_the_host_said_are_shown_by_member(world: World, ann: Client) -> None:
    change_state(world, "ann", attributes_at={"zone": -1, "level": NOW})

    assert sections(ann)["settings"][0]["attributes_at"] == {"zone": None, "level": "2026-11-21T12:00:10.000Z"}


# Nothing forgotten ----------------------------------------------------------------------------------------------------


def test_every_member_of_the_state_is_shown_or_left_out_for_a_reason() -> None:
    shown = [name for names in OF_STATE.values() for name in names]
    assert len(shown) == len(set(shown))
    assert {field.name for field in fields(PlayerState)} == {*shown, *LEFT_OUT_OF_STATE}
    assert not set(shown) & LEFT_OUT_OF_STATE.keys()


def test_every_kind_of_row_of_a_player_or_an_account_is_shown_or_left_out_for_a_reason() -> None:
    table = str(keys.__doc__).split("\n\n")[1]
    kinds = set(re.findall(r"(?:PLAYER|LEDGER|WALLET)#\{\w+\}\s+([A-Z]+)", table))
    assert {"STATE", "PROFILE", "GRANT", "WALLET", "ITEM"} < kinds
    assert kinds == OF_ROWS.keys() | LEFT_OUT_OF_ROWS.keys()


def test_values_are_told_apart_by_what_they_are() -> None:
    assert portable(ActiveBoost("xp", "3/2", NOW, FOREVER)) == {
        "currency": "xp",
        "multiply": "3/2",
        "since": "2026-11-21T12:00:10.000Z",
        "until": None,
    }
    assert portable({"looked_at": 3}) == {"looked_at": 3}, "a counter's name is no instant"


# Large ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE_BYTES", 3_000)


def pages(world: World, answer: Any) -> list[dict[str, Any]]:
    bucket, s3 = world.environment["PLAYER_FILES_BUCKET"], boto3.client("s3")
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"] if entry["Key"].startswith("exports/")]
    wanted = [key for key in listed if any(key in file["url"] for file in answer.body["files"])]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in wanted]


def joined(documents: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in SECTIONS}
    for document in documents:
        for section, records in document["sections"].items():
            found[section] += records
    return found


def test_what_is_too_large_for_an_answer_comes_in_files(world: World, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    small = sections(ann)
    monkeypatch.setattr(exporting, "PAGE_BYTES", 3_000)

    answer = ann.get("/v1/me/export")

    assert answer.body["sections"] is None
    made = pages(world, answer)
    assert len(made) == len(answer.body["files"]) > 2
    assert joined(made) == small
    assert [document["page"] for document in made] == list(range(1, len(made) + 1))
    for file, document in zip(answer.body["files"], made, strict=True):
        assert file["bytes"] == len(json.dumps(document)) < 4_000
        assert file["until"] == "2026-11-24T12:15:10.000Z"
        assert {"X-Amz-Signature", "X-Amz-Expires=900"} <= set(re.findall(r"X-Amz-Signature|X-Amz-Expires=\d+", file["url"]))


def test_whoever_asks_again_within_the_hour_gets_the_same_files(world: World, ann: Client, large: None) -> None:
    first = ann.get("/v1/me/export")
    world.now += HOUR_MS - 1
    written = [call.operation for call in world.aws.calls].count("PutObject")

    again = ann.get("/v1/me/export")

    assert again.body["generated_at"] == first.body["generated_at"]
    assert [file["name"] for file in again.body["files"]] == [file["name"] for file in first.body["files"]]
    assert [call.operation for call in world.aws.calls].count("PutObject") == written
    world.now += 2
    assert ann.get("/v1/me/export").body["generated_at"] == "2026-11-24T13:00:10.001Z"


def test_an_export_that_was_broken_off_is_made_anew(world: World, ann: Client, large: None) -> None:
    whole = ann.get("/v1/me/export")
    bucket, s3 = world.environment["PLAYER_FILES_BUCKET"], boto3.client("s3")
    [last] = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"] if entry["Key"].endswith(".last")]
    s3.delete_object(Bucket=bucket, Key=last)
    world.now += 60_000

    again = ann.get("/v1/me/export")

    assert again.body["generated_at"] > whole.body["generated_at"]
    assert len(pages(world, again)) == len(whole.body["files"])


def test_exports_of_others_are_out_of_reach(world: World, ann: Client, large: None) -> None:
    ann.get("/v1/me/export")

    assert Client(world, "an").get("/v1/me/export").body["files"] is None
    assert Client(world, "an").get("/v1/me/export").body["uploads"] == []
