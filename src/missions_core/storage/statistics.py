"""Approximate counts over all players, kept cheaply: how many there are, and how many of them hold each achievement."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pynamodb.expressions.operand import Path

from missions_core.storage import keys
from missions_core.storage.table import connect

FRESH_SECONDS = 60
PLAYERS = "players"
HOLDERS = "holders_"  # in front of an achievement: none can be mistaken for a key
MOST_COUNTERS = 100  # in one update, whose expression has at most 4 KB


class Statistics:
    """The counters of one table. What is delivered again is counted again: nothing that must be exact may be read from them."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._connection = connect(table_name)
        self._shares: Mapping[str, float] = {}
        self._read_at: float | None = None

    def count(self, *, players: int, holders: Mapping[str, int]) -> None:
        """Add new players, and new holders by achievement, to one of the rows: many writers seldom meet."""
        added = {PLAYERS: players} | {f"{HOLDERS}{key}": number for key, number in holders.items()}
        actions = [Path([name]).add(number) for name, number in sorted(added.items()) if number]
        key = keys.statistics(random.randrange(keys.STATISTICS_SHARDS))
        for start in range(0, len(actions), MOST_COUNTERS):
            self._connection.update_item(*key, actions=actions[start : start + MOST_COUNTERS])

    def shares(self) -> Mapping[str, float]:
        """The share of all players who hold each achievement, 0 to 1, about a minute old; what nobody holds is left out."""
        if self._read_at is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
            self._shares = _shares(self._totals())
            self._read_at = time.monotonic()
        return self._shares

    def _totals(self) -> Counter[str]:
        """All rows added up. One that DynamoDB has no time for is done without: each holds a random part of the whole."""
        rows = map(keys.statistics, range(keys.STATISTICS_SHARDS))
        wanted: list[Any] = [{"PK": partition, "SK": sort} for partition, sort in rows]  # PynamoDB's annotation says text
        found = self._connection.batch_get_item(wanted)
        totals: Counter[str] = Counter()
        for item in found["Responses"][self._table_name]:
            totals.update({name: int(value["N"]) for name, value in item.items() if "N" in value})
        return totals


def _shares(totals: Mapping[str, int]) -> dict[str, float]:
    players = totals.get(PLAYERS, 0)
    held = {name.removeprefix(HOLDERS): number for name, number in totals.items() if name.startswith(HOLDERS)}
    return {key: min(1.0, number / players) for key, number in held.items()} if players else {}
