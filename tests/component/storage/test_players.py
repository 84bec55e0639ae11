"""Players: conditional saves, the outbox and index entry that travel with them, spilled ids, history, profile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import HOUR_MS, PeriodKind
from missions_core.domain.events import MissionStarted
from missions_core.domain.periods import DayClock, Period
from missions_core.domain.roll import new_player
from missions_core.domain.state import Board, Mission, PlayerState
from missions_core.errors import InvalidInput, VersionConflict
from missions_core.storage import keys, outbox
from missions_core.storage.players import Players, Profile, Stored
from tests.support.catalogs import catalog, mission
from tests.support.faults import lose_answer, on, recorded

NOW = 1_795_000_000_000
HOUR = NOW // HOUR_MS
STARTED = MissionStarted("daily_post:2026-11-18", "daily_post", NOW)
UTC = DayClock("UTC")


@pytest.fixture
def players(table_name: str) -> Players:
    return Players(table_name)


def state(player: str = "ada") -> PlayerState:
    return PlayerState(player, "account", NOW, NOW, NOW)


def dealt(player: str = "ada") -> PlayerState:
    """A new player with a dozen missions."""
    return new_player(player, "account", catalog(*(mission(f"mission_{n}", type="count") for n in range(12))), now=NOW)


def board(start: int, kind: PeriodKind = "daily", label: str = "2026-11-18", template: str = "daily_post") -> Board:
    return Board(Period(kind, label, start, start + 24 * HOUR_MS, UTC), [Mission(template, 1, [3])], start + 48 * HOUR_MS)


def raw(table_name: str, key: keys.Key) -> Any:
    return boto3.client("dynamodb").get_item(TableName=table_name, Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}})["Item"]


def test_an_unknown_player_has_no_state(players: Players) -> None:
    assert players.load("ada") is None


def test_a_saved_state_is_loaded_with_its_version_and_due_time(players: Players) -> None:
    players.save(dealt(), version=None, events=[], due_at=NOW + 5)

    assert players.load("ada") == Stored(dealt(), 1, NOW + 5)


def test_of_two_writers_from_one_version_the_second_must_start_over(players: Players) -> None:
    players.save(state(), version=None, events=[], due_at=None)
    first, second = players.load("ada"), players.load("ada")
    assert first is not None
    assert second is not None
    first.state.lifetime_xp, second.state.lifetime_xp = 10, 20

    players.save(first.state, version=first.version, events=[], due_at=None)
    with pytest.raises(VersionConflict):
        players.save(second.state, version=second.version, events=[], due_at=None)

    stored = players.load("ada")
    assert stored is not None
    assert (stored.state.lifetime_xp, stored.version) == (10, 2)


def test_only_one_first_write_of_a_player_succeeds(players: Players) -> None:
    def create(_: int) -> bool:
        try:
            players.save(state(), version=None, events=[], due_at=None)
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(create, range(8))) == [False] * 7 + [True]


def test_a_save_whose_answer_was_lost_is_applied_and_reported_as_a_conflict(players: Players, aws: InProcessAws) -> None:
    aws.intercept = on("PutItem", lose_answer, times=1)

    with pytest.raises(VersionConflict):
        players.save(state(), version=None, events=[], due_at=None)

    stored = players.load("ada")
    assert stored is not None
    assert stored.version == 1


def test_events_travel_in_the_write_that_caused_them_and_in_no_later_one(players: Players, table_name: str) -> None:
    players.save(state(), version=None, events=[STARTED], due_at=None)
    written = raw(table_name, keys.state("ada"))
    players.save(state(), version=1, events=[], due_at=None)

    [outgoing] = outbox.decode(written["outbox"]["B"])
    assert (outgoing.player, outgoing.account, outgoing.at, outgoing.event) == ("ada", "account", NOW, STARTED)
    assert "outbox" not in raw(table_name, keys.state("ada"))


def test_a_player_is_due_from_its_time_on_until_a_write_says_otherwise(players: Players) -> None:
    shard = int(keys.due_shard("ada").removeprefix("DUE#"))
    players.save(state(), version=None, events=[], due_at=NOW)

    assert players.due(shard, now=NOW - 1, limit=10) == []
    assert players.due(shard, now=NOW, limit=10) == ["ada"]
    assert players.due((shard + 1) % keys.DUE_SHARDS, now=NOW, limit=10) == []

    players.save(state(), version=1, events=[], due_at=None)
    assert players.due(shard, now=NOW, limit=10) == []


def test_the_longest_due_come_first_and_no_more_than_asked_for(players: Players) -> None:
    shard = int(keys.due_shard("ada").removeprefix("DUE#"))
    same_shard = [name for name in (f"player-{n}" for n in range(400)) if keys.due_shard(name) == f"DUE#{shard}"][:3]
    for late, name in enumerate(same_shard):
        players.save(state(name), version=None, events=[], due_at=NOW - late)

    assert players.due(shard, now=NOW, limit=2) == [same_shard[2], same_shard[1]]


def test_spilled_ids_add_up_however_often_they_are_spilled(players: Players, table_name: str) -> None:
    players.spill("ada", {HOUR: ["0000000000aa", "0000000000bb"]}, now=NOW)
    players.spill("ada", {HOUR: ["0000000000bb", "0000000000cc"], HOUR - 1: ["0000000000dd"]}, now=NOW)

    assert players.seen("ada", [HOUR, HOUR - 1, HOUR - 2]) == {
        HOUR: {"0000000000aa", "0000000000bb", "0000000000cc"},
        HOUR - 1: {"0000000000dd"},
        HOUR - 2: set(),
    }
    assert raw(table_name, keys.seen("ada", HOUR))["ttl"] == {"N": str(HOUR * 3600 + 15 * 24 * 3600)}


def test_ids_of_hours_that_nothing_may_come_from_any_more_are_not_written(players: Players, aws: InProcessAws) -> None:
    players.spill("ada", {HOUR - 15 * 24: ["0000000000aa"]}, now=NOW)

    assert aws.calls == []


def test_a_fortnight_of_hours_is_read_at_once(players: Players) -> None:
    hours = range(HOUR - 14 * 24, HOUR + 1)
    players.spill("ada", {hours[0]: ["0000000000aa"]}, now=NOW)

    assert players.seen("ada", hours)[hours[0]] == {"0000000000aa"}


def test_history_is_kept_per_board_and_shown_newest_first(players: Players) -> None:
    days = [board(NOW - age * 24 * HOUR_MS, label=f"2026-11-{18 - age}") for age in (2, 1, 0)]
    players.save_history("ada", days, version=1)
    players.save_history("ada", days[:1], version=1)

    first, cursor = players.history("ada", limit=2, cursor=None)
    rest, end = players.history("ada", limit=2, cursor=cursor)

    assert [*first, *rest] == days[::-1]
    assert end is None


def test_boards_of_one_period_do_not_replace_each_other(players: Players) -> None:
    boards = [
        board(NOW),
        board(NOW, kind="weekly"),
        board(NOW, kind="special", template="one"),
        board(NOW, kind="special", template="two"),
    ]

    players.save_history("ada", boards, version=1)

    found, _ = players.history("ada", limit=10, cursor=None)
    assert sorted(map(str, found)) == sorted(map(str, boards))


def test_a_list_that_ends_with_a_full_page_has_no_next_cursor(players: Players) -> None:
    players.save_history("ada", [board(NOW)], version=1)

    assert players.history("ada", limit=1, cursor=None) == ([board(NOW)], None)


@pytest.mark.parametrize(
    "wrong", ["", "x", "é", "!!!!", "AAAAAAAAAAAAAAAA", keys.cursor(("PLAYER#eve", "HISTORY#1")), keys.cursor(("PLAYER#ada", "STATE"))]
)
def test_a_cursor_of_another_player_or_list_is_refused(players: Players, wrong: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        players.history("ada", limit=1, cursor=wrong)

    assert (refused.value.code, refused.value.field) == ("invalid_cursor", "cursor")


def test_a_profile_is_replaced_as_a_whole(players: Players) -> None:
    assert players.profile("ada") is None

    players.save_profile("ada", Profile({"name": "Ada", "email": "ada@example.com"}))
    players.save_profile("ada", replace(players.load_profile("ada"), members={"name": "Ada L."}, language_at=7))

    assert players.profile("ada") == {"name": "Ada L."}
    assert players.load_profile("ada") == Profile({"name": "Ada L."}, language_at=7, version=2)


def test_a_profile_that_changed_meanwhile_is_not_replaced(players: Players) -> None:
    first = players.load_profile("ada")
    players.save_profile("ada", replace(first, members={"name": "Ada"}))
    second = players.load_profile("ada")
    players.save_profile("ada", second)

    for stale in (first, second):
        with pytest.raises(VersionConflict):
            players.save_profile("ada", stale)


def test_a_profile_of_an_older_release_can_be_replaced(players: Players) -> None:
    row = {"PK": "PLAYER#ada", "SK": "PROFILE", "profile": '{"name": "Ada"}'}
    boto3.resource("dynamodb").Table("missions").put_item(Item=row)

    players.save_profile("ada", replace(players.load_profile("ada"), members={"name": "Ada L."}))

    assert players.profile("ada") == {"name": "Ada L."}


def test_actions_cost_one_read_unit_and_one_write_unit(players: Players, aws: InProcessAws) -> None:
    players.save(dealt(), version=None, events=[], due_at=NOW)
    aws.calls.clear()

    stored = players.load("ada")
    assert stored is not None
    players.save(stored.state, version=stored.version, events=[STARTED], due_at=NOW)

    assert [(call.operation, call.units) for call in aws.calls] == [("GetItem", 1), ("PutItem", 1)]


def test_the_first_write_and_each_move_in_the_index_cost_more(players: Players, aws: InProcessAws) -> None:
    players.save(state(), version=None, events=[], due_at=NOW)
    players.save(state(), version=1, events=[], due_at=NOW + 1)

    assert [call.units for call in aws.calls] == [2, 3]


def test_spilling_an_hour_and_keeping_a_board_cost_one_unit_each(players: Players, aws: InProcessAws) -> None:
    players.spill("ada", {HOUR: [f"{n:012x}" for n in range(64)]}, now=NOW)
    players.save_history("ada", [board(NOW)], version=1)

    assert [call.units for call in aws.calls] == [1, 1]


def test_a_settled_board_is_not_replaced_by_what_an_older_state_made_of_it(players: Players) -> None:
    newer, older = board(NOW), board(NOW)
    newer.missions[0].status = "claimed"
    players.save_history("ada", [newer], version=8)

    players.save_history("ada", [older], version=7)

    [kept], _ = players.history("ada", limit=10, cursor=None)
    assert kept == newer


def test_ids_that_were_seen_are_read_strongly(players: Players, aws: InProcessAws) -> None:
    reads = recorded(aws, "BatchGetItem")

    players.seen("ada", [HOUR])

    [members] = reads[0]["RequestItems"].values()
    assert members["ConsistentRead"] is True


def test_an_hours_row_is_written_as_long_as_something_may_come_from_it(players: Players, aws: InProcessAws) -> None:
    last = (HOUR * 3600 + 15 * 24 * 3600) * 1000
    players.spill("ada", {HOUR: ["0000000000aa"]}, now=last)
    assert aws.calls == []

    players.spill("ada", {HOUR: ["0000000000aa"]}, now=last - 1)
    assert players.seen("ada", [HOUR]) == {HOUR: {"0000000000aa"}}


def test_of_two_boards_settled_from_one_version_the_later_write_stays(players: Players) -> None:
    first, second = board(NOW), board(NOW)
    second.missions[0].status = "claimed"

    for kept in (first, second):
        players.save_history("ada", [kept], version=7)

    assert players.history("ada", limit=10, cursor=None)[0] == [second]


def test_a_conflict_says_so_by_its_code(players: Players) -> None:
    players.save(state(), version=None, events=[], due_at=None)

    with pytest.raises(VersionConflict, match=r"^the player changed meanwhile: load again, apply again$") as conflict:
        players.save(state(), version=None, events=[], due_at=None)
    assert conflict.value.code == "version_conflict"
