"""Claims, check-ins and a player's other wishes."""

from typing import Any

import pytest

from missions_core.domain.catalog import DAY_MS
from missions_core.http.api import logger
from tests.support.world import World

ONE_POST = "/v1/me/missions/one_post:2026-11-21"


def test_a_claim_answers_with_the_mission_and_the_payment_under_way(ann: Any, post: Any) -> None:
    post()
    answer = ann.post(f"{ONE_POST}/claim")
    assert answer.status == 200
    assert answer.body["mission"]["status"] == "claimed"
    assert answer.body["grant"] == {
        "id": "mission:one_post:2026-11-21",
        "status": "pending",
        "rewards": {"amounts": {"xp": 50, "gold": 5}},
    }


def test_what_cannot_be_claimed_says_why(ann: Any, bob: Any, post: Any) -> None:
    assert ann.post(f"{ONE_POST}/claim").problem == (409, "mission_not_completed", None)
    post()
    assert ann.post("/v1/me/missions/no_such:2026-11-21/claim").problem == (404, "mission_not_found", None)
    assert bob.post(f"{ONE_POST}/claim").problem == (409, "mission_not_completed", None)  # bob has one of that name, too
    assert ann.post(f"{ONE_POST}/claim").status == 200
    again = ann.post(f"{ONE_POST}/claim")
    assert again.problem == (409, "already_claimed", None)
    assert again.body["claimed_at"] == "2026-11-21T12:00:10.000Z"


def test_an_unclaimed_mission_is_gone_once_its_board_has_settled(ann: Any, post: Any, world: World) -> None:
    post()
    world.now += 2 * DAY_MS
    world.night()
    assert ann.post(f"{ONE_POST}/claim").problem == (410, "mission_expired", None)


def test_one_idempotency_key_claims_once_and_hears_the_same(ann: Any, post: Any) -> None:
    post()
    first = ann.post(f"{ONE_POST}/claim", idempotency_key="k1")
    assert ann.post(f"{ONE_POST}/claim", idempotency_key="k1") == first
    assert ann.post(f"{ONE_POST}/claim", idempotency_key="k2").problem[:2] == (409, "already_claimed")
    assert ann.post("/v1/me/check-ins", idempotency_key="k1").problem[:2] == (409, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there", "schlüssel"])
def test_a_bad_idempotency_key_is_a_400(ann: Any, key: str) -> None:
    assert ann.post("/v1/me/check-ins", idempotency_key=key).problem == (400, "invalid_idempotency_key", "Idempotency-Key")


def test_all_rewards_are_claimed_in_one_write(ann: Any, post: Any, world: World) -> None:
    post(3)
    answer = ann.post("/v1/me/claims", idempotency_key="all")
    assert {claim["mission"]["template"] for claim in answer.body["items"]} == {"one_post", "three_posts"}
    assert answer.body["next_cursor"] is None
    assert ann.post("/v1/me/claims", idempotency_key="all") == answer
    assert ann.post("/v1/me/claims").body["items"] == []
    world.pay()
    assert len(ann.get("/v1/me/grants").body["items"]) == 2


def test_checking_in_pays_once_a_day_and_names_the_next_opening(ann: Any, world: World) -> None:
    first = ann.post("/v1/me/check-ins", idempotency_key="today")
    assert first.status == 200
    assert first.body == {
        "day": "2026-11-21",
        "streak_days": 1,
        "base": {"amounts": {"gold": 10}},
        "streak_bonus": {},
        "milestone_bonus": {},
        "monthly_bonus": {},
        "total": {"amounts": {"gold": 10}},
        "next_at": "2026-11-22T00:00:00.000Z",
    }
    again = ann.post("/v1/me/check-ins")
    assert again.problem == (409, "already_checked_in", None)
    assert again.body["next_at"] == "2026-11-22T00:00:00.000Z"
    assert ann.post("/v1/me/check-ins", idempotency_key="today") == first
    world.now += DAY_MS
    second = ann.post("/v1/me/check-ins").body
    assert (second["streak_days"], second["streak_bonus"]) == (2, {"amounts": {"gold": 5}})


def test_a_profile_is_changed_member_by_member(ann: Any) -> None:
    assert ann.get("/v1/me/profile").body["zone"] is None
    changed = ann.send("PATCH", "/v1/me/profile", {"zone": "Asia/Tokyo", "name": "Ann", "email": "ann@example.org"})
    assert changed.status == 200
    ann.send("PATCH", "/v1/me/profile", {"categories": ["social"], "daily_minutes": 20, "language": "de-AT"})
    profile = ann.get("/v1/me/profile").body
    assert profile == changed.body | {"categories": ["social"], "daily_minutes": 20, "language": "de-AT"}
    assert (profile["zone"], profile["name"], profile["email"]) == ("Asia/Tokyo", "Ann", "ann@example.org")


def test_personal_data_never_reaches_the_state_or_the_log(ann: Any, world: World, caplog: pytest.LogCaptureFixture) -> None:
    ann.send("PATCH", "/v1/me/profile", {"name": "Ann Unmistakable", "email": "ann@example.org", "zone": "Asia/Tokyo"})
    output = "".join(logger.registered_formatter.format(record) for record in caplog.records if record.name == logger.name)
    assert "answered" in output
    assert ann.player in output
    assert "Unmistakable" not in output
    assert "example.org" not in output
    assert "Unmistakable" not in repr(world.state(ann.player))


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"zone": "Mars/Olympus"}, "invalid_zone", "zone"),
        ({"zone": "../../etc/passwd"}, "invalid_zone", "zone"),
        ({"zone": 7}, "invalid_field", "zone"),
        ({"zone": None}, "invalid_field", "zone"),
        ({"nickname": "x"}, "unknown_field", "nickname"),
        ({"name": ""}, "invalid_field", "name"),
        ({"name": "x" * 101}, "invalid_field", "name"),
        ({"email": "not an address"}, "invalid_field", "email"),
        ({"avatar": "javascript:alert(1)"}, "invalid_field", "avatar"),
        ({"daily_minutes": "20"}, "invalid_field", "daily_minutes"),
        ({"daily_minutes": 0.5}, "invalid_field", "daily_minutes"),
        ({"categories": [1]}, "invalid_field", "categories.0"),
        ([{"zone": "UTC"}], "not_an_object", None),
    ],
)
def test_a_bad_profile_is_a_400_naming_the_member(ann: Any, body: Any, code: str, field: str | None) -> None:
    assert ann.send("PATCH", "/v1/me/profile", body).problem == (400, code, field)


