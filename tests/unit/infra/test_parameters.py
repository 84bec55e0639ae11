"""What commands accept for spans and instants."""

import click
import pytest

from infra.cli.parameters import Instant, Span
from tests.support.game import ms


@pytest.mark.parametrize(("text", "milliseconds"), [("24h", 86_400_000), ("1d12h", 129_600_000), ("90m", 5_400_000), ("5s", 5_000)])
def test_spans(text: str, milliseconds: int) -> None:
    assert Span().convert(text, None, None) == milliseconds


@pytest.mark.parametrize("text", ["", "24", "h", "+24h", "1.5h", "24 h", "-1d"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="24h, 90m or 1d12h"):
        Span().convert(text, None, None)


@pytest.mark.parametrize("text", ["2026-11-21", "2026-11-21T00:00:00Z", "2026-11-21T01:00:00+01:00"])
def test_instants_are_utc_unless_they_say_otherwise(text: str) -> None:
    assert Instant().convert(text, None, None) == ms("2026-11-21")


def test_what_is_no_instant_is_refused_with_an_example() -> None:
    with pytest.raises(click.BadParameter, match="2026-11-21T10:00:00Z"):
        Instant().convert("yesterday", None, None)
