"""Who calls: the access token's claims, as API Gateway's JWT authorizer passes them on, checked again.

The authorizer has verified signature, issuer and audience. What it leaves to us: that there is a subject, that the token has an
expiry and it is ahead (an absent one passes the authorizer), that the token is valid already, and that it is an access token and not an
ID token. Claims arrive as text, whatever they were.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from missions_core import clock
from missions_core.errors import InvalidInput, NotAuthenticated, NotPermitted

ROLES = frozenset({"admin", "moderator", "service"})
MAX_ID = 128  # characters of a player's id
COGNITO = "https://cognito-idp."
CLOCK_SKEW_SECONDS = 60  # by which an issuer's clock may be ahead of ours
LAST_SECOND = 253_402_300_799  # of the year 9999: an expiry beyond it is no date (or in milliseconds)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")  # as JSON spells it; `float` also reads `+1_000`, in any digits
NOT_TEXT = re.compile(r"null|true|false|\[.*|\{.*", re.DOTALL)  # what a subject becomes on its way that was no text
ID_TOKEN_CLAIMS = ("nonce", "at_hash", "c_hash")  # OpenID Connect puts these into ID tokens only


@dataclass(frozen=True, slots=True)
class Caller:
    """The player a token speaks for, and what else its bearer may do."""

    player: str
    roles: frozenset[str]

    def require_role(self, *accepted: str) -> None:
        """NotPermitted `missing_role` unless the caller has one of the roles."""
        if self.roles.isdisjoint(accepted):
            raise NotPermitted("missing_role", f"this needs a token with the role {' or '.join(accepted)}", required_roles=list(accepted))


def caller_of(event: Mapping[str, Any]) -> Caller:
    """The caller of an HTTP API request. NotAuthenticated where the token would not do."""
    claims = _claims(event)
    _check_validity(claims)
    _check_use(claims)
    return Caller(_subject(claims.get("sub")), _roles(claims))


def player_id(text: object, *, field: str) -> str:
    """A player's id as the host spells it. InvalidInput `invalid_player`."""
    if not _is_id(text):
        raise InvalidInput("invalid_player", f"a player's id has 1 to {MAX_ID} printable characters", field=field)
    return str(text)


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = event
    for member in ("requestContext", "authorizer", "jwt", "claims"):
        found = found.get(member) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise NotAuthenticated("missing_token", "send an access token: Authorization: Bearer <token>")
    return found


def _check_validity(claims: Mapping[str, Any]) -> None:
    """From when and until when, against the real clock: a moved game clock must not outlive a token."""
    now = clock.real_now() / 1000
    expiry = _seconds(claims.get("exp"))
    if not expiry.is_integer() or expiry > LAST_SECOND:
        raise NotAuthenticated("invalid_token", "the token does not say when it expires (exp)")
    if expiry <= now:
        raise NotAuthenticated("token_expired", "the access token has expired; get a new one")
    for claim in ("nbf", "iat"):
        if claim in claims and not _seconds(claims[claim]) <= now + CLOCK_SKEW_SECONDS:
            raise NotAuthenticated("token_not_yet_valid", f"the access token is not valid yet ({claim}); is its issuer's clock right?")


def _seconds(claim: object) -> float:
    """A time in seconds, from a number or its text; what is neither is not a number, and neither before nor after anything."""
    text = str(claim)
    return float(text) if NUMBER.fullmatch(text) else math.nan


def _check_use(claims: Mapping[str, Any]) -> None:
    """Access tokens only. Cognito always marks them; of other issuers, whatever is marked or shaped as another kind is refused."""
    use = claims.get("token_use")
    may_be_unmarked = isinstance(claims.get("iss"), str) and not claims["iss"].startswith(COGNITO)
    unmarked = use is None and may_be_unmarked and not any(claim in claims for claim in ID_TOKEN_CLAIMS)
    if use != "access" and not unmarked:
        raise NotAuthenticated("not_an_access_token", "this is not an access token; send the access token, not the ID token")


def _subject(subject: object) -> str:
    if not _is_id(subject) or NOT_TEXT.fullmatch(str(subject)):
        raise NotAuthenticated("invalid_token", f"the token's subject must have 1 to {MAX_ID} printable characters")
    return str(subject)


def _is_id(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_ID and text.isprintable() and not text.isspace()


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    # A Cognito group's name may contain commas but no spaces; other issuers' lists come in either form.
    groups = _names(claims.get("cognito:groups"), separators=" ")
    return ROLES & {*groups, *_names(claims.get("roles"), separators=" ,")}


def _names(claim: object, *, separators: str) -> list[str]:
    """A list, or what became of one on its way: API Gateway writes `[a b]`."""
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    if not isinstance(claim, str):
        return []
    text = claim[1:-1] if claim.startswith("[") and claim.endswith("]") else claim
    for separator in separators:
        text = text.replace(separator, " ")
    return text.split()
