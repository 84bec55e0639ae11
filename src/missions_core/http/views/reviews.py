"""Evidence as moderators see it, in the words of the API."""

from typing import Any, cast

from missions_core.http.representations.evidence import Review as ReviewShown
from missions_core.http.representations.evidence import ReviewSummary
from missions_core.instants import timestamp
from missions_core.use_cases.reviews import Review


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
