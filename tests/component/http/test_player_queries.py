"""GET /v1/me/...: what a player sees, and that looking changes nothing."""

from typing import Any

import pytest

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from tests.support.game import ms
from tests.support.world import World


def missions(client: Any, **query: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/v1/me/missions", **query)
    assert answer.status == 200, answer.text
    assert answer.body["next_cursor"] is None
    return {mission["template"]: mission for mission in answer.body["items"]}


def test_a_new_player_sees_what_an_action_would_find(ann: Any, world: World) -> None:
    dealt = missions(ann)
    assert set(dealt) == {"one_post", "three_posts", "ten_posts", "watcher", "tipper", "sprint", "feast"}
    assert dealt["one_post"] | {"period": None} == {
        "id": "one_post:2026-11-21",
        "template": "one_post",
        "version": 1,
        "kind": "mission",
        "name": "Morning post",
        "description": "",
        "category": "participation",
        "type": "count",
        "difficulty": "beginner",
        "period": None,
        "status": "active",
        "percent": 0,
        "requirements": [
            {"key": "post.created", "label": "post.created", "current": 0, "target": 1, "target2": None, "op": ">=", "done": False},
        ],
        "rewards": {"amounts": {"xp": 50, "gold": 5}},
        "can_claim": False,
        "claim_until": "2026-11-23T00:00:00.000Z",
        "requires_start": False,
        "started_at": None,
        "time_limit_at": None,
        "completed_at": None,
        "claimed_at": None,
        "featured": False,
        "evidence": None,
    }
    assert dealt["one_post"]["period"] == {
        "kind": "daily",
        "label": "2026-11-21",
        "start": "2026-11-21T00:00:00.000Z",
        "end": "2026-11-22T00:00:00.000Z",
    }
    assert [call.operation for call in world.aws.calls if call.operation == "PutItem"] == []


def test_progress_completion_and_claim_show(ann: Any, post: Any) -> None:
    post(2)
    mine = missions(ann)
    assert mine["three_posts"]["percent"] == 66
    assert mine["three_posts"]["requirements"][0]["current"] == 2
    done = mine["one_post"]
    assert (done["status"], done["percent"], done["can_claim"]) == ("completed", 100, True)
    assert done["completed_at"] == "2026-11-21T12:00:00.000Z"
    ann.post(f"/v1/me/missions/{done['id']}/claim")
    claimed = missions(ann)["one_post"]
    assert (claimed["status"], claimed["can_claim"], claimed["claimed_at"]) == ("claimed", False, "2026-11-21T12:00:10.000Z")


def test_the_list_is_filtered_by_period_and_status(ann: Any, post: Any) -> None:
    post()
    assert set(missions(ann, period="weekly")) == {"ten_posts", "watcher", "tipper", "sprint"}
    assert set(missions(ann, status="completed")) == {"one_post"}
    assert set(missions(ann, period="weekly", status="failed")) == {"sprint"}
    assert set(missions(ann, period="daily", status="claimed")) == set()


@pytest.mark.parametrize(("name", "value"), [("period", "hourly"), ("status", "done")])
def test_an_unknown_filter_is_a_400_naming_it(ann: Any, name: str, value: str) -> None:
    assert ann.get("/v1/me/missions", **{name: value}).problem == (400, "invalid_field", name)


def test_yesterdays_completed_missions_stay_listed_while_they_can_be_claimed(ann: Any, post: Any, world: World) -> None:
    post()
    world.now += DAY_MS
    waiting = [m for m in ann.get("/v1/me/missions").body["items"] if m["period"]["label"] == "2026-11-21"]
    assert [m["template"] for m in waiting] == ["one_post"]
    assert waiting[0]["can_claim"]
    world.now += DAY_MS
    assert not [m for m in ann.get("/v1/me/missions").body["items"] if m["period"]["label"] == "2026-11-21"]


def test_a_time_limit_that_has_passed_shows_as_failed(ann: Any, world: World) -> None:
    sprint = missions(ann)["sprint"]
    assert (sprint["status"], sprint["time_limit_at"]) == ("failed", "2026-11-16T01:00:00.000Z")
    world.now = ms("2026-11-23T00:30:00")
    assert missions(ann)["sprint"]["status"] == "active"


def test_one_mission_is_found_by_its_id_and_only_the_players_own(ann: Any, bob: Any, post: Any) -> None:
    post()
    found = ann.get("/v1/me/missions/one_post:2026-11-21")
    assert (found.status, found.body["status"]) == (200, "completed")
    assert bob.get("/v1/me/missions/one_post:2026-11-21").body["status"] == "active"
    assert ann.get("/v1/me/missions/one_post:1999-01-01").problem == (404, "mission_not_found", None)


@pytest.mark.parametrize(
    ("query", "header", "name"),
    [
        ({}, None, "Morning post"),
        ({}, "de-AT,de;q=0.9,en;q=0.8", "Morgenbeitrag"),
        ({}, "fr, en;q=0.2, de;q=0.7", "Morgenbeitrag"),
        ({"lang": "en"}, "de", "Morning post"),
        ({"lang": "xx"}, None, "Morning post"),
    ],
)
def test_texts_are_in_the_callers_language(ann: Any, query: dict[str, str], header: str | None, name: str) -> None:
    headers = {"accept-language": header} if header else {}
    answer = ann.send("GET", "/v1/me/missions/one_post:2026-11-21", query=query, headers=headers)
    assert answer.body["name"] == name


def test_the_hub_is_everything_in_two_reads(ann: Any, post: Any, world: World) -> None:
    post()
    ann.get("/v1/me/hub")
    world.aws.calls.clear()
    hub = ann.get("/v1/me/hub").body
    assert [call.operation for call in world.aws.calls] == ["GetItem", "GetItem"]
    assert len(hub["missions"]) == 7
    assert hub["streaks"]["daily"]["current"] == 1
    assert hub["check_in"]["checked_in_today"] is False
    assert hub["wallet"]["balances"] == {"xp": {"balance": 0, "pending": 0}, "gold": {"balance": 0, "pending": 0}}
    assert hub["level"] == {"level": 1, "lifetime_xp": 0, "next_level_xp": 100}
    assert (hub["rerolls"], hub["boosts"], hub["streaks"]["freeze_price"]) == ({"left": 1, "price": None}, [], None)


def test_streaks_say_whether_today_is_safe(ann: Any, post: Any, world: World) -> None:
    post()
    daily = ann.get("/v1/me/streaks").body["daily"]
    assert daily == {
        "current": 1,
        "best": 1,
        "freezes": 0,
        "freezes_max": 2,
        "broken_at": None,
        "period_counts": True,
        "at_risk": False,
        "period_ends_at": "2026-11-22T00:00:00.000Z",
    }
    world.now += DAY_MS
    tomorrow = ann.get("/v1/me/streaks").body["daily"]
    assert (tomorrow["current"], tomorrow["period_counts"], tomorrow["at_risk"]) == (1, False, True)
    world.now += 2 * DAY_MS
    broken = ann.get("/v1/me/streaks").body["daily"]
    assert (broken["current"], broken["best"], broken["broken_at"]) == (0, 1, "2026-11-23T00:00:00.000Z")


def test_the_wallet_shows_what_is_on_its_way_and_then_what_arrived(ann: Any, post: Any, world: World) -> None:
    post()
    ann.post("/v1/me/missions/one_post:2026-11-21/claim")
    wallet = ann.get("/v1/me/wallet").body
    assert wallet == {"balances": {"xp": {"balance": 0, "pending": 50}, "gold": {"balance": 0, "pending": 5}}, "level": 1}
    world.pay()
    wallet = ann.get("/v1/me/wallet").body
    assert wallet["balances"] == {"xp": {"balance": 50, "pending": 0}, "gold": {"balance": 5, "pending": 0}}
    grants = ann.get("/v1/me/grants").body
    assert grants == {
        "items": [
            {
                "id": "mission:one_post:2026-11-21",
                "cause": "mission:one_post:2026-11-21",
                "rewards": {"amounts": {"xp": 50, "gold": 5}},
                "status": "granted",
                "granted_at": "2026-11-21T12:00:10.000Z",
            }
        ],
        "next_cursor": None,
    }


def test_history_is_paged_newest_first(ann: Any, host: Any, post: Any, world: World) -> None:
    for day in range(21, 26):
        world.now = ms(f"2026-11-{day}T12:00:10")
        host.post("/v1/actions", post.event(time=f"2026-11-{day}T12:00:00Z"))
    labels, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = ann.get("/v1/me/history", limit=2, **({"cursor": cursor} if cursor else {})).body
        labels += [item["period"]["label"] for item in page["items"] if item["period"]["kind"] == "daily"]
        cursor, pages = page["next_cursor"], pages + 1
    assert pages > 1
    assert labels == ["2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20"]
    newest = next(item for item in ann.get("/v1/me/history").body["items"] if item["period"]["kind"] == "daily")
    ended = {mission["template"]: mission for mission in newest["missions"]}
    assert ended["one_post"]["status"] == "expired"
    assert ended["one_post"]["name"] == "Morning post"


@pytest.mark.parametrize("path", ["grants", "inventory", "history"])
@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"cursor": "nonsense"}, "invalid_cursor", "cursor"),
        ({"cursor": "TEVER0VSI3g="}, "invalid_cursor", "cursor"),
        ({"limit": 0}, "invalid_field", "limit"),
        ({"limit": 101}, "invalid_field", "limit"),
        ({"limit": "ten"}, "invalid_field", "limit"),
    ],
)
def test_a_bad_page_is_a_400(ann: Any, path: str, query: dict[str, Any], code: str, field: str) -> None:
    assert ann.get(f"/v1/me/{path}", **query).problem == (400, code, field)


