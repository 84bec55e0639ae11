"""Hostile claims behind an authorizer that let them pass: our own check is the last one, and refuses them whatever form they arrive in."""

import json
from typing import Any

import pytest

from tests.component.http.conftest import Answer, Client
from tests.support.hostile_tokens import OURS, Claims, usual_claims

COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool"
CODES = {"invalid_token", "token_expired", "token_not_yet_valid", "not_an_access_token"}


def as_signed(claims: Claims) -> Claims:
    return claims


def as_text(claims: Claims) -> dict[str, str]:
    """As API Gateway hands claims on: numbers as digits, lists as their members in brackets."""
    return {name: _text(value) for name, value in claims.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def wallet(client: Client, claims: Claims) -> Answer:
    client.claims = claims
    return client.get("/v1/me/wallet")


@pytest.mark.parametrize("form", [as_signed, as_text])
def test_the_usual_claims_are_let_in(ann: Client, form: Any) -> None:
    assert wallet(ann, form(usual_claims(ann.player, COGNITO, "client"))).status == 200


@pytest.mark.parametrize("form", [as_signed, as_text])
@pytest.mark.parametrize("name", OURS)
def test_hostile_claims_are_refused(ann: Client, name: str, form: Any) -> None:
    status, code, _ = wallet(ann, form(usual_claims(ann.player, COGNITO, "client", **OURS[name]))).problem
    assert status == 401
    assert code in CODES


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_an_issuers_clock_may_be_a_little_ahead(ann: Client, claim: str) -> None:
    usual = usual_claims(ann.player, COGNITO, "client")
    assert wallet(ann, usual | {claim: usual["iat"] + 90}).status == 200  # half a minute from now
