"""The OpenAPI document, the samples and the documentation of errors: they say what the code does. Routes: test_routes.py."""

import json
import re

import pytest

from infra.local.stack import ROOT
from missions_core.http import openapi
from missions_core.http.docs import render_page
from tests.support.api_document import DOCUMENT, OPERATIONS, handled

# Of messages that no client sees.
INTERNAL_CODES = {
    "malformed_erasure",
    "malformed_event",
    "malformed_evidence",
    "malformed_grant",
    "malformed_notification",
    "malformed_standings",
    "mutual_referral",
    "player_not_erased",
    "self_referral",
    "version_conflict",
}
SAMPLES = {function: json.loads((ROOT / "events" / f"{function}.json").read_text()) for function in openapi.BY_FUNCTION}


def test_the_stored_openapi_document_is_up_to_date() -> None:
    fresh = openapi.spelled(openapi.generate())
    assert openapi.FILE.read_text() == fresh, "run: python -m missions_core.http.openapi"


def test_operations_are_named_once_summed_up_and_may_fail() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))
    for operation in OPERATIONS.values():
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
    assert all(f"<code>{path}</code>" in page for _, path in OPERATIONS)


@pytest.mark.parametrize("function", SAMPLES)
def test_each_functions_sample_is_a_request_to_one_of_its_routes(function: str) -> None:
    sample = SAMPLES[function]
    method, path = sample["routeKey"].split(" ")
    assert (method, path) in handled(openapi.BY_FUNCTION[function])
    assert sample["version"] == "2.0"
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), sample["rawPath"])
    assert ("authorizer" in sample["requestContext"]) == ("security" in OPERATIONS[method, path])
    assert sample["requestContext"]["timeEpoch"] == 1_795_255_200_000


def test_every_error_code_a_client_can_meet_is_documented() -> None:
    kinds = "InvalidInput|NotAuthenticated|NotPermitted|NotFound|Conflict|Gone|RateLimited|Contention|Unavailable"
    raised = re.compile(rf'(?:{kinds})\(\s*"(\w+)"')
    sources = [path for layer in ("http", "use_cases", "domain") for path in (ROOT / "src/missions_core" / layer).rglob("*.py")]
    codes = {code for path in sources for code in raised.findall(path.read_text())} - INTERNAL_CODES
    documented = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "api.md").read_text()))
    assert codes - documented == set()
