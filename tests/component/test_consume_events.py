"""Neighbours' events through the real handler: late, twice, out of order, malformed."""

import json
from typing import Any

import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS
from missions_core.domain.neighbours import PlayerAttributes
from missions_core.domain.referrals import id_of, pseudonym
from missions_core.errors import Erased
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.attributes import put_player
from missions_core.use_cases.stores import stores_of
from tests.component.http.conftest import Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.world import World, post

NOW = ms("2026-11-21T23:30")
EARLIER, LATER = "2026-11-21T20:00:00Z", "2026-11-21T21:00:00Z"
ACTIONS = {"post.created": {}, "referral.activated": {}}
REFERRAL = {"inviter": {"gold": 100, "xp": 10}, "invitee": {"gold": 50, "xp": 1}}
CATALOG = snapshot(
    mission("daily_first_post"),
    mission("recruiter", {"referral.activated": 2}),
    actions=ACTIONS,
    referral=REFERRAL,
    default_zone_by_language={"ja": "Asia/Tokyo"},
)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    return world


def event(type_: str, at: str = EARLIER, **data: Any) -> dict[str, Any]:
    """What EventBridge sends to the queue."""
    detail = {"specversion": "1.0", "id": "1", "source": "iam", "type": type_, "time": at, "data": data}
    return {"version": "0", "id": "b", "source": "iam", "detail-type": type_, "region": "eu-west-1", "detail": detail}


