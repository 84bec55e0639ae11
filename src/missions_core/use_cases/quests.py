"""What players do with quests besides acting and claiming: begin a run, say that a step is done."""

from collections.abc import Callable

from missions_core.domain import quest_commands
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


def start_quest(stores: Stores, player: str, key: str, *, request: str, now: int) -> PlayerView:
    """Begin a run. Repeating `request` begins no other one. Errors: `quest_commands.start`."""

    def run(draft: Draft) -> None:
        events, settled = quest_commands.start(draft.state, draft.catalog, key, now=draft.now)
        draft.settled += settled
        draft.write(events)

    return _once(stores, player, request, f"start_quest:{key}", run, now=now)


def complete_step(stores: Stores, player: str, key: str, step: str, *, request: str, now: int) -> PlayerView:
    """Complete a step by the player's word. Repeating `request` changes nothing. Errors: `quest_commands.complete_step`."""

    def run(draft: Draft) -> None:
        draft.write(quest_commands.complete_step(draft.state, draft.catalog, key, step, now=draft.now))

    return _once(stores, player, request, f"complete_step:{key}:{step}", run, now=now)


def _once(stores: Stores, player: str, request: str, command: str, run: Callable[[Draft], None], *, now: int) -> PlayerView:
    def wanted(draft: Draft) -> PlayerView:
        require_registered(draft)

        def first() -> str:
            run(draft)
            draft.state.active_at = max(draft.state.active_at, draft.now)
            return ""

        once(draft, request, command, first)
        return PlayerView(draft.state, draft.catalog, draft.now)

    return change(stores, player, wanted, now=now)
