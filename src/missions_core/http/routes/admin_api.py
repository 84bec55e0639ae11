"""What the host sets for its players."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.domain.neighbours import PlayerAttributes
from missions_core.files import PlayerFiles
from missions_core.http.api import Routes
from missions_core.http.identity import player_id as read_player_id
from missions_core.http.representations.players import PlayerSummary
from missions_core.http.requests import PlayerPut
from missions_core.http.views.players import player_summary
from missions_core.observability import create_logger
from missions_core.use_cases.attributes import put_player


class AdminApi(Routes):
    """The routes, and where players' files lie."""

    files: PlayerFiles


routes = AdminApi()
logger = create_logger()


@routes.put("/v1/players/<player_id>", summary="Register a player, or change what the host knows of them", tags=["host"])
def put_player_attributes(player_id: str, attributes: Annotated[PlayerPut, Body()]) -> PlayerSummary:
    routes.caller.require_role("service", "admin")
    player = read_player_id(player_id, field="player_id")
    changes = attributes.model_dump(exclude_unset=True)
    logger.append_keys(target=player, changed=sorted(changes))
    return player_summary(put_player(routes.stores, player, PlayerAttributes(**changes), now=clock.now()))