def consume(world: World, *events: dict[str, Any] | str) -> list[str]:
    """Deliver events as one batch; the indexes of those that come again."""
    bodies = [body if isinstance(body, str) else json.dumps(body) for body in events]
    answer = world.invoke("consume_events", {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def quarantined(world: World) -> list[tuple[str, str | None]]:
    """Reason and field of whatever is in the quarantine."""
    bodies = world.bodies("QUARANTINE_QUEUE_URL")
    assert all(body["origin"] == "events" for body in bodies)
    return [(body["reason"], body["field"]) for body in bodies]


def ledger(world: World, player: str) -> dict[str, int]:
    """What a player was paid in gold, by cause; each of them once."""
    grants, _ = Ledger("missions").grants(world.state(player).account, limit=100, cursor=None)
    assert len({grant.cause for grant in grants}) == len(grants), "paid twice"
    return {grant.cause: grant.rewards.amounts["gold"] for grant in grants}


# Registration ---------------------------------------------------------------------------------------------------------


def test_a_registered_player_has_a_profile_and_a_board_in_the_right_zone(world: World) -> None:
    personal = {"name": "Ann", "email": "ann@example.org", "avatar": "https://example.org/a.png"}
    assert consume(world, event("UserRegistered", player="ann", zone="Asia/Tokyo", locale="ja-JP", **personal)) == []

    state = world.state("ann")
    assert (state.zone, state.account != "") == ("Asia/Tokyo", True)
    [daily] = [board for board in state.boards if board.period.kind == "daily" and not board.closed]
    assert daily.period.label == "2026-11-22", "in Tokyo it is tomorrow already"
    assert world.players.profile("ann") == personal | {"language": "ja-JP"}


def test_without_a_zone_the_language_chooses_one(world: World) -> None:
    consume(world, event("UserRegistered", player="ann", locale="ja"))
    assert world.state("ann").zone == "Asia/Tokyo"


def test_registration_told_again_writes_nothing(world: World) -> None:
    registered = event("UserRegistered", player="ann", zone="Asia/Tokyo", name="Ann")
    consume(world, registered)
    world.aws.calls.clear()
    consume(world, registered, registered)
    assert [call.operation for call in world.aws.calls if call.write_units] == []


def test_a_late_registration_fills_in_what_nobody_has_said_and_overwrites_nothing(world: World) -> None:
    world.ingest(post(1, "2026-11-21T22:00:00Z"))
    consume(world, event("PlayerUpdated", LATER, player="ann", level=5, zone="Europe/Berlin"))
    Client(world, "ann").send("PATCH", "/v1/me/profile", {"name": "Newer"})

    late = event("UserRegistered", player="ann", zone="Asia/Tokyo", name="Old", email="ann@example.org", locale="de")
    assert consume(world, late) == []

    state = world.state("ann")
    assert (state.zone, state.level_base) == ("Europe/Berlin", 5)
    assert world.players.profile("ann") == {"name": "Newer", "email": "ann@example.org", "language": "de"}


def test_a_late_registration_still_brings_the_zone_nobody_has_said(world: World) -> None:
    consume(world, event("PlayerUpdated", LATER, player="ann", level=5))
    consume(world, event("UserRegistered", EARLIER, player="ann", zone="Asia/Tokyo"))
    assert (world.state("ann").zone, world.state("ann").level_base) == ("Asia/Tokyo", 5)


def test_a_profile_lost_between_its_two_writes_is_written_when_the_event_comes_again(world: World) -> None:
    registered = event("UserRegistered", player="ann", zone="Asia/Tokyo", name="Ann")
    world.aws.intercept = on("PutItem", refuse("AccessDeniedException"), times=1, about="PROFILE")
    assert consume(world, registered) == ["0"]
    assert world.players.profile("ann") is None
    assert consume(world, registered) == []
    assert world.players.profile("ann") == {"name": "Ann"}


# Updates --------------------------------------------------------------------------------------------------------------


def test_an_update_changes_what_it_names(world: World) -> None:
    consume(world, event("UserRegistered", player="ann", zone="UTC"))
    changes = {"level": 3, "vip": True, "segments": ["b", "a", "b"], "locale": "de-AT", "zone": None}
    consume(world, event("PlayerUpdated", LATER, player="ann", **changes))
    state = world.state("ann")
    assert (state.level_base, state.vip, state.segments, state.zone) == (3, True, ["a", "b"], "UTC")
    assert world.players.profile("ann") == {"language": "de-AT"}


def test_an_update_older_than_all_it_names_is_ignored(world: World) -> None:
    consume(world, event("PlayerUpdated", LATER, player="ann", level=9, locale="de", vip=False, zone="UTC"))
    world.aws.calls.clear()
    assert consume(world, event("PlayerUpdated", EARLIER, player="ann", level=1, vip=True, locale="fr", zone="Asia/Tokyo")) == []
    assert [call.operation for call in world.aws.calls if call.write_units] == []
    state = world.state("ann")
    assert (state.level_base, state.vip, state.zone) == (9, False, "UTC")
    assert world.players.profile("ann") == {"language": "de"}
    assert quarantined(world) == []


def test_an_update_older_than_what_the_host_put_is_ignored(world: World) -> None:
    put_player(stores_of("missions"), "ann", PlayerAttributes(level=9), now=NOW)
    consume(world, event("PlayerUpdated", LATER, player="ann", level=1))
    assert world.state("ann").level_base == 9


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 1, 2, 2, 0)])
def test_the_last_word_counts_in_whatever_order_updates_come(world: World, order: tuple[int, ...]) -> None:
    updates = [event("PlayerUpdated", f"2026-11-21T1{hour}:00:00Z", player="ann", level=hour + 1) for hour in range(3)]
    for index in order:
        consume(world, updates[index])
    assert world.state("ann").level_base == 3


# Erasure --------------------------------------------------------------------------------------------------------------


def test_a_deleted_player_is_erased_and_whatever_else_comes_changes_and_reveals_nothing(world: World) -> None:
    consume(world, event("UserRegistered", player="ann"), event("UserRegistered", player="bob"))
    assert consume(world, event("UserDeleted", player="ann")) == []
    world.aws.calls.clear()
    late = [
        event("UserRegistered", LATER, player="ann", name="Ann"),
        event("PlayerUpdated", LATER, player="ann", level=2, locale="de"),
        event("UserDeleted", LATER, player="ann"),
        event("ReferralActivated", LATER, inviter="bob", invitee="ann"),
    ]
    assert consume(world, *late) == []
    assert [call.operation for call in world.aws.calls if call.write_units] == []
    assert quarantined(world) == []


def test_a_player_is_deleted_whatever_the_clock_of_the_service_says(world: World) -> None:
    consume(world, event("UserRegistered", player="ann"))
    assert consume(world, event("UserDeleted", "2027-01-01T00:00:00Z", player="ann")) == []
    assert quarantined(world) == []
    with pytest.raises(Erased):
        world.players.load("ann")


