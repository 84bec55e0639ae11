"""The emulator's process: ministack, with no more workers of one function than this machine has use for; invocations wait their turn.

By itself it starts a process for every concurrent invocation, as AWS does. Fifty at once on two cores only wait for each other: they
time out, and conflicting writes of one busy player outlast their retries. And tokens its authorizer cannot read are refused, as by AWS:
by itself it breaks down over them.
"""

import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

from ministack.core import lambda_runtime

Check = Callable[..., Coroutine[Any, Any, Any]]

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


def refusing_what_it_cannot_read(validate: Check, refusal: object) -> Check:
    """The JWT authorizer's check, answering `refusal` to claims that are no object and times that are no numbers."""

    async def check(*arguments: Any) -> Any:
        try:
            return await validate(*arguments)
        except (ValueError, TypeError, AttributeError, OverflowError):
            return None, None, refusal

    return check


def main() -> None:
    """Run until told to end; configured by the environment (`emulator.start`)."""
    lambda_runtime.acquire_worker = waiting_for_a_worker(lambda_runtime.acquire_worker)
    from ministack.app import main as serve  # only now: its services take `acquire_worker` with them when they are imported
    from ministack.services import apigateway

    check = refusing_what_it_cannot_read(apigateway._validate_jwt_authorizer, apigateway._jwt_unauthorized())
    apigateway._validate_jwt_authorizer = check
    serve()


if __name__ == "__main__":
    main()
