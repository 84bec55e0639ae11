"""Evidence a player hands in for a mission: when it is taken, and what a decision about it does to the mission.

A mission that asks for evidence is complete when its requirements hold and evidence was approved, in whichever order. What is still being
looked at when the mission's board becomes final waits in the state (`Unproven`): its approval pays what the mission was worth then.
"""

from dataclasses import dataclass

from missions_core.domain.catalog import Amounts, Catalog, EvidenceRule, Template
from missions_core.domain.commands import find_mission
from missions_core.domain.completion import pay_out, refund
from missions_core.domain.events import Event, EvidenceDecided, EvidenceSubmitted, MissionCompleted
from missions_core.domain.settlement import completions_of, finish_if_complete
from missions_core.domain.state import Board, Mission, PlayerState, Submission, mission_id
from missions_core.domain.uploads import UPLOAD, attempts_left, pay_back, under_way, unused
from missions_core.errors import Conflict, Gone, InvalidInput


@dataclass(frozen=True, slots=True)
class Asked:
    """A mission that may be given evidence now, what it asks for, and what handing it in costs."""

    board: Board
    mission: Mission
    template: Template
    rule: EvidenceRule
    price: Amounts

    @property
    def began_at(self) -> int:
        """Since when the player can have worked on it."""
        return max(self.board.period.start, self.mission.started_at or 0)


def asked(state: PlayerState, catalog: Catalog, wanted: str, type_: str, *, now: int) -> Asked:
    """The mission, if it takes evidence of this type now. An upload costs nothing where an unused one before it was paid.

    NotFound `mission_not_found`; Conflict `evidence_not_asked`, `not_started`, `evidence_approved`, `evidence_under_review`,
    `attempts_used_up`; Gone `mission_over`; InvalidInput `evidence_type_not_taken`.
    """
    board, mission = find_mission(state, wanted)
    template = catalog.template(mission.template, mission.version)
    rule = template.evidence
    if rule is None:
        raise Conflict("evidence_not_asked", "this mission asks for no evidence")
    if type_ not in rule.types:
        raise InvalidInput("evidence_type_not_taken", f"this mission takes {', '.join(rule.types)}", field="type")
    if template.requires_start and mission.started_at is None:
        raise Conflict("not_started", "start this mission first")
    _refuse_more(mission, rule, now)
    if board.closed or now >= board.period.end:
        raise Gone("mission_over", "this mission's period is over")
    if template.time_limit_ms is not None and now >= board.period.start + template.time_limit_ms:
        raise Gone("mission_over", "this mission's time limit has passed")
    price = rule.price if type_ == UPLOAD and unused(mission, now=now) is None else {}
    return Asked(board, mission, template, rule, price)


def submit(state: PlayerState, given: Asked, type_: str, number: int, *, now: int) -> list[Event]:
    """Take evidence: to be checked, or first to be uploaded. An upload that never came makes room.

    Another upload takes over what that one paid, so that it can be had without paying twice first; else its price goes back.
    """
    for earlier in given.mission.evidence:
        earlier.reason = ""  # it was read: the state stays small
    expired = unused(given.mission, now=now)
    if type_ != UPLOAD:
        events = pay_back(state, given.board, given.mission, expired_by=now, at=now)
        given.mission.evidence.append(Submission(number, type_, "checking", now))
        return [*events, EvidenceSubmitted(mission_id(given.board, given.mission), number, now)]
    if expired is not None:
        given.mission.evidence.remove(expired)
    given.mission.evidence.append(Submission(number, type_, "uploading", now, dict(expired.paid if expired else given.price)))
    return []


def uploaded(state: PlayerState, wanted: str, number: int, *, now: int) -> list[Event]:
    """The file has arrived and can be checked. Empty: nothing waited for it any more."""
    submission = find_submission(state, wanted, number)
    if submission is None or submission.status != "uploading":
        return []
    submission.status, submission.at = "checking", now
    return [EvidenceSubmitted(wanted, number, now)]


def review(state: PlayerState, wanted: str, number: int, *, now: int) -> bool:
    """Leave it to a moderator; whether that changed anything."""
    submission = find_submission(state, wanted, number)
    if submission is None or submission.status != "checking":
        return False
    submission.status, submission.at = "in_review", now
    return True


def decide(state: PlayerState, catalog: Catalog, wanted: str, number: int, *, approved: bool, reason: str, now: int) -> list[Event]:
    """Approve or reject evidence, once: what was decided, or is known no more, changes nothing and yields no events."""
    submission = find_submission(state, wanted, number)
    if submission is None or not submission.is_open:
        return []
    submission.status, submission.at = "approved" if approved else "rejected", now
    submission.reason = "" if approved else reason
    events: list[Event] = [EvidenceDecided(wanted, number, submission.status, submission.reason, now)]
    if not approved:
        events += refund(state, wanted, submission, at=now)
    if wanted in state.unproven:
        return events + _end_waiting(state, catalog, wanted, approved=approved, now=now)
    board, mission = find_mission(state, wanted)
    return events + finish_if_complete(state, catalog, board, mission, at=now) if approved else events


def find_submission(state: PlayerState, wanted: str, number: int) -> Submission | None:
    """What the state knows of evidence, on a board or waiting after its board became final."""
    waiting = state.unproven.get(wanted)
    held = [waiting.submission] if waiting else []
    on_boards = (each for board, mission in state.missions() if mission_id(board, mission) == wanted for each in mission.evidence)
    return next((each for each in (*held, *on_boards) if each.number == number), None)


def _refuse_more(mission: Mission, rule: EvidenceRule, now: int) -> None:
    if mission.is_proven or mission.status != "active":
        raise Conflict("evidence_approved", "evidence for this mission was approved; nothing more is needed")
    open_ = under_way(mission, now=now)
    if open_ is not None:
        message = "evidence for this mission is being looked at; wait for the decision"
        raise Conflict("evidence_under_review", message, number=open_.number, submission_status=open_.status)
    if not attempts_left(rule, mission, now=now):
        raise Conflict("attempts_used_up", f"evidence for this mission could be handed in {rule.attempts} times")


def _end_waiting(state: PlayerState, catalog: Catalog, wanted: str, *, approved: bool, now: int) -> list[Event]:
    kept = state.unproven.pop(wanted)
    if not approved:
        return []
    state.completions[kept.template] = completions_of(state, kept.template, now)
    type_ = catalog.template(kept.template, kept.version).type
    completed = MissionCompleted(wanted, kept.template, type_, kept.rewards, now)
    return [completed, *pay_out(state, f"mission:{wanted}", kept.rewards, at=now)]
