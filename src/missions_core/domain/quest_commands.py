"""What a player may do with quests: see them, begin a run, complete a step, claim. Each checks the state and changes it, or raises."""

from dataclasses import replace

from missions_core.domain import assignment, quests
from missions_core.domain.catalog import Catalog, Template
from missions_core.domain.completion import claim_waiting
from missions_core.domain.events import Event, QuestStarted
from missions_core.domain.roll import day_clock, new_mission
from missions_core.domain.settlement import completions_with, settle
from missions_core.domain.state import Board, Mission, PlayerState, mission_id
from missions_core.errors import Conflict, Gone, NotFound

UNDER_WAY = "under_way"
NOT_FINAL = "last_run_not_final"  # its time is over, and late actions may still complete it


def shown(state: PlayerState, catalog: Catalog, *, now: int) -> list[Template]:
    """Every quest the player can see, each as find_shown shows it, in key order."""
    known = {template.key for template in catalog.missions("quest")}
    known |= {mission.template for board, mission in state.missions() if board.period.kind == "quest"}
    templates = (_find(state, catalog, key) for key in sorted(known))
    return [template for template in templates if template is not None and assignment.may_know(state, catalog, template, now)]


def find_shown(state: PlayerState, catalog: Catalog, key: str, *, now: int) -> Template:
    """A quest the player can see: as it was dealt while a run is on the board, else as published. NotFound `quest_not_found`."""
    template = _find(state, catalog, key)
    if template is None or not assignment.may_know(state, catalog, template, now):
        raise _not_found(key)
    return template


def why_not(state: PlayerState, catalog: Catalog, key: str, *, now: int) -> str | None:
    """The reason why the player cannot begin a run now, None if they can."""
    template, run = catalog.templates.get(key), quests.find_run(state, key)
    if run is not None and run[1].completed_at is None:
        return UNDER_WAY if now < run[0].period.end else NOT_FINAL
    if template is None or template.kind != "quest":
        return "no_longer_active"
    if run is not None:
        state = _as_if_final(state, *run)
    return assignment.why_not(state, catalog, template, now)


def start(state: PlayerState, catalog: Catalog, key: str, *, now: int) -> tuple[list[Event], list[Board]]:
    """Begin a run: actions from now on count. A completed one that is still on the board makes room: it is returned, final.

    NotFound `quest_not_found`; Conflict `quest_already_started`, `quest_already_completed` or `quest_not_available` with the reason.
    """
    dealt = find(state, catalog, key)
    _check_start(why_not(state, catalog, key, now=now), quests.status(state, dealt, now=now))
    last, template = quests.find_run(state, key), catalog.templates[key]
    events = settle(state, catalog, last[0]) if last else []
    mission = new_mission(state, template)
    mission.started_at = now
    board = quests.new_run(state, mission, template, day_clock(state, catalog.rules), start=now, at=now)
    state.boards.append(board)
    events += [QuestStarted(mission_id(board, mission), key, now), *quests.advance(state, board, mission, template, at=now)]
    return events, [last[0]] if last else []


def complete_step(state: PlayerState, catalog: Catalog, key: str, step: str, *, now: int) -> list[Event]:
    """Complete a manual step by the player's word.

    NotFound `quest_not_found`, `step_not_found`; Conflict `quest_not_started`, `step_already_completed`, `step_not_manual`,
    `step_out_of_order` (`next`) or `step_not_ready`; Gone `quest_over`.
    """
    template = find(state, catalog, key)
    index = next((n for n, each in enumerate(template.steps) if each.key == step), None)
    if index is None:
        raise NotFound("step_not_found", f"this quest has no step {step!r}")
    board, mission = _open_run(state, template, now=now)
    _check_step(mission, template, index)
    is_first = mission.first_at is None and mission.started_at is None
    events: list[Event] = [QuestStarted(mission_id(board, mission), key, now)] if is_first else []
    mission.first_at = min(now, mission.first_at or now)
    mission.last_at = max(now, mission.last_at or now)
    events += quests.finish_step(state, board, mission, template, index, at=mission.last_at)
    return events + quests.advance(state, board, mission, template, at=mission.last_at)


