"""Access tokens nobody should be let in with, each by name: forged in every way known, or signed by the issuer and yet not acceptable."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Claims = dict[str, Any]

ABSENT = object()
HOUR = 3600
PROVIDER = "https://elsewhere.example/keys.json"


def b64(content: bytes | str | object) -> str:
    """Unpadded base64url of bytes, of text, or of anything as JSON."""
    raw = content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def usual_claims(player: str, issuer: str, client: str, /, **changes: Any) -> Claims:
    """What an access token says, with some claims changed or ABSENT."""
    now = int(time.time())
    usual = {"sub": player, "iss": issuer, "client_id": client, "token_use": "access", "iat": now - 60, "exp": now + HOUR}
    return {name: value for name, value in (usual | changes).items() if value is not ABSENT}


@dataclass(frozen=True)
class Issuer:
    """What an issuer puts into its tokens, and, for tests only, the key it signs with."""

    url: str
    client_id: str
    key: rsa.RSAPrivateKey
    kid: str
    stranger: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def claims(self, player: str, /, **changes: Any) -> Claims:
        """An access token's claims, some changed or ABSENT."""
        return usual_claims(player, self.url, self.client_id, **changes)

    def token(self, payload: object, *, key: rsa.RSAPrivateKey | None = None, **header: Any) -> str:
        """Signed as it should be, with the issuer's key unless told otherwise; `payload` may be JSON text."""
        fields = {name: value for name, value in ({"alg": "RS256", "kid": self.kid} | header).items() if value is not ABSENT}
        signed = f"{b64(fields)}.{b64(payload)}"
        return f"{signed}.{b64((key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def keyed(self, payload: object, secret: bytes, alg: str = "HS256") -> str:
        """Signed with a shared secret."""
        signed = f"{b64({'alg': alg, 'kid': self.kid})}.{b64(payload)}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"

    def unsigned(self, payload: object, alg: str, signature: str = "") -> str:
        """Not signed at all."""
        return f"{b64({'alg': alg, 'kid': self.kid})}.{b64(payload)}.{signature}"

    def jwk(self, key: rsa.RSAPrivateKey) -> dict[str, str]:
        """A public key as a JSON Web Key."""
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "alg": "RS256", "kid": self.kid, "n": b64(numbers.n.to_bytes(256)), "e": b64(numbers.e.to_bytes(3))}

    def public(self, encoding: Encoding) -> bytes:
        """The public key as everybody can have it."""
        return self.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def _tampered(issuer: Issuer, claims: Claims, payload: str) -> str:
    """The issuer's own signature, under another payload."""
    header, _, signature = issuer.token(claims).split(".")
    return f"{header}.{b64(payload)}.{signature}"


def _twice(claims: Claims, name: str, value: object) -> str:
    """The claims as JSON with one of them a second time."""
    return f"{json.dumps(claims)[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"


