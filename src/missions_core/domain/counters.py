"""Lifetime counters: what a player ever did, counted once whichever missions and achievements ask for it."""

from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog
from missions_core.domain.requirements import gather
from missions_core.domain.state import PlayerState


def count(state: PlayerState, catalog: Catalog, type_: str, action: Action) -> None:
    """Count an action as one of a type, asked for or not: what asks later starts from what is there."""
    counted = state.lifetime.get(type_)
    state.lifetime[type_] = (counted if isinstance(counted, int) else 0) + 1
    for leaf in catalog.lifetime_leaves.get(type_, ()):
        if leaf.counter is not None and leaf.counter != type_:
            gathered = gather(leaf, state.lifetime.get(leaf.counter), action, 0)
            if gathered is not None:
                state.lifetime[leaf.counter] = gathered
