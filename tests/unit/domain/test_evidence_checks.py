"""What machines can tell about evidence: a table of honest and hostile ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.evidence_checks import File, check_content, check_file, fingerprint, sniffed

HOUR_MS = 3_600_000
TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/webm", "application/pdf")
RULE = EvidenceRule(
    types=("watch_duration", "click_data", "uploaded_content", "social_proof", "invite_code", "url"),
    review="auto",
    attempts=3,
    price={},
    content_types=TYPES,
    max_bytes=1000,
    min_seconds=60,
    min_clicks=3,
    hosts=("example.org",),
)
HUMAN = [0, 210, 370, 800, 930, 1500]


@pytest.mark.parametrize(
    ("beginning", "type_"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
        (b"GIF87a\x01\x00", "image/gif"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"", None),
        (b"\xff\xd8", None),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"XXXX\x24\x00\x00\x00WEBPVP8 ", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", None),
        (b"<svg onload=alert(1)>", None),
        (b"<!doctype html><script>", None),
        (b"MZ\x90\x00", None),
        (b"PK\x03\x04", None),
        (b" %PDF-1.7", None),
        (b"GIF88a", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(beginning: bytes, type_: str | None) -> None:
    assert sniffed(beginning) == type_


@given(st.binary(max_size=64))
def test_no_bytes_break_the_sniffer(beginning: bytes) -> None:
    assert sniffed(beginning) in {*TYPES, None}


def png(**members: Any) -> File:
    honest = {"size": 100, "sha256": "a", "beginning": b"\x89PNG\r\n\x1a\n", "promised_type": "image/png", "promised_sha256": None}
    return File(**honest | members)


@pytest.mark.parametrize(
    ("file", "failing"),
    [
        (png(), set()),
        (png(promised_sha256="a"), set()),
        (png(promised_sha256="b"), {"checksum"}),
        (png(size=1000), set()),
        (png(size=1001), {"size"}),
        (png(size=0), {"size"}),
        (png(beginning=b"GIF89a"), {"content_type"}),
        (png(beginning=b"<html>", promised_type="text/html"), {"content_type"}),
        (png(promised_type="image/svg+xml"), {"content_type"}),
    ],
)
def test_uploads(file: File, failing: set[str]) -> None:
    assert {finding.check for finding in check_file(RULE, file) if finding.problem} == failing


def clicks(*instants: int) -> dict[str, Any]:
    return {"clicks": [{"at": at} for at in instants]}


@pytest.mark.parametrize(
    ("type_", "content", "failing"),
    [
        ("watch_duration", {"seconds": 60, "media": "m"}, set()),
        ("watch_duration", {"seconds": 59, "media": "m"}, {"min_seconds"}),
        ("watch_duration", {"seconds": 3600, "media": "m"}, set()),
        ("watch_duration", {"seconds": 3601, "media": "m"}, {"possible"}),
        ("click_data", clicks(*HUMAN), set()),
        ("click_data", clicks(*reversed(HUMAN)), set()),
        ("click_data", clicks(*(1_795_000_000_000 + at for at in HUMAN)), set()),
        ("click_data", clicks(0, 300), {"min_clicks"}),
        ("click_data", clicks(0, 100, 200, 300, 400), {"regular"}),
        ("click_data", clicks(0, 100, 200, 300), set()),
        ("click_data", clicks(0, 9, 20, 28, 41, 50), {"fast"}),
        ("click_data", clicks(0, 0, 0, 0, 0), {"regular", "fast"}),
        ("click_data", clicks(0, 5, 900, 1700, 2000), set()),
        ("click_data", clicks(0, 200, HOUR_MS + 1), {"possible"}),
        ("url", {"url": "https://example.org/a"}, set()),
        ("url", {"url": "https://EXAMPLE.org."}, set()),
        ("social_proof", {"url": "https://www.example.org:443/a?b=c#d"}, set()),
        ("url", {"url": "http://example.org/a"}, {"url"}),
        ("url", {"url": "https://example.org:8443/a"}, {"url"}),
        ("url", {"url": "https://example.org.evil.net/"}, {"url"}),
        ("url", {"url": "https://notexample.org/"}, {"url"}),
        ("url", {"url": "https://evil.net/example.org"}, {"url"}),
        ("url", {"url": "https://example.org@evil.net/"}, {"url"}),
        ("url", {"url": "https://evil.net\\@example.org/"}, {"url"}),
        ("url", {"url": "https://user:pw@example.org/"}, {"url"}),
        ("url", {"url": "https://"}, {"url"}),
        ("url", {"url": "https://[::1"}, {"url"}),
        ("url", {"url": "https://example.org:port/"}, {"url"}),
        ("url", {"url": "javascript:alert(1)"}, {"url"}),
        ("url", {"url": "https://evil.net\\.example.org/"}, {"url"}),
        ("url", {"url": "https://example.org/\\evil.net"}, {"url"}),
        ("url", {"url": "https://evil.net%00.example.org/"}, {"url"}),
        ("url", {"url": "https://evil.net%2f.example.org/"}, {"url"}),
        ("url", {"url": "https://evil.net,.example.org/"}, {"url"}),
        ("url", {"url": "https://évil.example.org/"}, {"url"}),
        ("url", {"url": "https://.example.org/"}, {"url"}),
        ("url", {"url": "https://exam\tple.org/"}, {"url"}),
        ("url", {"url": "https://example.org/a\nb"}, {"url"}),
        ("url", {"url": "\x01https://example.org/"}, {"url"}),
        ("url", {"url": "https://evil.net#.example.org"}, {"url"}),
        ("url", {"url": "https://evil.net?.example.org"}, {"url"}),
        ("url", {"url": "https://xn--bcher-kva.example.org/caf\u00e9?q=%C3%A9#x"}, set()),
        ("invite_code", {"code": "X"}, set()),
    ],
)
def test_what_is_handed_in(type_: str, content: dict[str, Any], failing: set[str]) -> None:
    assert {each.check for each in check_content(RULE, type_, content, possible_ms=HOUR_MS) if each.problem} == failing


def mark(type_: str, content: dict[str, Any], account: str = "a", file: File | None = None) -> str | None:
    return fingerprint(type_, content, file, account=account)


def test_the_same_page_has_the_same_fingerprint_however_it_is_spelt_and_whoever_has_it() -> None:
    plain = ("https://example.org/p", "https://EXAMPLE.org:443/p/", "https://example.org/p#x", "https://example.org./p")
    escaped = ("https://example.org/%70", "https://example.org//p//", "https://example.org/./p", "https://example.org/q/%2e%2E/p")
    assert len({mark("url", {"url": url}, account=url) for url in (*plain, *escaped)}) == 1
    assert len({mark("url", {"url": f"https://example.org{end}"}) for end in ("", "/", "//", "/.", "/?")}) == 1
    assert len({mark("url", {"url": f"https://example.org/p?q={value}"}) for value in ("\u00e9~", "%C3%A9~", "%c3%a9%7E")}) == 1
    assert mark("url", {"url": "https://example.org/a%2Fb"}) != mark("url", {"url": "https://example.org/a/b"})
    assert mark("url", {"url": "https://example.org/p?id=1"}) != mark("url", {"url": "https://example.org/p?id=2"})
    assert mark("url", {"url": "https://example.org/P"}) != mark("url", {"url": "https://example.org/p"})


def test_a_code_is_ones_own_and_a_file_everybodys() -> None:
    welcome = mark("invite_code", {"code": "welcome"})
    assert mark("invite_code", {"code": " Welcome "}) == welcome != mark("invite_code", {"code": "welcome"}, "b")
    file = mark("uploaded_content", {}, "a", png())
    assert mark("uploaded_content", {}, "b", png(size=9)) == file != mark("uploaded_content", {}, "a", png(sha256="c"))


def test_what_may_come_again_has_no_fingerprint() -> None:
    assert mark("watch_duration", {"seconds": 60, "media": "m"}) is None
    assert mark("click_data", clicks(0, 1, 2, 3)) is None
    assert mark("click_data", clicks(*HUMAN)) is not None
