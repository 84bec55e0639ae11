"""Achievements over HTTP: shown, claimed, and of secret ones not a trace before they are unlocked."""

import json
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, Snapshot
from missions_core.storage import outbox
from missions_core.storage.statistics import Statistics
from tests.component.http.conftest import NOW, Client, Post
from tests.support.api_document import OPERATIONS
from tests.support.catalogs import achievement, mission, snapshot
from tests.support.faults import Fault, lose_answer, on, refuse
from tests.support.world import World, post

TIERS = [{"name": "bronze", "target": 1}, {"name": "silver", "target": 3, "rewards": {"gold": 30}}, {"name": "Oro puro", "target": 4}]
WRITER = {"xp": 5, "badges": ["writer"]}
BADGES = {"all": [{"action": "game.badge.earned", "target": 2, "label": {"en": "Badges", "de": "Abzeichen"}}]}
SECRET_KEY, SECRET_NAME, SECRET_WORDS = "unspeakable_thing", "Unspeakable Thing", "Sing a sea shanty"
SHANTY = {"field": "genre", "op": "==", "value": "shanty"}
SECRET = achievement(
    SECRET_KEY,
    {
        "all": [
            {"key": "shanties", "action": "video.watched", "target": 2, "label": "Shanties", "where": [SHANTY]},
            {"action": "shanty.sung", "target": 2},
        ]
    },
    name=SECRET_NAME,
    description=SECRET_WORDS,
    category="shanties",
    achievement_type="secret",
    rewards={"badges": ["shanty_badge"]},
)
CATALOG = (
    mission("one_post", rewards={"badges": ["poster"]}),
    achievement("prolific", tiers=TIERS, name={"en": "Prolific", "de": "Fleißig"}, rewards=WRITER, auto_claim=False),
    achievement("collector", BADGES, category="badges", achievement_type="collection", difficulty="advanced"),
    achievement("first", {"post.created": 2}, rewards={"gold": 3}, featured=True),
    SECRET,
    *(achievement(f"other_secret_{n}", {"post.created": 99}, achievement_type="secret") for n in range(7)),
    # What asks for a secret one, by every way there is.
    mission("mission_after", prerequisites=[SECRET_KEY]),
    {"key": "quest_after", "kind": "quest", "name": "After", "steps": [{"key": "go", "name": "Go", "manual": True}], "rewards": {},
     "prerequisites": [SECRET_KEY], "requires_start": True},
    achievement("hunter", collection={"templates": [SECRET_KEY, "one_post"], "badges": ["shanty_badge"]}),
)  # fmt: skip


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(published(*CATALOG))
    return world


def published(*templates: dict[str, Any], previous: Snapshot | None = None) -> Snapshot:
    rotation = {"daily": {"min": 9, "max": 9}}
    derive = [{"when": "video.watched", "where": [SHANTY], "as": "shanty.sung"}]
    return snapshot(*templates, check_in={"base": {"gold": 1}}, rotation=rotation, derive=derive, previous=previous)


def republish(world: World, *templates: dict[str, Any]) -> None:
    """Another catalog, half a minute later."""
    world.publish_catalog(published(*templates, previous=published(*CATALOG)))
    for name in [name for name in sys.modules if name.startswith("functions.")]:
        del sys.modules[name]  # cold starts: warm ones look for a newer catalog every half minute
    world.now += 30_000


def listed(client: Client, **query: str) -> list[dict[str, Any]]:
    return [item for item in client.get("/v1/me/achievements", **query).body["items"] if "key" in item]


# Shown ----------------------------------------------------------------------------------------------------------------


def test_an_achievement_shows_its_tiers_and_the_way_to_the_next_one(ann: Client, post: Post) -> None:
    post()
    writer = {"amounts": {"xp": 5}, "badges": ["writer"]}
    shown = ann.get("/v1/me/achievements/prolific", lang="de").body
    assert shown == {
        "key": "prolific",
        "secret": False,
        "name": "Fleißig",
        "description": "",
        "category": "",
        "type": "milestone",
        "difficulty": "beginner",
        "status": "unlocked",
        "tiers": [
            {"name": "bronze", "target": 1, "rewards": writer, "unlocked_at": "2026-11-21T12:00:10.000Z", "claimed": False},
            {"name": "silver", "target": 3, "rewards": {"amounts": {"gold": 30}}, "unlocked_at": None, "claimed": False},
            {"name": "Oro puro", "target": 4, "rewards": writer, "unlocked_at": None, "claimed": False},
        ],
        "tier": "bronze",
        "next": {
            "name": "silver",
            "percent": 33,
            "requirements": [
                {"key": "post.created", "label": "post.created", "current": 1, "target": 3, "target2": None, "op": ">=", "done": False}
            ],
        },
        "can_claim": True,
        "rarity": None,
    }  # fmt: skip


