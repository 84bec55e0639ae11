"""How commands show long work: a line per step for people, nothing for scripts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console

from infra.local.lifecycle import Step

console = Console(highlight=False)


def steps(*, quiet: bool) -> Step:
    """A display of steps; a quiet one is silent."""
    return _silent if quiet else _shown


def _silent(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def _shown(text: str) -> Iterator[None]:
    with console.status(text):
        yield
    console.print(f"[green]✓[/green] {text}")
