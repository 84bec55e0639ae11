"""Referrals: who invited whom, once ever. The invitee's state remembers it; causes and instants of whatever follows come from there."""

from hashlib import blake2b

from missions_core.domain.catalog import ReferralRule
from missions_core.domain.completion import pay_out
from missions_core.domain.events import Event
from missions_core.domain.state import PendingGrant, PlayerState, Referral

ACTION_TYPE = "referral.activated"
INVITED = "referral:invited"


def pseudonym(player: str) -> str:
    """What stands for a player in another one's state and ledger: those outlive the player."""
    return blake2b(player.encode(), digest_size=16, person=b"referral").hexdigest()


def id_of(invitee: str) -> str:
    """What a referral is known by to the inviter: there is one for each invitee."""
    return f"referral:{pseudonym(invitee)}"


def accept_invitation(state: PlayerState, rule: ReferralRule | None, inviter: str, *, at: int) -> list[Event]:
    """Remember who invited a player whom nobody has invited yet, and owe the player what that pays."""
    state.referral = Referral(pseudonym(inviter), at)
    return pay_out(state, INVITED, rule.invitee, at=at) if rule else []


def inviters_prize(rule: ReferralRule, invitee: str, *, at: int) -> PendingGrant:
    """What an invitee earns the inviter: the same row of the ledger however often it is asked for."""
    return PendingGrant(id_of(invitee), at, rule.inviter)
