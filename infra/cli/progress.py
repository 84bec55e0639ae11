"""Progress bars for people at a terminal; scripts and logs see nothing of them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")


@contextmanager
def progress_bar(text: str, *, quiet: bool, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; call what it gives with the number of steps done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as display:
        task = display.add_task(text, total=total)
        yield lambda done: display.update(task, completed=done)


def counted(text: str, *, quiet: bool) -> "Callable[[Collection[Item]], Iterable[Item]]":
    """Wraps a collection so that a bar follows whoever goes through it."""

    def going_through(items: Collection[Item]) -> Iterator[Item]:
        with progress_bar(text, quiet=quiet, total=len(items)) as show:
            for done, item in enumerate(items, start=1):
                yield item
                show(done)

    return going_through
