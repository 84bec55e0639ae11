"""Leaderboards: a row per score, spread over shards, and one merged row, which is all that most readers need.

Scores come in at least once and in any order. A score row keeps the best; the merged row is written on the version it was loaded at.
The histogram beside the ranks is approximate: a writer that dies between both rows leaves it behind by its own moves.
"""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from missions_core.domain.leaderboards import EMPTY, KEPT, Entry, Histogram
from missions_core.errors import VersionConflict
from missions_core.storage import keys
from missions_core.storage.table import ScoreRow, TopRow, bind, connect, find

# Rules out overwriting what another first writer of the row left there meanwhile.
IS_NEW = Path("PK").does_not_exist()

KEPT_SECONDS = 100 * 24 * 3600  # how long after its end a leaderboard can be looked at: past the month that follows a month
MOST_FINAL = 500  # found at once; the others are found by the next search

Move = tuple[Decimal | None, Decimal]  # a score as it was and as it is


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A merged row as loaded. `closed_at`: no score is merged any more; `is_paid`: nor is any prize owed."""

    board: str
    label: str
    closes_at: int
    template_version: int = 0  # the newest anybody was dealt
    entries: tuple[Entry, ...] = ()
    histogram: Histogram = EMPTY
    merged_at: int = 0
    closed_at: int | None = None
    is_paid: bool = False
    version: int = 0  # 0: there is no row yet
    left: int = 0  # how many entries left because their players were erased

    @property
    def is_complete(self) -> bool:
        """Whether all who scored are certainly kept in order: nobody was ever pushed out."""
        return len(self.entries) + self.left < KEPT

    @property
    def participants(self) -> int:
        """How many players scored: exact while all of them are kept in order."""
        return len(self.entries) if self.is_complete else max(len(self.entries), sum(self.histogram))


class Scores:
    """The leaderboards of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._rows = bind(ScoreRow, table_name)
        self._tops = bind(TopRow, table_name)

    def improve(self, board: str, label: str, entry: Entry, *, closes_at: int) -> Move | None:
        """Keep a player's score if it is better than the one held; the move it makes, None if it is not."""
        attributes = {
            "account": {"S": entry.account},
            "score": {"N": f"{entry.score:f}"},
            "reached_at": {"N": str(entry.reached_at)},
            "ttl": {"N": str(closes_at // 1000 + KEPT_SECONDS)},
        }
        key = keys.score(board, label, entry.player)
        try:
            answer = self._connection.put_item(*key, attributes=attributes, condition=_is_improved_by(entry), return_values="ALL_OLD")
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            return None
        before = answer.get("Attributes")
        return Decimal(before["score"]["N"]) if before else None, entry.score

    def remove(self, board: str, label: str, player: str) -> Decimal | None:
        """Delete a player's score; None: there was none, or it is deleted already."""
        answer = self._connection.delete_item(*keys.score(board, label, player), return_values="ALL_OLD")
        before = answer.get("Attributes")
        return Decimal(before["score"]["N"]) if before else None

    def held(self, board: str, label: str, players: Iterable[str]) -> dict[str, Entry]:
        """The scores of these players, by player; who has none is left out."""
        rows = self._rows.batch_get([keys.score(board, label, player) for player in players])
        return {row.sk: Entry(row.sk, row.account, row.score, row.reached_at) for row in rows}

    def load(self, board: str, label: str, *, consistent: bool) -> Leaderboard | None:
        """The merged row; None: nobody ever scored."""
        row = find(self._tops, keys.top(board, label), consistent=consistent)
        if row is None:
            return None
        entries, histogram = json.loads(zlib.decompress(row.content))
        return Leaderboard(
            board=board,
            label=label,
            closes_at=row.closes_at,
            template_version=row.template_version,
            entries=tuple(Entry(player, account, Decimal(score), at) for player, account, score, at in entries),
            histogram=tuple(histogram),
            merged_at=row.merged_at,
            closed_at=row.closed_at,
            is_paid=row.work_queue is None,
            version=row.version,
            left=row.left or 0,
        )

    def save(self, leaderboard: Leaderboard) -> None:
        """Write a merged row over the version before. VersionConflict: someone else saved first, or our own answer was lost."""
        entries = [[entry.player, entry.account, f"{entry.score:f}", entry.reached_at] for entry in leaderboard.entries]
        content = json.dumps([entries, leaderboard.histogram], separators=(",", ":"), ensure_ascii=False)
        row = self._tops(
            *keys.top(leaderboard.board, leaderboard.label),
            content=zlib.compress(content.encode()),
            version=leaderboard.version,
            template_version=leaderboard.template_version,
            closes_at=leaderboard.closes_at,
            merged_at=leaderboard.merged_at,
            closed_at=leaderboard.closed_at,
            left=leaderboard.left or None,
            work_queue=None if leaderboard.is_paid else keys.CLOSING_BOARDS,
            work_at=None if leaderboard.is_paid else leaderboard.closes_at,
            ttl=leaderboard.closes_at // 1000 + KEPT_SECONDS,
        )
        try:
            row.save(IS_NEW if leaderboard.version == 1 else _follows(leaderboard.version))
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise VersionConflict("version_conflict", "the leaderboard changed meanwhile: load again, merge again") from None

    def final(self, *, before: int) -> list[tuple[str, str]]:
        """Board and label of the leaderboards that ended before an instant and are not paid, the longest final first."""
        found = self._connection.query(keys.CLOSING_BOARDS, Path("work_at") <= before, index_name="work", limit=MOST_FINAL)
        return [keys.board_of(entry["PK"]["S"]) for entry in found["Items"]]


def _is_improved_by(entry: Entry) -> Condition:
    """Rules out that a message delivered late or again brings back a lower score, or a later time for the same one."""
    is_lower = ScoreRow.score < entry.score
    is_later: Condition = (ScoreRow.score == entry.score) & (ScoreRow.reached_at > entry.reached_at)
    improved: Condition = IS_NEW | is_lower | is_later
    return improved


def _follows(version: int) -> Condition:
    """Rules out losing what another writer merged, closed or paid since the version before was loaded."""
    return Path("version") == version - 1
