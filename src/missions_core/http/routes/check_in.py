"""POST /v1/me/check-ins: the daily sign-in."""

from missions_core import clock
from missions_core.http.api import Routes
from missions_core.http.representations.players import CheckIn
from missions_core.http.views.players import check_in_view
from missions_core.observability import create_logger
from missions_core.use_cases.check_in import check_in

routes = Routes()
logger = create_logger()


@routes.post("/v1/me/check-ins", summary="Check in for today, once a day", tags=["check-ins"])
def post_check_in() -> CheckIn:
    result = check_in(routes.stores, routes.caller.player, request=routes.request_id, now=clock.now(), device=routes.device)
    logger.append_keys(day=result.label, streak_days=result.streak_days)
    return check_in_view(result)
