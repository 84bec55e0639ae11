"""Instants as JSON shows them: RFC 3339 in UTC with milliseconds. The domain counts epoch milliseconds."""

from datetime import UTC, datetime
from typing import overload

from missions_core.domain.periods import FOREVER


@overload
def timestamp(instant: int) -> str: ...
@overload
def timestamp(instant: int | None) -> str | None: ...
def timestamp(instant: int | None) -> str | None:
    """The instant as text; None stays None."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def end_of(instant: int | None) -> str | None:
    """An end that may never come, as text; None for one that never does."""
    return None if instant is None or instant >= FOREVER else timestamp(instant)
