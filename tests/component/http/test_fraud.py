"""Anti-fraud through the real handlers: what is found, who may read why, what is held, and what operators decide."""

import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Snapshot
from missions_core.domain.fraud import device_hash
from missions_core.storage.table import StorageError
from tests.component.http.conftest import NOW, Answer, Client
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.faults import lose_answer, on, refuse
from tests.support.world import World, post

PRIZE = {"xp": 120, "gold": 7, "items": [{"id": "hat"}]}
TODAY = "2026-11-21"
IMPOSSIBLE = {"key": "longer_than_a_day", "action": "video.watched", "where": [{"field": "seconds", "op": ">", "value": 86400}]}
DAILY = mission("daily_post", rewards=PRIZE)
SLOW = mission("read_long", {"video.watched": 3}, typical_minutes=10, rewards=PRIZE)
LIMITED = mission("watch", {"video.watched": 9}, limits={"cooldown_seconds": 30, "per_day": 2})


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    return world


@pytest.fixture
def moderator(world: World) -> Client:
    return Client(world, "mod-1", "moderator")


def catalog(*more: dict[str, Any], check_in: Any = None, **fraud: Any) -> Snapshot:
    return snapshot(DAILY, *more, fraud=fraud or None, check_in=check_in)


def watch(client: Client, id_: str, *, device: str | None = None, **data: Any) -> Answer:
    event = {"specversion": "1.0", "id": id_, "source": "app", "type": "video.watched", "time": f"{TODAY}T12:00:00Z", "data": data}
    return client.post("/v1/actions", event, **({"x_device_id": device} if device else {}))


