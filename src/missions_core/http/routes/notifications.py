"""POST /v1/me/notifications/read: what a player has seen is not news any more."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.http.representations.notifications import ReadMark
from missions_core.http.requests import ReadRequest
from missions_core.http.routes.player_commands import routes
from missions_core.instants import timestamp
from missions_core.use_cases.read_marks import mark_read, unread


@routes.post("/v1/me/notifications/read", summary="Mark notifications as read", tags=["notifications"])
def post_read(wish: Annotated[ReadRequest, Body()]) -> ReadMark:
    view = mark_read(routes.stores, routes.caller.player, wish.until, now=clock.now())
    return {"read_until": timestamp(view.state.read_until or None), "unread": unread(routes.stores, view)}
