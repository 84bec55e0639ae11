"""First answers of commands, kept in the state for a day, so that a repeated request changes nothing and hears the same."""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TypeVar

from missions_core.domain.catalog import DAY_MS
from missions_core.domain.state import CommandResult
from missions_core.errors import Conflict
from missions_core.use_cases.changes import Draft

KEPT = 8
BOUGHT_KEPT = 16
Answer = TypeVar("Answer")


def hashed(request: str) -> str:
    """A request in a form that tells nothing, for whatever is done once for it: keys may hold anything, and ledgers outlive players."""
    return blake2b(request.encode(), digest_size=8).hexdigest()


def once(draft: Draft, request: str, command: str, run: Callable[[], str]) -> str:
    """Run a command unless this request ran it before; either way return its (JSON) result.

    Conflict `idempotency_key_reused` where the same key came with another command.
    """
    key = hashed(request)
    known = next((kept for kept in draft.state.commands if kept.key_hash == key and kept.at > draft.now - DAY_MS), None)
    if known is None:
        result = run()
        bought = draft.purchase is not None
        draft.state.commands = _kept([*draft.state.commands, CommandResult(key, command, result, draft.now, bought)], draft.now)
        draft.write()
        return result
    if known.command != command:
        raise Conflict("idempotency_key_reused", "this Idempotency-Key was used for another request; use a new one for each request")
    return known.result


def _kept(commands: Iterable[CommandResult], now: int) -> list[CommandResult]:
    """The latest of a day. Purchases have places of their own: no number of free commands makes a repeated one cost again."""
    recent = [entry for entry in commands if entry.at > now - DAY_MS]
    return [*[entry for entry in recent if entry.bought][-BOUGHT_KEPT:], *[entry for entry in recent if not entry.bought][-KEPT:]]
