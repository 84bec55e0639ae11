"""Referrals: each side is paid once, however often, late or interleaved the event comes.

First the invitee's state remembers the referral: from then on the inviter's reward has a cause and an instant that never change, so whoever
died in between is simply run again.
"""

from contextlib import suppress

from missions_core.domain.actions import Action, read_action
from missions_core.domain.catalog import Catalog
from missions_core.domain.referrals import ACTION_TYPE, accept_invitation, id_of, inviters_prize, pseudonym
from missions_core.domain.state import Referral
from missions_core.errors import Erased, InvalidInput
from missions_core.instants import timestamp
from missions_core.use_cases.changes import Draft, change, owe_once, require_registered
from missions_core.use_cases.integration import SOURCE
from missions_core.use_cases.stores import Stores
from missions_core.use_cases.track import track_player


def activate_referral(stores: Stores, inviter: str, invitee: str, *, at: int, now: int) -> bool:
    """Reward who invited, and who was; False: somebody else invited the invitee before, and nothing changed.

    InvalidInput `self_referral`, `mutual_referral`. NotFound `unknown_player`: one of them is to be registered first. Erased: that side is
    gone and gets nothing, the invitee being gone, neither does.
    """
    if inviter == invitee:
        raise InvalidInput("self_referral", "nobody invites themselves: inviter and invitee must differ", field="detail.data.invitee")
    with suppress(Erased):
        _check_inviter(stores, inviter, invitee, now=now)
    referral = _accept(stores, inviter, invitee, at=at, now=now)
    if referral.inviter != pseudonym(inviter):
        return False
    catalog = _reward_inviter(stores, inviter, invitee, at=referral.at, now=now)
    if ACTION_TYPE in catalog.known_actions:
        track_player(stores, inviter, [_action(inviter, invitee, at=referral.at)], now=now)
    return True


def _check_inviter(stores: Stores, inviter: str, invitee: str, *, now: int) -> None:
    """Refuse an inviter who cannot be one while nothing is written: the invitee's state remembers a referral for good."""
    change(stores, inviter, lambda draft: _require_inviter(draft, invitee), now=now, present=False)


def _accept(stores: Stores, inviter: str, invitee: str, *, at: int, now: int) -> Referral:
    """The invitee's referral: this one, or the one there was."""

    def run(draft: Draft) -> Referral:
        require_registered(draft)
        if draft.state.referral is None:
            events = accept_invitation(draft.state, draft.catalog.rules.referral, inviter, at=min(at, draft.now))
            draft.write(events)
        assert draft.state.referral is not None
        return draft.state.referral

    return change(stores, invitee, run, now=now, present=False)


def _reward_inviter(stores: Stores, inviter: str, invitee: str, *, at: int, now: int) -> Catalog:
    def run(draft: Draft) -> Catalog:
        _require_inviter(draft, invitee)  # again: the other way round may have been told meanwhile
        if rule := draft.catalog.rules.referral:
            owe_once(stores, draft, inviters_prize(rule, invitee, at=at))
        return draft.catalog

    return change(stores, inviter, run, now=now, present=False)


def _require_inviter(draft: Draft, invitee: str) -> None:
    require_registered(draft)
    own = draft.state.referral
    if own is not None and own.inviter == pseudonym(invitee):
        raise InvalidInput("mutual_referral", "the inviter was invited by the invitee", field="detail.data.inviter")


def _action(inviter: str, invitee: str, *, at: int) -> Action:
    """What the inviter did, as an action like any other."""
    return read_action(
        {
            "specversion": "1.0",
            "source": SOURCE,
            "id": id_of(invitee),
            "type": ACTION_TYPE,
            "subject": inviter,
            "time": timestamp(at),
        }
    )
