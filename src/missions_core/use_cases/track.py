"""Actions in: whatever their number, one read and one write per player."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from missions_core.domain import duplicates, rate_limits
from missions_core.domain.actions import Action, accept, accept_own
from missions_core.domain.progress import RequirementOutcome, apply
from missions_core.errors import InvalidInput
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class Tracked:
    """What an action came to; `reason` says why where the outcome is `quarantined`."""

    action: Action
    outcome: str
    outcomes: list[RequirementOutcome] = field(default_factory=list)
    reason: InvalidInput | None = None


def track(stores: Stores, actions: Sequence[Action], *, now: int, client: bool = False) -> list[Tracked]:
    """Apply actions of any players and return what each came to, in the order given. `client`: players sent them about themselves."""
    by_player: dict[str, list[int]] = {}
    for index, action in enumerate(actions):
        by_player.setdefault(action.player, []).append(index)
    results: dict[int, Tracked] = {}
    for player, indexes in by_player.items():
        tracked = track_player(stores, player, [actions[index] for index in indexes], now=now, client=client)
        results.update(zip(indexes, tracked, strict=True))
    return [results[index] for index in range(len(actions))]


def track_player(stores: Stores, player: str, actions: Sequence[Action], *, now: int, client: bool = False) -> list[Tracked]:
    """Apply one player's actions in one write. Contention: none of them was applied."""
    return change(stores, player, lambda draft: _apply_all(stores, draft, actions, client=client), now=now)


def _apply_all(stores: Stores, draft: Draft, actions: Sequence[Action], *, client: bool) -> list[Tracked]:
    if draft.is_new and draft.catalog.rules.unknown_players == "quarantine":
        draft.changed = False
        return [_quarantined(action, _unknown_player()) for action in actions]
    draft.leaving = duplicates.leaving(draft.state, now=draft.now)
    old_hours = {duplicates.hour_of(action.filed_at) for action in actions if duplicates.needs_row(draft.state, action)}
    spilled = stores.players.seen(draft.state.player, old_hours) if old_hours else {}
    results: dict[int, Tracked] = {}
    for index in sorted(range(len(actions)), key=lambda index: (actions[index].time, actions[index].key)):
        seen = spilled.get(duplicates.hour_of(actions[index].filed_at), set())
        results[index] = _apply_one(draft, actions[index], seen, client=client)
    if all(tracked.outcome == "quarantined" for tracked in results.values()):
        draft.changed &= not draft.is_new  # nothing valid ever came from this player: no state is minted
    return [results[index] for index in range(len(actions))]


def _apply_one(draft: Draft, action: Action, spilled: set[str], *, client: bool) -> Tracked:
    rules = draft.catalog.rules
    try:
        accepted = (accept_own if client else accept)(action, now=draft.now, known=draft.catalog.known_actions)
    except InvalidInput as reason:
        return _quarantined(action, reason)
    if duplicates.is_duplicate(draft.state, accepted, spilled):
        return Tracked(action, "duplicate")
    rule = rules.actions.get(accepted.type)
    if client and rule is not None and not rate_limits.take(draft.state, accepted.type, rule.per_minute, now=draft.now):
        return Tracked(action, "rate_limited")
    duplicates.mark(draft.state, accepted)
    applied = apply(draft.state, draft.catalog, accepted)
    draft.write(applied.events)
    return Tracked(action, applied.outcome, applied.outcomes)


def _quarantined(action: Action, reason: InvalidInput) -> Tracked:
    return Tracked(action, "quarantined", reason=reason)


def _unknown_player() -> InvalidInput:
    return InvalidInput("unknown_player", "no such player; register the player first (PUT /v1/players/{id})", field="subject")
