"""POST claims: one completed mission, or all of them."""

from missions_core import clock
from missions_core.domain.state import mission_id as id_of
from missions_core.http.api import Routes
from missions_core.http.representations.common import Page
from missions_core.http.representations.missions import Claim
from missions_core.http.views.missions import mission_view, pending_grant_view
from missions_core.observability import create_logger
from missions_core.use_cases.claim import Claimed, claim, claim_all

routes = Routes()
logger = create_logger()


@routes.post("/v1/me/missions/<mission_id>/claim", summary="Claim a completed mission's reward, once", tags=["rewards"])
def post_claim(mission_id: str) -> Claim:
    logger.append_keys(mission=mission_id)
    return _claim_view(claim(routes.stores, routes.caller.player, mission_id, request=routes.request_id, now=clock.now()))


@routes.post("/v1/me/claims", summary="Claim every reward that waits", tags=["rewards"])
def post_claims() -> Page[Claim]:
    claimed = claim_all(routes.stores, routes.caller.player, request=routes.request_id, now=clock.now())
    logger.append_keys(claimed=len(claimed))
    return {"items": [_claim_view(each) for each in claimed], "next_cursor": None}


def _claim_view(claimed: Claimed) -> Claim:
    assert claimed.mission.paid is not None, "a claimed mission was completed, which fixed what it pays"
    cause = f"mission:{id_of(claimed.board, claimed.mission)}"
    return {
        "mission": mission_view(claimed.view, claimed.board, claimed.mission, routes.languages),
        "grant": pending_grant_view(cause, claimed.mission.paid),
    }
