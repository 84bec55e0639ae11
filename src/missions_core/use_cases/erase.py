"""Erasure, first half: a tombstone takes the place of the state, in one write. From then on nothing counts and nobody is there.

What lies around it is removed later (`sweep`), when nothing that loaded the state before can still be at work.
"""

import random
import time
from uuid import uuid4

from missions_core.domain.events import PlayerErased
from missions_core.domain.state import PlayerState
from missions_core.errors import Contention, Erased, VersionConflict
from missions_core.use_cases.changes import ATTEMPTS, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from missions_core.use_cases.erasures import leaderboards_of
from missions_core.use_cases.stores import Stores


def erase(stores: Stores, player: str, *, now: int) -> int:
    """Erase a player; returns when they were erased, the first time. Contention when others keep winning.

    Who is unknown is erased, too: actions that are still under way must not bring them into being.
    """
    for attempt in range(ATTEMPTS):
        try:
            stored = stores.players.load(player)
            state = stored.state if stored else PlayerState(player, str(uuid4()), created_at=now, updated_at=now, active_at=now)
            state.updated_at = max(now, state.updated_at)
            erased = PlayerErased(leaderboards_of(state.boards), state.updated_at)
            stores.players.erase(state, erased, version=stored.version if stored else None)
        except Erased as before:
            return before.erased_at
        except VersionConflict:
            time.sleep(random.uniform(0, min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)))
            continue
        return erased.erased_at
    raise Contention("contention", "this player's state is being changed by many at once; send the same request again")
