"""The personal side: rerolls and freezes at a price, blocked categories, boosts, and what operators replace."""

from typing import Any

import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Rewards
from missions_core.domain.state import PendingGrant
from missions_core.storage.ledger import Ledger
from tests.component.http.conftest import NOW, Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import lose_answer, on
from tests.support.game import ms
from tests.support.world import World

BOOST = {"boost": {"xp": {"multiply": "3/2", "hours": 2}}}
RULES: dict[str, Any] = {
    "rotation": {"daily": {"min": 3, "max": 3}, "weekly": {"min": 1, "max": 1}},
    "reroll": {"per_day": 1, "price": {"gold": 5}},
    "freeze_price": {"gold": 20},
    "streaks": {"daily": {"counts": "any", "freezes": {"start": 0, "max": 1, "earn_every": 0}}},
}
MISSIONS = (
    *(mission(f"fun_{n}", {"tip.sent": n + 1}, category="fun") for n in range(6)),
    *(mission(f"dull_{n}", {"tip.sent": 9}, category="dull") for n in range(6)),
    mission("weekly_booster", {"post.created": 1}, period="weekly", rewards={"xp": 5, **BOOST}),
)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(snapshot(*MISSIONS, **RULES))
    return world


@pytest.fixture
def rich(world: World, ann: Client) -> Client:
    """Ann, with 30 gold."""
    assert ann.post("/v1/me/pause", {"days": 1}).status == 200
    Ledger(world.environment["TABLE_NAME"]).grant(world.state(ann.player).account, PendingGrant("prize", NOW, Rewards({"gold": 30})))
    world.now += 60_000
    return ann


@pytest.fixture
def boss(world: World) -> Client:
    """An operator."""
    return Client(world, "boss", "admin")


def gold(client: Client) -> int:
    balance: int = client.get("/v1/me/wallet").body["balances"]["gold"]["balance"]
    return balance


def first_of(client: Client, kind: str = "daily") -> str:
    """The id of the first mission of that kind."""
    found: str = client.get("/v1/me/missions", period=kind).body["items"][0]["id"]
    return found


# Rerolls


def test_a_reroll_beyond_the_free_ones_takes_its_price(rich: Client, world: World) -> None:
    assert rich.get("/v1/me/hub").body["rerolls"] == {"left": 1, "price": {"gold": 5}}
    assert rich.post(f"/v1/me/missions/{first_of(rich)}/reroll").status == 200
    assert (gold(rich), rich.get("/v1/me/hub").body["rerolls"]["left"]) == (30, 0)

    before = first_of(rich)
    first = rich.post(f"/v1/me/missions/{before}/reroll", idempotency_key="again")
    assert first.status == 200
    assert rich.post(f"/v1/me/missions/{before}/reroll", idempotency_key="again") == first

    assert gold(rich) == 25
    [purchase, prize] = rich.get("/v1/me/grants").body["items"]
    assert purchase["cause"].startswith("purchase:reroll:")
    assert (purchase["rewards"], purchase["status"], prize["cause"]) == ({"amounts": {"gold": -5}}, "granted", "prize")


def test_a_reroll_nobody_can_pay_is_refused_with_price_and_balances(ann: Client) -> None:
    assert ann.post(f"/v1/me/missions/{first_of(ann)}/reroll").status == 200
    before = first_of(ann)

    answer = ann.post(f"/v1/me/missions/{before}/reroll")

    assert answer.problem == (409, "insufficient_balance", None)
    assert (answer.body["price"], answer.body["balances"]) == ({"gold": 5}, {"gold": 0})
    assert first_of(ann) == before


# Freezes


def test_a_freeze_is_bought_for_the_daily_streak_unless_said_otherwise(rich: Client) -> None:
    offered = rich.get("/v1/me/streaks").body
    assert (offered["freeze_price"], offered["daily"]["freezes"], offered["daily"]["freezes_max"]) == ({"gold": 20}, 0, 1)

    bought = rich.post("/v1/me/streaks/freezes", idempotency_key="cold")

    assert bought.status == 200
    assert bought.body["daily"]["freezes"] == 1
    assert rich.post("/v1/me/streaks/freezes", idempotency_key="cold") == bought
    assert gold(rich) == 10
    assert rich.post("/v1/me/streaks/freezes").problem == (409, "freezes_full", None)
    assert rich.post("/v1/me/streaks/freezes", {"streak": "weekly"}).problem == (409, "freezes_full", None)


def test_a_freeze_whose_answer_is_lost_is_bought_once(rich: Client, world: World) -> None:
    world.aws.intercept = on("TransactWriteItems", lose_answer, times=1)
    assert rich.post("/v1/me/streaks/freezes").status == 200
    assert (gold(rich), rich.get("/v1/me/streaks").body["daily"]["freezes"]) == (10, 1)


def test_a_purchase_takes_one_read_and_one_transaction(rich: Client, world: World) -> None:
    world.aws.calls.clear()
    assert rich.post("/v1/me/streaks/freezes").status == 200

    assert [(call.operation, call.units) for call in world.aws.calls] == [("GetItem", 1), ("TransactWriteItems", 6)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"streak": "monthly"}, (400, "invalid_field", "streak")),
        ({"kind": "daily"}, (400, "unknown_field", "kind")),
        ([], (400, "not_an_object", None)),
    ],
)
def test_a_wrong_wish_for_a_freeze_is_a_400(ann: Client, body: object, problem: tuple[int, str, str | None]) -> None:
    assert ann.post("/v1/me/streaks/freezes", body).problem == problem


# Blocked categories


