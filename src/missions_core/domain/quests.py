"""How a run of a quest goes: steps in order. A run is one board with one mission, which gathers for all steps from its beginning.

Steps complete in order, whatever the order in which their requirements came to hold: so any order of delivery ends the same way
(invariant 5). Optional steps may be left out. They may also be done when the quest is complete, so a run stays on the board until all
its steps are done and it is claimed, until its time is over, or until the next run begins. Quests pay the catalog's plain amounts.
"""

from missions_core.domain.catalog import DAY_MS, Rewards, Template
from missions_core.domain.completion import pay, pay_out
from missions_core.domain.events import Event, QuestCompleted, QuestFailed, QuestStepCompleted
from missions_core.domain.periods import FOREVER, DayClock, Period
from missions_core.domain.requirements import tree_holds
from missions_core.domain.state import Board, Mission, PlayerState, QuestEnd, cause_of, mission_id

LATE_MS = DAY_MS  # how long after its end late actions still reach a run


def new_run(state: PlayerState, mission: Mission, template: Template, clock: DayClock, *, start: int, at: int) -> Board:
    """The board of the next run, opened `at`: actions from `start` on count, until its time or the quest's window is over."""
    ended = state.quests.get(template.key)
    limit = FOREVER if template.time_limit_ms is None else at + template.time_limit_ms
    end = min(limit, FOREVER if template.active_until is None else template.active_until)
    mission.steps = [None] * len(template.steps)
    period = Period("quest", f"run-{(ended.runs if ended else 0) + 1}", max(start, template.active_from or 0), end, clock)
    return Board(period, [mission], FOREVER if end == FOREVER else end + LATE_MS)


def advance(state: PlayerState, board: Board, mission: Mission, template: Template, *, at: int) -> list[Event]:
    """Complete the steps whose turn it is and whose requirements hold, and the quest once nothing required is left."""
    events: list[Event] = []
    for index, step in enumerate(template.steps):
        if not step.manual and is_ready(mission, template, index):
            events += finish_step(state, board, mission, template, index, at=at)
    if mission.status == "active" and next_step(mission, template) is None:
        mission.status, mission.completed_at, mission.paid = "completed", at, template.rewards
        events.append(QuestCompleted(mission_id(board, mission), template.key, template.rewards, at))
        if template.auto_claim:
            events += pay(state, board, mission, at=state.updated_at)
    return events


def finish_step(state: PlayerState, board: Board, mission: Mission, template: Template, index: int, *, at: int) -> list[Event]:
    """Mark a step as done and pay it, unless a run that failed has paid it before."""
    step = template.steps[index]
    mission.steps[index] = at
    rewards = Rewards() if step.key in _paid_before(state, mission.template) else step.rewards
    done = QuestStepCompleted(mission_id(board, mission), template.key, step.key, rewards, at)
    if not rewards:
        return [done]
    return [done, *pay_out(state, f"{cause_of(board, mission)}:{step.key}", rewards, at=state.updated_at)]


def is_ready(mission: Mission, template: Template, index: int) -> bool:
    """Whether a step can be completed: not done yet, its turn, and its requirements hold."""
    if mission.steps[index] is not None or not has_turn(mission, template, index):
        return False
    return tree_holds(template.steps[index].tree, template.leaves, mission.progress, settling=False)


def has_turn(mission: Mission, template: Template, index: int) -> bool:
    """Whether everything required before a step is done."""
    following = next_step(mission, template)
    return following is None or index <= following


def next_step(mission: Mission, template: Template) -> int | None:
    """The first required step that is not done; None: the quest is complete."""
    return next((n for n, step in enumerate(template.steps) if not step.optional and mission.steps[n] is None), None)


def find_run(state: PlayerState, key: str) -> tuple[Board, Mission] | None:
    """The run of a quest that is not final yet."""
    return next(((b, m) for b, m in state.missions() if b.period.kind == "quest" and m.template == key), None)


def is_used_up(mission: Mission) -> bool:
    """Whether no action can change anything about a run any more."""
    return mission.status == "claimed" and None not in mission.steps


def status(state: PlayerState, template: Template, *, now: int) -> str:
    """not_started, in_progress, completed, failed or expired: of the run on the board, else of the last one."""
    run = find_run(state, template.key)
    if run is not None:
        return run_status(*run, template, now=now)
    ended = state.quests.get(template.key)
    if ended is None:
        return "not_started"
    return "completed" if ended.status == "claimed" else ended.status


def run_status(board: Board, mission: Mission, template: Template, *, now: int) -> str:
    """Of one run; what an end without completion says is provisional until the run is final."""
    if mission.completed_at is not None:
        return "completed"
    return "in_progress" if now < board.period.end else unfinished(board, template)


def unfinished(board: Board, template: Template) -> str:
    """How a run that was not completed ends: failed by its own time limit, expired by the quest's window."""
    by_window = template.active_until is not None and board.period.end >= template.active_until
    return "expired" if by_window or template.time_limit_ms is None else "failed"


def end_run(state: PlayerState, board: Board, mission: Mission, template: Template) -> list[Event]:
    """Remember a run that has become final, with the steps that need not be paid when its player begins again."""
    before = state.quests.get(mission.template)
    at = board.period.end if mission.completed_at is None else mission.completed_at
    done = [step.key for step, when in zip(template.steps, mission.steps, strict=not template.is_lost) if when is not None]
    done += [key for key in _paid_before(state, mission.template) if key not in done]
    state.quests[mission.template] = QuestEnd((before.runs if before else 0) + 1, mission.status, at, mission.claimed_at, done)
    if mission.completed_at is not None:
        return []
    return [QuestFailed(mission_id(board, mission), mission.template, mission.status, at)]


def _paid_before(state: PlayerState, key: str) -> list[str]:
    """The steps that were paid since the quest was last completed: whoever fails and begins again is paid for the rest only."""
    ended = state.quests.get(key)
    return [] if ended is None or ended.status == "claimed" else ended.done
