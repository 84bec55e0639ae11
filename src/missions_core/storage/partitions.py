"""Whatever is stored for one player, row by row, however many kinds of rows there are: for showing it all."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from missions_core.storage import keys
from missions_core.storage.table import connect

PAGE = 500  # rows of one read, which brings at most 1 MB anyway

Attributes = dict[str, Any]


class Partitions:
    """The partitions of one table that belong to players and their accounts."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)

    def rows(self, player: str, account: str) -> Iterator[tuple[str, Attributes]]:
        """Every row of both, a page at a time: its kind, which is the first part of its sort key, and its attributes but the keys."""
        for partition in (keys.player(player), keys.ledger(account), keys.goods(account)):
            for item in self._items(partition):
                sort = item.pop("SK")["S"]
                del item["PK"]
                yield keys.kind_of(sort), {name: _value(typed) for name, typed in item.items()}

    def _items(self, partition: str) -> Iterator[dict[str, Any]]:
        start = None
        while True:
            found = self._connection.query(partition, limit=PAGE, exclusive_start_key=start, consistent_read=True)
            yield from found["Items"]
            start = found.get("LastEvaluatedKey")
            if start is None:
                return


def _value(typed: dict[str, Any]) -> Any:
    """A typed value of DynamoDB as Python has it; numbers stay exact."""
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return Decimal(value)
        case "NULL":
            return None
        case "L":
            return [_value(each) for each in value]
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "NS":
            return [Decimal(each) for each in value]
    return value
