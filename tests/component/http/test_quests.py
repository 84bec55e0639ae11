"""Quests through the API: shown, begun, done step by step, claimed; and ended by the nightly reset alone."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.storage.ledger import Ledger
from tests.component.http.conftest import NOW, Client
from tests.support.catalogs import mission, quest, snapshot, step
from tests.support.world import World, post

CATALOG = snapshot(
    mission("one_post", rewards={"xp": 50}),
    quest(
        "journey",
        step("word", name={"en": "Promise", "de": "Versprechen"}, rewards={}),
        step("posts", {"post.created": 2}),
        step("aside", {"tip.sent": 1}, optional=True, rewards={"gold": 3}),
        name={"en": "The journey", "de": "Die Reise"},
        description="There and back",
        category="travel",
        difficulty="advanced",
        priority=1,
    ),
    quest("chest", step("posts", {"post.created": 1}, rewards={}), auto_claim=False, max_completions=2),
    quest("dash", step("posts", {"post.created": 3}), requires_start=True, time_limit_hours=2),
    quest("locked", step("posts", {"post.created": 1}), prerequisites=["journey"]),
    quest("paused", step("posts", {"post.created": 1}), paused=True),
    rotation={"daily": {"min": 1, "max": 1}, "weekly": {"min": 0, "max": 0}, "monthly": {"min": 0, "max": 0}},
)
ANN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    aws.calls.clear()
    return world


@pytest.fixture
def announced(world: World) -> list[dict[str, Any]]:
    """What the world was told, as it is told."""
    told: list[dict[str, Any]] = []
    inner = world.aws.intercept

    def listen(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == "PutEvents":
            entries = json.loads(request.prepared.body)["Entries"]  # type: ignore[arg-type]
            told.extend(json.loads(entry["Detail"]) for entry in entries)
        return inner(request, deliver)

    world.aws.intercept = listen
    return told


def act(world: World, id_: str, type_: str = "post.created", at: str = "2026-11-21T12:00:00Z") -> None:
    world.ingest(post(id_, at, ANN, type_))


def shown(client: Client) -> dict[str, dict[str, Any]]:
    answer = client.get("/v1/me/quests")
    assert (answer.status, answer.body["next_cursor"]) == (200, None)
    return {each["key"]: each for each in answer.body["items"]}


# Looking


def test_a_new_player_sees_what_is_under_way_to_start_and_locked(ann: Client, world: World) -> None:
    assert [(key, each["status"], each["can_start"], each["why_not"]) for key, each in shown(ann).items()] == [
        ("journey", "in_progress", False, "under_way"),
        ("chest", "in_progress", False, "under_way"),
        ("dash", "not_started", True, None),
        ("locked", "not_started", False, "prerequisite_missing:journey"),
    ]
    assert ann.get("/v1/me/quests/journey").body == {
        "key": "journey",
        "name": "The journey",
        "description": "There and back",
        "category": "travel",
        "difficulty": "advanced",
        "status": "in_progress",
        "run": "journey:run-1",
        "percent": 0,
        "steps": [
            {
                "key": "word",
                "name": "Promise",
                "optional": False,
                "manual": True,
                "status": "ready",
                "completed_at": None,
                "percent": 0,
                "requirements": [],
                "rewards": {},
            },
            {
                "key": "posts",
                "name": "posts",
                "optional": False,
                "manual": False,
                "status": "open",
                "completed_at": None,
                "percent": 0,
                "requirements": [
                    {"key": "post.created", "label": "post.created", "current": 0, "target": 2, "target2": None, "op": ">=", "done": False}
                ],
                "rewards": {"amounts": {"gold": 1}},
            },
            {
                "key": "aside",
                "name": "aside",
                "optional": True,
                "manual": False,
                "status": "open",
                "completed_at": None,
                "percent": 0,
                "requirements": [
                    {"key": "tip.sent", "label": "tip.sent", "current": 0, "target": 1, "target2": None, "op": ">=", "done": False}
                ],
                "rewards": {"amounts": {"gold": 3}},
            },
        ],
        "next_step": "word",
        "rewards": {"amounts": {"gold": 100}},
        "can_claim": False,
        "can_start": False,
        "why_not": "under_way",
        "started_at": None,
        "ends_at": None,
        "completed_at": None,
        "claimed_at": None,
    }
    assert world.aws.write_units() == 0, "nothing is written by looking"


def test_progress_shows_step_by_step(ann: Client, world: World) -> None:
    act(world, "1")
    halfway = ann.get("/v1/me/quests/journey").body
    assert (halfway["percent"], [each["percent"] for each in halfway["steps"]], halfway["next_step"]) == (25, [0, 50, 0], "word")
    assert halfway["started_at"] == "2026-11-21T12:00:00.000Z"

    act(world, "2")
    waiting = ann.get("/v1/me/quests/journey").body
    assert (waiting["percent"], waiting["steps"][1]["requirements"][0]["done"], waiting["steps"][1]["status"]) == (50, True, "open")

    done = ann.post("/v1/me/quests/journey/steps/word/complete").body
    assert (done["status"], done["percent"], done["next_step"], done["can_claim"]) == ("completed", 100, None, False)
    assert [each["status"] for each in done["steps"]] == ["done", "done", "open"]
    assert (done["completed_at"], done["claimed_at"]) == ("2026-11-21T12:00:10.000Z", "2026-11-21T12:00:10.000Z")
    assert shown(ann)["locked"]["can_start"]


def test_a_quest_that_has_ended_is_remembered_with_its_steps(ann: Client, world: World) -> None:
    act(world, "1")
    ann.post("/v1/me/quests/chest/claim")
    before = shown(ann)["chest"]
    world.now += DAY_MS
    world.night()
    assert not any(each.template == "chest" for _, each in world.state(ANN).missions())

    ended = shown(ann)["chest"]

    assert ended | {"steps": None, "started_at": None} == before | {"steps": None, "started_at": None}
    assert (ended["status"], ended["percent"], ended["can_start"]) == ("completed", 100, True)
    assert [(each["status"], each["percent"], each["requirements"][0]["done"]) for each in ended["steps"]] == [("done", 100, True)]
    [past] = [each for each in ann.get("/v1/me/history").body["items"] if each["period"]["kind"] == "quest"]
    assert (past["period"]["label"], past["missions"][0]["id"], past["missions"][0]["status"]) == ("run-1", "chest:run-1", "claimed")


def test_of_an_ended_quest_that_asks_for_other_steps_by_now_only_its_end_is_told(ann: Client, world: World) -> None:
    act(world, "1")
    ann.post("/v1/me/quests/chest/claim")
    world.now += DAY_MS
    world.night()
    other = quest("chest", step("a", {"tip.sent": 1}, optional=True), step("b", {"post.created": 1}), step("c", {"tip.sent": 9}))
    world.publish_catalog(snapshot(other, previous=CATALOG))

    ended = shown(ann)["chest"]

    assert (ended["status"], ended["percent"]) == ("completed", 100)
    assert [each["status"] for each in ended["steps"]] == ["open", "done", "done"]


def test_texts_are_in_the_callers_language(ann: Client) -> None:
    assert ann.get("/v1/me/quests/journey", lang="de").body["name"] == "Die Reise"
    assert ann.get("/v1/me/quests/journey", lang="de").body["steps"][0]["name"] == "Versprechen"


@pytest.mark.parametrize("key", ["nothing", "one_post", "paused"])
def test_what_is_no_quest_to_be_seen_is_a_404(ann: Client, key: str) -> None:
    assert ann.get(f"/v1/me/quests/{key}").problem == (404, "quest_not_found", None)


def test_quests_stay_out_of_what_lists_missions(ann: Client, world: World) -> None:
    act(world, "1")
    assert {each["template"] for each in ann.get("/v1/me/missions").body["items"]} == {"one_post"}
    assert {each["template"] for each in ann.get("/v1/me/missions", status="completed").body["items"]} == {"one_post"}
    assert {each["template"] for each in ann.get("/v1/me/hub").body["missions"]} == {"one_post"}
    for path in ("missions/chest:run-1/claim", "missions/chest:run-1/start", "missions/chest:run-1/reroll"):
        assert ann.post(f"/v1/me/{path}").problem == (404, "mission_not_found", None)
    assert ann.get("/v1/me/missions/chest:run-1").problem == (404, "mission_not_found", None)
    ann.post("/v1/me/quests/chest/claim")
    world.now += DAY_MS
    world.night()
    assert ann.post("/v1/me/missions/chest:run-1/claim").problem == (404, "mission_not_found", None)


# Beginning, and saying that a step is done


def test_a_quest_is_started_once_and_its_time_runs(ann: Client, world: World) -> None:
    act(world, "1")
    world.now += HOUR_MS
    started = ann.post("/v1/me/quests/dash/start", idempotency_key="k1")
    assert started.status == 200
    assert (started.body["status"], started.body["run"]) == ("in_progress", "dash:run-1")
    assert (started.body["started_at"], started.body["ends_at"]) == ("2026-11-21T13:00:10.000Z", "2026-11-21T15:00:10.000Z")
    before = world.players.load(ANN)
    assert world.state(ANN).active_at == world.now

    assert ann.post("/v1/me/quests/dash/start", idempotency_key="k1") == started
    assert world.players.load(ANN) == before
    again = ann.post("/v1/me/quests/dash/start")
    assert (again.problem, again.body["quest_status"]) == ((409, "quest_already_started", None), "in_progress")
    assert ann.post("/v1/me/quests/chest/start", idempotency_key="k1").problem == (409, "idempotency_key_reused", None)


def test_what_cannot_be_started_says_why(ann: Client, world: World) -> None:
    assert ann.post("/v1/me/quests/nothing/start").problem == (404, "quest_not_found", None)
    assert ann.post("/v1/me/quests/one_post/start").problem == (404, "quest_not_found", None)
    for key, reason in (("paused", "paused"), ("locked", "prerequisite_missing:journey")):
        answer = ann.post(f"/v1/me/quests/{key}/start")
        assert (answer.problem, answer.body["reason"]) == ((409, "quest_not_available", None), reason)
    act(world, "1")
    act(world, "2")
    ann.post("/v1/me/quests/journey/steps/word/complete")
    done = ann.post("/v1/me/quests/journey/start")
    assert (done.problem, done.body["quest_status"]) == ((409, "quest_already_completed", None), "completed")


def test_steps_are_completed_in_order_once(ann: Client, world: World) -> None:
    step_of = "/v1/me/quests/journey/steps"
    assert ann.post("/v1/me/quests/nothing/steps/word/complete").problem == (404, "quest_not_found", None)
    assert ann.post(f"{step_of}/nothing/complete").problem == (404, "step_not_found", None)
    assert ann.post("/v1/me/quests/dash/steps/posts/complete").problem == (409, "quest_not_started", None)
    early = ann.post(f"{step_of}/posts/complete")
    assert early.problem == (409, "step_not_manual", None)
    first = ann.post(f"{step_of}/word/complete", idempotency_key="k1")
    assert (first.status, first.body["steps"][0]["completed_at"]) == (200, "2026-11-21T12:00:10.000Z")
    assert ann.post(f"{step_of}/word/complete", idempotency_key="k1") == first
    again = ann.post(f"{step_of}/word/complete")
    assert (again.problem, again.body["completed_at"]) == ((409, "step_already_completed", None), "2026-11-21T12:00:10.000Z")
    world.pay()
    assert Ledger("missions").wallet(world.state(ANN).account) == {}


def test_a_step_out_of_order_says_which_is_next(aws: InProcessAws, ann: Client, world: World) -> None:
    vows = quest("vows", step("first"), step("second"), step("third", {"post.created": 1}, manual=True))
    world.publish_catalog(snapshot(vows, previous=CATALOG))

    early = ann.post("/v1/me/quests/vows/steps/second/complete")

    assert (early.problem, early.body["next"]) == ((409, "step_out_of_order", None), "first")
    assert "'first'" in early.body["detail"]
    for each in ("first", "second"):
        assert ann.post(f"/v1/me/quests/vows/steps/{each}/complete").status == 200
    assert ann.post("/v1/me/quests/vows/steps/third/complete").problem == (409, "step_not_ready", None)
    act(world, "1")
    vows_now = ann.get("/v1/me/quests/vows").body
    assert (vows_now["percent"], vows_now["steps"][2]["percent"], vows_now["steps"][2]["status"]) == (99, 100, "ready")
    assert ann.post("/v1/me/quests/vows/steps/third/complete").body["percent"] == 100


def test_a_quest_whose_time_is_over_takes_no_word(ann: Client, world: World) -> None:
    vow = quest("vow", step("word"), time_limit_hours=1)
    world.publish_catalog(snapshot(vow, previous=CATALOG))
    ann.post("/v1/me/check-ins")
    act(world, "1")
    world.now += HOUR_MS

    assert shown(ann)["vow"]["steps"][0]["status"] == "open"
    assert ann.post("/v1/me/quests/vow/steps/word/complete").problem == (410, "quest_over", None)
    again = ann.post("/v1/me/quests/vow/start")
    assert (again.problem, again.body["reason"]) == ((409, "quest_not_available", None), "last_run_not_final")


# Claims


def test_a_claim_answers_with_the_quest_and_the_payment_under_way(ann: Client, world: World) -> None:
    early = ann.post("/v1/me/quests/chest/claim")
    assert (early.problem, early.body["quest_status"]) == ((409, "quest_not_completed", None), "in_progress")
    assert ann.post("/v1/me/quests/nothing/claim").problem == (404, "quest_not_found", None)
    act(world, "1")
    assert shown(ann)["chest"]["can_claim"]

    claimed = ann.post("/v1/me/quests/chest/claim", idempotency_key="k1")

    assert claimed.status == 200
    assert (claimed.body["quest"]["status"], claimed.body["quest"]["claimed_at"]) == ("completed", "2026-11-21T12:00:10.000Z")
    assert claimed.body["grant"] == {"id": "quest:chest:run-1", "status": "pending", "rewards": {"amounts": {"gold": 100}}}
    again = ann.post("/v1/me/quests/chest/claim")
    assert (again.problem, again.body["claimed_at"]) == ((409, "already_claimed", None), "2026-11-21T12:00:10.000Z")
    assert ann.post("/v1/me/quests/chest/start").body["run"] == "chest:run-2"
    repeated = ann.post("/v1/me/quests/chest/claim", idempotency_key="k1").body
    assert (repeated["quest"]["run"], repeated["grant"]) == ("chest:run-1", claimed.body["grant"])
    world.pay()
    assert Ledger("missions").wallet(world.state(ANN).account) == {"gold": 100}


def test_everything_that_waits_is_claimed_at_once(ann: Client, world: World) -> None:
    act(world, "1")

    answer = ann.post("/v1/me/claims", idempotency_key="all")

    assert [({*each} - {"grant"}, each["grant"]["id"]) for each in answer.body["items"]] == [
        ({"mission"}, "mission:one_post:2026-11-21"),
        ({"quest"}, "quest:chest:run-1"),
    ]
    assert ann.post("/v1/me/claims", idempotency_key="all") == answer
    world.now += 2 * DAY_MS
    world.night()
    repeated = {each["grant"]["id"] for each in ann.post("/v1/me/claims", idempotency_key="all").body["items"]}
    assert repeated == set(), "a key is kept for a day"
    world.pay()
    assert Ledger("missions").wallet(world.state(ANN).account) == {"xp": 50, "gold": 100}


def test_a_claim_repeated_after_its_board_settled_hears_the_same(ann: Client, world: World) -> None:
    act(world, "1")
    world.now += DAY_MS - 13 * HOUR_MS  # shortly before midnight
    first = ann.post("/v1/me/claims", idempotency_key="all").body["items"]
    world.now += 2 * HOUR_MS
    world.night()
    assert not any(each.template == "chest" for _, each in world.state(ANN).missions())

    again = ann.post("/v1/me/claims", idempotency_key="all").body["items"]

    assert [each["grant"] for each in again] == [each["grant"] for each in first]


# Nights


def test_a_quest_that_runs_out_of_time_while_its_player_is_away_is_settled_and_told_by_the_reset_alone(
    ann: Client, world: World, announced: list[dict[str, Any]]
) -> None:
    act(world, "1")
    ann.post("/v1/me/quests/dash/start")
    act(world, "2", at="2026-11-21T12:00:11Z")

    world.now = NOW + 2 * HOUR_MS + DAY_MS - 1
    world.night()
    world.publish()
    assert "QuestFailed" not in [event["type"] for event in announced]
    world.now += 1
    world.night()
    world.publish()

    [failed] = [event for event in announced if event["type"] == "QuestFailed"]
    ended = {"quest": "dash:run-1", "template": "dash", "status": "failed", "failed_at": "2026-11-21T14:00:10.000Z"}
    assert (failed["subject"], failed["data"]) == (ANN, ended)
    shown_as = {"status": "failed", "run": "dash:run-1", "can_start": True, "next_step": None, "ends_at": "2026-11-21T14:00:10.000Z"}
    assert shown(ann)["dash"] == shown(ann)["dash"] | shown_as


def test_a_quest_due_is_settled_long_after_the_player_was_last_dealt_anything(world: World, announced: list[dict[str, Any]]) -> None:
    marathon = quest("marathon", step("posts", {"post.created": 99}), time_limit_hours=60 * 24)
    world.publish_catalog(snapshot(marathon, previous=CATALOG))
    act(world, "1")
    for day in (1, 31, 60, 61):  # dealing stops on the 30th
        world.now = NOW + day * DAY_MS
        world.night()
    world.publish()

    assert [event["data"]["quest"] for event in announced if event["type"] == "QuestFailed"] == ["marathon:run-1"]
    state = world.state(ANN)
    assert (state.quests["marathon"].status, state.current("daily")) == ("failed", None)
