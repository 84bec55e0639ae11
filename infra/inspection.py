"""A player's stored state, decoded for people and scripts."""

from typing import TYPE_CHECKING, Any, NamedTuple

from missions_core.domain import codec, rewards
from missions_core.domain.state import Board, PlayerState
from missions_core.errors import Erased
from missions_core.http.views.missions import in_listed_order, mission_view, period_view, rewards_view
from missions_core.http.views.players import streaks_view
from missions_core.http.views.quests import quest_list
from missions_core.instants import end_of, timestamp
from missions_core.storage import keys
from missions_core.storage.players import ERASED_AT
from missions_core.use_cases.read import PlayerView

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LANGUAGES = ("en",)


class StoredItem(NamedTuple):
    """The state item as the table has it."""

    state: PlayerState
    version: int
    due_at: int | None
    bytes: int  # what DynamoDB bills by, index entry not included


def load_item(dynamodb: "DynamoDBClient", table: str, player: str) -> StoredItem | None:
    """The player's state item, strongly read; None: there is none. Erased: there was one."""
    partition, sort = keys.state(player)
    item = dynamodb.get_item(TableName=table, Key={"PK": {"S": partition}, "SK": {"S": sort}}, ConsistentRead=True).get("Item")
    if item is None:
        return None
    if ERASED_AT in item:
        raise Erased(int(item[ERASED_AT]["N"]))
    due_at = int(item["due_at"]["N"]) if "due_at" in item else None
    size = sum(len(name) + _size(value) for name, value in item.items())
    return StoredItem(codec.decode(item["state"]["B"]), int(item["version"]["N"]), due_at, size)


def describe(item: StoredItem, view: PlayerView) -> dict[str, Any]:
    """Everything the state says, as JSON. Nothing is rolled on: it stands as it was last written."""
    state = item.state
    return {
        "player": state.player,
        "account": state.account,
        "version": item.version,
        "item_bytes": item.bytes,
        "due_at": timestamp(item.due_at),
        "created_at": timestamp(state.created_at),
        "updated_at": timestamp(state.updated_at),
        "active_at": timestamp(state.active_at),
        "catalog_version": state.catalog_version,
        "zone": state.zone,
        "level": rewards.level(state, view.catalog.rules),
        "lifetime_xp": state.lifetime_xp,
        "vip": state.vip,
        "segments": state.segments,
        "paused_until": timestamp(state.paused_until),
        "boards": [_board(view, board) for board in in_listed_order(state.boards)],
        "quests": [quest for quest in quest_list(view, LANGUAGES) if quest["run"] is not None],
        "streaks": streaks_view(view),
        "check_ins": {"streak": state.check_ins.streak, "best": state.check_ins.best, "total": state.check_ins.total},
        "completions": {template: done.count for template, done in sorted(state.completions.items())},
        "lifetime": dict(sorted(state.lifetime.items())),
        "pending": [{"cause": each.cause, "at": timestamp(each.at), "rewards": rewards_view(each.rewards)} for each in state.pending],
        "duplicate_window": {
            "ids": sum(len(ids) for ids in state.seen.values()),
            "hours": len(state.seen),
            "complete_from": timestamp(state.spilled_before * 3_600_000) if state.spilled_before else None,
        },
    }


def _board(view: PlayerView, board: Board) -> dict[str, Any]:
    return {
        "period": period_view(board),
        "zone": board.period.clock.zone,
        "closed": board.closed,
        "shielded": board.shielded,
        "settles_at": end_of(board.settles_at),
        "checked_in_at": timestamp(board.checked_in_at),
        "missions": [mission_view(view, board, mission, LANGUAGES) for mission in board.missions],
    }


def _size(value: Any) -> int:
    """DynamoDB's measure of a string, binary or number attribute."""
    if "N" in value:
        return (len(value["N"].lstrip("-")) + 1) // 2 + 1
    return len(value["S"].encode()) if "S" in value else len(value["B"])
