"""The API in its four spellings, template, OpenAPI, handlers and samples: they must say the same."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from missions_core.http import openapi
from missions_core.http.api import Routes
from missions_core.http.docs import render_page

Route = tuple[str, str]  # method and path

DOCUMENT: dict[str, Any] = json.loads(openapi.FILE.read_text())
INTERNAL_CODES = {"malformed_grant"}  # of messages between our own functions
SAMPLES = {function: json.loads((ROOT / "events" / f"{function}.json").read_text()) for function in openapi.BY_FUNCTION}


def template_events() -> list[tuple[str, Route, dict[str, Any]]]:
    """Function folder, route and properties of every HTTP event."""
    functions = [item["Properties"] for item in read_template(ROOT)["Resources"].values() if item["Type"] == "AWS::Serverless::Function"]
    return [
        (Path(function["CodeUri"]).name, (event["Properties"]["Method"], event["Properties"]["Path"]), event["Properties"])
        for function in functions
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]


def operations() -> dict[Route, dict[str, Any]]:
    return {(method.upper(), path): operation for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()}


def handled(routes: Routes) -> set[Route]:
    """What a function's handlers are registered for."""
    return {(method, re.sub(r"<(\w+)>", r"{\1}", path)) for path, methods, *_ in routes._routes for method in methods}


def test_the_stored_openapi_document_is_up_to_date() -> None:
    fresh = openapi.spelled(openapi.generate())
    assert openapi.FILE.read_text() == fresh, "run: python -m missions_core.http.openapi"


def test_template_openapi_and_handlers_have_the_same_routes() -> None:
    templates = {route for _, route, _ in template_events()}
    handlers = set[Route]().union(*map(handled, openapi.BY_FUNCTION.values()))
    assert templates == set(operations()) == handlers


@pytest.mark.parametrize("function", openapi.BY_FUNCTION)
def test_each_route_reaches_the_function_that_handles_it(function: str) -> None:
    assert {route for name, route, _ in template_events() if name == function} == handled(openapi.BY_FUNCTION[function])


@pytest.mark.parametrize("function", openapi.BY_FUNCTION)
def test_each_function_serves_its_own_routes(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "never-asked")  # not the table of tests whose AWS answers
    app = import_module(f"functions.{function}.app")
    assert app.api._routes is openapi.BY_FUNCTION[function]


def test_a_token_is_asked_for_wherever_the_document_says_so() -> None:
    public = {route for _, route, properties in template_events() if properties.get("Auth", {}).get("Authorizer") == "NONE"}
    assert public == {route for route, operation in operations().items() if "security" not in operation}
    assert {path.split("/")[1] for _, path in public} == {"health", "v1"}
    assert {path for _, path in public if path.startswith("/v1")} == {"/v1/openapi.json", "/v1/docs"}


def test_operations_are_named_once_summed_up_and_may_fail() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(names) == len(set(names))
    for operation in operations().values():
        assert operation["summary"]
        assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
        assert "422" not in operation["responses"]


def test_every_reference_in_the_document_leads_somewhere() -> None:
    referred = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', openapi.FILE.read_text()))
    assert referred <= set(DOCUMENT["components"]["schemas"])


def test_request_bodies_admit_no_unknown_members() -> None:
    for name in ("ProfilePatch", "PauseRequest", "PlayerPut"):
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def test_the_docs_page_lists_every_route() -> None:
    page = render_page(openapi.FILE.read_text())
    assert all(f"<code>{path}</code>" in page for _, path in operations())


@pytest.mark.parametrize("function", SAMPLES)
def test_each_functions_sample_is_a_request_to_one_of_its_routes(function: str) -> None:
    sample = SAMPLES[function]
    method, path = sample["routeKey"].split(" ")
    assert (method, path) in handled(openapi.BY_FUNCTION[function])
    assert sample["version"] == "2.0"
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), sample["rawPath"])
    assert ("authorizer" in sample["requestContext"]) == ("security" in operations()[method, path])
    assert sample["requestContext"]["timeEpoch"] == 1_795_255_200_000


def test_every_error_code_a_client_can_meet_is_documented() -> None:
    kinds = "InvalidInput|NotAuthenticated|NotPermitted|NotFound|Conflict|Gone|RateLimited|Contention"
    raised = re.compile(rf'(?:{kinds})\(\s*"(\w+)"')
    sources = [path for layer in ("http", "use_cases", "domain") for path in (ROOT / "src/missions_core" / layer).rglob("*.py")]
    codes = {code for path in sources for code in raised.findall(path.read_text())} - INTERNAL_CODES
    documented = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "api.md").read_text()))
    assert codes - documented == set()
