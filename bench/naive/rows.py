"""A player as a partition: one item for the player, one for each mission."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import boto3

from missions_core.domain.codec import decode, decode_board, encode, encode_board
from missions_core.domain.state import Board, Mission, PlayerState, mission_id

Rows = dict[str, dict[str, Any]]  # by sort key, what else an item has


class Table:
    """The table, counting units: whoever writes the client's calls by hand seldom asks for them."""

    def __init__(self, name: str) -> None:
        self.client: Any = boto3.client("dynamodb")
        self.client.meta.events.register("provide-client-params.dynamodb.*", _ask_for_units)
        self._name = name

    def load(self, player: str) -> Rows:
        """Everything open of a player, in one query."""
        found = self.client.query(
            TableName=self._name,
            KeyConditionExpression="PK = :player AND SK BETWEEN :first AND :last",
            ExpressionAttributeValues={":player": {"S": player}, ":first": {"S": "MISSION#"}, ":last": {"S": "PLAYER"}},
            ConsistentRead=True,
        )
        return {item["SK"]["S"]: {name: value for name, value in item.items() if name not in ("PK", "SK")} for item in found["Items"]}

    def put(self, player: str, key: str, attributes: dict[str, Any]) -> None:
        """Put one item."""
        self.client.put_item(TableName=self._name, Item=_key(player, key) | attributes)

    def delete(self, player: str, key: str) -> None:
        """Delete one item."""
        self.client.delete_item(TableName=self._name, Key=_key(player, key))

    def add(self, player: str, key: str, amounts: dict[str, int]) -> None:
        """Add to counters of one item."""
        self.client.update_item(
            TableName=self._name,
            Key=_key(player, key),
            UpdateExpression="ADD " + ", ".join(f"#{n} :{n}" for n in range(len(amounts))),
            ExpressionAttributeNames={f"#{n}": name for n, name in enumerate(amounts)},
            ExpressionAttributeValues={f":{n}": {"N": str(amount)} for n, amount in enumerate(amounts.values())},
        )

    def write(self, player: str, before: Rows, after: Rows) -> None:
        """One write for each item that changed."""
        for key in after:
            if after[key] != before.get(key):
                self.put(player, key, after[key])
        for key in before.keys() - after.keys():
            self.delete(player, key)


def rows_of(state: PlayerState) -> Rows:
    """A state as items. What recognises repeats is left to the idempotency layer, and payments are made at once."""
    missions = {_sort_key(board, mission): _row(board, mission) for board, mission in state.missions()}
    rest = deepcopy(state)
    rest.seen, rest.commands, rest.pending = {}, [], []
    layout = [[_sort_key(board, mission) for mission in board.missions] for board in state.boards]
    for board in rest.boards:
        board.missions = []
    return {"PLAYER": {"state": {"B": encode(rest)}, "layout": {"S": json.dumps(layout)}}, **missions}


def state_of(rows: Rows) -> PlayerState:
    """The state that items make up."""
    state = decode(rows["PLAYER"]["state"]["B"])
    for board, keys in zip(state.boards, json.loads(rows["PLAYER"]["layout"]["S"]), strict=True):
        board.missions = [decode_board(rows[key]["mission"]["B"]).missions[0] for key in keys]
    return state


def _sort_key(board: Board, mission: Mission) -> str:
    return f"MISSION#{mission_id(board, mission)}"


def _row(board: Board, mission: Mission) -> dict[str, Any]:
    alone = replace(board, missions=[mission], closed=False, shielded=False, checked_in_at=None, freezes_gained=0, rerolls=0)
    return {"mission": {"B": encode_board(alone)}}


def _key(player: str, key: str) -> dict[str, Any]:
    return {"PK": {"S": player}, "SK": {"S": key}}


def _ask_for_units(params: dict[str, Any], **_: object) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"
