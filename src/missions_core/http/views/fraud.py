"""Flags, held grants and the audit trail as operators see them."""

from collections.abc import Sequence

from missions_core.domain.state import Flag as RaisedFlag
from missions_core.domain.state import PlayerState
from missions_core.http.representations.fraud import AuditEntry, Cleared, Flag, Flagged, Hold
from missions_core.http.views.missions import rewards_view
from missions_core.instants import timestamp
from missions_core.storage.audit import AuditEntry as Entry
from missions_core.storage.ledger import LedgerGrant


def flagged_view(state: PlayerState, *, shadow: bool) -> Flagged:
    """A player's flags; those of rules in shadow mode only where they are asked for."""
    return {
        "player": state.player,
        "account": state.account,
        "flagged_at": timestamp(state.flagged_at),
        "flags": [_flag(flag) for flag in state.flags if shadow or not flag.shadow],
    }


def cleared_view(state: PlayerState, holds: Sequence[LedgerGrant]) -> Cleared:
    """A player whose flags were taken away, and what is still held."""
    return {**flagged_view(state, shadow=True), "holds": [hold_view(hold) for hold in holds]}


def hold_view(grant: LedgerGrant) -> Hold:
    """A grant that was held."""
    return {
        "cause": grant.cause,
        "rewards": rewards_view(grant.rewards),
        "status": grant.status,
        "granted_at": timestamp(grant.at),
        "decision": grant.decision,
    }


def audit_view(entry: Entry) -> AuditEntry:
    """A decision."""
    return {
        "at": timestamp(entry.at),
        "actor": entry.actor,
        "what": entry.what,
        "account": entry.account,
        "reason": entry.reason,
        "details": dict(entry.details),
    }


def _flag(flag: RaisedFlag) -> Flag:
    return {
        "rule": flag.rule,
        "detail": flag.detail,
        "first_at": timestamp(flag.first_at),
        "last_at": timestamp(flag.last_at),
        "count": flag.count,
        "shadow": flag.shadow,
        "hold": flag.hold,
    }
