"""Badges: an unlocked tier of an achievement as an Open Badges 3.0 credential. It tells nothing of the player but a number of its own."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote
from uuid import UUID

from missions_core.domain import achievements
from missions_core.domain.catalog import Template, Tier
from missions_core.http.languages import localised
from missions_core.http.representations.achievements import Badge
from missions_core.use_cases.badges import BadgeIssuer
from missions_core.use_cases.read import PlayerView

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]


def badge_view(view: PlayerView, issuer: BadgeIssuer, template: Template, tier: str | None, languages: Sequence[str]) -> Badge:
    """The badge of a tier, of the highest one reached if none is named. NotFound `badge_not_found`: not unlocked, or no such tier."""
    reached, at = achievements.reached_tier(view.state, template, tier)
    seconds = at // 1000
    credential = _credential(view.state.account, issuer.id, _achievement(issuer.id, template, reached, languages), seconds)
    is_written = (template.key, reached.name) not in view.unwritten  # else the next request would see it unlocked at another instant
    jwt = issuer.signed(credential, valid_from=seconds) if is_written else None
    return {"signed": False, "credential": credential} if jwt is None else {"signed": True, "credential": credential, "jwt": jwt}


def _credential(account: str, issuer: str, achievement: dict[str, Any], seconds: int) -> dict[str, Any]:
    said = {
        "@context": CONTEXTS,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"]},
        "validFrom": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": achievement["name"],
        "credentialSubject": {"id": _urn(account, "subject"), "type": ["AchievementSubject"], "achievement": achievement},
    }
    return {"id": _urn(account, json.dumps(said, sort_keys=True)), **said}  # another text or language is another document


def _achievement(issuer: str, template: Template, tier: Tier, languages: Sequence[str]) -> dict[str, Any]:
    named = localised(template.name, languages)
    name = named if tier.name is None else f"{named} ({tier.name})"
    description = localised(template.description, languages) or name
    path = (template.key,) if tier.name is None else (template.key, tier.name)
    return {
        "id": "/".join([issuer.rstrip("/"), "achievements", *(quote(part, safe="") for part in path)]),
        "type": ["Achievement"],
        "name": name,
        "description": description,
        "criteria": {"narrative": description},
    }


def _urn(account: str, what: str) -> str:
    """The same for the same account, which it does not tell."""
    digest = blake2b(what.encode(), digest_size=16, key=account.encode(), person=b"badge").digest()
    return UUID(bytes=digest, version=5).urn