def test_an_erased_inviter_gets_nothing_and_the_invitee_does(world: World) -> None:
    consume(world, event("UserRegistered", player="ann"), event("UserRegistered", player="bob"), event("UserDeleted", player="ann"))
    assert consume(world, event("ReferralActivated", inviter="ann", invitee="bob")) == []
    world.pay()
    assert ledger(world, "bob") == {"referral:invited": 50}


# Referrals ------------------------------------------------------------------------------------------------------------


def referral(inviter: str, invitee: str, at: str = EARLIER) -> dict[str, Any]:
    return event("ReferralActivated", at, inviter=inviter, invitee=invitee)


def test_a_referral_pays_both_sides_and_counts_for_the_inviters_missions(world: World) -> None:
    consume(world, referral("ann", "bob"), referral("ann", "cid", LATER))
    world.pay()

    assert ledger(world, "ann") == {id_of("bob"): 100, id_of("cid"): 100}
    assert ledger(world, "bob") == ledger(world, "cid") == {"referral:invited": 50}
    [(_, recruiter)] = [(board, each) for board, each in world.state("ann").missions() if each.template == "recruiter" and not board.closed]
    assert recruiter.status == "completed"


def test_the_same_referral_at_another_time_pays_nobody_again(world: World) -> None:
    consume(world, referral("ann", "bob"))
    world.pay()
    world.now += DAY_MS
    world.night()
    world.aws.calls.clear()
    assert consume(world, referral("ann", "bob", LATER), referral("ann", "bob")) == []
    assert [call.operation for call in world.aws.calls if call.write_units] == []
    world.pay()
    assert (ledger(world, "ann"), ledger(world, "bob")) == ({id_of("bob"): 100}, {"referral:invited": 50})


def test_who_was_invited_once_is_not_invited_by_another_one(world: World) -> None:
    consume(world, referral("ann", "bob"), referral("cid", "bob"))
    world.pay()
    assert world.players.load("cid") is None
    assert world.state("bob").referral.inviter == pseudonym("ann")
    assert ledger(world, "bob") == {"referral:invited": 50}


def test_nobody_was_invited_by_whom_they_invited(world: World) -> None:
    consume(world, referral("ann", "bob"), referral("bob", "ann"), referral("ann", "bob"))
    world.pay()
    assert quarantined(world) == [("mutual_referral", "detail.data.inviter")]
    assert world.state("ann").referral is None
    assert (ledger(world, "ann"), ledger(world, "bob")) == ({id_of("bob"): 100}, {"referral:invited": 50})


def test_inviting_oneself_is_quarantined(world: World) -> None:
    assert consume(world, referral("ann", "ann")) == []
    assert quarantined(world) == [("self_referral", "detail.data.invitee")]
    assert world.players.load("ann") is None


def test_a_catalog_without_referrals_pays_nobody_and_remembers(world: World) -> None:
    world.publish_catalog(snapshot(mission("daily_first_post"), previous=CATALOG))
    consume(world, referral("ann", "bob"))
    world.pay()
    assert world.state("bob").referral is not None
    assert ledger(world, "bob") == {}
    assert world.players.load("ann") is None, "nothing is owed to the inviter"


@pytest.fixture
def strict(world: World) -> None:
    """A catalog that wants players registered first."""
    rules: Any = {"actions": ACTIONS, "referral": REFERRAL, "unknown_players": "quarantine"}
    world.publish_catalog(snapshot(mission("daily_first_post"), previous=CATALOG, **rules))


@pytest.mark.parametrize("first", ["ann", "bob"])
def test_a_referral_told_before_its_players_are_registered_comes_again_until_they_are(world: World, strict: None, first: str) -> None:
    assert consume(world, referral("ann", "bob"), event("UserRegistered", player=first)) == ["0"]
    assert consume(world, referral("ann", "bob")) == ["0"]
    consume(world, *(event("UserRegistered", player=player) for player in ("ann", "bob")))
    assert consume(world, referral("ann", "bob")) == []
    world.pay()
    assert quarantined(world) == []
    assert (ledger(world, "ann"), ledger(world, "bob")) == ({id_of("bob"): 100}, {"referral:invited": 50})


