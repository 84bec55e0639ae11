"""Badges: Open Badges 3.0 credentials of what is unlocked, signed by a key that never leaves KMS."""

import base64
import json
import sys
from typing import Any

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from ministack.services import kms

from infra import inprocess
from infra.inprocess import InProcessAws
from missions_core import clock
from tests.component.http.conftest import NOW, Client, Post
from tests.support.catalogs import achievement, mission, snapshot
from tests.support.faults import on, refuse
from tests.support.world import World

ISSUER = "https://play.example.org/badges"
TIERS = [{"name": "bronze", "target": 1}, {"name": "Oro puro", "target": 2}, {"name": "platinum", "target": 9}]
TEMPLATES = (
    mission("one_post"),
    achievement("prolific", name={"en": "Prolific", "de": "Fleißig"}, description={"en": "Writes a lot"}, tiers=TIERS),
    achievement("first"),
    achievement("hush", {"post.created": 2}, achievement_type="secret"),
)
CATALOG = snapshot(*TEMPLATES)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world = World(aws, environment, NOW)
    world.publish_catalog(CATALOG)
    return world


@pytest.fixture
def key(aws: InProcessAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installation that signs, with this key."""
    monkeypatch.setitem(inprocess.SERVICES, "kms", kms)
    arn: str = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    monkeypatch.setenv("BADGE_ISSUER", ISSUER)
    monkeypatch.setenv("BADGE_KEY_ARN", arn)
    return arn


def badge(client: Client, path: str = "prolific/badge", **query: str) -> dict[str, Any]:
    answer = client.get(f"/v1/me/achievements/{path}", **query)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(jwt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload, if the key in the header signed them; as a stranger would check it."""
    header, payload, signature = jwt.split(".")
    jose: dict[str, Any] = json.loads(decoded(header))
    modulus, exponent = (int.from_bytes(decoded(jose["jwk"][name])) for name in ("n", "e"))
    RSAPublicNumbers(exponent, modulus).public_key().verify(decoded(signature), f"{header}.{payload}".encode(), PKCS1v15(), SHA256())
    return jose, json.loads(decoded(payload))


def test_a_badge_is_an_open_badges_credential(ann: Client, post: Post) -> None:
    post()
    shown = badge(ann)
    credential = shown["credential"]
    assert shown.keys() == {"signed", "credential"}
    assert shown["signed"] is False
    assert credential["@context"] == ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
    assert credential["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert credential["issuer"] == {"id": "urn:missions:issuer", "type": ["Profile"]}
    assert credential["validFrom"] == "2026-11-21T12:00:10Z"
    assert credential["credentialSubject"]["type"] == ["AchievementSubject"]
    assert credential["credentialSubject"]["achievement"] == {
        "id": "urn:missions:issuer/achievements/prolific/bronze",
        "type": ["Achievement"],
        "name": "Prolific (bronze)",
        "description": "Writes a lot",
        "criteria": {"narrative": "Writes a lot"},
    }
    assert credential["name"] == "Prolific (bronze)"


def test_a_signed_badge_verifies_by_the_key_it_carries_which_is_the_issuers(ann: Client, post: Post, key: str) -> None:
    post()
    shown = badge(ann)
    assert shown["signed"] is True
    header, payload = verified(shown["jwt"])
    assert (header.keys(), header["alg"], header["typ"]) == ({"alg", "typ", "jwk"}, "RS256", "JWT")
    assert header["jwk"].keys() == {"kty", "n", "e"}, "never a private member"
    issuers = load_der_public_key(boto3.client("kms").get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(issuers, RSAPublicKey)
    assert decoded(header["jwk"]["n"]) == issuers.public_numbers().n.to_bytes(256), "as many octets as it has"
    credential = shown["credential"]
    assert credential["issuer"]["id"] == ISSUER
    assert payload == {
        **credential,
        "iss": ISSUER,
        "jti": credential["id"],
        "sub": credential["credentialSubject"]["id"],
        "nbf": NOW // 1000,
    }


@pytest.mark.parametrize("code", ["KMSInternalException", "DisabledException", "NotFoundException"])
def test_a_key_that_cannot_be_had_leaves_a_badge_unsigned(aws: InProcessAws, ann: Client, post: Post, key: str, code: str) -> None:
    post()
    aws.intercept = on("Sign", refuse(code), times=99)
    shown = badge(ann)
    assert shown["signed"] is False
    assert shown["credential"]["issuer"]["id"] == ISSUER
    aws.intercept = lambda request, deliver: deliver(request)
    assert badge(ann)["signed"] is True


def test_a_badge_that_was_tampered_with_does_not_verify(ann: Client, post: Post, key: str) -> None:
    post()
    header, payload, signature = badge(ann)["jwt"].split(".")
    forged = base64.urlsafe_b64encode(decoded(payload).replace(b"bronze", b"platin")).decode().rstrip("=")
    with pytest.raises(InvalidSignature):
        verified(f"{header}.{forged}.{signature}")


def test_the_same_badge_is_the_same_whenever_it_is_asked_for(world: World, ann: Client, post: Post, key: str) -> None:
    post()
    first = badge(ann)
    world.now += 1_000_000
    assert badge(ann) == first
    assert [call.operation for call in world.aws.calls if call.service == "kms"].count("GetPublicKey") == 1


def test_what_nothing_has_written_yet_is_not_signed(world: World, ann: Client, post: Post, key: str) -> None:
    """Until then each request would say another instant, and what was signed might never be saved."""
    post()
    world.publish_catalog(snapshot(*TEMPLATES, achievement("newcomer"), previous=CATALOG))
    for name in [name for name in sys.modules if name.startswith("functions.")]:
        del sys.modules[name]  # cold starts: warm ones look for a newer catalog every half minute
    assert badge(ann, "newcomer/badge")["signed"] is False
    assert badge(ann)["signed"] is True, "of what is written"
    ann.send("PATCH", "/v1/me/profile", {"daily_minutes": 5})
    first = badge(ann, "newcomer/badge")
    assert first["signed"] is True
    world.now += 1_000_000
    assert badge(ann, "newcomer/badge") == first


def test_badges_that_say_something_else_are_not_one_document(world: World, ann: Client, post: Post) -> None:
    post(times=2)
    said = [badge(ann, lang="en"), badge(ann, lang="de"), badge(ann, tier="bronze"), badge(ann, "first/badge")]
    assert len({each["credential"]["id"] for each in said}) == len(said)
    assert badge(ann, lang="fr")["credential"] == said[0]["credential"], "the same text as in English"


def test_each_tier_reached_has_a_badge_and_the_highest_is_shown_unless_another_is_named(ann: Client, post: Post) -> None:
    post(times=2)
    names = {tier: badge(ann, **({"tier": tier} if tier else {}))["credential"]["name"] for tier in ("", "bronze", "Oro puro")}
    assert names == {"": "Prolific (Oro puro)", "bronze": "Prolific (bronze)", "Oro puro": "Prolific (Oro puro)"}
    ids = {badge(ann, tier=tier)["credential"]["id"] for tier in ("bronze", "Oro puro")}
    assert len(ids) == 2
    achieved = badge(ann)["credential"]["credentialSubject"]["achievement"]["id"]
    assert achieved.endswith("/prolific/Oro%20puro"), "an id is a URI"
    assert badge(ann, lang="de")["credential"]["name"] == "Fleißig (Oro puro)"
    assert badge(ann, "first/badge")["credential"]["credentialSubject"]["achievement"]["id"].endswith("/achievements/first")


@pytest.mark.parametrize(
    ("path", "tier", "code"),
    [
        ("prolific", None, "badge_not_found"),
        ("prolific", "bronze", "badge_not_found"),
        ("hush", None, "achievement_not_found"),
        ("nothing", None, "achievement_not_found"),
        ("one_post", None, "achievement_not_found"),
    ],
)
def test_what_is_locked_has_no_badge(ann: Client, path: str, tier: str | None, code: str) -> None:
    query = {"tier": tier} if tier else {}
    assert ann.get(f"/v1/me/achievements/{path}/badge", **query).problem == (404, code, None)


def test_a_tier_that_is_not_reached_or_does_not_exist_has_no_badge(ann: Client, post: Post) -> None:
    post()
    for tier in ("platinum", "wood"):
        assert ann.get("/v1/me/achievements/prolific/badge", tier=tier).problem == (404, "badge_not_found", None)
    assert ann.get("/v1/me/achievements/first/badge", tier="bronze").problem == (404, "badge_not_found", None)


def test_a_badge_tells_nothing_of_the_player_but_a_number_of_its_own(
    world: World, ann: Client, bob: Client, post: Post, host: Client
) -> None:
    ann.send("PATCH", "/v1/me/profile", {"name": "Ann Unmistakable", "email": "ann@example.org"})
    post(times=2)
    Post(host, bob.player)(times=2)
    account = world.state(ann.player).account
    hers, his = badge(ann), badge(bob)
    assert not [word for word in (ann.player, account, "Unmistakable", "example.org") if word in json.dumps(hers)]
    subject = hers["credential"]["credentialSubject"]["id"]
    assert subject.startswith("urn:uuid:")
    assert subject != his["credential"]["credentialSubject"]["id"]
    assert subject == badge(ann, "first/badge")["credential"]["credentialSubject"]["id"]
    assert hers["credential"]["id"] not in (subject, his["credential"]["id"])


def test_a_key_without_an_issuer_is_said_to_be_a_mistake(ann: Client, post: Post, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BADGE_ISSUER")
    post()
    assert ann.get("/v1/me/achievements/prolific/badge").problem == (500, "missing_badge_issuer", None)
    assert ann.get("/v1/me/achievements/prolific").status == 200