def test_nothing_is_next_after_the_last_tier(ann: Client, post: Post) -> None:
    post(times=4)
    shown = ann.get("/v1/me/achievements/prolific").body
    assert (shown["tier"], shown["next"], shown["status"]) == ("Oro puro", None, "unlocked")


def test_all_are_listed_featured_ones_first_and_can_be_chosen_by_status(ann: Client, post: Post) -> None:
    assert [item["key"] for item in listed(ann)] == ["first", "collector", "hunter", "prolific"]
    assert {item["status"] for item in listed(ann)} == {"locked"}
    post()
    assert [item["key"] for item in listed(ann, status="unlocked")] == ["prolific"]
    assert [item["key"] for item in listed(ann, status="locked")] == ["first", "collector", "hunter"]
    assert len(ann.get("/v1/me/achievements", status="locked").body["items"]) == 3 + 8
    assert ann.get("/v1/me/achievements", status="hidden").problem == (400, "invalid_field", "status")


def test_what_a_catalog_adds_and_a_player_has_reached_already_shows_at_once_and_is_written_with_the_next_write(
    world: World, ann: Client, post: Post
) -> None:
    post()
    republish(world, *CATALOG, achievement("newcomer", rewards={"gold": 9}))
    assert ann.get("/v1/me/achievements/newcomer").body["status"] == "unlocked"
    assert ann.get("/v1/me/wallet").body["balances"]["gold"]["pending"] == 9
    assert "newcomer" not in world.state(ann.player).achievements
    ann.send("PATCH", "/v1/me/profile", {"daily_minutes": 5})
    assert world.state(ann.player).achievements["newcomer"].tiers == [world.now]


def test_an_action_that_comes_again_writes_nothing(world: World, ann: Client) -> None:
    act = post_of(ann)
    world.ingest(act)
    republish(world, *CATALOG, achievement("newcomer"))
    world.aws.calls.clear()
    world.ingest(act)
    assert [call.operation for call in world.aws.calls if call.write_units] == []


def test_rarity_is_the_share_of_players_who_have_it(world: World, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Statistics, "shares", lambda self: {"first": 0.25, SECRET_KEY: 0.5})
    assert {item["key"]: item["rarity"] for item in listed(ann)} == {"first": 0.25, "collector": None, "hunter": None, "prolific": None}
    assert ann.get("/v1/me/achievements/first").body["rarity"] == 0.25


# Unlocked and paid ----------------------------------------------------------------------------------------------------


def test_one_that_claims_itself_is_paid_and_told(world: World, ann: Client, post: Post) -> None:
    post(times=2)
    world.publish()
    sent = [json.loads(body["body"]) for [*batch] in world.take("REWARDS_QUEUE_URL") for body in batch]
    assert [message["cause"] for message in sent] == ["achievement:first"]
    world.invoke("grant_rewards", {"Records": [{"messageId": "1", "body": json.dumps(sent[0])}]})
    assert ann.get("/v1/me/wallet").body["balances"]["gold"] == {"balance": 3, "pending": 0}
    assert [grant["id"] for grant in ann.get("/v1/me/grants").body["items"]] == ["achievement:first"]


def test_a_claim_pays_every_tier_that_waits_once(world: World, ann: Client, post: Post) -> None:
    post(times=3)
    answer = ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k")
    assert answer.body["achievement"]["can_claim"] is False
    assert [tier["claimed"] for tier in answer.body["achievement"]["tiers"]] == [True, True, False]
    assert answer.body["grants"] == [
        {"id": "achievement:prolific:bronze", "status": "pending", "rewards": {"amounts": {"xp": 5}, "badges": ["writer"]}},
        {"id": "achievement:prolific:silver", "status": "pending", "rewards": {"amounts": {"gold": 30}}},
    ]
    assert ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body == answer.body
    assert ann.post("/v1/me/achievements/prolific/claim").problem == (409, "already_claimed", None)
    world.pay()
    assert ann.get("/v1/me/wallet").body["balances"]["gold"]["balance"] == 30 + 3


