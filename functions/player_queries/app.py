"""GET /v1/me/..., /v1/leaderboards/...: a player's missions, quests, achievements, streaks, wallet, history and standing."""

from typing import Any

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.http.api import create_api
from missions_core.http.routes import (  # noqa: F401  # the others add their routes to it
    leaderboards,
    notification_queries,
    player_queries,
)
from missions_core.messaging import Signer
from missions_core.observability import create_logger
from missions_core.settings import settings
from missions_core.use_cases.badges import BadgeIssuer
from missions_core.use_cases.stores import stores_of

logger = create_logger()
signer = Signer(settings.badge_key_arn) if settings.badge_key_arn else None
player_queries.routes.badge_issuer = BadgeIssuer(settings.badge_issuer, signer)
player_queries.routes.directory = None
if settings.user_directory_url:
    from missions_core.use_cases.directory import directory_at  # only where there is one it costs its import

    is_local = settings.stage == "local"
    directory = directory_at(settings.user_directory_url, settings.user_directory_secret_arn, allow_loopback=is_local)
    player_queries.routes.directory = directory
api = create_api(player_queries.routes, stores_of(settings.table_name))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.resolve(event, context)
