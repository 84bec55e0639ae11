"""What a mission asks for as evidence and was given, in the words of the API."""

from typing import TYPE_CHECKING, cast

from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.state import Mission
from missions_core.domain.state import Submission as Handed
from missions_core.domain.uploads import attempts_left
from missions_core.http.representations.evidence import EvidenceReceipt, MissionEvidence, Submission
from missions_core.instants import timestamp

if TYPE_CHECKING:
    from missions_core.use_cases.evidence import Receipt  # missions are shown where none is given


def mission_evidence(rule: EvidenceRule | None, mission: Mission, now: int) -> MissionEvidence | None:
    """What a mission asks for and was given; None: it asks for nothing."""
    if rule is None:
        return None
    shown = {
        "types": list(rule.types),
        "review": rule.review,
        "attempts_left": attempts_left(rule, mission, now=now),
        "price": dict(rule.price),
        "content_types": list(rule.content_types),
        "max_bytes": rule.max_bytes,
        "submissions": [_submission(each) for each in mission.evidence],
    }
    return cast(MissionEvidence, shown)  # the domain's words are these


def receipt_view(receipt: "Receipt") -> EvidenceReceipt:
    """Evidence as it was taken."""
    form = receipt.upload
    upload = None if form is None else {"url": form.url, "fields": form.fields, "expires_at": timestamp(receipt.upload_until)}
    shown = {name: value for name, value in _submission(receipt.submission).items() if name != "reason"}
    return cast(EvidenceReceipt, {"mission": receipt.mission, **shown, "upload": upload})


def _submission(handed: Handed) -> Submission:
    shown = {
        "number": handed.number,
        "type": handed.type,
        "status": handed.status,
        "at": timestamp(handed.at),
        "reason": handed.reason or None,
    }
    return cast(Submission, shown)