def test_a_repeated_claim_hears_the_first_answer_though_another_tier_waits_or_the_achievement_is_gone(
    world: World, ann: Client, post: Post
) -> None:
    post(times=3)
    first = ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body["grants"]
    post()
    assert ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body["grants"] == first
    assert ann.get("/v1/me/achievements/prolific").body["can_claim"] is True
    republish(world, mission("one_post"))
    assert ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body["grants"] == first


def test_what_waits_to_be_claimed_is_paid_as_promised_though_the_achievement_is_gone(world: World, ann: Client, post: Post) -> None:
    post(times=3)
    tiers = ann.get("/v1/me/achievements/prolific").body["tiers"]
    promised = [tier["rewards"] for tier in tiers if tier["unlocked_at"]]
    republish(world, mission("one_post"))

    [claimed] = [item for item in ann.post("/v1/me/claims").body["items"] if "achievement" in item]

    assert [grant["rewards"] for grant in claimed["grants"]] == promised
    assert promised


def test_tiers_promised_by_several_versions_are_shown_and_claimed_as_promised(world: World, ann: Client, post: Post) -> None:
    post()
    dearer = [tier | {"rewards": {"gold": 99}} for tier in TIERS]
    others = [each for each in CATALOG if each["key"] != "prolific"]
    republish(world, *others, achievement("prolific", tiers=dearer, auto_claim=False))
    post(times=2)
    shown = ann.get("/v1/me/achievements/prolific").body["tiers"]
    assert [tier["rewards"] for tier in shown] == [{"amounts": {"xp": 5}, "badges": ["writer"]}, *[{"amounts": {"gold": 99}}] * 2]

    answer = ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k")

    assert [grant["rewards"] for grant in answer.body["grants"]] == [tier["rewards"] for tier in shown[:2]]
    assert ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body == answer.body


def test_a_claim_remembered_with_one_version_for_all_its_tiers_is_answered_as_before(world: World, ann: Client, post: Post) -> None:
    post(times=3)
    answer = ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k")
    stored = world.players.load(ann.player)
    assert stored is not None
    [claim] = stored.state.commands
    assert claim.result == "prolific:1,1:0:2"
    claim.result = "prolific:1:0:2"
    world.players.save(stored.state, version=stored.version, events=[], due_at=stored.due_at)
    assert ann.post("/v1/me/achievements/prolific/claim", Idempotency_Key="k").body == answer.body


def test_what_was_unlocked_stays_with_its_player_when_it_is_withdrawn(world: World, ann: Client, bob: Client, post: Post) -> None:
    post()
    before = ann.get("/v1/me/achievements/prolific").body
    republish(world, *(each for each in CATALOG if each["key"] != "prolific"))

    assert [item["key"] for item in listed(ann)] == ["first", "collector", "hunter", "prolific"]
    assert ann.get("/v1/me/achievements/prolific").body == before | {"next": None}
    assert ann.get("/v1/me/achievements/prolific/badge").body["credential"]["name"] == "Prolific (bronze)"
    assert bob.get("/v1/me/achievements/prolific").problem == (404, "achievement_not_found", None)
    assert "prolific" not in bob.get("/v1/me/achievements").text

    assert ann.post("/v1/me/achievements/prolific/claim").body["achievement"]["can_claim"] is False
    assert ann.post("/v1/me/achievements/prolific/claim").problem == (409, "already_claimed", None)
    assert ann.get("/v1/me/achievements/prolific").body["tiers"][0]["claimed"] is True


def test_what_is_withdrawn_and_cannot_be_read_has_its_key_for_a_name(world: World, ann: Client, post: Post) -> None:
    post()
    ann.post("/v1/me/claims")
    republish(world, *(each for each in CATALOG if each["key"] != "prolific"))
    world.aws.intercept = on("BatchGetItem", refuse("ThrottlingException"), times=99)
    shown = listed(ann)[-1]
    assert (shown["name"], shown["status"], shown["tiers"], shown["can_claim"]) == ("prolific", "unlocked", [], False)


