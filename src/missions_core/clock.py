"""What time it is: the server's clock, which a local stack may move and production never can."""

import os
import time

from missions_core.errors import MisconfiguredError

OFFSET_VARIABLE = "CLOCK_OFFSET_SECONDS"


def now() -> int:
    """The game's time in epoch milliseconds: the real one, plus the offset a non-production stage was given.

    The environment is read on every call: it costs a microsecond, and a moved clock then moves in warm processes too.
    """
    return real_now() + _offset_ms()


def real_now() -> int:
    """The real time in epoch milliseconds, whatever the game's clock says: what tokens expire by."""
    return time.time_ns() // 1_000_000


def sleep(seconds: float) -> None:
    """Let real time pass."""
    time.sleep(seconds)


def _offset_ms() -> int:
    offset = os.environ.get(OFFSET_VARIABLE)
    if not offset:
        return 0
    if os.environ.get("STAGE") in (None, "prod"):
        raise MisconfiguredError("clock_moved", f"{OFFSET_VARIABLE} moves the clock of non-production stages only; unset it")
    try:
        return int(offset) * 1000
    except ValueError:
        raise MisconfiguredError("invalid_clock_offset", f"{OFFSET_VARIABLE} must be a whole number of seconds, not {offset!r}") from None
