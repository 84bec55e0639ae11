"""Profile, starting and rerolling a mission, running a quest, pausing, what is kept of a player."""

from typing import Any

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.files import PlayerFiles
from missions_core.http.api import create_api
from missions_core.http.routes import (  # noqa: F401  # the others add their routes to it
    evidence,
    notifications,
    player_commands,
    player_data,
    purchases,
)
from missions_core.observability import create_logger
from missions_core.settings import settings
from missions_core.storage.partitions import Partitions
from missions_core.use_cases.stores import stores_of

logger = create_logger()
player_commands.routes.files = PlayerFiles(settings.player_files_bucket)
player_commands.routes.rows = Partitions(settings.table_name)
api = create_api(player_commands.routes, stores_of(settings.table_name))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.resolve(event, context)
