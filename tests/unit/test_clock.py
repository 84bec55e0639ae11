"""The server's clock: moved on a local stack, immovable in production."""

import pytest

from missions_core import clock
from missions_core.errors import MisconfiguredError

REAL = 1_795_255_200_000


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: REAL * 1_000_000 + 999_999)
    monkeypatch.delenv("CLOCK_OFFSET_SECONDS", raising=False)
    monkeypatch.setenv("STAGE", "local")


def test_now_is_the_real_time_in_whole_milliseconds() -> None:
    assert clock.now() == clock.real_now() == REAL


@pytest.mark.parametrize("offset", ["86400", "-60"])
def test_an_offset_moves_now_but_not_the_real_clock(monkeypatch: pytest.MonkeyPatch, offset: str) -> None:
    monkeypatch.setenv("CLOCK_OFFSET_SECONDS", offset)
    assert clock.now() == REAL + int(offset) * 1000
    assert clock.real_now() == REAL


@pytest.mark.parametrize("stage", ["prod", None])
def test_the_clock_cannot_be_moved_in_production_or_where_the_stage_is_unknown(monkeypatch: pytest.MonkeyPatch, stage: str | None) -> None:
    monkeypatch.setenv("CLOCK_OFFSET_SECONDS", "1")
    if stage:
        monkeypatch.setenv("STAGE", stage)
    else:
        monkeypatch.delenv("STAGE")
    with pytest.raises(MisconfiguredError) as caught:
        clock.now()
    assert caught.value.code == "clock_moved"


def test_an_offset_that_is_no_number_is_a_misconfiguration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCK_OFFSET_SECONDS", "+1d")
    with pytest.raises(MisconfiguredError):
        clock.now()