# The claims of a token with a perfect signature, changed. AUTHORIZER's are for API Gateway to refuse, which knows issuer and audience;
# OURS get past it, or past the emulator's, and are for our own check.
AUTHORIZER: Mapping[str, Claims] = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "an issuer that only looks like ours": {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"},
    "an empty issuer": {"iss": ""},
    "no issuer": {"iss": ABSENT},
    "a list of issuers": {"iss": ["https://elsewhere.example"]},
    "another client": {"client_id": "elsewhere"},
    "no client and no audience": {"client_id": ABSENT},
    "another audience": {"aud": "elsewhere"},
    "a list of other audiences": {"aud": ["elsewhere", "nowhere"]},
    "an empty list of audiences": {"aud": []},
    "an audience that is an object": {"aud": {"elsewhere": 1}},
}
NOT_YET = int(time.time()) + 10 * HOUR
ARABIC_DIGITS = {ord("0") + digit: ord("\N{ARABIC-INDIC DIGIT ZERO}") + digit for digit in range(10)}
OURS: Mapping[str, Claims] = {
    "no expiry": {"exp": ABSENT},
    "an empty expiry": {"exp": ""},
    "an expiry in words": {"exp": "tomorrow"},
    "a null expiry": {"exp": None},
    "a true expiry": {"exp": True},
    "a list for an expiry": {"exp": [NOT_YET]},
    "an object for an expiry": {"exp": {"$gt": 0}},
    "an expiry that is no number": {"exp": float("nan")},
    "an infinite expiry": {"exp": float("inf")},
    "a huge expiry": {"exp": 10**30},
    "an expiry too large for a number": {"exp": 10**400},
    "an expiry in milliseconds": {"exp": NOT_YET * 1000},
    "an expiry of zero": {"exp": 0},
    "a negative expiry": {"exp": -NOT_YET},
    "an expiry with a fraction": {"exp": NOT_YET + 0.5},
    "an expiry with a fraction, as text": {"exp": f"{NOT_YET}.5"},
    "an expiry between spaces": {"exp": f" {NOT_YET} "},
    "an expiry with a line break": {"exp": f"{NOT_YET}\n"},
    "an expiry with a sign": {"exp": f"+{NOT_YET}"},
    "an expiry with a leading zero": {"exp": f"0{NOT_YET}"},
    "an expiry in thousands": {"exp": f"{NOT_YET:_}"},
    "an expiry in another script's digits": {"exp": str(NOT_YET).translate(ARABIC_DIGITS)},
    "expired": {"exp": int(time.time()) - 1},
    "not valid yet": {"nbf": NOT_YET},
    "not valid before some word": {"nbf": "tomorrow"},
    "issued in the future": {"iat": NOT_YET},
    "issued some time": {"iat": [1]},
    "no subject": {"sub": ABSENT},
    "an empty subject": {"sub": ""},
    "a blank subject": {"sub": "   "},
    "a null subject": {"sub": None},
    "a true subject": {"sub": True},
    "a list of subjects": {"sub": ["a", "b"]},
    "an object for a subject": {"sub": {"a": 1}},
    "an oversized subject": {"sub": "p" * 129},
    "a subject with a line break": {"sub": "p\n1"},
    "a subject with a null byte": {"sub": "p\x00"},
    "a subject that reads backwards": {"sub": "p\u202e1"},
    "an ID token": {"token_use": "id"},
    "a refresh token": {"token_use": "refresh"},
    "no use": {"token_use": ABSENT},
    "a list of uses": {"token_use": ["access", "id"]},
    "a use in capitals": {"token_use": "ACCESS"},
}

