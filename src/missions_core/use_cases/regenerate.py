"""What operators do to a player's missions: replace those nobody has touched."""

import json
from dataclasses import dataclass

from missions_core.domain.catalog import PeriodKind
from missions_core.domain.regeneration import regenerate
from missions_core.domain.state import Board, mission_id
from missions_core.errors import NotFound
from missions_core.storage.audit import AuditEntry
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.operators import require_impartial
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class Regenerated:
    """The ids of the missions that were replaced, and the board as it is now; None: its time is over."""

    view: PlayerView
    replaced: list[str]
    board: Board | None


def regenerate_missions(stores: Stores, player: str, kind: PeriodKind, *, actor: str, reason: str, request: str, now: int) -> Regenerated:
    """Replace the untouched missions of a player's current board (daily, weekly, monthly). Repeating `request` replaces nothing more.

    Does not count as the player being here. NotPermitted `own_case`, NotFound `unknown_player`, Conflict `nothing_to_regenerate`.
    """
    require_impartial(actor, player)

    def command(draft: Draft) -> Regenerated:
        if draft.is_new:
            raise NotFound("unknown_player", "no such player has ever played here")

        def replace() -> str:
            board, taken, events = regenerate(draft.state, draft.catalog, kind, now=draft.now)
            replaced = [mission_id(board, mission) for mission in taken]
            details = {"kind": kind, "label": board.period.label, "replaced": ", ".join(replaced)}
            stores.audit.write(AuditEntry(now, actor, "missions_regenerated", draft.state.account, reason, details))
            draft.write(events)
            return json.dumps(replaced)

        # The operator's key is not one of the player's, whatever it looks like.
        replaced = json.loads(once(draft, f"operator:{request}", f"regenerate:{kind}", replace))
        return Regenerated(PlayerView(draft.state, draft.catalog, draft.now), replaced, draft.state.current(kind))

    return change(stores, player, command, now=now, present=False)
