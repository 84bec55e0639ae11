"""GET /v1/leaderboards/...: where players stand, with their names where the host's user service tells them."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from missions_core.http.representations.leaderboards import Leaderboard
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.routes.player_queries import read_view, routes
from missions_core.http.views.leaderboards import leaderboard_view, players_on, wanted_players
from missions_core.use_cases.leaderboards import Wish, show_leaderboard

BoardPeriod = Annotated[str, Query(max_length=10, description="`current`, `previous`, or a label such as 2026-11-21, 2026-W47, 2026-11.")]
Around = Annotated[Literal["me"] | None, Query(description="The ranks around the caller instead of the best.")]
Players = Annotated[str | None, Query(description="Players, separated by commas, whose ranks are wanted too; at most 100.")]


@routes.get("/v1/leaderboards/<key>", summary="The leaderboard of a competitive mission", tags=["leaderboards"])
def get_leaderboard(
    key: str,
    period: BoardPeriod = "current",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    around: Around = None,
    players: Players = None,
) -> Leaderboard:
    wish = Wish(period, limit, cursor, around == "me", wanted_players(players))
    shown = show_leaderboard(routes.stores, read_view(), key, wish)
    people = routes.directory.people(players_on(shown)) if routes.directory else {}
    return leaderboard_view(shown, people, routes.languages)
