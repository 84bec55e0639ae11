"""Uploads of evidence that never came: their forms expired, so they make room, cost no attempt, and what was paid for them is not lost."""

from missions_core.domain.catalog import HOUR_MS, EvidenceRule
from missions_core.domain.completion import refund
from missions_core.domain.events import Event
from missions_core.domain.state import Board, Mission, PlayerState, Submission, mission_id

UPLOAD = "uploaded_content"
UPLOAD_MS = HOUR_MS // 4  # how long an upload may take to begin


def unused(mission: Mission, *, now: int) -> Submission | None:
    """The upload that did not begin while it could. There is one at most: of a mission's evidence one is open at a time."""
    open_ = mission.open_evidence
    return open_ if open_ is not None and open_.status == "uploading" and now >= open_.at + UPLOAD_MS else None


def under_way(mission: Mission, *, now: int) -> Submission | None:
    """Evidence that somebody will still send or decide about."""
    return mission.open_evidence if unused(mission, now=now) is None else None


def attempts_left(rule: EvidenceRule, mission: Mission, *, now: int) -> int:
    """How many more times evidence may be handed in."""
    return max(0, rule.attempts - len(mission.evidence) + (unused(mission, now=now) is not None))


def pay_back(state: PlayerState, board: Board, mission: Mission, *, expired_by: int, at: int) -> list[Event]:
    """Forget the upload that was unused at an instant, and give back what it cost."""
    expired = unused(mission, now=expired_by)
    if expired is None:
        return []
    mission.evidence.remove(expired)
    return refund(state, mission_id(board, mission), expired, at=at)
