"""A row of the table, and time as it is measured here."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, the figure, what the design allows, and whether the figure is more than that."""

    what: str
    figure: str
    budget: str = ""
    exceeded: bool = False


def budgeted(what: str, figure: float, *, most: float | None = None, least: float | None = None, digits: int = 2) -> Row:
    """A figure the design sets a limit to."""
    exceeded = (most is not None and figure > most) or (least is not None and figure < least)
    budget = f"<= {most:,}" if most is not None else f">= {least:,}"
    return Row(what, f"{figure:,.{digits}f}", budget, exceeded)


def cpu_seconds(work: Callable[[], object], *, times: int = 1) -> float:
    """CPU seconds of so many runs of a piece of work."""
    start = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - start


def show(rows: list[Row]) -> str:
    """The rows as aligned text; what is not within its budget says so."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{row.what:<{widths[0]}}  {row.figure:>{widths[1]}}  {_verdict(row)}".rstrip() for row in rows)


def _verdict(row: Row) -> str:
    return f"{row.budget}  EXCEEDED" if row.exceeded else row.budget
