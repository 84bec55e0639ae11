"""How far a player has read their notifications: one instant in the state, which only moves forward."""

from missions_core.outages import optional
from missions_core.storage.notifications import instant_of
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


def mark_read(stores: Stores, player: str, until: str | None, *, now: int) -> PlayerView:
    """Mark a notification and all before it as read; without one, all there are now. Repeating it changes nothing.

    InvalidInput `invalid_notification`. That the notification exists is not asked: one that has expired marks as well.
    """
    wanted = _newest(stores, player, now=now) if until is None else instant_of(until)

    def run(draft: Draft) -> PlayerView:
        require_registered(draft)
        instant = min(wanted, draft.now)  # what is still to happen is not read
        if instant > draft.state.read_until:
            draft.state.read_until = instant
            draft.write()
        return PlayerView(draft.state, draft.catalog, draft.now)

    return change(stores, player, run, now=now)


def unread(stores: Stores, view: PlayerView) -> int | None:
    """How many notifications are not read, up to 99; None while they cannot be counted."""
    state = view.state
    return optional("unread", lambda: stores.notifications.unread(state.player, read_until=state.read_until, now=view.now), None)


def _newest(stores: Stores, player: str, *, now: int) -> int:
    found, _ = stores.notifications.newest(player, limit=1, cursor=None, now=now)
    return max((notification.at for notification in found), default=0)
