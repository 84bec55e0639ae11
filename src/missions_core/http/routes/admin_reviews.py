"""/v1/admin/reviews: moderators look at evidence that waits, and decide."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.http.representations.common import Page
from missions_core.http.representations.evidence import Review, ReviewSummary
from missions_core.http.requests import Decision
from missions_core.http.routes.admin_api import logger, routes
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.views.reviews import review_summary, review_view
from missions_core.use_cases import reviews

MODERATORS = ("moderator", "admin")


@routes.get("/v1/admin/reviews", summary="Evidence that waits for a moderator, the longest first", tags=["admin"])
def list_reviews(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[ReviewSummary]:
    routes.caller.require_role(*MODERATORS)
    found, next_cursor = reviews.waiting(routes.stores, limit=limit, cursor=cursor)
    return {"items": [review_summary(review) for review in found], "next_cursor": next_cursor}


@routes.get("/v1/admin/reviews/<review_id>", summary="What is known about evidence", tags=["admin"])
def get_review(review_id: str) -> Review:
    routes.caller.require_role(*MODERATORS)
    return review_view(reviews.show(routes.stores, routes.files, review_id))


@routes.post("/v1/admin/reviews/<review_id>/approve", summary="Approve evidence", tags=["admin"])
def post_approval(review_id: str, decision: Annotated[Decision, Body()]) -> Review:
    return _decide(review_id, decision, approve=True)


@routes.post("/v1/admin/reviews/<review_id>/reject", summary="Reject evidence; its player is told why", tags=["admin"])
def post_rejection(review_id: str, decision: Annotated[Decision, Body()]) -> Review:
    return _decide(review_id, decision, approve=False)


def _decide(review_id: str, decision: Decision, *, approve: bool) -> Review:
    routes.caller.require_role(*MODERATORS)
    by, reason = routes.caller.player, decision.reason
    decided = reviews.decide(routes.stores, routes.files, review_id, approve=approve, by=by, reason=reason, now=clock.now())
    logger.append_keys(mission=decided.evidence.mission, number=decided.evidence.number)
    return review_view(decided)
