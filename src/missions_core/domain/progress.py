"""Applying one action to a player's state: counters, missions, completions, and what it came to for each requirement."""

from dataclasses import dataclass, field
from decimal import Decimal

from missions_core.domain import counters
from missions_core.domain import limits as limited
from missions_core.domain.actions import Action
from missions_core.domain.catalog import ActiveHours, Catalog, Leaf, Template
from missions_core.domain.events import Event, MissionStarted, QuestStarted
from missions_core.domain.leaderboards import compete
from missions_core.domain.periods import DayClock, local_day, local_hour
from missions_core.domain.requirements import gather, holds, holds_where, shown_value, value_of
from missions_core.domain.settlement import finish_if_complete
from missions_core.domain.state import Board, Mission, PlayerState, Progress, mission_id

# From best to worst: an action's own outcome is its best.
OUTCOMES = ("counted", "capped", "cooldown", "filtered", "outside_active_hours", "rate_limited", "late", "no_mission", "duplicate")
RANK = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True)
class RequirementOutcome:
    """What an action came to for one requirement of one mission; before and after only where it counted."""

    mission: str
    requirement: str
    outcome: str
    before: Decimal | None = None
    after: Decimal | None = None


@dataclass(slots=True)
class Applied:
    """What an action came to, best first, and the events."""

    outcome: str
    outcomes: list[RequirementOutcome] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def apply(state: PlayerState, catalog: Catalog, action: Action, *, own: bool = False) -> Applied:
    """Apply an action that was not seen before to a state rolled to now. `own`: the player sent it, which missions may limit."""
    state.active_at = max(state.active_at, action.time)
    types = _types(catalog, action)
    applied = Applied("no_mission" if _reaches_a_board(state, action) else "late")
    for board, mission in list(state.missions()):
        template = catalog.template(mission.template, mission.version)
        if not template.leaves_of.keys().isdisjoint(types) and _takes(board, mission, template, action):
            wanted = [index for type_ in types for index in template.leaves_of.get(type_, ())]
            limits = template.limits if own else None
            reached = None if limits is None else limited.reached(board, mission, limits, action.time)
            held_off = None if reached is None or reached.is_shadow else reached.outcome
            before = mission.progress[0]
            offered = (_offer(board, mission, template, index, action, held_off) for index in wanted)
            outcomes = [outcome for outcome in offered if outcome is not None]
            applied.outcomes += outcomes
            came_to = {outcome.outcome for outcome in outcomes}
            if mission.competitive and not came_to.isdisjoint(("counted", "capped")):
                applied.events += compete(state, board, mission, template.leaves[0], before, action)
            if "counted" in came_to:
                if limits is not None:
                    applied.events += limited.note(state, board, mission, reached, action.time)
                _advance(state, catalog, board, mission, template, action, applied)
    for type_ in types:
        counters.count(state, catalog, type_, action)
    applied.outcome = min((o.outcome for o in applied.outcomes), key=RANK.__getitem__, default=applied.outcome)
    return applied


def _reaches_a_board(state: PlayerState, action: Action) -> bool:
    """Whether the action's time lies in a current or previous period: of any kind that dealt something, or of a day."""
    boards = (board for board in state.boards if board.missions or board.period.kind == "daily")
    return any(board.period.covers(action.time) for board in boards)


def _types(catalog: Catalog, action: Action) -> list[str]:
    """The action's own type and those it counts as too."""
    types = [action.type]
    for derivation in catalog.rules.derive:
        if derivation.when in types and all(holds_where(condition, action.data) for condition in derivation.where):
            types.append(derivation.produces)
    return types


def _takes(board: Board, mission: Mission, template: Template, action: Action) -> bool:
    """Whether the mission takes actions of this time: opted in where that is asked, not older than that or than a reroll."""
    if board.closed and template.repeats:
        return False  # a finished ordinal: the next one has taken over
    if mission.started_at is None:
        return not template.requires_start
    return action.time >= mission.started_at


def _offer(
    board: Board, mission: Mission, template: Template, index: int, action: Action, held_off: str | None
) -> RequirementOutcome | None:
    """Offer the action to one requirement, which a limit may hold it off; None: it belongs to another period."""
    leaf, period = template.leaves[index], board.period
    if action.time >= period.end or (action.time < period.start and not leaf.lifetime):
        return None
    name = mission_id(board, mission)
    if template.time_limit_ms is not None and not template.steps and action.time >= period.start + template.time_limit_ms:
        return RequirementOutcome(name, leaf.key, "late")
    if template.active_hours is not None and not _within_hours(template.active_hours, action.time, period.clock):
        return RequirementOutcome(name, leaf.key, "outside_active_hours")
    before = mission.progress[index]
    after = gather(leaf, before, action, _day_of(leaf, board, action))
    if after is None:
        return RequirementOutcome(name, leaf.key, "filtered")
    if held_off is not None:
        return RequirementOutcome(name, leaf.key, held_off)
    return _gathered(name, mission, leaf, index, after)


def _gathered(name: str, mission: Mission, leaf: Leaf, index: int, after: Progress) -> RequirementOutcome:
    before = mission.progress[index]
    mission.progress[index] = after
    measured = _score if mission.competitive else shown_value
    was, now = measured(leaf, before), measured(leaf, after)
    if was == now and holds(leaf, after, settling=False):
        return RequirementOutcome(name, leaf.key, "capped")
    return RequirementOutcome(name, leaf.key, "counted", was, now)


def _score(leaf: Leaf, progress: Progress) -> Decimal:
    return value_of(leaf, progress) or Decimal(0)


def _advance(
    state: PlayerState, catalog: Catalog, board: Board, mission: Mission, template: Template, action: Action, applied: Applied
) -> None:
    if mission.first_at is None and not (template.steps and mission.started_at):
        started = QuestStarted if template.steps else MissionStarted
        applied.events.append(started(mission_id(board, mission), mission.template, action.time))
    mission.first_at = min(action.time, mission.first_at or action.time)
    mission.last_at = max(action.time, mission.last_at or action.time)
    if mission.status == "active" or template.steps:
        applied.events += finish_if_complete(state, catalog, board, mission, at=mission.last_at)


def _day_of(leaf: Leaf, board: Board, action: Action) -> int:
    """The index of the action's local day in the board's sealed zone (only `days` wants it)."""
    if leaf.aggregate != "days":
        return 0
    clock = board.period.clock
    return local_day(action.time, clock) - local_day(board.period.start, clock)


def _within_hours(hours: ActiveHours, instant: int, clock: DayClock) -> bool:
    hour = local_hour(instant, hours.zone or clock.zone)
    if hours.start <= hours.end:
        return hours.start <= hour < hours.end
    return hour >= hours.start or hour < hours.end
