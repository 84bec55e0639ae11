"""Settling: a board becomes final. Only here do missions expire, end-decided requirements decide and streaks end."""

from dataclasses import replace

from missions_core.domain import assignment, boosts, quests, streaks
from missions_core.domain.catalog import DRAWN_KINDS, Catalog, PeriodKind, Template
from missions_core.domain.completion import complete_mission, pay, refund
from missions_core.domain.events import Event, StreakBroken
from missions_core.domain.periods import FOREVER
from missions_core.domain.requirements import complete, consume
from missions_core.domain.rewards import payout
from missions_core.domain.state import Board, Completions, Mission, PlayerState, Progress, Settled, Streak, Unproven, mission_id

RECENT_DAYS = 14
MOST_UNPROVEN = 32  # missions that may wait for a decision after they settled: the state must stay small
ENDLESS_KINDS = frozenset({"perpetual", "quest"})  # what is done there is done: no period has to end first


def settle(state: PlayerState, catalog: Catalog, board: Board) -> list[Event]:
    """Take a board out of the state for good, in the order leaves, completions, streak, expiry."""
    events: list[Event] = []
    for mission in board.missions:
        events += _decide(state, catalog, board, mission)
    state.boards.remove(board)
    if board.period.kind in streaks.STREAK_KINDS:
        rule = catalog.rules.streaks[board.period.kind]
        events += replace_streak(state, board.period.kind, streaks.after(state.streaks[board.period.kind], board, rule))
    for mission in board.missions:
        _expire(state, catalog, board, mission)
    if board.period.kind in DRAWN_KINDS:
        _remember_period(state, board)
        boosts.forget(state, settled=board)
    if board.period.kind == "special":
        state.specials = {key: label for key, label in state.specials.items() if key in catalog.templates}
        state.specials[board.missions[0].template] = board.period.label
    if board.period.kind == "quest":
        run = board.missions[0]
        events += quests.end_run(state, board, run, catalog.template(run.template, run.version))
    return events


def completions_with(state: PlayerState, board: Board, mission: Mission, completed_at: int) -> Completions:
    """The completions of a template once this one is final.

    Cooldowns of what is dealt run from the end of the period: the exact moment of completion depends on the order of delivery.
    """
    return completions_of(state, mission.template, completed_at if board.period.kind in ENDLESS_KINDS else board.period.end)


def completions_of(state: PlayerState, template: str, at: int) -> Completions:
    """The completions of a template with one more at an instant."""
    done = state.completions.get(template, Completions(0, 0))
    return Completions(done.count + 1, max(at, done.last_at))


def replace_streak(state: PlayerState, kind: PeriodKind, streak: Streak) -> list[Event]:
    """Store a settled streak; tell the world where it ended."""
    before = state.streaks[kind]
    state.streaks[kind] = streak
    if before.current and not streak.current and streak.broken_at is not None:
        return [StreakBroken(kind, before.current, streak.best, streak.broken_at)]
    return []


def finish_if_complete(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, *, at: int) -> list[Event]:
    """Complete a mission or steps of a quest whose requirements hold now, and open the following ordinals of a repeating mission.

    An older ordinal nobody claimed is paid and makes room; ordinals leave no history row, there may be a hundred in a batch.
    """
    template = catalog.template(mission.template, mission.version)
    if template.steps:
        return quests.advance(state, board, mission, template, at=at)
    events: list[Event] = []
    while mission.status == "active" and _is_earned(template, mission, settling=False):
        events += complete_mission(state, catalog, board, mission, template, at=at)
        if not template.repeats:
            break
        events += _settle_older_ordinals(state, catalog, board)
        board.closed = True
        if not assignment.may_repeat(state, catalog, template, at):
            break
        board = _next_ordinal(board, mission, template, catalog.templates[template.key])
        mission, template = board.missions[0], catalog.templates[template.key]
        state.boards.append(board)
    return events


def _decide(state: PlayerState, catalog: Catalog, board: Board, mission: Mission) -> list[Event]:
    template = catalog.template(mission.template, mission.version)
    if board.period.kind == "quest":  # decided by actions alone; what is earned never expires
        return pay(state, board, mission, at=state.updated_at) if mission.status == "completed" else []
    events: list[Event] = []
    taken_up = mission.started_at is not None or not template.requires_start
    decided = mission.status == "active" and taken_up and _is_earned(template, mission, settling=True)
    if decided:
        events += complete_mission(state, catalog, board, mission, template, at=board.period.end)
    events += _keep_unproven(state, catalog, board, mission, template)
    # What only the end decided could never have been claimed; a repeating mission's older ordinal made room: paid, not lost.
    if mission.status == "completed" and (decided or template.repeats):
        events += pay(state, board, mission, at=state.updated_at)
    return events


def _is_earned(template: Template, mission: Mission, *, settling: bool) -> bool:
    """Whether the requirements hold, and evidence was approved where that is asked."""
    return (template.evidence is None or mission.is_proven) and complete(template, mission.progress, settling=settling)


def _keep_unproven(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, template: Template) -> list[Event]:
    """Let a mission wait that only a decision about its evidence keeps from being complete. What waits for nothing is paid back."""
    submission = mission.open_evidence
    if submission is None:
        return []
    handed_in = submission.status != "uploading" and complete(template, mission.progress, settling=True)
    if handed_in and len(state.unproven) < MOST_UNPROVEN:
        rewards = payout(state, catalog.rules, board, mission, template)
        state.unproven[mission_id(board, mission)] = Unproven(template.key, template.version, rewards, submission)
        return []
    return refund(state, mission_id(board, mission), submission, at=state.updated_at)


def _expire(state: PlayerState, catalog: Catalog, board: Board, mission: Mission) -> None:
    if mission.completed_at is not None:
        state.completions[mission.template] = completions_with(state, board, mission, mission.completed_at)
    if mission.status != "claimed":
        template = catalog.template(mission.template, mission.version)
        if template.steps:
            mission.status = quests.unfinished(board, template)
        else:
            mission.status = "failed" if mission.completed_at is None and template.time_limit_ms is not None else "expired"


def _remember_period(state: PlayerState, board: Board) -> None:
    state.settled[board.period.kind] = Settled(board.period.label, board.period.end, board.period.clock)
    asked = board.ordinary()
    if board.period.kind == "daily" and asked:
        completed = sum(mission.completed_at is not None for mission in asked)
        state.recent_days = [*state.recent_days, (len(asked), completed)][-RECENT_DAYS:]


def _settle_older_ordinals(state: PlayerState, catalog: Catalog, board: Board) -> list[Event]:
    events: list[Event] = []
    key = board.missions[0].template
    for older in [b for b in state.boards if b.closed and b.period.kind == "perpetual" and b.missions[0].template == key]:
        events += settle(state, catalog, older)
    return events


def _next_ordinal(board: Board, mission: Mission, template: Template, current: Template) -> Board:
    """The board after a completed ordinal, of the template as it is published now; what is over counts if it still fits.

    Limits go on: completing a mission must not be a way around its cooldown.
    """
    ordinal = int(board.period.label.removeprefix("always-")) + 1
    fits = current.leaves == template.leaves and current.tree == template.tree
    rest: list[Progress] = consume(template, mission.progress) if fits else [None] * len(current.leaves)
    following = Mission(current.key, current.version, rest, limited=list(mission.limited) if current.limits else [])
    return Board(replace(board.period, label=f"always-{ordinal}"), [following], settles_at=FOREVER)
