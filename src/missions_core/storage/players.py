"""Players: the state item (invariant 1) and what else lies in a player's partition.

The state is read and written for every action, so it goes without a PynamoDB model, whose way to attributes and back would add 6 % to
the two calls. Its attributes: `version`, `state`, `outbox` if there are events, `due_shard` and `due_at` if something will fall due.
Once a player is erased it is a tombstone for ever: `version` and `erased_at`, and until everything around it is removed its `outbox`,
and its place in the index, by which that is asked for again.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pynamodb.constants import ITEM
from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from missions_core.domain import codec
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.events import Event, PlayerErased
from missions_core.domain.state import Board, PlayerState
from missions_core.errors import Erased, VersionConflict
from missions_core.storage import keys, outbox
from missions_core.storage.table import HistoryRow, ProfileRow, SeenRow, TombstoneRow, bind, connect, find, page
from missions_core.storage.transactions import Write
from missions_core.storage.work import waiting

# Rules out overwriting a player that another first action created meanwhile.
IS_NEW = Path("PK").does_not_exist()

# Someone else saved the state, or is about to: a purchase's transaction holds it.
OVERTAKEN = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})

ERASED_AT = "erased_at"  # in tombstones alone
REMOVAL_MS = HOUR_MS  # by then whatever lies around a tombstone is removed, or it is asked for again

SEEN_SECONDS = 15 * 24 * 3600  # a day longer than an action may be late: by then nothing can ask for its hour

Attributes = dict[str, dict[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A state as loaded, the version to save it over, and when the index has it due."""

    state: PlayerState
    version: int
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A player's personal data, when its language was said, and the version to save it over."""

    members: Mapping[str, str] = field(default_factory=dict)
    language_at: int | None = None
    version: int | None = None


