"""Signing badges: an Open Badges 3.0 credential becomes a JWT that anybody can verify (section 8.2 there)."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from missions_core.errors import MisconfiguredError
from missions_core.messaging import Signer
from missions_core.observability import create_logger
from missions_core.outages import AwsError

logger = create_logger()

UNNAMED = "urn:missions:issuer"  # who issues where nobody said who does; never signed


@dataclass(frozen=True, slots=True)
class BadgeIssuer:
    """Who vouches for badges, by a URL, and with which key; without one badges are not signed."""

    url: str
    signer: Signer | None

    @property
    def id(self) -> str:
        """How a credential names the issuer."""
        return self.url or UNNAMED

    def signed(self, credential: Mapping[str, Any], *, valid_from: int) -> str | None:
        """The credential as a compact JWS that carries its public key; None without a key, or while it cannot be had.

        `valid_from`: its `validFrom` in seconds.
        """
        if self.signer is None:
            return None
        if not self.url:
            raise MisconfiguredError("missing_badge_issuer", "badges that are signed name their issuer: set the parameter BadgeIssuer")
        try:
            return _jwt(credential, self.signer, valid_from=valid_from)
        except AwsError:
            logger.exception("badge not signed")  # it is the player's all the same
            return None


def _jwt(credential: Mapping[str, Any], signer: Signer, *, valid_from: int) -> str:
    header = {"alg": "RS256", "typ": "JWT", "jwk": _jwk(signer.public_key)}
    claims = {"iss": credential["issuer"]["id"], "jti": credential["id"], "sub": credential["credentialSubject"]["id"]}
    payload = {**credential, **claims, "nbf": valid_from}
    text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload))
    return f"{text}.{_encoded(signer.sign(text.encode()))}"


def _jwk(public_key: bytes) -> dict[str, str]:
    """An RSA key as JSON: modulus and exponent out of the innermost sequence of its SubjectPublicKeyInfo."""
    [info] = _elements(public_key)
    _algorithm, bits = _elements(info)
    [key] = _elements(bits[1:])  # the first octet says how many bits of the last one are unused: none
    modulus, exponent = (_encoded(number.lstrip(b"\0")) for number in _elements(key))
    return {"kty": "RSA", "n": modulus, "e": exponent}


def _elements(der: bytes) -> list[bytes]:
    """The contents of the DER elements that follow one another."""
    found: list[bytes] = []
    while der:
        start, length = 2, der[1]
        if length > 0x7F:  # then it is the number of octets that tell the length
            start += length & 0x7F
            length = int.from_bytes(der[2:start])
        found.append(der[start : start + length])
        der = der[start + length :]
    return found


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
