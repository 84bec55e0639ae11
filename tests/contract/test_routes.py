"""The API's routes in their three spellings, template, OpenAPI document and handlers: what is deployed is what is described and served."""

import re
from collections import Counter
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from missions_core.http import openapi
from tests.support.api_document import OPERATIONS, PROTECTED, PUBLIC, Route, handled
from tests.support.expansion import expanded, functions

FOLDERS = functions()


class Deployed(NamedTuple):
    """A route as API Gateway gets it."""

    route: Route
    function: str  # its folder
    asks_for_token: bool


def deployed() -> list[Deployed]:
    integrations = expanded("AWS::ApiGatewayV2::Integration")
    authorizers = expanded("AWS::ApiGatewayV2::Authorizer")
    return [_deployed(properties, integrations, authorizers) for properties in expanded("AWS::ApiGatewayV2::Route").values()]


def _deployed(route: dict[str, Any], integrations: dict[str, Any], authorizers: dict[str, Any]) -> Deployed:
    method, path = route["RouteKey"].split(" ")
    (integration,) = re.findall(r"\$\{(\w+)\}", route["Target"]["Fn::Sub"])
    (function,) = re.findall(r"\$\{(\w+Function)\.Arn\}", integrations[integration]["IntegrationUri"]["Fn::Sub"])
    asks_for_token = route.get("AuthorizationType") == "JWT" and route["AuthorizerId"]["Ref"] in authorizers
    return Deployed((method, path), FOLDERS[function], asks_for_token)


def test_template_document_and_handlers_have_the_same_routes() -> None:
    handlers = set[Route]().union(*map(handled, openapi.BY_FUNCTION.values()))
    assert {each.route for each in deployed()} == set(OPERATIONS) == handlers
    assert Counter(each.route for each in deployed()).most_common(1)[0][1] == 1


@pytest.mark.parametrize("function", openapi.BY_FUNCTION)
def test_each_route_reaches_the_function_that_handles_it(function: str) -> None:
    assert {each.route for each in deployed() if each.function == function} == handled(openapi.BY_FUNCTION[function])


@pytest.mark.parametrize("function", openapi.BY_FUNCTION)
def test_each_function_serves_its_own_routes(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "never-asked")  # not the table of tests whose AWS answers
    monkeypatch.setenv("PLAYER_FILES_BUCKET", "never-asked")
    app = import_module(f"functions.{function}.app")
    assert app.api._routes is openapi.BY_FUNCTION[function]
    assert app.api._is_public == handled(app.api._routes).issubset(PUBLIC)


def test_the_gateway_asks_for_a_token_wherever_the_document_says_so() -> None:
    assert {each.route for each in deployed() if each.asks_for_token} == set(PROTECTED)


def test_only_health_and_documents_need_no_token() -> None:
    assert {path for _, path in PUBLIC} == {"/health", "/health/live", "/health/ready", "/v1/openapi.json", "/v1/docs"}
    assert {method for method, _ in PUBLIC} == {"GET"}
