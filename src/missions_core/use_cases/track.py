"""Actions in: whatever their number, one read and one write per player."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from missions_core.domain import duplicates, fraud, rate_limits
from missions_core.domain.actions import Action, accept, accept_own
from missions_core.domain.progress import RequirementOutcome, apply
from missions_core.errors import Erased, InvalidInput
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.devices import check_device
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class Tracked:
    """What an action came to; `reason` says why where the outcome is `quarantined`. `is_erased`: its player is; nothing of it is kept.

    `per_minute`: how many actions the player may send, where the outcome is `rate_limited`.
    """

    action: Action
    outcome: str
    outcomes: list[RequirementOutcome] = field(default_factory=list)
    reason: InvalidInput | None = None
    is_erased: bool = False
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """That a player sent actions about themselves; on which device (its hash), if they said."""

    device: str | None = None


def track(stores: Stores, actions: Sequence[Action], *, now: int, own: Own | None = None) -> list[Tracked]:
    """Apply actions of any players and return what each came to, in the order given. `own`: a player sent them."""
    by_player: dict[str, list[int]] = {}
    for index, action in enumerate(actions):
        by_player.setdefault(action.player, []).append(index)
    results: dict[int, Tracked] = {}
    for player, indexes in by_player.items():
        tracked = track_player(stores, player, [actions[index] for index in indexes], now=now, own=own)
        results.update(zip(indexes, tracked, strict=True))
    return [results[index] for index in range(len(actions))]


def track_player(stores: Stores, player: str, actions: Sequence[Action], *, now: int, own: Own | None = None) -> list[Tracked]:
    """Apply one player's actions in one write. Contention: none of them was applied."""
    try:
        return change(stores, player, lambda draft: _apply_all(stores, draft, actions, own), now=now)
    except Erased:
        return [Tracked(action, "no_mission", is_erased=True) for action in actions]


def _apply_all(stores: Stores, draft: Draft, actions: Sequence[Action], own: Own | None) -> list[Tracked]:
    if draft.is_new and draft.catalog.rules.unknown_players == "quarantine":
        draft.changed = False
        return [_quarantined(action, _unknown_player()) for action in actions]
    draft.leaving = duplicates.leaving(draft.state, now=draft.now)
    old_hours = {duplicates.hour_of(action.filed_at) for action in actions if duplicates.needs_row(draft.state, action)}
    spilled = stores.players.seen(draft.state.player, old_hours) if old_hours else {}
    results: dict[int, Tracked] = {}
    for index in sorted(range(len(actions)), key=lambda index: (actions[index].time, actions[index].key)):
        seen = spilled.get(duplicates.hour_of(actions[index].filed_at), set())
        results[index] = _apply_one(stores, draft, actions[index], seen, own)
    if all(tracked.outcome == "quarantined" for tracked in results.values()):
        draft.changed &= not draft.is_new  # nothing valid ever came from this player: no state is minted
    return [results[index] for index in range(len(actions))]


def _apply_one(stores: Stores, draft: Draft, action: Action, spilled: set[str], own: Own | None) -> Tracked:
    try:
        accepted = (accept_own if own else accept)(action, now=draft.now, known=draft.catalog.known_actions)
    except InvalidInput as reason:
        return _quarantined(action, reason)
    if duplicates.is_duplicate(draft.state, accepted, spilled):
        return Tracked(action, "duplicate")
    if own and (per_minute := _limit_reached(draft, accepted)) is not None:
        return Tracked(action, "rate_limited", per_minute=per_minute)
    if own:
        check_device(stores, draft, own.device)
    duplicates.mark(draft.state, accepted)
    is_impossible, found = fraud.impossible(draft.state, draft.catalog.rules.fraud, accepted, now=draft.now)
    draft.write(found)
    if is_impossible:
        return Tracked(action, "filtered")
    applied = apply(draft.state, draft.catalog, accepted, own=own is not None)
    draft.write(applied.events)
    return Tracked(action, applied.outcome, applied.outcomes)


def _limit_reached(draft: Draft, action: Action) -> int | None:
    """How many actions a minute a player may send who just sent one too many. A rule that only watches lets it pass."""
    rules, rule = draft.catalog.rules.fraud, draft.catalog.rules.actions.get(action.type)
    limits = {action.type: rule.per_minute if rule else None, rate_limits.ALL: None if rules.rate_shadow else rules.per_minute}
    reached = rate_limits.take_each(draft.state, limits, now=draft.now)
    if reached is None and rules.rate_shadow and not rate_limits.take(draft.state, rate_limits.ALL, rules.per_minute, now=draft.now):
        draft.write(fraud.too_fast(draft.state, rules, now=draft.now))
    return reached


def _quarantined(action: Action, reason: InvalidInput) -> Tracked:
    return Tracked(action, "quarantined", reason=reason)


def _unknown_player() -> InvalidInput:
    return InvalidInput("unknown_player", "no such player; register the player first (PUT /v1/players/{id})", field="subject")
