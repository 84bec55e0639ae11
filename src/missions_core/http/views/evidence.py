"""Evidence in the words of the API."""

from typing import Any, cast

from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.state import Mission
from missions_core.domain.state import Submission as Handed
from missions_core.http.instants import timestamp
from missions_core.http.representations.evidence import EvidenceReceipt, MissionEvidence, ReviewSummary, Submission
from missions_core.http.representations.evidence import Review as ReviewShown
from missions_core.use_cases.evidence import Receipt
from missions_core.use_cases.reviews import Review


def mission_evidence(rule: EvidenceRule | None, mission: Mission) -> MissionEvidence | None:
    """What a mission asks for and was given; None: it asks for nothing."""
    if rule is None:
        return None
    shown = {
        "types": list(rule.types),
        "review": rule.review,
        "attempts_left": max(0, rule.attempts - len(mission.evidence)),
        "price": dict(rule.price),
        "content_types": list(rule.content_types),
        "max_bytes": rule.max_bytes,
        "submissions": [_submission(each) for each in mission.evidence],
    }
    return cast(MissionEvidence, shown)  # the domain's words are these


def receipt_view(receipt: Receipt) -> EvidenceReceipt:
    """Evidence as it was taken."""
    form = receipt.upload
    upload = None if form is None else {"url": form.url, "fields": form.fields, "expires_at": timestamp(receipt.upload_until)}
    shown = {name: value for name, value in _submission(receipt.submission).items() if name != "reason"}
    return cast(EvidenceReceipt, {"mission": receipt.mission, **shown, "upload": upload})


def review_summary(review: Review) -> ReviewSummary:
    """Evidence that waits."""
    return cast(ReviewSummary, _summary(review))


def review_view(review: Review) -> ReviewShown:
    """All that is known about it."""
    held, decision = review.evidence, review.evidence.decision
    shown = {
        **_summary(review),
        "content": dict(held.content),
        "checks": [dict(check) for check in held.checks],
        "verdict": None if held.verdict is None else dict(held.verdict),
        "upload": None if review.url is None else {"url": review.url, "is_changed": review.is_changed},
        "decision": None
        if decision is None
        else {"status": decision.status, "by": decision.by, "at": timestamp(decision.at), "reason": decision.reason},
    }
    return cast(ReviewShown, shown)


def _summary(review: Review) -> dict[str, Any]:
    held = review.evidence
    return {
        "id": review.id,
        "player": held.player,
        "mission": held.mission,
        "template": held.template,
        "number": held.number,
        "type": held.type,
        "submitted_at": timestamp(held.submitted_at),
    }


def _submission(handed: Handed) -> Submission:
    shown = {
        "number": handed.number,
        "type": handed.type,
        "status": handed.status,
        "at": timestamp(handed.at),
        "reason": handed.reason or None,
    }
    return cast(Submission, shown)
