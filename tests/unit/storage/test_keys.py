"""Keys: text order is time order, nothing collides, shards are spread, and the table is documented whole."""

import inspect

from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain.catalog import Rewards
from missions_core.domain.periods import DayClock, Period
from missions_core.domain.state import Board, Mission, PendingGrant
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

    prefixes = ("PLAYER#", "SEEN#", "HISTORY#", "LEDGER#", "GRANT#", "WALLET#", "ITEM#", "SNAPSHOT#", "TEMPLATE#", "JOB#", "DUE#")
    assert all(prefix in documented and prefix in source for prefix in prefixes)
