"""Keys: text order is time order, nothing collides, shards are spread, and the table is documented whole."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain.catalog import Rewards
from missions_core.domain.periods import DayClock, Period
from missions_core.domain.state import Board, Mission, PendingGrant
from missions_core.errors import InvalidInput
from missions_core.storage import keys

INSTANTS = st.integers(0, 9_999_999_999_999)
PLAYERS = st.text(min_size=1, max_size=50)


def history(start: int, label: str = "2026-11-18") -> str:
    return keys.history("ada", Board(Period("daily", label, start, start + 1, DayClock("UTC")), [Mission("post", 1, [None])], start + 2))[1]


@given(INSTANTS, INSTANTS)
def test_rows_sort_by_time(one: int, other: int) -> None:
    grants = [keys.grant("account", PendingGrant("cause", at, Rewards()))[1] for at in (one, other)]

    assert (history(one) <= history(other)) == (one <= other)
    assert (grants[0] <= grants[1]) == (one <= other)


@given(PLAYERS)
def test_a_partition_names_its_player(player: str) -> None:
    assert keys.player_of(keys.player(player)) == player


@given(PLAYERS.filter(str.isprintable), st.text(max_size=80).filter(str.isprintable))
def test_a_cursor_leads_back_to_its_key(player: str, rest: str) -> None:
    key = (keys.player(player), f"{keys.HISTORY}{rest}")

    assert keys.after_cursor(keys.cursor(key), key[0], keys.HISTORY) == key


def test_a_cursor_does_not_tell_whose_it_is() -> None:
    assert "ada" not in keys.cursor((keys.player("ada"), history(1)))


def test_shards_are_spread_evenly_and_never_move() -> None:
    shards = [keys.due_shard(f"player-{n}") for n in range(6400)]

    assert set(shards) == {keys.due_partition(shard) for shard in range(keys.DUE_SHARDS)}
    assert max(map(shards.count, set(shards))) < 200
    assert keys.due_shard("ada") == "DUE#39"


def test_the_table_of_items_names_every_prefix_in_use() -> None:
    documented = inspect.getdoc(keys) or ""
    source = inspect.getsource(keys).replace(documented, "")

    prefixes = (
        "PLAYER#",
        "SEEN#",
        "HISTORY#",
        "LEDGER#",
        "GRANT#",
        "WALLET#",
        "ITEM#",
        "SNAPSHOT#",
        "TEMPLATE#",
        "JOB#",
        "DUE#",
        "SCORES#",
        "STATS#",
    )
    assert all(prefix in documented and prefix in source for prefix in prefixes)


def test_a_leaderboards_partition_names_its_board_and_label() -> None:
    assert keys.board_of(keys.top("weekly_top", "2026-W47")[0]) == ("weekly_top", "2026-W47")


def test_scores_are_spread_evenly_and_lie_where_their_player_is_looked_for() -> None:
    shards = [keys.score("top", "2026-W47", f"player-{n}") for n in range(1600)]

    partitions = [partition for partition, _ in shards]
    assert len(set(partitions)) == keys.SCORE_SHARDS
    assert max(map(partitions.count, set(partitions))) < 150
    assert keys.score("top", "2026-W47", "ada") == ("SCORES#top#2026-W47#7", "ada")


@pytest.mark.parametrize("other", [keys.leaderboard("top", "2026-W46"), keys.leaderboard("least", "2026-W47"), keys.player("ada")])
def test_a_rank_cursor_continues_its_own_leaderboard_only(other: str) -> None:
    own = keys.leaderboard("top", "2026-W47")

    assert keys.after_rank(keys.rank_cursor(own, 20), own) == 20
    with pytest.raises(InvalidInput) as refused:
        keys.after_rank(keys.rank_cursor(other, 20), own)
    assert (refused.value.code, refused.value.field) == ("invalid_cursor", "cursor")


@pytest.mark.parametrize("sort", ["RANK#", "RANK#-1", "RANK#1.5", "RANK#x", "20", "GRANT#20"])
def test_a_made_up_rank_is_no_cursor(sort: str) -> None:
    own = keys.leaderboard("top", "2026-W47")

    with pytest.raises(InvalidInput):
        keys.after_rank(keys.cursor((own, sort)), own)


@pytest.mark.parametrize("key", [("PLAYER#ann", "STATE"), ("PLAYER#a#b", "EVIDENCE#m:2026-11-21#1")])
def test_a_cursor_of_waiting_work_leads_back_to_its_entry_in_its_queue_only(key: tuple[str, str]) -> None:
    text = keys.work_cursor(keys.FLAGGED, 1_795_000_000_000, key)

    assert keys.after_work(text, keys.FLAGGED) == (1_795_000_000_000, key)
    with pytest.raises(InvalidInput):
        keys.after_work(text, keys.REVIEW)


@pytest.mark.parametrize("sort", ["", "x", "12", "12\0PK", "x\0PK\0SK"])
def test_what_is_no_position_in_a_queue_is_no_cursor_of_it(sort: str) -> None:
    with pytest.raises(InvalidInput):
        keys.after_work(keys.cursor((keys.FLAGGED, sort)), keys.FLAGGED)
