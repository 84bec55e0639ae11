"""What a machine can tell about evidence: each check holds, or has a sentence for the player who must do better."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from json import dumps
from posixpath import normpath
from statistics import median
from string import punctuation
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from missions_core.domain.catalog import EvidenceRule

FASTEST_CLICKS_MS = 30  # nobody's finger is faster, click after click
TELLING_CLICKS = 5  # fewer may be alike, or the same as somebody else's, by chance
SIGNATURES = (
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/gif", 0, b"GIF87a"),
    ("image/gif", 0, b"GIF89a"),
    ("image/webp", 8, b"WEBP"),
    ("video/mp4", 4, b"ftyp"),
    ("application/pdf", 0, b"%PDF-"),
)
RIFF, EBML = b"RIFF", b"\x1a\x45\xdf\xa3"
DEFAULT_PORTS = (None, 443)
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.?")
MISREAD = re.compile(r"[\x00-\x20\x7f\\]")  # what browsers drop, or take for a slash: they would go elsewhere than we think
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to; `problem` says what is wrong, None where it holds."""

    check: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What was uploaded, and what the player said it would be."""

    size: int
    sha256: str
    beginning: bytes
    promised_type: str
    promised_sha256: str | None


def check_content(rule: EvidenceRule, type_: str, content: Content, *, possible_ms: int) -> list[Finding]:
    """Check evidence that is no upload. `possible_ms`: since the mission began when it was handed in."""
    match type_:
        case "watch_duration":
            return list(_watched(rule, content["seconds"], possible_ms))
        case "click_data":
            return list(_clicked(rule, sorted(click["at"] for click in content["clicks"]), possible_ms))
        case "social_proof" | "url":
            return [Finding("url", _url_problem(rule, content["url"]))]
        case _:
            return []


def check_file(rule: EvidenceRule, file: File) -> list[Finding]:
    """Check an upload against the rule and against what was promised."""
    allowed = file.promised_type in rule.content_types and sniffed(file.beginning) == file.promised_type
    as_promised = file.promised_sha256 in (None, file.sha256)
    return [
        Finding("size", None if 0 < file.size <= rule.max_bytes else f"The file must have at most {rule.max_bytes} bytes."),
        Finding("content_type", None if allowed else f"The file is not what it says it is ({file.promised_type})."),
        Finding("checksum", None if as_promised else "The file did not arrive as it was announced; upload it again."),
    ]


def sniffed(beginning: bytes) -> str | None:
    """The type of a file by its first 64 bytes; None: none that is taken."""
    if beginning.startswith(EBML):
        return "video/webm" if b"webm" in beginning[:64] else None
    for type_, offset, signature in SIGNATURES:
        if beginning[offset : offset + len(signature)] == signature and (type_ != "image/webp" or beginning.startswith(RIFF)):
            return type_
    return None


def fingerprint(type_: str, content: Content, file: File | None, *, account: str) -> str | None:
    """What evidence must not have in common with any other; None: whatever it says may be said again.

    Invite codes are for passing on: the same player may use each once.
    """
    match type_:
        case "uploaded_content" if file is not None:
            return f"file:{file.sha256}"
        case "social_proof" | "url":
            return _digest("url", _same_page(content["url"]))
        case "invite_code":
            return _digest("code", account, content["code"].strip().casefold())
        case "click_data" if len(content["clicks"]) >= TELLING_CLICKS:
            return _digest("clicks", dumps(content["clicks"], sort_keys=True))
        case _:
            return None


def _watched(rule: EvidenceRule, seconds: int, possible_ms: int) -> Iterator[Finding]:
    yield Finding("min_seconds", None if seconds >= rule.min_seconds else f"Watch at least {rule.min_seconds} seconds.")
    yield Finding("possible", None if seconds * 1000 <= possible_ms else "That is longer than this mission has been there.")


def _clicked(rule: EvidenceRule, instants: Sequence[int], possible_ms: int) -> Iterator[Finding]:
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    by_machine = "The clicks do not look like a person's."
    yield Finding("min_clicks", None if len(instants) >= rule.min_clicks else f"Make at least {rule.min_clicks} clicks.")
    yield Finding("possible", None if sum(gaps) <= possible_ms else "That is longer than this mission has been there.")
    yield Finding("regular", by_machine if len(instants) >= TELLING_CLICKS and len(set(gaps)) == 1 else None)
    yield Finding("fast", by_machine if gaps and median(gaps) < FASTEST_CLICKS_MS else None)


def _url_problem(rule: EvidenceRule, url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = HOST.fullmatch(host) and parts.port in DEFAULT_PORTS and "@" not in parts.netloc
    except ValueError:
        named = None
    if not named or parts.scheme != "https" or MISREAD.search(url):
        return "The address must be a plain https:// address."
    host = host.rstrip(".")
    if rule.hosts and not any(host == allowed or host.endswith(f".{allowed}") for allowed in map(str.lower, rule.hosts)):
        return f"The address must be on {', '.join(rule.hosts)}."
    return None


def _same_page(url: str) -> str:
    """An address in one spelling: of the host, of escapes, and of slashes and dots in the path; without port and fragment."""
    parts = urlsplit(url)
    path = normpath("/" + _spelt(parts.path).lstrip("/")).rstrip("/")
    return f"{(parts.hostname or '').rstrip('.')}{path}?{_spelt(parts.query)}"


def _spelt(text: str) -> str:
    """Escapes only where they are needed, in capitals."""
    return ESCAPED.sub(lambda found: _unescaped(found[0]), quote(text, safe=punctuation))


def _unescaped(escape: str) -> str:
    character = unquote(escape)
    return character if UNRESERVED.fullmatch(character) else escape.upper()


def _digest(*parts: str) -> str:
    return f"{parts[0]}:{sha256(chr(0).join(parts).encode()).hexdigest()}"