def test_an_inviter_nobody_knows_does_not_keep_out_the_right_one(world: World, strict: None) -> None:
    consume(world, *(event("UserRegistered", player=player) for player in ("ann", "bob")))
    assert consume(world, referral("mistyped", "bob")) == ["0"]
    consume(world, referral("ann", "bob", LATER))
    world.pay()
    assert (ledger(world, "ann"), ledger(world, "bob")) == ({id_of("bob"): 100}, {"referral:invited": 50})


# Trouble --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ("{", "malformed_json", None),
        ("[]", "invalid_field", None),
        ({"detail-type": "UserDeleted"}, "missing_field", "detail"),
        (event("UserDeleted"), "missing_field", "detail.data.player"),
        (event("UserDeleted", player=7), "invalid_field", "detail.data.player"),
        (event("UserDeleted", player=""), "invalid_field", "detail.data.player"),
        (event("UserDeleted", player="a\nb"), "invalid_field", "detail.data.player"),
        (event("UserDeleted", player="a" * 257), "invalid_field", "detail.data.player"),
        (event("UserDeleted", "yesterday", player="ann"), "invalid_field", "detail.time"),
        (event("UserDeleted", "2026-11-21T10:00:00", player="ann"), "invalid_field", "detail.time"),
        (event("UserDeleted", "1969-12-31T23:59:59Z", player="ann"), "invalid_field", "detail.time"),
        (event("UserRegistered", "2026-11-21T23:31:01Z", player="ann"), "future", "detail.time"),
        (event("PlayerUpdated", "2026-11-21T23:31:01Z", player="ann", vip=True), "future", "detail.time"),
        (event("ReferralActivated", "2026-11-21T23:31:01Z", inviter="cid", invitee="ann"), "future", "detail.time"),
        (event("PlayerUpdated", player="ann", level="3"), "invalid_field", "detail.data.level"),
        (event("PlayerUpdated", player="ann", level=0), "invalid_field", "detail.data.level"),
        (event("PlayerUpdated", player="ann", vip=1), "invalid_field", "detail.data.vip"),
        (event("PlayerUpdated", player="ann", segments=["x", 1]), "invalid_field", "detail.data.segments.1"),
        (event("PlayerUpdated", player="ann", zone="Mars/Olympus"), "invalid_zone", "zone"),
        (event("UserRegistered", player="ann", avatar="http://example.org/a.png"), "invalid_field", "detail.data.avatar"),
        (event("ReferralActivated", inviter="ann"), "missing_field", "detail.data.invitee"),
        (event("UserRenamed", player="ann"), "unknown_event_type", "detail-type"),
        (event("UserDeleted", player="ann") | {"detail-type": "UserRegistered"}, "contradictory_type", "detail.type"),
    ],
)
def test_an_event_of_an_unknown_shape_is_quarantined_with_reason_and_field(world: World, body: Any, reason: str, field: str | None) -> None:
    assert consume(world, body, event("UserRegistered", player="bob")) == []
    assert quarantined(world) == [(reason, field)]
    assert world.players.load("ann") is None
    assert world.state("bob").boards, "the neighbour in the batch is not affected"


def test_members_that_neighbours_add_are_left_alone(world: World) -> None:
    told = event("UserRegistered", player="ann", zone="UTC", plan="gold") | {"added": 1}
    told["detail"] |= {"traceparent": "00-1", "datacontenttype": "application/json"}
    assert consume(world, told) == []
    assert (quarantined(world), world.state("ann").zone) == ([], "UTC")


def test_what_fails_for_now_comes_again_and_its_neighbours_do_not(world: World) -> None:
    world.aws.intercept = on("GetItem", refuse("InternalServerError"), times=99, about="PLAYER#ann")
    assert consume(world, event("UserRegistered", player="ann"), event("UserRegistered", player="bob")) == ["0"]
    assert world.state("bob").boards


def test_what_the_quarantine_does_not_take_comes_again(world: World) -> None:
    world.aws.intercept = on("SendMessageBatch", refuse("AccessDeniedException"), times=99)
    assert consume(world, "{", event("UserRegistered", player="bob")) == ["0"]
    assert world.state("bob").boards