def test_claiming_everything_claims_achievements_too(world: World, ann: Client, post: Post) -> None:
    post(times=4)
    answer = ann.post("/v1/me/claims", Idempotency_Key="k").body
    assert [next(iter(item)) for item in answer["items"]] == ["mission", "achievement"]
    assert [grant["id"] for grant in answer["items"][1]["grants"]] == [f"achievement:prolific:{tier['name']}" for tier in TIERS]
    assert ann.post("/v1/me/claims", Idempotency_Key="k").body["items"][1]["grants"] == answer["items"][1]["grants"]
    assert ann.post("/v1/me/claims").body["items"] == []


@pytest.mark.parametrize("path", ["claims", "achievements/newcomer/claim"])
def test_what_is_shown_as_unlocked_can_be_claimed_though_nothing_was_written(world: World, ann: Client, post: Post, path: str) -> None:
    post()
    ann.post("/v1/me/claims")
    republish(world, *CATALOG, achievement("newcomer", auto_claim=False))
    assert ann.get("/v1/me/achievements/newcomer").body["can_claim"] is True
    answer = ann.post(f"/v1/me/{path}").body
    assert "achievement:newcomer" in json.dumps(answer)
    assert world.state(ann.player).achievements["newcomer"].claimed == 1


def test_what_cannot_be_claimed_says_why(ann: Client, post: Post) -> None:
    assert ann.post("/v1/me/achievements/prolific/claim").problem == (409, "achievement_locked", None)
    assert ann.post("/v1/me/achievements/one_post/claim").problem == (404, "achievement_not_found", None)
    post(times=2)
    assert ann.post("/v1/me/achievements/first/claim").problem == (409, "already_claimed", None)


def test_facts_count_once_though_the_write_is_repeated(world: World, ann: Client) -> None:
    """Somebody else saves first, and then an answer is lost: each time all of it is worked out again on what is stored then."""
    other = post_of(ann, id_="other")
    world.aws.intercept = on("PutItem", overtaken_by(lambda: world.ingest(other)), times=1)
    world.ingest(post_of(ann))
    world.aws.intercept = on("PutItem", lose_answer, times=1)
    ann.post("/v1/me/missions/one_post:2026-11-21/claim")
    state = world.state(ann.player)
    assert state.lifetime["post.created"] == 2
    assert state.lifetime["game.mission.completed"] == 1
    assert state.lifetime["game.badge.earned"] == 1
    assert state.lifetime["game.achievement.unlocked"] == 2
    assert sorted(grant.cause for grant in state.pending) == ["achievement:first", "mission:one_post:2026-11-21"]


def test_facts_count_once_though_a_claim_looks_for_what_is_unlocked_before_and_after(world: World, ann: Client, post: Post) -> None:
    modest = mission("modest", {"all": [{"action": "tip.sent", "op": "<=", "target": 0}]})  # complete when its day is final
    republish(world, modest, achievement("modest_days", {"all": [{"action": "game.mission.completed", "target": 2}]}))
    post()
    world.now += 2 * DAY_MS
    ann.post("/v1/me/claims")
    state = world.state(ann.player)
    assert state.lifetime["game.mission.completed"] == 2  # of yesterday before the first post, and of the day before that
    assert state.lifetime["game.achievement.unlocked"] == 1


def overtaken_by(work: Callable[[], Any]) -> Fault:
    """Somebody else's write comes first."""

    def fault(request: Request, deliver: Deliver) -> AWSResponse:
        work()
        return deliver(request)

    return fault


def post_of(client: Client, id_: str = "p1") -> dict[str, Any]:
    return post(id_, "2026-11-21T12:00:00Z", client.player)


# Secrets --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(world: World, ann: Client, post: Post) -> Client:
    """Ann, who has something of everything, and is one step from a secret."""
    post(times=4)
    watch(ann, "v1")
    ann.post("/v1/me/claims")
    ann.post("/v1/me/check-ins")
    world.pay()
    for _ in range(3):
        world.now += DAY_MS
        world.night()
    return ann


