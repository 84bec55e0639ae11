"""Erasure, first half: a tombstone takes the place of the state, in one write. From then on nothing counts and nobody is there.

What lies around it is removed later (`sweep`), when nothing that loaded the state before can still be at work.
"""

from uuid import uuid4

from missions_core.domain.events import PlayerErased
from missions_core.domain.state import PlayerState
from missions_core.errors import Erased
from missions_core.use_cases.erasures import leaderboards_of
from missions_core.use_cases.retrying import until_first
from missions_core.use_cases.stores import Stores


def erase(stores: Stores, player: str, *, now: int) -> int:
    """Erase a player; returns when they were erased, the first time. Contention when others keep winning.

    Who is unknown is erased, too: actions that are still under way must not bring them into being.
    """

    def attempt() -> int:
        stored = stores.players.load(player)
        state = stored.state if stored else PlayerState(player, str(uuid4()), created_at=now, updated_at=now, active_at=now)
        state.updated_at = max(now, state.updated_at)
        erased = PlayerErased(leaderboards_of(state.boards), state.updated_at)
        stores.players.erase(state, erased, version=stored.version if stored else None)
        return erased.erased_at

    try:
        return until_first(attempt, about="state")
    except Erased as before:
        return before.erased_at
