"""Players whom a rule against fraud found something about: whom an operator should look at, why, and that somebody did."""

from missions_core.domain.state import PlayerState
from missions_core.errors import Erased, NotFound
from missions_core.storage.audit import AuditEntry
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.operators import require_impartial
from missions_core.use_cases.stores import Stores


def list_flagged(stores: Stores, *, limit: int, cursor: str | None) -> tuple[list[PlayerState], str | None]:
    """The states of flagged players, the longest waiting first, and the cursor of the next page, which may have fewer than `limit`."""
    players, next_cursor = stores.players.flagged(limit=limit, cursor=cursor)
    states = [state for player in players if (state := _find(stores, player)) is not None]
    return [state for state in states if state.flagged_at is not None], next_cursor


def look_at(stores: Stores, player: str) -> PlayerState:
    """The state of a player as it is stored. NotFound `unknown_player`."""
    stored = stores.players.load(player)
    if stored is None:
        raise unknown_player()
    return stored.state


def clear_flags(stores: Stores, player: str, *, actor: str, reason: str, now: int) -> PlayerState:
    """Take a player's flags away, recorded ones too: what they earn from now on is not held. What is held stays so until it is decided on.

    NotPermitted `own_case`, NotFound `unknown_player`. Without flags nothing is decided.
    """
    require_impartial(actor, player)

    def run(draft: Draft) -> PlayerState:
        state = draft.state
        if draft.is_new:
            raise unknown_player()
        if state.flags:
            rules = ", ".join(flag.rule for flag in state.flags)
            stores.audit.write(AuditEntry(now, actor, "flags_cleared", state.account, reason, {"flags": rules}))
            state.flags.clear()
            draft.write()
        return state

    return change(stores, player, run, now=now, present=False)


def unknown_player() -> NotFound:
    """Nobody of that id ever played."""
    return NotFound("unknown_player", "no such player; the host registers players (PUT /v1/players/{id})")


def _find(stores: Stores, player: str) -> PlayerState | None:
    """The index may name for a moment who is gone."""
    try:
        return look_at(stores, player)
    except (NotFound, Erased):
        return None
