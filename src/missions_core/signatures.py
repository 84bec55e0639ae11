"""What operators' secrets are good for: signatures as Standard Webhooks (standardwebhooks.com) says."""

import binascii
import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

from missions_core.errors import MisconfiguredError

IN_BASE64 = "whsec_"
LEAST_KEY_BYTES = 24
MOST_KEY_BYTES = 64


def read_secret(secret: bytes) -> str:
    """A secret as it is kept, without white space around it. Raises MisconfiguredError, which never says what the secret is."""
    text = secret.decode("ascii", "replace").strip()
    if not (text.isascii() and text.isprintable() and text):
        raise _unusable("a secret is a text of printable ASCII characters: set one")
    return text


def signature_headers(secret: str | None, *, id: str, at: int, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks. `at`: epoch seconds."""
    headers = {"webhook-id": id, "webhook-timestamp": str(at)}
    if secret is None:
        return headers
    digest = hmac.digest(_key(secret), f"{id}.{at}.{body}".encode(), sha256)
    return {**headers, "webhook-signature": f"v1,{b64encode(digest).decode()}"}


def _key(secret: str) -> bytes:
    """The key a secret spells: in base64 after `whsec_`, otherwise the secret itself."""
    if not secret.startswith(IN_BASE64):
        return secret.encode()
    try:
        key = b64decode(secret.removeprefix(IN_BASE64), validate=True)
    except binascii.Error:
        raise _unusable("a secret that starts with whsec_ goes on in base64: set the one you were given") from None
    if not LEAST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise _unusable(f"after whsec_ a secret has {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} bytes in base64: make one of that size")
    return key


def _unusable(message: str) -> MisconfiguredError:
    return MisconfiguredError("invalid_secret", message)
