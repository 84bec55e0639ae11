"""Reading a player's game: rolled to now in memory, never written."""

from dataclasses import dataclass

from missions_core.domain.catalog import Catalog
from missions_core.domain.state import PlayerState
from missions_core.use_cases.changes import open_draft, review
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class PlayerView:
    """A player's state as of now and the catalog it speaks of."""

    state: PlayerState
    catalog: Catalog
    now: int


def read_player(stores: Stores, player: str, *, now: int) -> PlayerView:
    """What the player would find if they acted now; an unknown player sees their first boards."""
    draft = open_draft(stores, player, stores.players.load(player), now=now, present=True, to_show=True)
    review(draft)
    return PlayerView(draft.state, draft.catalog, draft.now)
