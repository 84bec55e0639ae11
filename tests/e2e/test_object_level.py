"""The deployed gateway in front of every route: without a token nobody gets past it."""

import pytest

from infra.local.api import Api
from infra.local.stack import LocalStack
from tests.support.api_document import PROTECTED, Route


@pytest.mark.parametrize("route", PROTECTED, ids=" ".join)
def test_the_gateway_refuses_whoever_has_no_token(stack: LocalStack, route: Route) -> None:
    method, path = route
    answer = Api(stack.api_url).request(
        method, path.format(mission_id="any:2026-11-21", player_id="anyone", key="any", step="any", review_id="any")
    )
    assert (answer.status, answer.body) == (401, {"message": "Unauthorized"}), "the gateway's own words: no function was asked"
