"""Held grants: an operator looks at each, and releases or revokes it; once, whatever is repeated, lost or done by two at once."""

from missions_core.domain import holds
from missions_core.domain.events import Event
from missions_core.domain.state import PendingGrant, PlayerState
from missions_core.errors import Conflict, NotFound
from missions_core.storage.audit import AuditEntry
from missions_core.storage.ledger import DECIDED, GrantStatus, LedgerGrant
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.flags import look_at, unknown_player
from missions_core.use_cases.operators import require_impartial
from missions_core.use_cases.stores import Stores

MOST_OPEN = 100


def list_holds(stores: Stores, player: str, *, limit: int, cursor: str | None) -> tuple[list[LedgerGrant], str | None]:
    """A player's grants that were held, whatever became of them, newest first. NotFound `unknown_player`."""
    return stores.ledger.held(look_at(stores, player).account, limit=limit, cursor=cursor)


def open_holds(stores: Stores, state: PlayerState) -> list[LedgerGrant]:
    """A player's grants that wait for a decision, on their way to the ledger or there; of the latest 100 that were held there."""
    known, _ = stores.ledger.held(state.account, limit=MOST_OPEN, cursor=None)
    arriving = [grant for grant in state.pending if grant.kind == "held" and grant.cause not in {hold.cause for hold in known}]
    decided = {grant.cause for grant in state.pending if grant.is_decision}
    holds = [*(stores.ledger.with_decision(state.account, grant) for grant in arriving), *known]
    return [hold for hold in holds if hold.status == "held" and hold.cause not in decided]


def release(stores: Stores, player: str, cause: str, *, actor: str, reason: str, now: int) -> LedgerGrant:
    """Pay a held grant after all. Errors: `decide`."""
    return _decide(stores, player, cause, "granted", actor=actor, reason=reason, now=now)


def revoke(stores: Stores, player: str, cause: str, *, actor: str, reason: str, now: int) -> LedgerGrant:
    """End a held grant; the xp it brought is taken back. Errors: `decide`."""
    return _decide(stores, player, cause, "reversed", actor=actor, reason=reason, now=now)


def _decide(stores: Stores, player: str, cause: str, wanted: GrantStatus, *, actor: str, reason: str, now: int) -> LedgerGrant:
    """One state write, which owes the decision to the ledger like any grant. Deciding the same again changes nothing.

    NotPermitted `own_case`; NotFound `unknown_player` or `hold_not_found`; Conflict `already_decided`: otherwise.
    """
    require_impartial(actor, player)
    note = f"{actor}: {reason}"

    def run(draft: Draft) -> LedgerGrant:
        if draft.is_new:
            raise unknown_player()
        state = draft.state
        hold = _find(stores, state, cause)
        if hold.status == wanted:
            return hold
        if hold.status != "held":
            raise Conflict("already_decided", "this grant was decided on before", grant_status=hold.status, decision=hold.decision)
        what = "hold_released" if wanted == "granted" else "hold_revoked"
        stores.audit.write(AuditEntry(now, actor, what, state.account, reason, {"cause": cause}))
        draft.write(_decision(state, hold, wanted, note, draft.now))
        return LedgerGrant(cause, hold.at, hold.rewards, wanted, note)

    return change(stores, player, run, now=now, present=False)


def _decision(state: PlayerState, hold: LedgerGrant, wanted: GrantStatus, note: str, now: int) -> list[Event]:
    held = PendingGrant(hold.cause, hold.at, hold.rewards, "held")
    return holds.release(state, held, note, now=now) if wanted == "granted" else holds.revoke(state, held, note)


def _find(stores: Stores, state: PlayerState, cause: str) -> LedgerGrant:
    """The hold as it stands: what the state carries on its way to the ledger, else what is there."""
    carried = {grant.kind: grant for grant in state.pending if grant.cause == cause}
    for kind, status in DECIDED.items():
        if kind in carried:
            decision = carried[kind]
            return LedgerGrant(cause, decision.at, decision.rewards, status, decision.note)
    if "held" in carried:
        return stores.ledger.with_decision(state.account, carried["held"])
    hold = stores.ledger.find_held(state.account, cause)
    if hold is None:
        raise NotFound("hold_not_found", "no grant of this cause was ever held for this player")
    return hold