class Players:
    """The players of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._seen = bind(SeenRow, table_name)
        self._profiles = bind(ProfileRow, table_name)
        self._history = bind(HistoryRow, table_name)
        self._tombstones = bind(TombstoneRow, table_name)

    def load(self, player: str) -> Stored | None:
        """A player's state, strongly read; None if nothing was ever saved. Erased: there is a tombstone."""
        item = self._connection.get_item(*keys.state(player), consistent_read=True).get("Item")
        if item is None:
            return None
        if ERASED_AT in item:
            raise Erased(int(item[ERASED_AT]["N"]))
        return Stored(codec.decode(item["state"]["B"]), int(item["version"]["N"]), int(item["due_at"]["N"]) if "due_at" in item else None)

    def save(self, state: PlayerState, *, version: int | None, events: Sequence[Event], due_at: int | None) -> None:
        """Replace the state loaded at `version` (None: there was none). VersionConflict: someone else saved first.

        Also raised when our own write was applied but its acknowledgement was lost: the state then holds what it did.
        """
        self._put(state.player, *_written(state, version, events, due_at))

    def saving(self, state: PlayerState, *, version: int | None, events: Sequence[Event], due_at: int | None) -> Write:
        """The same write, to be part of a transaction."""
        attributes, condition = _written(state, version, events, due_at)
        return self._connection.get_operation_kwargs(*keys.state(state.player), key=ITEM, attributes=attributes, condition=condition)

    def erased(self, players: Iterable[str]) -> set[str]:
        """Those of the players who were erased. Eventually consistent: whoever was erased this moment may be missing."""
        wanted = [keys.state(player) for player in players]
        rows = self._tombstones.batch_get(wanted, attributes_to_get=["PK", "SK", ERASED_AT])
        return {keys.player_of(row.pk) for row in rows if ERASED_AT in row.attribute_values}

    def erase(self, state: PlayerState, erased: PlayerErased, *, version: int | None) -> None:
        """Replace the state loaded at `version` (None: there was none) by a tombstone, as `save` does by another state."""
        tombstone: Attributes = {
            "version": {"N": str((version or 0) + 1)},
            "outbox": {"B": outbox.encode(state, [erased])},
            ERASED_AT: {"N": str(erased.erased_at)},
            **_due(state.player, erased.erased_at + REMOVAL_MS),
        }
        self._put(state.player, tombstone, _is_still(version))

    def erase_again(self, player: str, *, now: int) -> None:
        """Write a tombstone again, for its outbox: what lies around it should have been removed by now and was not."""
        item = self._connection.get_item(*keys.state(player), consistent_read=True).get("Item", {})
        if ERASED_AT not in item or "due_at" not in item or int(item["due_at"]["N"]) > now:
            return
        version = int(item["version"]["N"])
        again = {name: item[name] for name in ("outbox", ERASED_AT)} | {
            "version": {"N": str(version + 1)},
            **_due(player, now + REMOVAL_MS),
        }
        with suppress(VersionConflict):  # somebody else did
            self._put(player, again, _is_still(version))

    def seen(self, player: str, hours: Iterable[int]) -> dict[int, set[str]]:
        """The action ids that left the state, for each of the hours (as numbers since the epoch), strongly read."""
        found = {hour: set[str]() for hour in hours}
        for row in self._seen.batch_get([keys.seen(player, hour) for hour in found], consistent_read=True):
            found[keys.hour_of_seen(row.sk)] = {id_.hex() for id_ in row.ids}
        return found

    def spill(self, player: str, ids_by_hour: Mapping[int, Sequence[str]], *, now: int) -> None:
        """Add committed action ids (hexadecimal) to their hours' rows; hours no action may come from any more are left out."""
        for hour, ids in ids_by_hour.items():
            ttl = hour * HOUR_MS // 1000 + SEEN_SECONDS
            if ttl * 1000 > now:
                add = SeenRow.ids.add({bytes.fromhex(id_) for id_ in ids})
                self._connection.update_item(*keys.seen(player, hour), actions=[add, SeenRow.ttl.set(ttl)])

    def save_history(self, player: str, boards: Sequence[Board], *, version: int) -> None:
        """Keep boards that were settled from a version of the state; the same again changes nothing."""
        for board in boards:
            row = self._history(*keys.history(player, board), board=codec.encode_board(board), version=version)
            try:
                row.save(_is_no_newer_than(version))
            except PutError as error:
                if error.cause_response_code != "ConditionalCheckFailedException":
                    raise

    def history(self, player: str, *, limit: int, cursor: str | None) -> tuple[list[Board], str | None]:
        """Settled boards, newest first, and the cursor of the next page."""
        rows, next_cursor = page(self._history, keys.player(player), keys.HISTORY, limit=limit, cursor=cursor, newest_first=True)
        return [codec.decode_board(row.board) for row in rows], next_cursor

    def due(self, shard: int, *, now: int, limit: int) -> list[str]:
        """Players of a shard for whom something is due, the longest due first. Eventually consistent: may name one just settled."""
        found = self._connection.query(keys.due_partition(shard), Path("due_at") <= now, index_name="due", limit=limit)
        return [keys.player_of(entry["PK"]["S"]) for entry in found["Items"]]

    def flagged(self, *, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
        """Players that an operator should look at, the longest waiting first, and the cursor of the next page. As `waiting` has them."""
        found, next_cursor = waiting(self._connection, keys.FLAGGED, limit=limit, cursor=cursor)
        return [keys.player_of(partition) for partition, _ in found], next_cursor

    def profile(self, player: str) -> dict[str, str] | None:
        """A player's personal data."""
        row = find(self._profiles, keys.profile(player))
        return None if row is None else row.profile

    def load_profile(self, player: str) -> Profile:
        """The same, to be changed: an empty one if there is none."""
        row = find(self._profiles, keys.profile(player))
        return Profile() if row is None else Profile(row.profile, row.language_at, row.version)

    def save_profile(self, player: str, profile: Profile) -> None:
        """Replace the profile as it was loaded. VersionConflict: someone else saved first, or our own answer was lost."""
        version = (profile.version or 0) + 1
        row = self._profiles(*keys.profile(player), profile=dict(profile.members), language_at=profile.language_at, version=version)
        try:
            row.save(_is_as_loaded(profile.version))
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise VersionConflict("version_conflict", "the profile changed meanwhile: load again, apply again") from None

    def _put(self, player: str, attributes: Attributes, condition: Condition) -> None:
        try:
            self._connection.put_item(*keys.state(player), attributes=attributes, condition=condition)
        except PutError as error:
            if error.cause_response_code not in OVERTAKEN:
                raise
            raise VersionConflict("version_conflict", "the player changed meanwhile: load again, apply again") from None


def _written(state: PlayerState, version: int | None, events: Sequence[Event], due_at: int | None) -> tuple[Attributes, Condition]:
    """What replaces the state loaded at `version`, and on which condition."""
    attributes: Attributes = {"version": {"N": str((version or 0) + 1)}, "state": {"B": codec.encode(state)}}
    if events:
        attributes["outbox"] = {"B": outbox.encode(state, events)}
    if due_at is not None:
        attributes |= _due(state.player, due_at)
    if (flagged_at := state.flagged_at) is not None:
        attributes |= {"work_queue": {"S": keys.FLAGGED}, "work_at": {"N": str(flagged_at)}}
    return attributes, _is_still(version)


def _due(player: str, at: int) -> Attributes:
    return {"due_shard": {"S": keys.due_shard(player)}, "due_at": {"N": str(at)}}


def _is_as_loaded(version: int | None) -> Condition:
    """Rules out losing what another writer said since this profile was loaded; None: it was not there, or no release counted yet."""
    unchanged: Condition = ProfileRow.version.does_not_exist() if version is None else ProfileRow.version == version
    return unchanged


def _is_no_newer_than(version: int) -> Condition:
    """Rules out replacing a board by what a slower writer, who is about to lose the race for the state, made of an older state."""
    fresh: Condition = HistoryRow.pk.does_not_exist() | (HistoryRow.version <= version)
    return fresh


def _is_still(version: int | None) -> Condition:
    """Rules out losing what another writer saved since this state was loaded; None: it was not there."""
    return IS_NEW if version is None else Path("version") == version