def flags_of(moderator: Client, player: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = moderator.get(f"/v1/admin/players/{player}/flags").body["flags"]
    return found


def queue(moderator: Client) -> list[tuple[str, list[str]]]:
    """Whom operators are asked to look at, and why."""
    return [(each["player"], [flag["detail"] for flag in each["flags"]]) for each in moderator.get("/v1/admin/flags").body["items"]]


def earn(world: World, client: Client, id_: str = "p") -> str:
    """Complete and claim the daily mission; returns the grant's cause."""
    world.ingest(post(id_, f"{TODAY}T12:00:00Z", client.player))
    claimed = client.post(f"/v1/me/missions/daily_post:{TODAY}/claim")
    assert claimed.status == 200, claimed.text
    cause: str = claimed.body["grant"]["id"]
    return cause


def flag(world: World, client: Client) -> None:
    """Give operators a reason to look at a player: the catalog has the rule."""
    world.ingest(post("impossible", f"{TODAY}T11:00:00Z", client.player, "video.watched", seconds=90_000))


def balance(client: Client) -> dict[str, dict[str, int]]:
    shown: dict[str, dict[str, int]] = client.get("/v1/me/wallet").body["balances"]
    return shown


def statuses(client: Client) -> dict[str, str]:
    return {grant["cause"]: grant["status"] for grant in client.get("/v1/me/grants").body["items"]}


def decide(moderator: Client, what: str, player: str, cause: str, reason: str = "it was their sister's phone") -> Answer:
    return moderator.post(f"/v1/admin/players/{player}/holds/{what}", {"cause": cause, "reason": reason})


# What each rule finds -----------------------------------------------------------------------------------------------------------------

Doing = Callable[[World, Client], None]


def impossible(world: World, ann: Client) -> None:
    flag(world, ann)


def shared_device(world: World, ann: Client) -> None:
    for player in ("bob", "eve"):
        watch(Client(world, player), "v", device="kiosk")
    watch(ann, "v", device="kiosk")


def new_device(world: World, ann: Client) -> None:
    watch(ann, "v1", device="phone")
    watch(ann, "v2", device="tablet")


def fast_claim(world: World, ann: Client, path: str = f"missions/read_long:{TODAY}/claim") -> None:
    world.ingest(*(post(n, f"{TODAY}T12:00:0{n}Z", ann.player, "video.watched") for n in range(3)))
    assert ann.post(f"/v1/me/{path}").status == 200


def many_claims(world: World, ann: Client) -> None:
    for day in range(21, 24):
        world.now = NOW + (day - 21) * DAY_MS
        world.ingest(post(day, f"2026-11-{day}T12:00:00Z", ann.player))
    ann.post(f"/v1/me/missions/daily_post:2026-11-{day}/claim")
    ann.post(f"/v1/me/missions/daily_post:2026-11-{day - 1}/claim")


DEVICES = {"max_players": 2, "new": False}
HASHED = "[0-9a-f]{16}"
RULES: dict[str, tuple[dict[str, Any], Doing, str]] = {
    "impossible:longer_than_a_day": (
        {"impossible": [IMPOSSIBLE]},
        impossible,
        r"video\.watched with seconds 90000 \(impossible: > 86400\)",
    ),
    "device_shared": ({"devices": DEVICES}, shared_device, f"device {HASHED} is used by more than 2 players"),
    "device_new": ({"devices": {"max_players": None, "new": True}}, new_device, f"device {HASHED} is new, after 1 others"),
    "claim_fast": ({"claims": {"faster_than": 0.05}}, fast_claim, rf"read_long:{TODAY} took 2 s, typically it takes 10 min"),
    "claim_rate": ({"claims": {"per_hour": 1}}, many_claims, "claimed more than 1 rewards within an hour"),
}


def with_shadow(fraud: dict[str, Any]) -> dict[str, Any]:
    if "impossible" in fraud:
        return {"impossible": [IMPOSSIBLE | {"shadow": True}]}
    return {rule: {**numbers, "shadow": True} for rule, numbers in fraud.items()}


@pytest.mark.parametrize("rule", RULES)
def test_an_operator_can_read_why_each_flagged_player_was_flagged(world: World, ann: Client, moderator: Client, rule: str) -> None:
    fraud, do, sentence = RULES[rule]
    world.publish_catalog(catalog(SLOW, **fraud))

    do(world, ann)

    [(player, [detail])] = queue(moderator)
    assert player == ann.player
    assert re.fullmatch(sentence, detail), detail
    [found] = flags_of(moderator, ann.player)
    assert (found["rule"], found["detail"], found["shadow"], found["hold"]) == (rule, detail, False, True)
    assert found["count"] == 1


@pytest.mark.parametrize("rule", RULES)
def test_in_shadow_mode_what_a_rule_finds_is_recorded_and_changes_nothing(world: World, ann: Client, moderator: Client, rule: str) -> None:
    fraud, do, _ = RULES[rule]
    world.publish_catalog(catalog(SLOW, **with_shadow(fraud)))

    do(world, ann)

    assert queue(moderator) == []
    [found] = flags_of(moderator, ann.player)
    assert (found["rule"], found["shadow"], found["hold"]) == (rule, True, False)
    world.pay()
    assert "held" not in statuses(ann).values()
    if rule.startswith("impossible"):
        assert ann.get("/v1/me/stats").body["actions"]["video.watched"] == 1


@pytest.mark.parametrize("rule", RULES)
def test_without_hold_a_flag_asks_for_a_look_and_nothing_waits(world: World, ann: Client, moderator: Client, rule: str) -> None:
    fraud, do, _ = RULES[rule]
    world.publish_catalog(catalog(SLOW, check_in={"base": {"gold": 1}}, hold=False, **fraud))

    do(world, ann)

    assert [player for player, _ in queue(moderator)] == [ann.player]
    earned = ann.post("/v1/me/check-ins").body["day"]
    world.pay()
    assert statuses(ann)[f"check_in:{earned}"] == "granted"


# What players send --------------------------------------------------------------------------------------------------------------------


def test_all_actions_together_are_limited_and_refusing_costs_nothing(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(rate={"per_minute": 3}, devices={"max_players": 9}))
    assert [watch(ann, f"v{n}", device="phone").status for n in range(4)] == [200, 200, 200, 429]
    world.aws.calls.clear()

    refused = watch(ann, "v3", device="another")

    assert refused.problem == (429, "rate_limited", None)
    assert refused.headers["retry-after"] == "20"
    assert [call.operation for call in world.aws.calls] == ["GetItem"], "the rate is looked at first: no device row, no state"
    assert flags_of(moderator, ann.player) == []


def test_a_rate_that_only_watches_lets_everything_count(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(rate={"per_minute": 3, "shadow": True}))

    assert {watch(ann, f"v{n}").status for n in range(5)} == {200}

    [found] = flags_of(moderator, ann.player)
    assert (found["rule"], found["detail"], found["count"]) == ("rate", "sent more than 3 actions within a minute", 2)
    assert ann.get("/v1/me/stats").body["actions"]["video.watched"] == 5


def test_the_hosts_services_are_not_limited_in_rate_cooldown_or_day(world: World, ann: Client) -> None:
    world.publish_catalog(catalog(LIMITED, rate={"per_minute": 1}))

    world.ingest(*(post(n, f"{TODAY}T12:00:00Z", ann.player, "video.watched") for n in range(5)))

    assert world.state(ann.player).current("daily").find("watch").progress == [5]


def test_a_cooldown_and_a_days_cap_keep_actions_from_counting_without_a_flag(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(LIMITED))

    outcomes = []
    for n, seconds in enumerate((0, 29, 30, 60, 3600)):
        world.now = NOW + seconds * 1000
        outcomes.append(watch(ann, f"v{n}").body["outcome"])

    assert outcomes == ["counted", "cooldown", "counted", "capped", "capped"]
    assert flags_of(moderator, ann.player) == []
    world.now = NOW + DAY_MS
    assert watch(ann, "tomorrow").body["outcome"] == "counted"


def test_limits_that_only_watch_let_actions_count_and_say_so(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(LIMITED | {"limits": {"cooldown_seconds": 30, "per_day": 2, "shadow": True}}))

    for n, seconds in enumerate((0, 4, 40, 80)):
        world.now = NOW + seconds * 1000
        assert watch(ann, f"v{n}").body["outcome"] == "counted"

    assert {found["rule"]: found["detail"] for found in flags_of(moderator, ann.player)} == {
        "cooldown:watch": "acted 4 s after the action before, the cooldown is 30 s",
        "daily_cap:watch": "4 actions counted on one day, at most 2 should",
    }
    assert queue(moderator) == []


@pytest.mark.parametrize("own", [True, False])
def test_an_impossible_action_is_seen_and_does_not_count(world: World, ann: Client, moderator: Client, own: bool) -> None:
    world.publish_catalog(catalog(LIMITED, impossible=[IMPOSSIBLE]))
    if own:
        assert watch(ann, "v", seconds=86_401).body["outcome"] == "filtered"
        assert watch(ann, "v", seconds=86_401).body["outcome"] == "duplicate"
    else:
        flag(world, ann)

    assert world.state(ann.player).current("daily").find("watch").progress == [None]
    assert world.state(ann.player).lifetime == {}
    assert flags_of(moderator, ann.player)[0]["count"] == 1


@pytest.mark.parametrize("id_", ["x" * 201, "", "é", "a\tb"])
@pytest.mark.parametrize("path", ["/v1/actions", "/v1/me/check-ins", "/v1/me/claims", f"/v1/me/missions/daily_post:{TODAY}/claim"])
def test_a_device_is_named_by_200_printable_characters(world: World, ann: Client, path: str, id_: str) -> None:
    world.publish_catalog(catalog(check_in={"base": {"gold": 1}}))

    body = {"specversion": "1.0", "id": "1", "source": "app", "type": "video.watched", "time": f"{TODAY}T12:00:00Z"}
    answer = ann.post(path, body if path == "/v1/actions" else None, x_device_id=id_)

    assert answer.problem == (400, "invalid_device_id", "X-Device-Id")


def test_a_device_is_looked_at_wherever_something_is_earned(world: World, ann: Client) -> None:
    world.publish_catalog(
        catalog(
            achievement("first", {"post.created": 1}, auto_claim=False),
            quest("tour", step("hello", {"post.created": 1}), auto_claim=False),
            mission("tip", {"tip.sent": 1}),
            check_in={"base": {"gold": 1}},
            devices={"max_players": 9},
        )
    )
    world.ingest(post("p", f"{TODAY}T12:00:00Z", ann.player))
    paths = ("check-ins", f"missions/daily_post:{TODAY}/claim", "achievements/first/claim", "quests/tour/claim", "claims")
    world.ingest(post("t", f"{TODAY}T12:00:00Z", ann.player, "tip.sent"))
    for n, path in enumerate(paths):
        assert ann.post(f"/v1/me/{path}", x_device_id=f"device-{n}").status == 200, path
    watch(ann, "v", device="device-5")

    assert len(set(world.state(ann.player).devices)) == 6


def device_rows() -> list[dict[str, Any]]:
    rows = boto3.client("dynamodb").scan(TableName="missions", ConsistentRead=True)["Items"]
    return [row for row in rows if row["PK"]["S"].startswith("DEVICE#")]


def test_what_is_refused_leaves_no_device_behind(world: World, ann: Client) -> None:
    world.publish_catalog(
        catalog(
            achievement("first", {"post.created": 1}, auto_claim=False),
            quest("tour", step("hello", {"post.created": 1}), auto_claim=False),
            check_in={"base": {"gold": 1}},
            devices={"max_players": 3, "new": True},
        )
    )
    assert ann.post("/v1/me/check-ins", x_device_id="first").status == 200

    for n, path in enumerate(
        ("check-ins", f"missions/daily_post:{TODAY}/claim", "missions/x:y/claim", "achievements/first/claim", "quests/tour/claim")
    ):
        assert ann.post(f"/v1/me/{path}", x_device_id=f"device-{n}").status in (404, 409), path
    assert ann.post("/v1/me/claims", x_device_id="device-5").status == 200, "nothing waits"

    assert len(device_rows()) == len(world.state(ann.player).devices) == 1


def test_whoever_is_alone_on_a_device_is_alone_whatever_became_of_their_first_request(world: World, ann: Client, aws: InProcessAws) -> None:
    world.publish_catalog(catalog(check_in={"base": {"gold": 1}}, devices={"max_players": 1}))
    working = aws.intercept
    aws.intercept = on("PutItem", refuse("AccessDeniedException"), times=1)
    with pytest.raises(StorageError):
        ann.post("/v1/me/check-ins", x_device_id="phone")
    aws.intercept = working

    assert ann.post("/v1/me/check-ins", x_device_id="phone").status == 200

    assert world.state(ann.player).flags == []
    assert [len(row["accounts"]["BS"]) for row in device_rows()] == [1]


def test_only_hashes_of_devices_are_kept_and_at_most_eight(world: World, ann: Client) -> None:
    world.publish_catalog(catalog(devices={"max_players": 5}))
    ids = [f"phone-{n:02}-of-ann" for n in range(9)]

    for n, id_ in enumerate([*ids, ids[3]]):
        watch(ann, f"v{n}", device=id_)

    state = world.state(ann.player)
    assert len(state.devices) == 8
    assert device_hash(ids[3]) == state.devices[-1]
    assert len(device_rows()) == 9
    assert "of-ann" not in json.dumps(boto3.client("dynamodb").scan(TableName="missions", ConsistentRead=True)["Items"], default=repr)


def test_a_known_device_costs_nothing_and_a_new_one_a_write(world: World, ann: Client) -> None:
    world.publish_catalog(catalog(devices={"max_players": 5}))
    calls = []
    for n, device in enumerate(("phone", "phone", "tablet")):
        world.aws.calls.clear()
        watch(ann, f"v{n}", device=device)
        calls.append([call.operation for call in world.aws.calls if call.operation not in ("Query", "BatchGetItem")])

    assert calls[1:] == [["GetItem", "PutItem"], ["GetItem", "UpdateItem", "PutItem"]]


def test_a_catalog_without_rules_looks_at_no_device_and_costs_what_it_did(world: World, ann: Client) -> None:
    world.publish_catalog(catalog())
    watch(ann, "v0", device="phone")
    world.aws.calls.clear()

    watch(ann, "v1", device="tablet")

    assert [call.operation for call in world.aws.calls] == ["GetItem", "PutItem"]
    assert world.state(ann.player).devices == []


def test_only_whoever_joins_a_crowded_device_is_flagged_and_a_lost_answer_counts_nobody_twice(
    world: World, moderator: Client, aws: InProcessAws
) -> None:
    world.publish_catalog(catalog(devices=DEVICES))
    working = aws.intercept
    for player in ("one", "two", "three", "four"):
        aws.intercept = on("UpdateItem", lose_answer, times=1)
        assert watch(Client(world, player), "v", device="kiosk").status == 200
        aws.intercept = working

    assert {player for player, _ in queue(moderator)} == {"three", "four"}
    assert flags_of(moderator, "three")[0]["count"] == 1


# Held grants --------------------------------------------------------------------------------------------------------------------------

HOLDING: dict[str, Any] = {"impossible": [IMPOSSIBLE]}


def test_what_a_flagged_player_claims_is_held_and_released_once(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    world.ingest(post("p", f"{TODAY}T12:00:00Z", ann.player))

    claimed = ann.post(f"/v1/me/missions/daily_post:{TODAY}/claim").body

    cause = claimed["grant"]["id"]
    assert claimed["grant"]["status"] == "held"
    assert balance(ann)["gold"] == {"balance": 0, "pending": 0}
    world.pay()
    assert statuses(ann) == {cause: "held"}
    assert balance(ann)["gold"] == {"balance": 0, "pending": 0}
    assert ann.get("/v1/me/inventory").body["items"] == []
    [hold] = moderator.get(f"/v1/admin/players/{ann.player}/holds").body["items"]
    assert (hold["cause"], hold["status"], hold["decision"], hold["rewards"]["amounts"]["gold"]) == (cause, "held", None, 7)

    decided = decide(moderator, "release", ann.player, cause)

    assert (decided.status, decided.body["status"], decided.body["decision"]) == (200, "granted", "mod-1: it was their sister's phone")
    assert balance(ann)["gold"] == {"balance": 0, "pending": 7}
    world.pay()
    assert balance(ann)["gold"] == {"balance": 7, "pending": 0}
    assert statuses(ann) == {cause: "granted"}
    assert [row["id"] for row in ann.get("/v1/me/inventory").body["items"]] == ["hat"]
    assert decide(moderator, "release", ann.player, cause, "again").body == decided.body
    world.pay()
    assert balance(ann)["gold"] == {"balance": 7, "pending": 0}


def test_a_revoked_grant_never_pays_and_its_xp_is_taken_back(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    assert ann.get("/v1/me/stats").body["level"]["lifetime_xp"] == 120
    world.pay()

    assert decide(moderator, "revoke", ann.player, cause).body["status"] == "reversed"

    world.pay()
    assert statuses(ann) == {cause: "reversed"}
    assert balance(ann)["gold"] == {"balance": 0, "pending": 0}
    assert ann.get("/v1/me/stats").body["level"]["lifetime_xp"] == 0
    assert decide(moderator, "revoke", ann.player, cause).status == 200
    assert ann.get("/v1/me/stats").body["level"]["lifetime_xp"] == 0
    refused = decide(moderator, "release", ann.player, cause)
    assert refused.problem == (409, "already_decided", None)
    assert refused.body["grant_status"] == "reversed"


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize(("first", "then"), [("release", "revoke"), ("revoke", "release")])
def test_the_first_decision_stands_whether_or_not_the_ledger_knows_it(
    world: World, ann: Client, moderator: Client, first: str, then: str, delivered: bool
) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    if delivered:
        world.pay()
    assert decide(moderator, first, ann.player, cause).status == 200
    if delivered:
        world.pay()
        world.now += HOUR_MS
        world.ingest(post("later", f"{TODAY}T12:30:00Z", ann.player))  # a write by which the state forgets what the ledger has
        assert world.state(ann.player).pending == []

    assert decide(moderator, then, ann.player, cause).problem[1] == "already_decided"

    world.pay()
    assert balance(ann)["gold"]["balance"] == (7 if first == "release" else 0)


def test_a_decision_stands_that_reached_the_ledger_before_the_hold_did(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    world.publish()
    world.take("REWARDS_QUEUE_URL")  # the message that the grant is held is stuck somewhere
    decide(moderator, "release", ann.player, cause)
    world.pay()
    world.now += HOUR_MS
    world.ingest(post("later", f"{TODAY}T12:30:00Z", ann.player))
    assert [grant.kind for grant in world.state(ann.player).pending] == ["held"]

    assert decide(moderator, "revoke", ann.player, cause).problem[1] == "already_decided"
    assert decide(moderator, "release", ann.player, cause).status == 200

    world.night()
    world.pay()
    assert (balance(ann)["gold"]["balance"], world.state(ann.player).lifetime_xp) == (7, 120)


@pytest.mark.parametrize(("what", "gold"), [("release", 7), ("revoke", 0)])
def test_a_decision_whose_message_was_lost_is_sent_again(world: World, ann: Client, moderator: Client, what: str, gold: int) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    decide(moderator, what, ann.player, cause)
    world.publish()
    [held, _] = [message for batch in world.take("REWARDS_QUEUE_URL") for message in batch]
    world.invoke("grant_rewards", {"Records": [held]})

    world.now += DAY_MS
    world.night()
    world.pay()

    assert balance(ann)["gold"]["balance"] == gold
    assert statuses(ann) == {cause: "granted" if gold else "reversed"}


def test_a_decision_whose_answer_was_lost_is_made_once(world: World, ann: Client, moderator: Client, aws: InProcessAws) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    world.pay()
    inner = aws.intercept
    lost = on("PutItem", lose_answer, times=2)  # the audit entry's, then the state's
    aws.intercept = lambda request, deliver: inner(request, lambda again: lost(again, deliver))

    assert decide(moderator, "release", ann.player, cause).status == 200

    aws.intercept = inner
    world.pay()
    world.pay()
    assert balance(ann)["gold"] == {"balance": 7, "pending": 0}
    assert [entry["what"] for entry in audit(world)] == ["hold_released"]


def test_a_hold_the_ledger_has_not_seen_yet_can_be_decided_on(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)

    assert decide(moderator, "release", ann.player, cause).status == 200

    world.pay()
    assert statuses(ann) == {cause: "granted"}
    assert balance(ann)["gold"]["balance"] == 7


@pytest.mark.parametrize("path", [f"missions/read_long:{TODAY}/claim", "claims"])
def test_the_claim_that_raises_the_flag_is_held_already(world: World, ann: Client, path: str) -> None:
    world.publish_catalog(catalog(SLOW, claims={"faster_than": 0.05}))

    fast_claim(world, ann, path)

    world.pay()
    assert statuses(ann) == {f"mission:read_long:{TODAY}": "held"}


def test_quests_and_achievements_are_claims_too(world: World, ann: Client, moderator: Client) -> None:
    tour = quest("tour", step("hello", {"post.created": 1}, rewards={}), auto_claim=False)
    world.publish_catalog(catalog(achievement("first", auto_claim=False), tour, claims={"per_hour": 1}))
    world.ingest(post("p", f"{TODAY}T12:00:00Z", ann.player))

    for path in (f"missions/daily_post:{TODAY}", "quests/tour", "achievements/first"):
        assert ann.post(f"/v1/me/{path}/claim").status == 200

    assert flags_of(moderator, ann.player)[0]["count"] == 2
    world.pay()
    assert sorted(statuses(ann).values()) == ["granted", "held", "held"]


def test_check_ins_and_what_claims_itself_are_held_too(world: World, ann: Client) -> None:
    world.publish_catalog(
        catalog(mission("by_itself", auto_claim=True), achievement("first"), check_in={"base": {"gold": 1}}, impossible=[IMPOSSIBLE])
    )
    flag(world, ann)

    assert ann.post("/v1/me/check-ins").status == 200
    world.ingest(post("p", f"{TODAY}T12:00:00Z", ann.player))

    world.pay()
    assert statuses(ann) == dict.fromkeys((f"check_in:{TODAY}", f"mission:by_itself:{TODAY}", "achievement:first"), "held")


def test_the_world_hears_of_a_held_reward_once_it_is_released(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    told: list[dict[str, Any]] = []
    inner = world.aws.intercept

    def listen(request: Any, deliver: Any) -> Any:
        if request.operation == "PutEvents":
            told.extend(json.loads(entry["Detail"]) for entry in json.loads(request.prepared.body)["Entries"])
        return inner(request, deliver)

    world.aws.intercept = listen
    flag(world, ann)
    cause = earn(world, ann)
    world.pay()
    kinds = [event["type"] for event in told]
    assert ("PlayerFlagged" in kinds, "RewardClaimed" in kinds) == (True, False)
    flagged = next(event for event in told if event["type"] == "PlayerFlagged")
    assert flagged["data"]["rule"] == "impossible:longer_than_a_day"

    decide(moderator, "release", ann.player, cause)
    world.pay()

    assert [event["data"]["cause"] for event in told if event["type"] == "RewardClaimed"] == [cause]


def test_holds_are_listed_page_by_page_among_whatever_else_was_paid(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(check_in={"base": {"gold": 1}}, **HOLDING))
    expected: list[str] = []
    for day in range(21, 26):
        ann.post("/v1/me/check-ins")
        if day == 22:
            flag(world, ann)
        if day > 22:
            expected.insert(0, f"check_in:2026-11-{day}")
        world.pay()
        world.now += DAY_MS
    path, cursor, found = f"/v1/admin/players/{ann.player}/holds", dict[str, str](), list[str]()
    while True:
        page = moderator.get(path, limit=2, **cursor).body
        found += [hold["cause"] for hold in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert found == expected


# Operators ----------------------------------------------------------------------------------------------------------------------------


def audit(world: World, **query: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = Client(world, "boss", "admin").get("/v1/admin/audit", **query).body["items"]
    return entries


def test_flagged_players_are_listed_the_longest_waiting_first_page_by_page(world: World, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    for n, player in enumerate(("first#1", "second", "third")):
        world.now = NOW + n * HOUR_MS
        flag(world, Client(world, player))

    first = moderator.get("/v1/admin/flags", limit=2).body
    rest = moderator.get("/v1/admin/flags", limit=2, cursor=first["next_cursor"]).body

    assert [each["player"] for each in [*first["items"], *rest["items"]]] == ["first#1", "second", "third"]
    assert first["items"][0]["flagged_at"] == "2026-11-21T12:00:10.000Z"
    assert rest["next_cursor"] is None
    assert moderator.get("/v1/admin/flags", cursor="bm90aGluZw").problem == (400, "invalid_cursor", "cursor")


def test_clearing_takes_a_player_off_the_list_and_lets_new_grants_through(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(check_in={"base": {"gold": 1}}, **HOLDING))
    flag(world, ann)
    cause = earn(world, ann)

    cleared = moderator.post(f"/v1/admin/players/{ann.player}/flags/clear", {"reason": "a broken client"})

    assert (cleared.status, cleared.body["flags"], cleared.body["flagged_at"]) == (200, [], None)
    assert [hold["cause"] for hold in cleared.body["holds"]] == [cause], "no queue has it any more"
    assert queue(moderator) == []
    ann.post("/v1/me/check-ins")
    world.pay()
    assert statuses(ann) == {cause: "held", f"check_in:{TODAY}": "granted"}
    again = moderator.post(f"/v1/admin/players/{ann.player}/flags/clear", {"reason": "a broken client"})
    assert (again.status, len(audit(world))) == (200, 1)


@pytest.mark.parametrize("what", ["flags/clear", "holds/release", "missions/regenerate"])
def test_a_decision_that_was_overtaken_is_told_once(world: World, ann: Client, what: str) -> None:
    world.publish_catalog(catalog(SLOW, **HOLDING))
    flag(world, ann)
    bodies = {"flags/clear": {}, "holds/release": {"cause": earn(world, ann)}, "missions/regenerate": {"kind": "daily"}}
    inner = world.aws.intercept

    def overtaken(request: Any, deliver: Any) -> Any:
        world.aws.intercept = inner
        world.now += 5
        world.ingest(post("meanwhile", f"{TODAY}T12:00:00Z", ann.player))
        return deliver(request)

    world.aws.intercept = on("PutItem", overtaken, times=1, about="due_shard")

    answer = Client(world, "boss", "admin").post(f"/v1/admin/players/{ann.player}/{what}", bodies[what] | {"reason": "looked at it"})

    assert answer.status == 200, answer.text
    assert len(audit(world)) == 1


def test_every_decision_is_kept_with_who_and_why_under_the_account(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    world.pay()
    decide(moderator, "release", ann.player, cause, "sounds right")
    world.now += 1
    moderator.post(f"/v1/admin/players/{ann.player}/flags/clear", {"reason": "a broken client"})

    entries = audit(world, month="2026-11")

    account = world.state(ann.player).account
    assert [(e["what"], e["actor"], e["account"], e["reason"], e["details"]) for e in entries] == [
        ("flags_cleared", "mod-1", account, "a broken client", {"flags": "impossible:longer_than_a_day"}),
        ("hold_released", "mod-1", account, "sounds right", {"cause": cause}),
    ]
    assert ann.player not in json.dumps(entries)
    assert flags_of(moderator, ann.player) == []
    assert audit(world, month="2026-10") == []
    page = Client(world, "boss", "admin").get("/v1/admin/audit", limit=1).body
    assert page["next_cursor"] is not None


def test_a_month_is_written_as_such(world: World) -> None:
    world.publish_catalog(catalog())
    assert Client(world, "boss", "admin").get("/v1/admin/audit", month="2026-13").problem == (400, "invalid_month", "month")


ROUTES = [
    ("GET", "/v1/admin/flags", None),
    ("GET", "/v1/admin/players/x/flags", None),
    ("POST", "/v1/admin/players/x/flags/clear", {"reason": "r"}),
    ("GET", "/v1/admin/players/x/holds", None),
    ("POST", "/v1/admin/players/x/holds/release", {"cause": "c", "reason": "r"}),
    ("POST", "/v1/admin/players/x/holds/revoke", {"cause": "c", "reason": "r"}),
    ("GET", "/v1/admin/audit", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
@pytest.mark.parametrize("role", [None, "service", "moderator"])
def test_only_operators_read_and_decide(world: World, method: str, path: str, body: Any, role: str | None) -> None:
    world.publish_catalog(catalog())
    allowed = role == "moderator" and path != "/v1/admin/audit"

    answer = Client(world, "somebody", *([role] if role else [])).send(method, path, body)

    assert answer.status in ((200, 404) if allowed else (403,))


def test_nobody_decides_about_themselves(world: World, ann: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    cause = earn(world, ann)
    before = world.players.load(ann.player)
    herself = Client(world, ann.player, "moderator", "admin")
    about = f"/v1/admin/players/{ann.player}"

    answers = [
        herself.post(f"{about}/flags/clear", {"reason": "it was nothing"}),
        *(decide(herself, what, ann.player, cause) for what in ("release", "revoke")),
        herself.post(f"{about}/missions/regenerate", {"kind": "daily", "reason": "too hard"}),
    ]

    assert {answer.problem for answer in answers} == {(403, "own_case", None)}
    assert world.players.load(ann.player) == before
    assert audit(world) == []


@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if "/x/" in route[1]])
def test_nobody_is_made_up_by_asking(world: World, moderator: Client, method: str, path: str, body: Any) -> None:
    world.publish_catalog(catalog())
    assert moderator.send(method, path, body).problem == (404, "unknown_player", None)
    assert world.players.load("x") is None


def test_what_was_never_held_cannot_be_decided_on(world: World, ann: Client, moderator: Client) -> None:
    world.publish_catalog(catalog(**HOLDING))
    cause = earn(world, ann)
    world.pay()

    for wrong in (cause, "mission:nothing"):
        assert decide(moderator, "release", ann.player, wrong).problem == (404, "hold_not_found", None)
    world.pay()
    assert balance(ann)["gold"]["balance"] == 7


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 301}, {"reason": "r", "more": 1}])
def test_a_decision_needs_a_reason(world: World, ann: Client, moderator: Client, body: dict[str, Any]) -> None:
    world.publish_catalog(catalog(**HOLDING))
    flag(world, ann)
    assert moderator.post(f"/v1/admin/players/{ann.player}/flags/clear", body).status == 400
    assert len(flags_of(moderator, ann.player)) == 1
