"""The erasure queue's messages: who was erased, and on which leaderboards they may stand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from missions_core.domain.events import PlayerErased
from missions_core.domain.state import Board
from missions_core.errors import InvalidInput

Leaderboards = tuple[tuple[str, str], ...]  # mission key and label


@dataclass(frozen=True, slots=True)
class Erasure:
    """A player to be removed. `id` tells this erasure from every other."""

    id: str
    player: str
    boards: Leaderboards
    erased_at: int


def leaderboards_of(boards: Iterable[Board]) -> Leaderboards:
    """The leaderboards that the missions of these boards may have brought a player on."""
    return tuple((mission.template, board.period.label) for board in boards for mission in board.missions if mission.competitive)


def erasure_body(event_id: str, player: str, erased: PlayerErased) -> str:
    """The erasure queue's message."""
    return json.dumps({"id": event_id, "player": player, "boards": erased.boards, "erased_at": erased.erased_at})


def parse_erasure(body: str) -> Erasure:
    """The message, read. InvalidInput `malformed_erasure`."""
    try:
        raw = json.loads(body)
        boards = tuple((key, label) for key, label in raw["boards"])
        erasure = Erasure(raw["id"], raw["player"], boards, raw["erased_at"])
        if not all(isinstance(text, str) for text in (erasure.id, erasure.player, *(part for board in boards for part in board))):
            raise ValueError("id, player and boards are texts")
        if type(erasure.erased_at) is not int or erasure.erased_at < 0:
            raise ValueError("erased_at is epoch milliseconds")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput("malformed_erasure", f"not an erasure: {error!r}") from None
    return erasure
