"""Writes on a condition, tried again from the start as long as others are faster."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from missions_core.errors import Contention, VersionConflict

Answer = TypeVar("Answer")

ATTEMPTS = 14
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5


def until_first(attempt: Callable[[], Answer], *, about: str) -> Answer:
    """Load, apply and save, all of it again after each VersionConflict. Contention, which names what it is `about`: others keep winning."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except VersionConflict:
            time.sleep(random.uniform(0, pause))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    raise Contention("contention", f"this player's {about} is being changed by many at once; send the same request again")
