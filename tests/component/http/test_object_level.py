"""Every operation of the OpenAPI document as its owner, as somebody else, about nobody, without a token, and with roles that do not help.

Strangers are refused in the same words whether what they aim at exists or not, are shown nothing of the victim's, and move nothing of hers.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS
from missions_core.http.identity import ROLES
from tests.component.http.conftest import NOW, Answer, Client
from tests.support.api_document import OPERATIONS, PROTECTED, PUBLIC
from tests.support.catalogs import achievement, mission, quest, snapshot, step
from tests.support.rules import set_rule
from tests.support.world import World, post

Json = dict[str, Any]

FOR_VICTIM: Json = {"period": "weekly", "segments": ["victims"]}  # nobody else is dealt them
CATALOG = snapshot(
    mission("daily_one", rewards={"gold": 10_007, "items": [{"id": "lantern"}, {"id": "rope"}]}),
    mission("hers_done", rewards={"gold": 645_342}, **FOR_VICTIM),
    mission("hers_open", {"post.created": 900}, **FOR_VICTIM),
    mission("hers_to_start", {"post.created": 901}, requires_start=True, **FOR_VICTIM),
    mission("hers_proven", evidence={"types": ["url"]}, **FOR_VICTIM) | {"requirements": None},
    mission("instead", {"post.created": 902}, period="weekly", segments=["swappers"]),
    mission("open_to_all", {"tip.sent": 9}, type="competitive", period="weekly"),
    achievement("hers_secret", achievement_type="secret", segments=["victims"], rewards={"xp": 77_103}, auto_claim=False),
    quest("hers_chest", step("open_it", {"post.created": 1}, rewards={}), rewards={"gold": 83_911}, auto_claim=False, segments=["victims"]),
    quest("hers_vow", step("say_it"), step("keep_it", {"post.created": 903}), segments=["victims"]),
    quest("hers_call", step("hear_it", {"post.created": 904}), requires_start=True, segments=["victims"]),
    check_in={"base": {"gold": 10}},
    freeze_price={"gold": 1},
    rotation={"daily": {"min": 9, "max": 9}, "weekly": {"min": 4, "max": 4}, "monthly": {"min": 0, "max": 0}},
)
PERSONAL = {"name": "Ann Unmistakable", "email": "ann@example.org", "avatar": "https://example.org/ann.png"}
HERS = {*PERSONAL.values(), "hers_done", "hers_open", "hers_to_start", "645342", "40028"}  # the last: her gold
KEYS = ("hers_secret", "hers_chest", "hers_vow", "hers_call")  # of an achievement and of quests only she may know of
OPEN = {"open_to_all": "open_to_all"}
REVIEW = "WyIxMTExMTExMS0xMTExLTQxMTEtODExMS0xMTExMTExMTExMTEiLCJoZXJzX3Byb3ZlbjoyMDI2LVc0OCIsMV0"  # hers_proven:2026-W48
HERS |= {*KEYS, "77103", "83911"}


class Aim(NamedTuple):
    """What is tried with an operation, and what it answers: its owner, and everyone else, who then hear `code`."""

    own: int
    strangers: int
    code: str | None = None
    mission: str = ""  # template of the mission in the path, or the achievement, or the quest
    body: Json = {}  # noqa: RUF012  # never changed
    names: str = "player"  # the member that would name somebody
    roles: frozenset[str] = frozenset()  # those that may do it to anybody


OF_ONES_OWN = Aim(200, 200)  # there is nothing to aim with: whatever is tried, callers see and change themselves
PAGED = Aim(200, 400, "invalid_cursor")
FOR_OPERATORS = Aim(403, 403, "missing_role", roles=frozenset({"moderator", "admin"}))
ACTION = {"specversion": "1.0", "id": "x1", "source": "forum", "type": "video.watched", "time": "2026-11-21T12:00:00Z"}
MATRIX = {
    "post_actions": Aim(200, 403, "foreign_subject", body=ACTION, names="subject", roles=frozenset({"service"})),
    "get_hub": OF_ONES_OWN,
    "list_missions": OF_ONES_OWN,
    "get_mission": Aim(200, 404, "mission_not_found", "hers_done"),
    "list_achievements": OF_ONES_OWN,
    "get_achievement": Aim(200, 404, "achievement_not_found", "hers_secret"),
    "get_badge": Aim(200, 404, "achievement_not_found", "hers_secret"),
    "list_quests": OF_ONES_OWN,
    "get_quest": Aim(200, 404, "quest_not_found", "hers_vow"),
    "get_leaderboard": Aim(200, 200, mission="open_to_all"),  # of all who play
    "get_streaks": OF_ONES_OWN,
    "get_check_ins": OF_ONES_OWN,
    "get_wallet": OF_ONES_OWN,
    "list_grants": PAGED,
    "list_inventory": PAGED,
    "list_history": PAGED,
    "list_notifications": PAGED,
    "get_stats": OF_ONES_OWN,
    "get_profile": OF_ONES_OWN,
    "post_claim": Aim(200, 404, "mission_not_found", "hers_done"),
    "post_achievement_claim": Aim(200, 404, "achievement_not_found", "hers_secret"),
    "post_quest_claim": Aim(200, 404, "quest_not_found", "hers_chest"),
    "post_claims": OF_ONES_OWN,
    "post_check_in": OF_ONES_OWN,
    "patch_profile": Aim(200, 400, "unknown_field", body={"name": "Mallory"}),
    "post_start": Aim(200, 404, "mission_not_found", "hers_to_start"),
    "post_reroll": Aim(200, 404, "mission_not_found", "hers_open"),
    "post_quest_start": Aim(200, 404, "quest_not_found", "hers_call"),
    "post_step": Aim(200, 404, "quest_not_found", "hers_vow"),
    "post_freeze": Aim(200, 400, "unknown_field"),
    "post_regenerate": Aim(403, 403, "missing_role", body={"kind": "weekly", "reason": "for fun"}, roles=frozenset({"admin"})),
    "post_read": Aim(200, 400, "unknown_field"),
    "post_pause": Aim(200, 400, "unknown_field", body={"days": 3}),
    "list_flags": FOR_OPERATORS,
    "get_flags": FOR_OPERATORS,
    "post_flags_clear": FOR_OPERATORS._replace(body={"reason": "for fun"}),
    "list_player_holds": FOR_OPERATORS,
    "post_hold_release": FOR_OPERATORS._replace(body={"cause": "mission:hers", "reason": "for fun"}),
    "post_hold_revoke": FOR_OPERATORS._replace(body={"cause": "mission:hers", "reason": "for fun"}),
    "list_audit": FOR_OPERATORS._replace(roles=frozenset({"admin"})),
    "post_evidence": Aim(200, 404, "mission_not_found", "hers_proven", body={"type": "url", "url": "https://example.org/hers"}, names=""),
    "list_reviews": FOR_OPERATORS,
    "get_review": FOR_OPERATORS,
    "post_approval": FOR_OPERATORS._replace(body={"reason": "for fun"}, names=""),
    "post_rejection": FOR_OPERATORS._replace(body={"reason": "for fun"}, names=""),
    "put_player_attributes": Aim(403, 403, "missing_role", body={"level": 99}, roles=frozenset({"service", "admin"})),
    "get_export": OF_ONES_OWN,
    "delete_me": OF_ONES_OWN,  # the last: afterwards there is nobody to answer
}
ROUTES = {OPERATIONS[route]["operationId"]: route for route in PROTECTED}


class Target(NamedTuple):
    """Whom requests are aimed at, or a void of the same shape."""

    player: str
    missions: Mapping[str, str]  # id by template; of what has a key of its own, that
    cursors: Mapping[str, str]  # by operation


VOID = Target(
    "99999999-9999-4999-8999-999999999999",
    {"hers_done": "a:2026-W48", "hers_open": "b:2026-W48", "hers_to_start": "c:2026-W48", "hers_proven": "d:2026-W48"}
    | {key: f"no_{n}" for n, key in enumerate(KEYS)}
    | OPEN,
    dict.fromkeys((name for name, aim in MATRIX.items() if aim is PAGED), "bm90aGluZw"),
)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    set_rule(world, "NotificationsRule", "NOTIFICATIONS_QUEUE_URL")
    return world


@pytest.fixture
def victim(world: World, ann: Client, host: Client) -> Target:
    """Ann after four days: with payments, goods, past periods, personal data, and missions only she has."""
    assert host.send("PUT", f"/v1/players/{ann.player}", {"zone": "UTC", "segments": ["victims"]}).status == 200
    assert ann.send("PATCH", "/v1/me/profile", PERSONAL).status == 200
    for day in range(21, 25):
        world.ingest(post(day, f"2026-11-{day}T12:00:00Z", ann.player))
        assert ann.post(f"/v1/me/missions/daily_one:2026-11-{day}/claim").status == 200
        world.pay()
        world.deliver("NOTIFICATIONS_QUEUE_URL", "write_notifications")
        world.now += DAY_MS
        world.night()
    assert host.send("PUT", f"/v1/players/{ann.player}", {"segments": ["victims", "swappers"]}).status == 200
    return Target(
        ann.player,
        {each["template"]: each["id"] for each in ann.get("/v1/me/missions").body["items"]} | {key: key for key in KEYS} | OPEN,
        {name: ann.get(ROUTES[name][1], limit=1).body["next_cursor"] for name, aim in MATRIX.items() if aim is PAGED},
    )


@pytest.fixture
def bob(world: World, victim: Target) -> Client:
    """Somebody else, registered and otherwise new."""
    bob = Client(world, "22222222-2222-4222-8222-222222222222")
    world.ingest(post("b", "2026-11-25T12:00:00Z", bob.player))
    return bob


def ask(client: Client, name: str, target: Target) -> Answer:
    """An operation aimed at a target with everything a request has: path, body, query and headers."""
    (method, path), aim = ROUTES[name], MATRIX[name]
    names = "" if "{player_id}" in path else aim.names
    body = aim.body | ({names: target.player} if names and target.player != client.player else {})
    query = {"player": target.player, "player_id": target.player, "sub": target.player}
    query |= {"cursor": target.cursors[name]} if name in target.cursors and target.player != client.player else {}
    wanted = target.missions.get(aim.mission)
    aimed = path.format(mission_id=wanted, key=wanted, step="say_it", player_id=target.player, review_id=REVIEW) if "{" in path else path
    return client.send(method, aimed, body, query=query, headers={"x-player": target.player, "x-forwarded-user": target.player})


def ask_all(client: Client, target: Target) -> dict[str, Answer]:
    return {name: ask(client, name, target) for name in MATRIX if client.roles.isdisjoint(MATRIX[name].roles)}


def outcomes(answers: Mapping[str, Answer]) -> dict[str, tuple[int, str | None]]:
    return {name: (answer.status, answer.problem[1] if answer.status >= 400 else None) for name, answer in answers.items()}


def leaks(answers: Mapping[str, Answer], target: Target, *hers: str) -> dict[str, set[str]]:
    """What answers show of the victim, apart from the id they were asked for."""
    shown = {name: answer.text.replace(target.missions.get(MATRIX[name].mission, ""), "") for name, answer in answers.items()}
    return {name: found for name, text in shown.items() if (found := {mark for mark in HERS | set(hers) if mark in text})}


def rows_of(world: World, player: str) -> list[Json]:
    """Everything stored for a player and their account."""
    account = world.state(player).account
    items = boto3.client("dynamodb").scan(TableName=world.environment["TABLE_NAME"], ConsistentRead=True)["Items"]
    return [item for item in items if item["PK"]["S"].partition("#")[2] in {player, account}]


def test_the_matrix_has_every_operation_that_needs_a_token() -> None:
    assert MATRIX.keys() == ROUTES.keys()
    assert len(MATRIX) == len(PROTECTED)


def test_owners_are_served_and_shown_what_is_theirs(ann: Client, victim: Target) -> None:
    answers = ask_all(ann, victim)

    assert {name: answer.status for name, answer in answers.items()} == {name: aim.own for name, aim in MATRIX.items()}
    assert set().union(*leaks(answers, VOID).values()) == HERS, "else nothing below could leak"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("role", [None, *sorted(ROLES)])
def test_strangers_are_refused_learn_nothing_and_move_nothing(
    world: World, bob: Client, victim: Target, role: str | None, exists: bool
) -> None:
    stranger = Client(world, bob.player, *([role] if role else []))
    account, before = world.state(victim.player).account, rows_of(world, victim.player)
    target = victim if exists else VOID

    answers = ask_all(stranger, target)

    assert outcomes(answers) == {name: (MATRIX[name].strangers, MATRIX[name].code) for name in answers}
    assert leaks(answers, target, victim.player, account) == {}
    assert rows_of(world, victim.player) == before
    assert len(before) > 10


def test_without_a_token_nobody_is_served(world: World, ann: Client, victim: Target) -> None:
    before = rows_of(world, victim.player)
    ann.claims = None

    answers = ask_all(ann, victim)

    assert outcomes(answers) == dict.fromkeys(MATRIX, (401, "missing_token"))
    assert rows_of(world, victim.player) == before


def test_what_needs_no_token_shows_nobody(bob: Client, victim: Target) -> None:
    bob.claims = None
    for method, path in PUBLIC:
        answer = bob.send(method, path, query={"player": victim.player})
        assert answer.status == 200
        assert not any(mark in answer.text for mark in HERS | {victim.player})
