"""Hostile tokens against the deployed stack: signed with the pool's own key where that is the point, and yet nobody gets in."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from infra.local.stack import LocalStack, local_session
from infra.local.tokens import Token, ensure_user, issue_token
from tests.support.hostile_tokens import AUTHORIZER, FORGED, MISPLACED, OURS, Issuer

REFUSED = {401, 403}


@pytest.fixture(scope="module")
def player(stack: LocalStack) -> Token:
    """Somebody with a good token."""
    return issue_token(stack, "aimed-at")


@pytest.fixture(scope="module")
def issuer(stack: LocalStack, run_dir: Path, player: Token) -> Issuer:
    """The stack's user pool. The emulator keeps the keys it signs with beside its state."""
    pem = (run_dir / "state" / "cognito-pool-keys" / f"{stack.user_pool_id}-access.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    header, claims = (json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in player.token.split(".")[:2])
    return Issuer(claims["iss"], stack.client_id, key, header["kid"])


Ask = Callable[..., int]


@pytest.fixture(scope="module")
def ask(stack: LocalStack) -> Ask:
    """`ask("Bearer …")`: the status of reading a wallet with this Authorization header."""

    def status(authorization: str | None, query: str = "") -> int:
        headers = {} if authorization is None else {"authorization": authorization}
        request = urllib.request.Request(f"{stack.api_url}/v1/me/wallet{query}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    return status


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_is_let_in_however_its_scheme_is_written(ask: Ask, player: Token, scheme: str) -> None:
    assert ask(f"{scheme} {player.token}") == 200


def test_what_is_forged_below_would_be_let_in_unchanged(ask: Ask, issuer: Issuer, player: Token) -> None:
    assert ask(f"Bearer {issuer.token(issuer.claims(player.player))}") == 200


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(ask: Ask, issuer: Issuer, player: Token, name: str) -> None:
    assert ask(f"Bearer {FORGED[name](issuer, issuer.claims(player.player))}") in REFUSED


@pytest.mark.parametrize("name", [*AUTHORIZER, *OURS])
def test_a_perfect_signature_does_not_help(ask: Ask, issuer: Issuer, player: Token, name: str) -> None:
    claims = issuer.claims(player.player, **{**AUTHORIZER, **OURS}[name])
    assert ask(f"Bearer {issuer.token(claims)}") in REFUSED


@pytest.mark.parametrize("name", MISPLACED)
def test_a_good_token_in_the_wrong_place_is_refused(ask: Ask, player: Token, name: str) -> None:
    assert ask(MISPLACED[name](player.token), f"?access_token={player.token}&authorization={player.token}") in REFUSED


@pytest.mark.parametrize("kind", ["IdToken", "RefreshToken"])
def test_other_tokens_of_the_pool_are_refused(ask: Ask, stack: LocalStack, kind: Literal["IdToken", "RefreshToken"]) -> None:
    cognito, password = local_session().client("cognito-idp", endpoint_url=stack.endpoint_url), "Aa1-a-long-password"
    ensure_user(cognito, stack.user_pool_id, "bearer")
    cognito.admin_set_user_password(UserPoolId=stack.user_pool_id, Username="bearer", Password=password, Permanent=True)
    issued = cognito.admin_initiate_auth(
        UserPoolId=stack.user_pool_id,
        ClientId=stack.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "bearer", "PASSWORD": password},
    )["AuthenticationResult"]
    assert ask(f"Bearer {issued['AccessToken']}") == 200
    assert ask(f"Bearer {issued[kind]}") in REFUSED


def test_a_token_of_another_pool_is_refused(ask: Ask, stack: LocalStack) -> None:
    cognito = local_session().client("cognito-idp", endpoint_url=stack.endpoint_url)
    policies: Any = {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": False}}  # as the stack's own
    pool = cognito.create_user_pool(PoolName="elsewhere", Policies=policies)["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="elsewhere", ExplicitAuthFlows=flows)["UserPoolClient"]["ClientId"]
    assert ask(f"Bearer {issue_token(replace(stack, user_pool_id=pool, client_id=client), 'stranger').token}") in REFUSED
