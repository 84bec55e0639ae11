"""A decision about evidence reaches the player: it stands in the evidence's row, the state is told, then the case is closed."""

from collections.abc import Mapping

from missions_core.domain import evidence
from missions_core.observability import create_logger
from missions_core.storage.audit import AuditEntry
from missions_core.storage.evidence import Decision, Evidence
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.stores import Stores

logger = create_logger()


def carry_out(stores: Stores, held: Evidence, decision: Decision, *, now: int) -> None:
    """Let the player's state know of a decision that stands, then close the case. Repeating it changes nothing.

    A moderator's decision is in the audit trail first, whoever carries it out.
    A player who was erased meanwhile has nothing to be told.
    """

    def run(draft: Draft) -> None:
        if not decision.is_automatic:
            what = f"evidence_{decision.status}"
            details: Mapping[str, str | int] = {"mission": held.mission, "number": held.number}
            stores.audit.write(AuditEntry(decision.at, decision.by, what, draft.state.account, decision.reason, details))
        approved = decision.status == "approved"
        events = evidence.decide(
            draft.state, draft.catalog, held.mission, held.number, approved=approved, reason=decision.reason, now=draft.now
        )
        if events:
            draft.write(events)

    change(stores, held.player, run, now=now, present=False)
    stores.evidence.finish(held)
    logger.info(f"evidence {decision.status}", player=held.player, mission=held.mission, number=held.number)
