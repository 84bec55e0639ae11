"""What looks like fraud. Whatever is found becomes a flag with its numbers, for an operator to judge; nobody is banned by a rule."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from missions_core.domain import rate_limits
from missions_core.domain.actions import Action
from missions_core.domain.catalog import HOUR_MS, Catalog, Condition, FraudRules, ImpossibleValue, Leaf, Template
from missions_core.domain.events import Event, PlayerFlagged
from missions_core.domain.requirements import holds, holds_where
from missions_core.domain.state import Board, Flag, Mission, PlayerState, mission_id

MAX_FLAGS = 16
MAX_DEVICES = 8
SHOWN_CHARACTERS = 40  # of a value a player sent
CLAIMS = "*claims"  # the bucket of claims: no action type is called so
MINUTE_MS = 60_000


def raise_flag(state: PlayerState, rule: str, detail: str, *, shadow: bool, hold: bool, now: int) -> list[Event]:
    """Note what a rule found: once per rule, with how often and what was found last. The world hears of the first time, if it is no shadow.

    Too many push out shadows, the longest unseen first. Others stay until an operator clears them; there are no more than rules.
    """
    held = hold and not shadow
    for flag in state.flags:
        if (flag.rule, flag.shadow) == (rule, shadow):
            flag.count, flag.last_at, flag.detail, flag.hold = flag.count + 1, now, detail, held
            return []
    state.flags.append(Flag(rule, detail, now, now, shadow=shadow, hold=held))
    if len(state.flags) > MAX_FLAGS and (shadows := [flag for flag in state.flags if flag.shadow]):
        state.flags.remove(min(shadows, key=lambda flag: flag.last_at))
    return [] if shadow else [PlayerFlagged(rule, detail, now)]


def too_fast(state: PlayerState, rules: FraudRules, *, now: int) -> list[Event]:
    """A player sent more in a minute than the rule for all their actions allows, and it only watches."""
    detail = f"sent more than {rules.per_minute} actions within a minute"
    return raise_flag(state, "rate", detail, shadow=True, hold=False, now=now)


def impossible(state: PlayerState, rules: FraudRules, action: Action, *, now: int) -> tuple[bool, list[Event]]:
    """Whether an action is one that no honest player could cause and must not count, and what that leads to."""
    broken = [rule for rule in rules.impossible if rule.action == action.type and _is_broken(rule, action.data)]
    events: list[Event] = []
    for rule in broken:
        said = ", ".join(_said(condition, action.data) for condition in rule.where)
        detail = f"{action.type} with {said}"
        events += raise_flag(state, f"impossible:{rule.key}", detail, shadow=rule.shadow, hold=rules.hold, now=now)
    return any(not rule.shadow for rule in broken), events


def check_claim(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, *, now: int) -> list[Event]:
    """Look at a claim before its grant is owed, so that this very grant is held where something is found."""
    return _too_many_claims(state, catalog.rules.fraud, now) + _done_too_fast(state, catalog, board, mission, now)


def check_claim_of_tiers(state: PlayerState, catalog: Catalog, *, now: int) -> list[Event]:
    """The same for an achievement: nothing tells how long it took."""
    return _too_many_claims(state, catalog.rules.fraud, now)


def device_hash(device_id: str) -> str:
    """What is kept of a device's id: the same for all players, which tells that they share it."""
    return blake2b(device_id.encode(), digest_size=8, person=b"device").hexdigest()


def knows_device(state: PlayerState, device: str) -> bool:
    """Whether the player was seen on the device before; it is then the latest used one."""
    if device not in state.devices:
        return False
    state.devices.remove(device)
    state.devices.append(device)
    return True


def meet_device(state: PlayerState, rules: FraudRules, device: str, players: int, *, now: int) -> list[Event]:
    """See a player on a device that is new to them and on which so many players were seen by now, the player included."""
    rule = rules.devices
    assert rule is not None, "without a rule nobody asks"
    known, state.devices = state.devices, [*state.devices, device][-MAX_DEVICES:]
    events: list[Event] = []
    if rule.new and known:
        detail = f"device {device} is new, after {len(known)} others"
        events += raise_flag(state, "device_new", detail, shadow=rule.shadow, hold=rules.hold, now=now)
    if rule.max_players is not None and players > rule.max_players:
        detail = f"device {device} is used by more than {rule.max_players} players"
        events += raise_flag(state, "device_shared", detail, shadow=rule.shadow, hold=rules.hold, now=now)
    return events


def _is_broken(rule: ImpossibleValue, data: Mapping[str, Any]) -> bool:
    return all(holds_where(condition, data) for condition in rule.where)


def _said(condition: Condition, data: Mapping[str, Any]) -> str:
    value = str(data.get(condition.field))
    shown = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
    return f"{condition.field} {shown} (impossible: {condition.op} {condition.value})"


def _too_many_claims(state: PlayerState, rules: FraudRules, now: int) -> list[Event]:
    rule = rules.claims
    if rule is None or rule.per_hour is None or rate_limits.take(state, CLAIMS, rule.per_hour, now=now, window_ms=HOUR_MS):
        return []
    detail = f"claimed more than {rule.per_hour} rewards within an hour"
    return raise_flag(state, "claim_rate", detail, shadow=rule.shadow, hold=rules.hold, now=now)


def _done_too_fast(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, now: int) -> list[Event]:
    rules, template = catalog.rules.fraud, catalog.template(mission.template, mission.version)
    rule = rules.claims
    if rule is None or rule.faster_than is None or template.typical_minutes is None or template.steps:
        return []
    took = _duration(mission, template)
    if took is None or took >= rule.faster_than * template.typical_minutes * MINUTE_MS:
        return []
    detail = f"{mission_id(board, mission)} took {took / 1000:g} s, typically it takes {template.typical_minutes} min"
    return raise_flag(state, "claim_fast", detail, shadow=rule.shadow, hold=rules.hold, now=now)


def _duration(mission: Mission, template: Template) -> int | None:
    """From the start, or the first action, to completion; None: that says nothing.

    A single action has no duration, and what a perpetual mission carried over was done before. Several actions at one instant are fast.
    """
    begun = mission.started_at if mission.started_at is not None else mission.first_at
    if begun is None or mission.completed_at is None or template.repeats:
        return None
    took = max(0, mission.completed_at - begun)
    counted = zip(template.leaves, mission.progress, strict=True)
    return took if took or any(_took_several(leaf) and holds(leaf, progress, settling=False) for leaf, progress in counted) else None


def _took_several(leaf: Leaf) -> bool:
    return leaf.aggregate in ("count", "distinct", "days") and not leaf.lifetime and leaf.target > 1
