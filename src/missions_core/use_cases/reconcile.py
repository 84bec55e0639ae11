"""Repair: bring a player to now, forget what was paid, and send again what should have been paid by now and was not."""

from missions_core.domain.roll import due_at
from missions_core.errors import Erased
from missions_core.messaging import Queue
from missions_core.use_cases.changes import Draft, change, drop_paid
from missions_core.use_cases.grant import grant_message
from missions_core.use_cases.stores import Stores


def reconcile(stores: Stores, rewards: Queue, player: str, *, now: int) -> None:
    """Close, settle and deal whatever fell due for one player, in one write, or none if nothing did.

    Stuck grants are sent before that write: a run that dies in between, or that the queue refuses (RuntimeError), leaves the player
    due, and the next one sends them again. The ledger pays each once. What should be gone of an erased player is asked for again.
    """

    def run(draft: Draft) -> None:
        if draft.is_new:
            return  # the index still names a player who is gone
        stuck = drop_paid(stores, draft)
        if stuck and rewards.send([grant_message(player, draft.state.account, grant) for grant in stuck]):
            raise RuntimeError("the rewards queue refused a grant that was sent again")
        if draft.due_at != due_at(draft.state, draft.catalog):
            draft.write()  # the index holds another time than the state: it would be found due again and again

    try:
        change(stores, player, run, now=now, present=False)
    except Erased:
        stores.players.erase_again(player, now=now)
