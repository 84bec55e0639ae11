"""Waiting for what happens by itself, as long as it may reasonably take and no longer."""

import time
from collections.abc import Callable
from typing import TypeVar

from infra.errors import ToolError

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.1


def wait_for(ask: Callable[[], Answer], is_done: Callable[[Answer], bool], awaited: str) -> Answer:
    """Ask until the answer will do; ToolError names what was awaited."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done(answer := ask()):
        if time.monotonic() > deadline:
            raise ToolError(f"waited {PATIENCE_SECONDS} s for {awaited}; the last answer was {answer!r}")
        time.sleep(PAUSE_SECONDS)
    return answer