def readable(client: Client) -> dict[str, str]:
    """Every answer to every GET of a player, by its path."""
    mission_ids = [item["id"] for item in client.get("/v1/me/missions").body["items"]]
    names = {"mission_id": mission_ids, "key": ["prolific", "first", "quest_after"]}
    paths = [path for method, path in OPERATIONS if method == "GET" and path.startswith("/v1/")]
    answers = {}
    for path in paths:
        member = next((name for name in names if f"{{{name}}}" in path), None)
        for value in names[member] if member else [""]:
            found = path.replace(f"{{{member}}}", value)
            answers[found] = client.get(found).text
    return answers


def traces(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Where any word of the secret is found."""
    words = (SECRET_KEY, SECRET_NAME, SECRET_WORDS, "shanties", "Shanties", "shanty_badge", "video.watched|", "shanty.sung")
    return [(where, word) for where, text in texts.items() for word in words if word in text]


def test_no_answer_to_any_request_tells_of_a_secret_before_it_is_unlocked(busy: Client) -> None:
    told = readable(busy)
    assert len(told) > 15
    assert traces(told) == []
    assert traces({path: busy.post(path).text for path in ("/v1/me/quests/quest_after/start", "/v1/me/claims")}) == []


def test_an_unlocked_secret_shows_everywhere(busy: Client) -> None:
    watch(busy, "v2")
    found = {where for where, _ in traces(readable(busy))}
    assert {"/v1/me/achievements"} <= found
    shown = busy.get(f"/v1/me/achievements/{SECRET_KEY}").body
    assert (shown["name"], shown["secret"], shown["status"], shown["type"]) == (SECRET_NAME, True, "unlocked", "secret")


def test_what_is_asked_by_a_secrets_key_is_answered_as_for_a_key_that_does_not_exist(busy: Client) -> None:
    for method, path in (("GET", ""), ("GET", "/badge"), ("POST", "/claim")):
        asked = busy.send(method, f"/v1/me/achievements/{SECRET_KEY}{path}")
        void = busy.send(method, f"/v1/me/achievements/nothing_like_it{path}")
        assert asked.problem == void.problem == (404, "achievement_not_found", None)
        assert asked.text.replace(SECRET_KEY, "nothing_like_it") == void.text
        assert asked.headers == void.headers


def test_a_used_idempotency_key_does_not_tell_either(busy: Client) -> None:
    busy.post("/v1/me/claims", Idempotency_Key="k")
    asked, void = (busy.post(f"/v1/me/achievements/{key}/claim", Idempotency_Key="k").problem for key in (SECRET_KEY, "nothing_like_it"))
    assert asked == void


def test_placeholders_tell_nothing_but_how_many_there_are(ann: Client, bob: Client, post: Post, host: Client) -> None:
    post()
    Post(host, bob.player)()
    hers, his = ([item for item in client.get("/v1/me/achievements").body["items"] if "key" not in item] for client in (ann, bob))
    assert len(hers) == 8
    assert all(item.keys() == {"id", "secret", "status"} and item["secret"] is True and item["status"] == "locked" for item in hers)
    assert [item["id"] for item in hers] == sorted(item["id"] for item in hers)
    assert {item["id"] for item in hers}.isdisjoint(item["id"] for item in his)
    assert [item for item in ann.get("/v1/me/achievements").body["items"] if "key" not in item] == hers
    assert len({len(item["id"]) for item in hers}) == 1


def test_a_secret_is_announced_when_it_is_unlocked(world: World, ann: Client, post: Post) -> None:
    post(times=4)
    watch(ann, "v1")
    assert traces({"outbox": announced(world)}) == []
    watch(ann, "v2")
    assert SECRET_KEY in announced(world)


def watch(client: Client, id_: str) -> None:
    act: dict[str, Any] = {"specversion": "1.0", "id": id_, "source": "app", "type": "video.watched", "time": "2026-11-21T12:00:00Z"}
    act["data"] = {"genre": "shanty"}
    assert client.post("/v1/actions", act).body["accepted"]


def announced(world: World) -> str:
    """Everything that has left the players' states so far."""
    stored = [record["dynamodb"]["NewImage"]["outbox"]["B"] for record in world._stream]
    return str([outbox.decode(b64decode(each)) for each in stored])