FORGED: Mapping[str, Callable[[Issuer, Claims], str]] = {
    "alg none": lambda i, c: i.unsigned(c, "none"),
    "alg None": lambda i, c: i.unsigned(c, "None"),
    "alg NONE": lambda i, c: i.unsigned(c, "NONE"),
    "alg nOnE": lambda i, c: i.unsigned(c, "nOnE"),
    "alg none with a signature": lambda i, c: i.unsigned(c, "none", b64("signature")),
    "an empty alg": lambda i, c: i.unsigned(c, ""),
    "alg none for an administrator": lambda i, c: i.unsigned(c | {"cognito:groups": ["admin"], "roles": "admin"}, "none"),
    "RS256 without its signature": lambda i, c: i.token(c).rpartition(".")[0] + ".",
    "a signature cut short": lambda i, c: i.token(c)[:-20],
    "a signature of zeros": lambda i, c: i.unsigned(c, "RS256", b64(bytes(256))),
    "another token's signature": lambda i, c: _tampered(i, c, json.dumps(c | {"sub": "admin"})),
    "HS256 with the public key as PEM": lambda i, c: i.keyed(c, i.public(Encoding.PEM)),
    "HS256 with the public key as DER": lambda i, c: i.keyed(c, i.public(Encoding.DER)),
    "HS256 with the key's modulus": lambda i, c: i.keyed(c, i.jwk(i.key)["n"].encode()),
    "HS256 with an empty secret": lambda i, c: i.keyed(c, b""),
    "HS256 that says RS256": lambda i, c: i.keyed(c, i.public(Encoding.PEM), "RS256"),
    "another key": lambda i, c: i.token(c, key=i.stranger),
    "another key for an administrator": lambda i, c: i.token(c | {"cognito:groups": ["admin", "service"]}, key=i.stranger),
    "an unknown kid": lambda i, c: i.token(c, key=i.stranger, kid="unknown"),
    "no kid": lambda i, c: i.token(c, key=i.stranger, kid=ABSENT),
    "an empty kid": lambda i, c: i.token(c, key=i.stranger, kid=""),
    "a null kid": lambda i, c: i.token(c, key=i.stranger, kid=None),
    "a list for a kid": lambda i, c: i.token(c, key=i.stranger, kid=[i.kid]),
    "a kid that is a path": lambda i, c: i.keyed(c | {"kid": "../../dev/null"}, b""),
    "a kid that climbs": lambda i, c: i.token(c, key=i.stranger, kid="../../../../../../dev/null"),
    "a kid that is SQL": lambda i, c: i.token(c, key=i.stranger, kid="x' UNION SELECT 'secret"),
    "an oversized kid": lambda i, c: i.token(c, key=i.stranger, kid="k" * 6000),
    "jku elsewhere": lambda i, c: i.token(c, key=i.stranger, jku=PROVIDER),
    "x5u elsewhere": lambda i, c: i.token(c, key=i.stranger, x5u=PROVIDER),
    "its own key as jwk": lambda i, c: i.token(c, key=i.stranger, jwk=i.jwk(i.stranger)),
    "its own key as x5c": lambda i, c: i.token(c, key=i.stranger, x5c=[base64.b64encode(i.public(Encoding.DER)).decode()]),
    "critical members nobody knows": lambda i, c: i.token(c, key=i.stranger, crit=["exp", "elsewhere"]),
    "two subjects": lambda i, c: _tampered(i, c, _twice(c, "sub", "admin")),
    "two expiries": lambda i, c: _tampered(i, c, _twice(c, "exp", NOT_YET)),
    "two subjects, the last empty, signed": lambda i, c: i.token(_twice(c, "sub", "")),
    "two expiries, the last over, signed": lambda i, c: i.token(_twice(c, "exp", 1)),
    "two uses, the last another, signed": lambda i, c: i.token(_twice(c, "token_use", "id")),
    "a list instead of claims": lambda i, c: i.token([c]),
    "a text instead of claims": lambda i, c: i.token('"claims"'),
    "null instead of claims": lambda i, c: i.token("null"),
    "claims that are not JSON": lambda i, c: i.token("{claims"),
    "claims that are not UTF-8": lambda i, c: i.token(b"\xff\xfe{}"),
    "a header that is a list": lambda i, c: f"{b64([])}.{i.token(c).partition('.')[2]}",
    "a header that is not JSON": lambda i, c: f"{b64('{')}.{i.token(c).partition('.')[2]}",
    "one segment": lambda i, c: b64(c),
    "two segments": lambda i, c: i.token(c).rpartition(".")[0],
    "four segments": lambda i, c: f"{i.token(c)}.{b64('more')}",
    "five segments": lambda i, c: f"{i.token(c)}.{b64('more')}.{b64('more')}",
    "empty segments": lambda i, c: "..",
    "padded segments": lambda i, c: i.token(c).replace(".", "==."),
    "a space inside": lambda i, c: i.token(c).replace(".", ". "),
    "standard base64": lambda i, c: i.token(c).replace("-", "+").replace("_", "/").replace(".", "+."),
    "not base64": lambda i, c: i.token(c).replace(".", "!.", 1),
    "more than 8 KB": lambda i, c: i.token(c | {"more": "x" * 9000}, key=i.stranger),
    "more than 8 KB, unsigned": lambda i, c: i.unsigned(c | {"more": "x" * 9000}, "none"),
    "a word": lambda i, c: "token",
}

# Good tokens, sent as they should not be: the whole Authorization header; None, none at all.
MISPLACED: Mapping[str, Callable[[str], str | None]] = {
    "in no header": lambda token: None,
    "an empty header": lambda token: "",
    "a scheme without a token": lambda token: "Bearer ",
    "as Basic": lambda token: f"Basic {token}",
    "as a Basic password": lambda token: f"Basic {base64.b64encode(f'player:{token}'.encode()).decode()}",
    "as Digest": lambda token: f"Digest {token}",
    "two schemes": lambda token: f"Bearer Bearer {token}",
    "two tokens": lambda token: f"Bearer {token}, Bearer {token}",
    "in quotes": lambda token: f'Bearer "{token}"',
    "reversed": lambda token: f"Bearer {token[::-1]}",
}
