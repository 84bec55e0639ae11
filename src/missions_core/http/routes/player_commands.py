"""A player's other wishes: profile, opting in to a mission or a quest, swapping one, saying that a step is done, pausing."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.files import PlayerFiles
from missions_core.http.api import Routes
from missions_core.http.representations.missions import Mission
from missions_core.http.representations.players import Profile, Streaks
from missions_core.http.representations.quests import Quest
from missions_core.http.requests import PauseRequest, ProfilePatch
from missions_core.http.views.missions import mission_view
from missions_core.http.views.players import profile_view, streaks_view
from missions_core.http.views.quests import quest_view
from missions_core.observability import create_logger
from missions_core.storage.partitions import Partitions
from missions_core.use_cases.claim import Claimed
from missions_core.use_cases.command import ProfileChange, pause, reroll, start_mission, update_profile
from missions_core.use_cases.quests import complete_step, start_quest


class PlayerCommands(Routes):
    """The routes, where players' files lie, and how all that is stored for a player is found."""

    files: PlayerFiles
    rows: Partitions


routes = PlayerCommands()
logger = create_logger()


@routes.patch("/v1/me/profile", summary="Change settings and personal data", tags=["player"])
def patch_profile(patch: Annotated[ProfilePatch, Body()]) -> Profile:
    changes = patch.model_dump(exclude_unset=True)
    logger.append_keys(changed=sorted(changes))
    view = update_profile(routes.stores, routes.caller.player, ProfileChange(**changes), now=clock.now())
    return profile_view(view, routes.stores.players.profile(routes.caller.player) or {})


@routes.post("/v1/me/missions/<mission_id>/start", summary="Opt in to a mission that asks for it", tags=["missions"])
def post_start(mission_id: str) -> Mission:
    logger.append_keys(mission=mission_id)
    return _mission_view(start_mission(routes.stores, routes.caller.player, mission_id, request=routes.request_id, now=clock.now()))


@routes.post("/v1/me/missions/<mission_id>/reroll", summary="Swap an unfinished mission for another one", tags=["missions"])
def post_reroll(mission_id: str) -> Mission:
    logger.append_keys(mission=mission_id)
    swapped = reroll(routes.stores, routes.caller.player, mission_id, request=routes.request_id, now=clock.now())
    return _mission_view(swapped)


@routes.post("/v1/me/quests/<key>/start", summary="Begin a run of a quest", tags=["quests"])
def post_quest_start(key: str) -> Quest:
    logger.append_keys(quest=key)
    view = start_quest(routes.stores, routes.caller.player, key, request=routes.request_id, now=clock.now())
    return quest_view(view, key, routes.languages)


@routes.post("/v1/me/quests/<key>/steps/<step>/complete", summary="Complete a step that asks for the player's word", tags=["quests"])
def post_step(key: str, step: str) -> Quest:
    logger.append_keys(quest=key, step=step)
    view = complete_step(routes.stores, routes.caller.player, key, step, request=routes.request_id, now=clock.now())
    return quest_view(view, key, routes.languages)


@routes.post("/v1/me/pause", summary="Protect streaks for some days; 0 ends a pause", tags=["player"])
def post_pause(wish: Annotated[PauseRequest, Body()]) -> Streaks:
    logger.append_keys(days=wish.days)
    return streaks_view(pause(routes.stores, routes.caller.player, wish.days, request=routes.request_id, now=clock.now()))


def _mission_view(changed: Claimed) -> Mission:
    return mission_view(changed.view, changed.board, changed.mission, routes.languages)