def test_every_bad_member_is_named(ann: Any) -> None:
    problem = ann.send("PATCH", "/v1/me/profile", {"nickname": "x", "daily_minutes": -1}).body
    assert problem["code"] == "invalid_request"
    assert {(error["field"], error["code"]) for error in problem["errors"]} == {
        ("nickname", "unknown_field"),
        ("daily_minutes", "invalid_field"),
    }


def test_a_mission_that_asks_for_it_is_started_once(ann: Any) -> None:
    path = "/v1/me/missions/watcher:2026-W47/start"
    started = ann.post(path)
    assert (started.status, started.body["started_at"]) == (200, "2026-11-21T12:00:10.000Z")
    assert ann.post(path).problem == (409, "already_started", None)
    assert ann.post("/v1/me/missions/one_post:2026-11-21/start").problem == (409, "start_not_needed", None)
    assert ann.post("/v1/me/missions/no_such:1/start").problem == (404, "mission_not_found", None)


def test_a_mission_that_has_no_replacement_is_not_rerolled(ann: Any) -> None:
    assert ann.post("/v1/me/missions/one_post:2026-11-21/reroll").problem == (409, "nothing_to_reroll", None)
    assert ann.post("/v1/me/missions/feast:2026-11-21/reroll").problem == (409, "not_rerollable", None)


def test_a_pause_protects_streaks_until_it_is_ended(ann: Any) -> None:
    paused = ann.post("/v1/me/pause", {"days": 3})
    assert (paused.status, paused.body["paused_until"]) == (200, "2026-11-24T12:00:10.000Z")
    again = ann.post("/v1/me/pause", {"days": 3})
    assert again.problem == (409, "already_paused", None)
    assert again.body["until"] == "2026-11-24T12:00:10.000Z"
    assert ann.post("/v1/me/pause", {"days": 0}).body["paused_until"] is None
    assert ann.post("/v1/me/pause", {"days": 0}).problem == (409, "not_paused", None)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"days": 31}, "invalid_pause", "days"),
        ({"days": -1}, "invalid_field", "days"),
        ({"days": 1.5}, "invalid_field", "days"),
        ({}, "missing_field", "days"),
        (None, "missing_field", "body"),
    ],
)
def test_a_bad_pause_is_a_400(ann: Any, body: Any, code: str, field: str) -> None:
    assert ann.post("/v1/me/pause", body).problem == (400, code, field)


def test_the_host_sets_what_it_knows_of_a_player(ann: Any, host: Any) -> None:
    body = {"zone": "Asia/Tokyo", "level": 7, "vip": True, "segments": ["b", "a", "a"], "locale": "ja"}
    answer = host.send("PUT", f"/v1/players/{ann.player}", body)
    assert answer.status == 200
    assert answer.body == {
        "player": ann.player,
        "zone": "Asia/Tokyo",
        "level": 7,
        "vip": True,
        "segments": ["a", "b"],
        "created_at": "2026-11-21T12:00:10.000Z",
        "active_at": "2026-11-21T12:00:10.000Z",
    }
    assert ann.get("/v1/me/profile").body["language"] == "ja"
    assert "one_post:2026-11-21" in {mission["id"] for mission in ann.get("/v1/me/missions").body["items"]}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"zone": "Nowhere"}, "invalid_zone", "zone"),
        ({"level": "7"}, "invalid_field", "level"),
        ({"level": 0}, "invalid_field", "level"),
        ({"vip": 1}, "invalid_field", "vip"),
        ({"role": "admin"}, "unknown_field", "role"),
    ],
)
def test_bad_attributes_are_a_400_naming_the_member(host: Any, body: Any, code: str, field: str) -> None:
    assert host.send("PUT", "/v1/players/p1", body).problem == (400, code, field)


def test_a_players_id_has_bounds(host: Any) -> None:
    assert host.send("PUT", f"/v1/players/{'p' * 129}", {}).problem == (400, "invalid_player", "player_id")


def test_players_set_no_attributes(ann: Any, world: World) -> None:
    answer = ann.send("PUT", f"/v1/players/{ann.player}", {"level": 99})
    assert answer.problem == (403, "missing_role", None)
    assert world.players.load(ann.player) is None
