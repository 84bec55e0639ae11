"""The routes of SAM's HttpApi as resources of their own: nothing lost, nothing opened."""

from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.local.routes import declared_routes, expand_http_apis
from infra.local.stack import local_session


def sam_template(**routes: dict[str, Any]) -> dict[str, Any]:
    """An API with a JWT authorizer, and one function with these routes."""
    events = {name: {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}} | route} for name, route in routes.items()}
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": {
                "Type": "AWS::Serverless::HttpApi",
                "Properties": {
                    "Auth": {
                        "DefaultAuthorizer": "Jwt",
                        "Authorizers": {
                            "Jwt": {
                                "IdentitySource": "$request.header.Authorization",
                                "JwtConfiguration": {"issuer": "https://issuer.example", "audience": ["client"]},
                            }
                        },
                    },
                    "CorsConfiguration": {"AllowOrigins": ["https://page.example"], "MaxAge": 60},
                },
            },
            "Function": {
                "Type": "AWS::Serverless::Function",
                "Properties": {"Runtime": "python3.11", "Handler": "app.handler", "CodeUri": "s3://bucket/key", "Events": events},
            },
        },
    }


@pytest.fixture
def expanded() -> dict[str, Any]:
    template = sam_template(
        Read={"Method": "GET", "Path": "/things/{id}"},
        Write={"Method": "POST", "Path": "/things/{id}"},
        Open={"Method": "GET", "Path": "/health", "Auth": {"Authorizer": "NONE"}},
        Any={"Method": "ANY", "Path": "/any"},
    )
    return expand(template)


def expand(template: dict[str, Any]) -> dict[str, Any]:
    translator = Translator({}, Parser(), boto_session=local_session())
    translated: dict[str, Any] = translator.translate(template, {})
    translator.metrics.publish()
    routes = expand_http_apis(translated)
    assert routes == len(of_type(translated["Resources"], "Route"))
    resources: dict[str, Any] = translated["Resources"]
    return resources


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: item["Properties"] for name, item in resources.items() if item["Type"] == f"AWS::ApiGatewayV2::{kind}"}


def route(resources: dict[str, Any], key: str) -> dict[str, Any]:
    return next(properties for properties in of_type(resources, "Route").values() if properties["RouteKey"] == key)


def test_every_method_of_every_path_becomes_a_route(expanded: dict[str, Any]) -> None:
    keys = {properties["RouteKey"] for properties in of_type(expanded, "Route").values()}
    assert keys == {"GET /things/{id}", "POST /things/{id}", "GET /health", "ANY /any"}


def test_a_route_asks_for_the_token_unless_it_was_declared_open(expanded: dict[str, Any]) -> None:
    assert "AuthorizationType" not in route(expanded, "GET /health")
    for key in ("GET /things/{id}", "POST /things/{id}", "ANY /any"):
        assert route(expanded, key)["AuthorizationType"] == "JWT"
        assert route(expanded, key)["AuthorizerId"] == {"Ref": "ApiJwtAuthorizer"}


def test_the_authorizer_checks_issuer_and_audience(expanded: dict[str, Any]) -> None:
    assert of_type(expanded, "Authorizer")["ApiJwtAuthorizer"] == {
        "ApiId": {"Ref": "Api"},
        "AuthorizerType": "JWT",
        "Name": "Jwt",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": "https://issuer.example", "Audience": ["client"]},
    }


def test_a_route_leads_to_an_integration_with_its_function(expanded: dict[str, Any]) -> None:
    target = route(expanded, "POST /things/{id}")["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
    integration = of_type(expanded, "Integration")[target]
    assert "${Function.Arn}" in integration["IntegrationUri"]["Fn::Sub"]
    assert integration["PayloadFormatVersion"] == "2.0"


def test_the_api_keeps_its_cors_rules_and_has_no_body_left(expanded: dict[str, Any]) -> None:
    api = of_type(expanded, "Api")["Api"]
    assert api["CorsConfiguration"] == {"allowOrigins": ["https://page.example"], "maxAge": 60}
    assert api["ProtocolType"] == "HTTP"
    assert "Body" not in api


def test_declared_routes_counts_http_events_only() -> None:
    template = sam_template(One={"Method": "GET", "Path": "/one"}, Two={"Method": "GET", "Path": "/two"})
    template["Resources"]["Function"]["Properties"]["Events"]["Queue"] = {"Type": "SQS", "Properties": {"Queue": "arn"}}
    assert declared_routes(template) == 2
