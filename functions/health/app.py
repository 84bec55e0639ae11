"""Health checks, the OpenAPI document and its page."""

from typing import Any

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from missions_core.http.api import create_api
from missions_core.http.routes import health
from missions_core.observability import create_logger
from missions_core.settings import settings
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.stores import stores_of

logger = create_logger()
stores = stores_of(settings.table_name)
stores.catalogs = Catalogs(settings.table_name, recheck_seconds=0)  # readiness is what is so now, not half a minute ago
api = create_api(health.routes, stores, is_public=True)


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.resolve(event, context)
