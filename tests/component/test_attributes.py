"""What the host says of players: in whatever order, by whatever way and at the same time, the last word of each member counts."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core import clock
from missions_core.domain.neighbours import PlayerAttributes
from missions_core.use_cases.attributes import put_player
from missions_core.use_cases.stores import stores_of
from tests.component.http.conftest import Client
from tests.component.test_consume_events import EARLIER, LATER, NOW, consume, event, quarantined
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.world import World

CATALOG = snapshot(
    mission("daily_first_post"), actions={"post.created": {}}, default_zone_by_language={"ja": "Asia/Tokyo", "de": "Europe/Berlin"}
)
SOON = "2026-11-21T23:30:50Z"  # ahead of the server's clock, as far as that may be

MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "zone": st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
        "level": st.sampled_from([1, 2, 10]),
        "vip": st.booleans(),
        "segments": st.lists(st.sampled_from("ab"), max_size=2),
        "locale": st.sampled_from(["ja", "de", "de-AT", "fr"]),
    },
)
UPDATES = st.lists(st.tuples(st.sampled_from([EARLIER, LATER, SOON]), MEMBERS), min_size=2, max_size=5)
REGISTRATIONS = st.fixed_dictionaries({}, optional={"zone": st.just("Europe/Paris"), "locale": st.sampled_from(["ja", "fr"])})


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    return world


def known(world: World, player: str) -> dict[str, Any]:
    """All that was said of a player, as it came out."""
    state, profile = world.state(player), world.players.load_profile(player)
    names = ("zone", "level_base", "vip", "segments", "attributes_at")
    return {name: getattr(state, name) for name in names} | {"language": profile.members.get("language"), "at": profile.language_at}


@settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), updates=UPDATES, registration=st.none() | REGISTRATIONS)
def test_the_same_events_in_any_order_and_number_make_the_same_player(
    world: World,
    data: st.DataObject,
    updates: list[tuple[str, dict[str, Any]]],
    registration: dict[str, Any] | None,
) -> None:
    told = [("PlayerUpdated", *update) for update in updates] + ([] if registration is None else [("UserRegistered", LATER, registration)])
    again = data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=2))]))
    one, other = f"one-{uuid4().hex}", f"other-{uuid4().hex}"

    for player, events in ((one, told), (other, again)):
        assert consume(world, *(event(type_, at, player=player, **members) for type_, at, members in events)) == []

    assert known(world, one) == known(world, other)
    assert quarantined(world) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"zone": "UTC"}, {"zone": "Asia/Tokyo"}),
        ({"level": 2}, {"level": 10}),
        ({"vip": True}, {"vip": False}),
        ({"locale": "ja"}, {"locale": "de"}),
    ],
)
def test_of_two_values_said_at_the_same_instant_one_counts_whichever_comes_first(world: World, one: Any, other: Any) -> None:
    for player, said in (("ann", (one, other)), ("bob", (other, one))):
        consume(world, *(event("PlayerUpdated", player=player, **members) for members in said))
    assert known(world, "ann") == known(world, "bob")


def test_an_older_event_still_counts_for_what_newer_ones_do_not_name(world: World) -> None:
    consume(world, event("PlayerUpdated", LATER, player="ann", zone="Asia/Tokyo"))
    consume(world, event("PlayerUpdated", EARLIER, player="ann", level=5, vip=True, zone="UTC"))
    assert (world.state("ann").level_base, world.state("ann").vip, world.state("ann").zone) == (5, True, "Asia/Tokyo")


def test_the_zone_follows_the_first_language_until_somebody_says_one(world: World) -> None:
    consume(world, event("PlayerUpdated", LATER, player="ann", locale="de"))
    assert world.state("ann").zone == "Europe/Berlin"
    consume(world, event("PlayerUpdated", EARLIER, player="ann", locale="ja"))
    assert (world.state("ann").zone, known(world, "ann")["language"]) == ("Asia/Tokyo", "de")
    consume(world, event("UserRegistered", player="ann", zone="UTC", locale="de"))
    assert world.state("ann").zone == "UTC"


@pytest.mark.parametrize("by", ["host", "player"])
def test_a_request_counts_whatever_was_said_before_and_is_not_undone_by_it(world: World, by: str) -> None:
    ahead = event("PlayerUpdated", SOON, player="ann", zone="Asia/Tokyo", locale="ja")
    consume(world, ahead)
    if by == "host":
        put_player(stores_of("missions"), "ann", PlayerAttributes(zone="Europe/Berlin", locale="de"), now=NOW)
    else:
        assert Client(world, "ann").send("PATCH", "/v1/me/profile", {"zone": "Europe/Berlin", "language": "de"}).status == 200
    consume(world, ahead)
    assert (world.state("ann").zone, known(world, "ann")["language"]) == ("Europe/Berlin", "de")


# The profile, a row of its own ----------------------------------------------------------------------------------------


def test_a_language_lost_between_the_two_writes_is_made_up_though_something_newer_came(world: World) -> None:
    update = event("PlayerUpdated", EARLIER, player="ann", locale="de", vip=True)
    working = world.aws.intercept
    world.aws.intercept = on("PutItem", refuse("AccessDeniedException"), times=9, about="PROFILE")
    assert consume(world, update) == ["0"]
    world.aws.intercept = working
    consume(world, event("PlayerUpdated", LATER, player="ann", level=2))

    assert consume(world, update) == []

    assert world.players.profile("ann") == {"language": "de"}


@pytest.fixture
def meanwhile(world: World) -> Iterator[list[Any]]:
    """What happens just before the next write of a profile, once."""
    waiting: list[Any] = []
    inner = world.aws.intercept

    def intercept(request: Request, deliver: Deliver) -> AWSResponse:
        if request.operation == "PutItem" and json.loads(request.prepared.body)["Item"]["SK"]["S"] == "PROFILE" and waiting:  # type: ignore[arg-type]
            waiting.pop()()
        return inner(request, deliver)

    world.aws.intercept = intercept
    yield waiting
    assert not waiting


@pytest.mark.parametrize("told", ["UserRegistered", "PlayerUpdated"])
@pytest.mark.parametrize("before", [{}, {"email": "ann@example.org"}])
def test_what_the_player_and_an_event_say_at_the_same_moment_is_both_kept(
    world: World,
    meanwhile: list[Any],
    told: str,
    before: dict[str, str],
) -> None:
    ann = Client(world, "ann")
    ann.send("PATCH", "/v1/me/profile", {"daily_minutes": 20, **before})
    meanwhile.append(lambda: consume(world, event(told, player="ann", locale="de")))

    assert ann.send("PATCH", "/v1/me/profile", {"name": "Ann"}).status == 200

    assert world.players.profile("ann") == {"name": "Ann", "language": "de", **before}
