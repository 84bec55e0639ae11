"""Is it up, is it ready, and what does it offer. Public: no caller, no player data."""

from http import HTTPStatus
from pathlib import Path
from typing import Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON, TEXT_HTML
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from typing_extensions import TypedDict

from missions_core.errors import MisconfiguredError
from missions_core.http.api import Routes
from missions_core.http.docs import render_page
from missions_core.observability import create_logger
from missions_core.storage.table import StorageError

OPENAPI_FILE = Path(__file__).parents[1] / "openapi.json"

Responses = dict[int, OpenAPIResponse]

routes = Routes()
logger = create_logger()


class Health(TypedDict):
    """Whether the service answers; `checks` say what readiness found."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str]


DOCUMENT: Responses = {200: {"description": "OpenAPI 3.1", "content": {APPLICATION_JSON: {"schema": {"type": "object"}}}}}
PAGE: Responses = {200: {"description": "HTML", "content": {TEXT_HTML: {"schema": {"type": "string"}}}}}
READINESS: Responses = {
    200: {"description": "Ready", "content": {APPLICATION_JSON: {"model": Health}}},
    503: {"description": "Not ready, and why", "content": {APPLICATION_JSON: {"model": Health}}},
}


@routes.get("/health", summary="The service answers", tags=["health"])
def get_health() -> Health:
    return {"status": "ok", "checks": {}}


@routes.get("/health/live", summary="The process runs", tags=["health"])
def get_live() -> Health:
    return {"status": "ok", "checks": {}}


@routes.get("/health/ready", summary="Requests can be served: the table answers and holds a catalog", tags=["health"], responses=READINESS)
def get_ready() -> tuple[Health, int]:
    checks = _checks()
    if set(checks.values()) == {"ok"}:
        return {"status": "ok", "checks": checks}, HTTPStatus.OK.value
    return {"status": "unavailable", "checks": checks}, HTTPStatus.SERVICE_UNAVAILABLE.value


@routes.get("/v1/openapi.json", summary="This API as an OpenAPI document", tags=["health"], responses=DOCUMENT)
def get_openapi() -> Response[str]:
    return Response(HTTPStatus.OK.value, APPLICATION_JSON, OPENAPI_FILE.read_text())


@routes.get("/v1/docs", summary="This API as a page", tags=["health"], responses=PAGE)
def get_docs() -> Response[str]:
    return Response(HTTPStatus.OK.value, TEXT_HTML, render_page(OPENAPI_FILE.read_text()))


def _checks() -> dict[str, str]:
    """What each dependency says; why it fails is for the log only."""
    try:
        routes.stores.catalogs.current()
    except MisconfiguredError as error:
        logger.warning("not ready", code=error.code)
        return {"table": "ok", "catalog": error.code}
    except StorageError:
        logger.warning("not ready", exc_info=True)
        return {"table": "unreachable", "catalog": "unknown"}
    return {"table": "ok", "catalog": "ok"}