def test_stats_count_over_a_lifetime(ann: Any, post: Any) -> None:
    post(3)
    stats = ann.get("/v1/me/stats").body
    assert stats["actions"] == {"post.created": 3}
    assert stats["completions"] == {"one_post": 1, "three_posts": 1}
    assert stats["completed"] == 2
    assert stats["playing_since"] == "2026-11-21T12:00:10.000Z"


def test_the_check_in_card_shows_a_month(ann: Any) -> None:
    before = ann.get("/v1/me/check-ins").body
    assert (before["month"], before["days"], before["next_at"]) == ("2026-11", [], None)
    assert before["reward"] == {"amounts": {"gold": 10}}
    ann.post("/v1/me/check-ins")
    after = ann.get("/v1/me/check-ins", month="2026-11").body
    assert (after["days"], after["checked_in_today"], after["next_at"]) == ([21], True, "2026-11-22T00:00:00.000Z")
    assert ann.get("/v1/me/check-ins", month="2026-10").body["days"] == []


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "November", "0000-00"])
def test_a_month_that_is_none_is_a_400(ann: Any, month: str) -> None:
    status, _, field = ann.get("/v1/me/check-ins", month=month).problem
    assert (status, field) == (400, "month")


def test_an_unknown_route_is_a_404(ann: Any) -> None:
    assert ann.get("/v1/me/treasure").problem == (404, "route_not_found", None)


def test_looking_never_writes(ann: Any, world: World) -> None:
    for hours in range(0, 72, 9):
        world.now += hours * HOUR_MS
        for path in ("hub", "missions", "quests", "streaks", "check-ins", "wallet", "grants", "inventory", "history", "stats", "profile"):
            assert ann.get(f"/v1/me/{path}").status == 200
    assert world.aws.write_units() == 0
