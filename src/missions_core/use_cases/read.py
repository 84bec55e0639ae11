"""Reading a player's game: rolled to now in memory, never written."""

from collections.abc import Set
from dataclasses import dataclass

from missions_core.domain.catalog import Catalog
from missions_core.domain.events import AchievementUnlocked
from missions_core.domain.state import PlayerState
from missions_core.use_cases.changes import open_draft, review
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class PlayerView:
    """A player's state as of now and the catalog it speaks of."""

    state: PlayerState
    catalog: Catalog
    now: int
    unwritten: Set[tuple[str, str | None]] = frozenset()  # achievements and their tiers that only the player's next write will unlock


def read_player(stores: Stores, player: str, *, now: int) -> PlayerView:
    """What the player would find if they acted now; an unknown player sees their first boards."""
    draft = open_draft(stores, player, stores.players.load(player), now=now, present=True, to_show=True)
    review(draft)
    unwritten = frozenset((event.achievement, event.tier) for event in draft.events if isinstance(event, AchievementUnlocked))
    return PlayerView(draft.state, draft.catalog, draft.now, unwritten)
