"""Evidence is checked: rejected where it cannot be true, approved where that may be left to machines, else left to moderators.

Whatever arrives twice is checked again and comes to the same; the first decision stands. A decision is kept in the evidence's row, then
told to the player's state, then taken out of the queue: whoever repeats it finishes what a crash left undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain import evidence
from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.uploads import UPLOAD
from missions_core.errors import Erased, InvalidInput
from missions_core.files import evidence_key
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.evidence import Decision, Evidence
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.decisions import carry_out
from missions_core.use_cases.evidence_queue import Case, read_case
from missions_core.use_cases.examination import MAX_REASON, Tools, ask, examine
from missions_core.use_cases.quarantine import QueueMessage, put_aside
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

ORIGIN = "evidence"


@dataclass(frozen=True, slots=True)
class Moderation:
    """What messages are worked on with."""

    stores: Stores
    tools: Tools
    quarantine: Queue


def moderate(moderation: Moderation, messages: Sequence[QueueMessage], *, now: int) -> list[str]:
    """Check a batch; return the ids of the messages to deliver again."""
    metrics.add_metric("EvidenceReceived", MetricUnit.Count, len(messages))
    return [message.id for message in messages if not _handle(moderation, message, now)]


def _handle(moderation: Moderation, message: QueueMessage, now: int) -> bool:
    try:
        case = read_case(message.body)
    except InvalidInput as reason:
        return put_aside(moderation.quarantine, ORIGIN, message, reason)
    try:
        _work_on(moderation, case, now)
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are checked.
        logger.exception("evidence not checked", player=case.player, mission=case.mission, number=case.number)
        return False
    return True


def _work_on(moderation: Moderation, case: Case, now: int) -> None:
    try:
        (_take_upload if case.has_arrived else _check)(moderation, case, now)
    except Erased:
        # An upload may end after all else of its player was removed: this is when it is heard of.
        moderation.tools.files.remove(evidence_key(case.player, case.mission, case.number))
        logger.info("evidence of an erased player removed")


def _take_upload(moderation: Moderation, case: Case, now: int) -> None:
    """Say that the file is there: the state's outbox then brings it here again, to be checked."""

    def run(draft: Draft) -> None:
        events = evidence.uploaded(draft.state, case.mission, case.number, now=draft.now)
        if events:
            draft.write(events)

    change(moderation.stores, case.player, run, now=now, present=False)


def _check(moderation: Moderation, case: Case, now: int) -> None:
    stored = moderation.stores.players.load(case.player)
    submission = None if stored is None else evidence.find_submission(stored.state, case.mission, case.number)
    held = moderation.stores.evidence.load(case.player, case.mission, case.number)
    if stored is None or held is None:
        return
    decision = held.decision
    if decision is None:
        if submission is None or submission.status != "checking":
            return  # its mission is gone, or a moderator will decide
        catalog = moderation.stores.catalogs.for_state(stored.state)
        rule = catalog.template(held.template, held.version).evidence
        assert rule is not None, "evidence was taken because its template asks for it"
        decision = _decide(moderation, held, rule, stored.state.account, now)
    if decision is None:
        _leave_to_moderators(moderation.stores, held, now)
    else:
        carry_out(moderation.stores, held, decision, now=now)


def _decide(moderation: Moderation, held: Evidence, rule: EvidenceRule, account: str, now: int) -> Decision | None:
    """Examine evidence and keep what was found; None: a moderator must look at it."""
    examined = examine(moderation.tools, held, rule, account)
    problems = [check["problem"] for check in examined.checks if check["problem"]]
    if problems:
        outcome: Decision | None = Decision("rejected", "checks", now, " ".join(dict.fromkeys(problems))[:MAX_REASON])
    else:
        has_endpoint = moderation.tools.endpoint is not None
        examined = replace(examined, verdict=ask(moderation.tools, examined, now) if has_endpoint else None)
        outcome = _judge(rule, examined.verdict, has_endpoint=has_endpoint, now=now)
        if outcome and outcome.status == "approved" and _is_replaced(moderation.tools, examined):
            outcome = None
    if not moderation.stores.evidence.record(examined, waits=outcome is None, now=now):
        stands = moderation.stores.evidence.load(held.player, held.mission, held.number)
        return stands.decision if stands else None
    return None if outcome is None else moderation.stores.evidence.decide(held, outcome)


def _is_replaced(tools: Tools, examined: Evidence) -> bool:
    """Whether another file took the place of the one that was examined, while its form could still be used."""
    key = evidence_key(examined.player, examined.mission, examined.number)
    return examined.type == UPLOAD and tools.files.etag(key) != examined.etag


def _judge(rule: EvidenceRule, verdict: Mapping[str, str] | None, *, has_endpoint: bool, now: int) -> Decision | None:
    said = verdict["verdict"] if verdict else None
    if verdict and said == "reject":
        return Decision("rejected", "endpoint", now, verdict["reason"] or "This was not accepted.")
    if rule.review == "auto" and (said == "approve" or not has_endpoint):
        return Decision("approved", "endpoint" if has_endpoint else "checks", now, "")
    return None


def _leave_to_moderators(stores: Stores, held: Evidence, now: int) -> None:
    def run(draft: Draft) -> None:
        if evidence.review(draft.state, held.mission, held.number, now=draft.now):
            draft.write()

    change(stores, held.player, run, now=now, present=False)
    logger.info("evidence waits for review", player=held.player, mission=held.mission, number=held.number)
