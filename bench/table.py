"""A row of the table, and time as it is measured here."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, the figure, and what the design allows."""

    what: str
    figure: str
    budget: str = ""


def cpu_seconds(work: Callable[[], object], *, times: int = 1) -> float:
    """CPU seconds of so many runs of a piece of work."""
    start = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - start


def show(rows: list[Row]) -> str:
    """The rows as aligned text."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{row.what:<{widths[0]}}  {row.figure:>{widths[1]}}  {row.budget}".rstrip() for row in rows)