def find_claimable(state: PlayerState, catalog: Catalog, key: str, *, now: int) -> tuple[Board, Mission]:
    """A completed run whose reward waits. NotFound `quest_not_found`; Conflict `quest_not_completed` or `already_claimed`."""
    template, run, ended = find(state, catalog, key), quests.find_run(state, key), state.quests.get(key)
    if run is not None and run[1].status == "completed":
        return run
    claimed_at = run[1].claimed_at if run else ended.claimed_at if ended else None
    if claimed_at is not None:
        raise Conflict("already_claimed", "this quest's reward was claimed before", claimed_at=claimed_at)
    reached = quests.status(state, template, now=now)
    raise Conflict("quest_not_completed", "this quest is not complete", quest_status=reached)


def claim(state: PlayerState, catalog: Catalog, key: str, *, now: int) -> tuple[Board, Mission, list[Event]]:
    """Claim a completed quest's reward. Errors: `find_claimable`."""
    board, mission = find_claimable(state, catalog, key, now=now)
    return board, mission, claim_waiting(state, catalog, board, mission, at=now)


def find(state: PlayerState, catalog: Catalog, key: str) -> Template:
    """A quest that is for this player, offered now or not. NotFound `quest_not_found`."""
    template = _find(state, catalog, key)
    if template is None:
        raise _not_found(key)
    return template


def _find(state: PlayerState, catalog: Catalog, key: str) -> Template | None:
    """Segments are the host's own marks on its players: whoever lacks one does not learn of the quest, unless they ran it."""
    run = quests.find_run(state, key)
    if run is not None:
        return catalog.template(key, run[1].version)
    template = catalog.templates.get(key)
    if template is None or template.kind != "quest":
        return None
    return template if key in state.quests or set(template.segments) <= set(state.segments) else None


def _not_found(key: str) -> NotFound:
    return NotFound("quest_not_found", f"there is no quest {key!r}")


def _as_if_final(state: PlayerState, board: Board, mission: Mission) -> PlayerState:
    """The state in which a completed run has made room for the next one."""
    assert mission.completed_at is not None, "only a completed run makes room"
    done = completions_with(state, board, mission, mission.completed_at)
    boards = [other for other in state.boards if other is not board]
    return replace(state, boards=boards, completions={**state.completions, mission.template: done})


def _check_start(reason: str | None, status: str) -> None:
    if reason == UNDER_WAY:
        raise Conflict("quest_already_started", "this quest is under way", quest_status=status)
    if reason == "completed_often_enough":
        raise Conflict("quest_already_completed", "this quest was completed before", quest_status=status)
    if reason is not None:
        raise Conflict("quest_not_available", f"this quest cannot be started now: {reason}", reason=reason)


def _open_run(state: PlayerState, template: Template, *, now: int) -> tuple[Board, Mission]:
    run = quests.find_run(state, template.key)
    if run is None:
        raise Conflict("quest_not_started", "this quest is not under way", quest_status=quests.status(state, template, now=now))
    if now >= run[0].period.end:
        raise Gone("quest_over", "the time for this quest is over")
    return run


def _check_step(mission: Mission, template: Template, index: int) -> None:
    if mission.steps[index] is not None:
        raise Conflict("step_already_completed", "this step was completed before", completed_at=mission.steps[index])
    if not template.steps[index].manual:
        raise Conflict("step_not_manual", "this step completes by itself, as soon as its requirements are met")
    following = quests.next_step(mission, template)
    if following is not None and not quests.has_turn(mission, template, index):
        following_key = template.steps[following].key
        raise Conflict("step_out_of_order", f"the next step is {following_key!r}", next=following_key)
    if not quests.is_ready(mission, template, index):
        raise Conflict("step_not_ready", "this step's requirements are not met yet")
