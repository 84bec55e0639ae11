"""What players buy besides rerolls: freezes for their streaks."""

from missions_core.domain import commands
from missions_core.domain.catalog import PeriodKind
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.idempotency import hashed, once
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


def buy_freeze(stores: Stores, player: str, streak: PeriodKind, *, request: str, now: int) -> PlayerView:
    """Buy a freeze for the daily or weekly streak. Repeating `request` buys nothing more.

    Conflict `freezes_not_for_sale`, `freezes_full`, `insufficient_balance`.
    """

    def command(draft: Draft) -> PlayerView:
        require_registered(draft)

        def buy() -> str:
            draft.buy(f"purchase:freeze:{hashed(request)}", commands.buy_freeze(draft.state, draft.catalog, streak))
            return streak

        once(draft, request, f"freeze:{streak}", buy)
        draft.state.active_at = max(draft.state.active_at, draft.now)
        draft.write()
        return PlayerView(draft.state, draft.catalog, draft.now)

    return change(stores, player, command, now=now)
