"""What is left of an erased player: rows around a tombstone, and the tombstone itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from missions_core.domain import codec
from missions_core.domain.state import Board
from missions_core.storage import keys
from missions_core.storage.players import ERASED_AT
from missions_core.storage.table import HistoryRow, TombstoneRow, bind, connect


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Where a player's state was."""

    player: str
    version: int
    erased_at: int


class Remains:
    """The remains of one table's erased players."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._history = bind(HistoryRow, table_name)
        self._rows = bind(TombstoneRow, table_name)

    def tombstone(self, player: str) -> Tombstone | None:
        """A player's tombstone, strongly read; None: there is a state, or nothing at all."""
        item = self._connection.get_item(*keys.state(player), consistent_read=True).get("Item", {})
        return Tombstone(player, int(item["version"]["N"]), int(item[ERASED_AT]["N"])) if ERASED_AT in item else None

    def boards(self, player: str) -> Iterator[Board]:
        """The settled boards that are still there, strongly read."""
        rows = self._history.query(keys.player(player), HistoryRow.sk.startswith(keys.HISTORY), consistent_read=True)
        return (codec.decode_board(row.board) for row in rows)

    def remove_rows(self, player: str) -> int:
        """Delete everything in the player's partition but the tombstone, one by one; returns how many rows that were."""
        rows = self._rows.query(keys.player(player), consistent_read=True, attributes_to_get=["PK", "SK"])
        around = [row.key for row in rows if row.key != keys.state(player)]
        for key in around:
            self._connection.delete_item(*key)
        return len(around)

    def lay_bare(self, tombstone: Tombstone) -> None:
        """Drop all a tombstone carries besides its version and its instant: who asks then finds that there was a player, nothing else."""
        attributes = {"version": {"N": str(tombstone.version)}, ERASED_AT: {"N": str(tombstone.erased_at)}}
        try:
            self._connection.put_item(*keys.state(tombstone.player), attributes=attributes, condition=_is(tombstone))
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise


def _is(tombstone: Tombstone) -> Condition:
    """Rules out writing over a state, such as a backup brought back meanwhile, and over a tombstone that asks again meanwhile."""
    same: Condition = (Path(ERASED_AT) == tombstone.erased_at) & (Path("version") == tombstone.version)
    return same
