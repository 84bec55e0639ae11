"""Evidence as players and moderators see it."""

from typing import Any, Literal

from typing_extensions import TypedDict

EvidenceType = Literal["watch_duration", "click_data", "uploaded_content", "social_proof", "invite_code", "url"]
EvidenceStatus = Literal["uploading", "checking", "in_review", "approved", "rejected"]


class Submission(TypedDict):
    """Evidence that was handed in: where it is since `at`; of the last one, why it was rejected."""

    number: int
    type: EvidenceType
    status: EvidenceStatus
    at: str
    reason: str | None


class MissionEvidence(TypedDict):
    """What a mission asks for as a proof, and what was handed in. `price`, `content_types` and `max_bytes` are of uploads."""

    types: list[EvidenceType]
    review: Literal["auto", "manual"]
    attempts_left: int
    price: dict[str, int]
    content_types: list[str]
    max_bytes: int
    submissions: list[Submission]


class UploadForm(TypedDict):
    """Post these fields and then the file, as `file`, as multipart/form-data to `url`, until `expires_at`."""

    url: str
    fields: dict[str, str]
    expires_at: str


class EvidenceReceipt(TypedDict):
    """Evidence as it was taken; with a form for a file that is still to come."""

    mission: str
    number: int
    type: EvidenceType
    status: EvidenceStatus
    at: str
    upload: UploadForm | None


class Check(TypedDict):
    """An automatic check; null: it holds."""

    check: str
    problem: str | None


class Verdict(TypedDict):
    """What the moderation endpoint said."""

    verdict: Literal["approve", "reject", "review"]
    reason: str


class ReviewDecision(TypedDict):
    """Who decided, when and why: a moderator by id, `checks`, or the `endpoint`."""

    status: Literal["approved", "rejected"]
    by: str
    at: str
    reason: str


class ReviewSummary(TypedDict):
    """Evidence that waits for a moderator."""

    id: str
    player: str
    mission: str
    template: str
    number: int
    type: EvidenceType
    submitted_at: str


class ReviewUpload(TypedDict):
    """A file to look at. `is_changed`: it is not the one that was checked, so it can only be rejected."""

    url: str
    is_changed: bool


class Review(ReviewSummary):
    """All that is known about it. `content` is what was handed in; of a file, what it was said to be."""

    content: dict[str, Any]
    checks: list[Check]
    verdict: Verdict | None
    upload: ReviewUpload | None
    decision: ReviewDecision | None
