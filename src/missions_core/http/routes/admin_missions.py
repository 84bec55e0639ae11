"""POST /v1/admin/players/{player_id}/missions/regenerate: operators replace a player's untouched missions."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.http.identity import player_id as read_player_id
from missions_core.http.representations.missions import Regenerated
from missions_core.http.requests import RegenerateRequest
from missions_core.http.routes.admin_api import logger, routes
from missions_core.http.views.missions import mission_view
from missions_core.use_cases.regenerate import regenerate_missions


@routes.post("/v1/admin/players/<player_id>/missions/regenerate", summary="Replace the missions a player has not touched", tags=["admin"])
def post_regenerate(player_id: str, wish: Annotated[RegenerateRequest, Body()]) -> Regenerated:
    routes.caller.require_role("admin")
    player = read_player_id(player_id, field="player_id")
    logger.append_keys(target=player, kind=wish.kind)
    done = regenerate_missions(
        routes.stores, player, wish.kind, actor=routes.caller.player, reason=wish.reason, request=routes.request_id, now=clock.now()
    )
    board = done.board
    missions = [mission_view(done.view, board, mission, routes.languages) for mission in board.missions] if board else []
    return {"replaced": done.replaced, "missions": missions}
