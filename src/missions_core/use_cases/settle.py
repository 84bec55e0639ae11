"""Nights: bring a player whose time has come to now, and pay what got stuck on its way."""

from missions_core.domain.roll import due_at
from missions_core.domain.state import PendingGrant
from missions_core.use_cases.changes import Draft, change, drop_paid
from missions_core.use_cases.stores import Stores


def settle_player(stores: Stores, player: str, *, now: int) -> tuple[str, list[PendingGrant]]:
    """Close, settle and deal whatever fell due for one player, in one write, or none if nothing did.

    Returns the account and the grants that should have reached the ledger by now and did not: send them again.
    """

    def run(draft: Draft) -> tuple[str, list[PendingGrant]]:
        if draft.is_new:
            return draft.state.account, []  # the index still names a player who is gone
        stuck = drop_paid(stores, draft)
        if draft.due_at != due_at(draft.state, draft.catalog):
            draft.write()  # the index holds another time than the state: it would be found due again and again
        return draft.state.account, stuck

    return change(stores, player, run, now=now, present=False)