def test_blocked_categories_are_shown_and_dealt_last(ann: Client, world: World) -> None:
    answer = ann.send("PATCH", "/v1/me/profile", {"categories": ["fun"], "blocked_categories": ["dull"]})
    assert (answer.status, answer.body["categories"], answer.body["blocked_categories"]) == (200, ["fun"], ["dull"])

    world.now += DAY_MS
    items = ann.get("/v1/me/missions", period="daily").body["items"]

    assert [each["category"] for each in items if each["period"]["label"] == "2026-11-22"] == ["fun"] * 3


@pytest.mark.parametrize(
    "patches",
    [
        [{"categories": ["fun", "dull"], "blocked_categories": ["dull"]}],
        [{"categories": ["dull"]}, {"blocked_categories": ["dull"]}],
        [{"blocked_categories": ["dull"]}, {"categories": ["dull"]}],
    ],
)
def test_a_category_is_favoured_or_blocked_not_both(ann: Client, patches: list[dict[str, Any]]) -> None:
    *right, wrong = patches
    for patch in right:
        assert ann.send("PATCH", "/v1/me/profile", patch).status == 200

    assert ann.send("PATCH", "/v1/me/profile", wrong).problem == (400, "contradictory_categories", "blocked_categories")


def test_at_most_twenty_categories_are_blocked(ann: Client) -> None:
    answer = ann.send("PATCH", "/v1/me/profile", {"blocked_categories": [f"c{n}" for n in range(21)]})
    assert answer.problem == (400, "invalid_field", "blocked_categories")


# Boosts


def test_a_boost_begins_with_its_claim_is_shown_and_multiplies_what_is_completed_meanwhile(ann: Client, host: Client, world: World) -> None:
    event = {"specversion": "1.0", "source": "s", "subject": ann.player, "time": "2026-11-21T12:00:00Z"}
    assert host.post("/v1/actions", event | {"id": "1", "type": "post.created"}).status == 200
    assert ann.get("/v1/me/hub").body["boosts"] == []
    claimed = ann.post(f"/v1/me/missions/{first_of(ann, 'weekly')}/claim").body["grant"]["rewards"]
    assert claimed == {"amounts": {"xp": 5}, **BOOST}

    world.now += HOUR_MS
    assert ann.get("/v1/me/hub").body["boosts"] == [{"currency": "xp", "multiply": "3/2", "until": "2026-11-21T14:00:10.000Z"}]
    assert {each["rewards"]["amounts"]["xp"] for each in ann.get("/v1/me/missions", period="daily").body["items"]} == {15}
    world.pay()
    assert ann.get("/v1/me/grants").body["items"][0]["rewards"] == claimed

    world.now += HOUR_MS
    assert ann.get("/v1/me/hub").body["boosts"] == []
    assert {each["rewards"]["amounts"]["xp"] for each in ann.get("/v1/me/missions", period="daily").body["items"]} == {10}


# Regeneration


def regenerate(client: Client, player: str, **members: Any) -> Any:
    body = {"kind": "daily", "reason": "a template was wrong"} | members
    return client.post(f"/v1/admin/players/{player}/missions/regenerate", body, idempotency_key="regenerate")


def test_an_operator_replaces_what_nobody_touched_once_per_request(ann: Client, boss: Client, world: World) -> None:
    assert ann.send("PATCH", "/v1/me/profile", {"daily_minutes": 9}).status == 200
    before = {each["id"] for each in ann.get("/v1/me/missions", period="daily").body["items"]}
    active_at = world.state(ann.player).active_at
    world.now = ms("2026-11-21T15:00")

    answer = regenerate(boss, ann.player)

    assert answer.status == 200
    assert set(answer.body["replaced"]) == before
    now = [each["id"] for each in ann.get("/v1/me/missions", period="daily").body["items"]]
    assert sorted(now) == sorted(each["id"] for each in answer.body["missions"])
    assert not before & set(now)
    assert regenerate(boss, ann.player) == answer
    assert world.state(ann.player).active_at == active_at


def test_a_regeneration_is_in_the_audit_trail_with_its_reason(ann: Client, boss: Client, world: World) -> None:
    assert ann.send("PATCH", "/v1/me/profile", {"daily_minutes": 9}).status == 200
    replaced = regenerate(boss, ann.player).body["replaced"]

    [entry] = boss.get("/v1/admin/audit", month="2026-11").body["items"]

    assert (entry["actor"], entry["what"], entry["reason"]) == ("boss", "missions_regenerated", "a template was wrong")
    assert entry["details"] == {"kind": "daily", "label": "2026-11-21", "replaced": ", ".join(replaced)}


def test_an_operators_key_is_not_the_players(ann: Client, boss: Client) -> None:
    assert ann.post("/v1/me/pause", {"days": 1}, idempotency_key="regenerate").status == 200
    assert regenerate(boss, ann.player).status == 200


def test_only_administrators_regenerate_and_only_for_players_there_are(ann: Client, host: Client, boss: Client, world: World) -> None:
    moderator = Client(world, "mod", "moderator")
    for other in (ann, host, moderator):
        assert regenerate(other, ann.player).problem == (403, "missing_role", None)
    assert regenerate(boss, "nobody").problem == (404, "unknown_player", None)
    assert world.players.load("nobody") is None


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"kind": "special"}, (400, "invalid_field", "kind")),
        ({"reason": ""}, (400, "invalid_field", "reason")),
        ({"reason": "x" * 301}, (400, "invalid_field", "reason")),
    ],
)
def test_a_regeneration_needs_a_kind_and_a_reason(ann: Client, boss: Client, members: Any, problem: Any) -> None:
    assert regenerate(boss, ann.player, **members).problem == problem
