"""POST claims: one thing whose reward waits, or all of them."""

from missions_core import clock
from missions_core.http.api import Routes
from missions_core.http.representations.achievements import AchievementClaim
from missions_core.http.representations.common import Page
from missions_core.http.representations.missions import Claim
from missions_core.http.representations.quests import QuestClaim
from missions_core.http.views.achievements import achievement_claim
from missions_core.http.views.missions import mission_view, pending_grant_view
from missions_core.http.views.quests import run_view
from missions_core.observability import create_logger
from missions_core.use_cases.achievements import ClaimedTiers, claim_achievement
from missions_core.use_cases.claim import Claimed, claim, claim_all, claim_quest

routes = Routes()
logger = create_logger()


@routes.post("/v1/me/missions/<mission_id>/claim", summary="Claim a completed mission's reward, once", tags=["rewards"])
def post_claim(mission_id: str) -> Claim:
    logger.append_keys(mission=mission_id)
    claimed = claim(routes.stores, routes.caller.player, mission_id, request=routes.request_id, now=clock.now(), device=routes.device)
    return _mission_claim(claimed)


@routes.post("/v1/me/quests/<key>/claim", summary="Claim a completed quest's reward, once", tags=["quests"])
def post_quest_claim(key: str) -> QuestClaim:
    logger.append_keys(quest=key)
    claimed = claim_quest(routes.stores, routes.caller.player, key, request=routes.request_id, now=clock.now(), device=routes.device)
    return _quest_claim(claimed)


@routes.post("/v1/me/achievements/<key>/claim", summary="Claim what an achievement pays, once", tags=["achievements"])
def post_achievement_claim(key: str) -> AchievementClaim:
    logger.append_keys(achievement=key)
    claimed = claim_achievement(routes.stores, routes.caller.player, key, request=routes.request_id, now=clock.now(), device=routes.device)
    return achievement_claim(claimed, routes.languages)


@routes.post("/v1/me/claims", summary="Claim every reward that waits", tags=["rewards"])
def post_claims() -> Page[Claim | QuestClaim | AchievementClaim]:
    claimed = claim_all(routes.stores, routes.caller.player, request=routes.request_id, now=clock.now(), device=routes.device)
    logger.append_keys(claimed=len(claimed))
    return {"items": [_claim_view(each) for each in claimed], "next_cursor": None}


def _claim_view(claimed: Claimed | ClaimedTiers) -> Claim | QuestClaim | AchievementClaim:
    if isinstance(claimed, ClaimedTiers):
        return achievement_claim(claimed, routes.languages)
    return _quest_claim(claimed) if claimed.board.period.kind == "quest" else _mission_claim(claimed)


def _mission_claim(claimed: Claimed) -> Claim:
    shown = mission_view(claimed.view, claimed.board, claimed.mission, routes.languages)
    return {"mission": shown, "grant": pending_grant_view(claimed.view, *claimed.grant)}


def _quest_claim(claimed: Claimed) -> QuestClaim:
    shown = run_view(claimed.view, claimed.board, claimed.mission, routes.languages)
    return {"quest": shown, "grant": pending_grant_view(claimed.view, *claimed.grant)}
