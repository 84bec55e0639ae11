"""The emulator's process: ministack, with no more workers of one function than this machine has use for; invocations wait their turn.

By itself it starts a process for every concurrent invocation, as AWS does. Fifty at once on two cores only wait for each other: they
time out, and conflicting writes of one busy player outlast their retries.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime

WORKERS = max(2, 2 * (os.cpu_count() or 1))
PAUSE_SECONDS = 0.01


def waiting_for_a_worker(acquire: Callable[..., tuple[Any, str]]) -> Callable[..., tuple[Any, str]]:
    """`acquire_worker`, but patient: whoever finds every worker busy gets the next free one. None of our functions invokes another."""

    def patient(*arguments: Any, **options: Any) -> tuple[Any, str]:
        while True:
            worker, how = acquire(*arguments, **{"max_concurrency": WORKERS} | options)
            if worker is not None:
                return worker, how
            time.sleep(PAUSE_SECONDS)

    return patient


def main() -> None:
    """Run until told to end; configured by the environment (`emulator.start`)."""
    lambda_runtime.acquire_worker = waiting_for_a_worker(lambda_runtime.acquire_worker)
    from ministack.app import main as serve  # only now: its services take `acquire_worker` with them when they are imported

    serve()


if __name__ == "__main__":
    main()
