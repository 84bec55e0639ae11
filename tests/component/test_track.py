"""One player's batch: applied by the time of the deeds, nothing minted or written for nothing, old ids moved to their rows."""

import json

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.actions import parse_action
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.duplicates import hour_of
from missions_core.use_cases.stores import Stores, stores_of
from missions_core.use_cases.track import Tracked, track_player
from tests.support.catalogs import mission, snapshot
from tests.support.game import ms
from tests.support.world import post

NOON = ms("2026-11-21T12:00:00")
POSTS = mission("posts", {"post.created": 5})


@pytest.fixture
def stores(aws: InProcessAws, environment: dict[str, str]) -> Stores:
    return published()


def published(**rules: object) -> Stores:
    stores = stores_of("missions")
    stores.catalogs.publish(snapshot(POSTS, **rules))
    return stores


def track(stores: Stores, *bodies: dict[str, object], now: int = NOON) -> list[Tracked]:
    return track_player(stores, "ann", [parse_action(json.dumps(body)) for body in bodies], now=now)


def counts(tracked: list[Tracked]) -> list[str]:
    """What each action raised the count to."""
    return [str(each.outcomes[0].after) for each in tracked]


def test_a_batch_is_applied_in_the_order_of_the_deeds_and_answered_in_its_own(stores: Stores) -> None:
    tracked = track(
        stores, post("late", "2026-11-21T11:00:00Z"), post("first", "2026-11-21T09:00:00Z"), post("then", "2026-11-21T10:00:00Z")
    )

    assert [each.action.id for each in tracked] == ["late", "first", "then"]
    assert counts(tracked) == ["3", "1", "2"]


def test_nothing_is_kept_of_a_player_of_whom_nothing_valid_came(stores: Stores) -> None:
    [refused] = track(stores, post("a", "2026-11-21T10:00:00Z", type_="no.such"))

    assert (refused.outcome, refused.reason and refused.reason.code) == ("quarantined", "unknown_action_type")
    assert stores.players.load("ann") is None


def test_a_refused_action_changes_nothing_of_a_player_for_whom_no_time_has_passed(stores: Stores, aws: InProcessAws) -> None:
    track(stores, post("a", "2026-11-21T10:00:00Z"))
    aws.calls.clear()

    track(stores, post("b", "2026-11-21T10:00:00Z", type_="no.such"))

    assert [call.operation for call in aws.calls] == ["GetItem"]


def test_what_time_did_to_a_known_player_is_saved_with_a_refused_action(stores: Stores) -> None:
    track(stores, post("a", "2026-11-21T10:00:00Z"))

    track(stores, post("b", "2026-11-21T10:00:00Z", type_="no.such"), now=NOON + 24 * HOUR_MS)

    stored = stores.players.load("ann")
    assert stored is not None
    assert stored.version == 2


def test_a_valid_action_saves_a_new_player_whatever_came_with_it(stores: Stores) -> None:
    tracked = track(stores, post("a", "2026-11-21T10:00:00Z", type_="no.such"), post("b", "2026-11-21T10:00:00Z"))

    assert [each.outcome for each in tracked] == ["quarantined", "counted"]
    assert stores.players.load("ann") is not None


def test_a_server_whose_clock_lags_counts_an_action_for_the_day_on_which_it_happened(stores: Stores) -> None:
    midnight = ms("2026-11-22T00:00:00")
    track(stores, post(1, "2026-11-22T00:00:01Z"), now=midnight + 5_000)

    track(stores, post(2, "2026-11-22T00:00:03Z"), now=midnight - 1_000)

    stored = stores.players.load("ann")
    assert stored is not None
    days = {board.period.label: board.missions[0].progress for board in stored.state.boards if board.period.kind == "daily"}
    assert days == {"2026-11-21": [None], "2026-11-22": [2]}


def test_unknown_players_are_told_where_players_are_registered(aws: InProcessAws, environment: dict[str, str]) -> None:
    stores = published(unknown_players="quarantine")

    [refused] = track(stores, post("a", "2026-11-21T10:00:00Z"))

    assert refused.outcome == "quarantined"
    assert refused.reason is not None
    assert (refused.reason.code, refused.reason.field) == ("unknown_player", "subject")
    assert "PUT /v1/players/{id}" in str(refused.reason)
    assert stores.players.load("ann") is None


def test_ids_older_than_an_hour_move_to_their_row_with_the_next_write_and_are_read_only_then(stores: Stores, aws: InProcessAws) -> None:
    track(stores, post("a", "2026-11-21T09:00:00Z"))
    aws.calls.clear()
    track(stores, post("b", "2026-11-21T12:00:00Z"))

    assert [call.operation for call in aws.calls] == ["GetItem", "UpdateItem", "PutItem"]
    assert stores.players.seen("ann", {hour_of(ms("2026-11-21T09:00:00"))}) != {}
    assert [each.outcome for each in track(stores, post("a", "2026-11-21T09:00:00Z"))] == ["duplicate"]
