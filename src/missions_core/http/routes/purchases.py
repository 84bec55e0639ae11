"""POST /v1/me/streaks/freezes: buy a freeze for a streak."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.http.representations.players import Streaks
from missions_core.http.requests import FreezeRequest
from missions_core.http.routes.player_commands import logger, routes
from missions_core.http.views.players import streaks_view
from missions_core.use_cases.purchases import buy_freeze

DAILY = FreezeRequest()  # without a body


@routes.post("/v1/me/streaks/freezes", summary="Buy a freeze, which saves a streak once", tags=["player"])
def post_freeze(wish: Annotated[FreezeRequest, Body()] = DAILY) -> Streaks:
    logger.append_keys(streak=wish.streak)
    return streaks_view(buy_freeze(routes.stores, routes.caller.player, wish.streak, request=routes.request_id, now=clock.now()))
