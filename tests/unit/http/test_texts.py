"""Languages and instants."""

import pytest

from missions_core.domain.periods import FOREVER
from missions_core.http.languages import localised, preferred
from missions_core.instants import end_of, timestamp

NAME = {"en": "Hello", "de": "Hallo", "pt-BR": "Olá"}


@pytest.mark.parametrize(
    ("lang", "header", "text"),
    [
        (None, None, "Hello"),
        ("de", None, "Hallo"),
        ("de", "en", "Hallo"),
        (None, "de-CH", "Hallo"),
        (None, "PT-br", "Olá"),
        (None, "pt", "Hello"),
        (None, "fr;q=0.9, de;q=0.1", "Hallo"),
        (None, "de;q=0, en", "Hello"),
        (None, "*", "Hello"),
        (None, ";;q=x,,de;q=abc", "Hello"),
        (None, ",".join(f"x{n}" for n in range(1000)), "Hello"),
    ],
)
def test_the_most_wanted_language_there_is_wins(lang: str | None, header: str | None, text: str) -> None:
    assert localised(NAME, preferred(lang, header)) == text


def test_without_english_any_text_is_better_than_none() -> None:
    assert localised({"de": "Hallo"}, preferred(None, "fr")) == "Hallo"
    assert localised({}, preferred(None, "fr")) == ""


def test_instants_have_milliseconds_and_z() -> None:
    assert timestamp(1_795_262_400_007) == "2026-11-21T12:00:00.007Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(None) is None


def test_what_never_ends_has_no_end() -> None:
    assert end_of(FOREVER) is None
    assert end_of(1_795_262_400_000) == "2026-11-21T12:00:00.000Z"
