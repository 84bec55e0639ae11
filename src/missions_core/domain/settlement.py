"""Settling: a board becomes final. Only here do missions expire, end-decided requirements decide and streaks end."""

from dataclasses import replace

from missions_core.domain import assignment, streaks
from missions_core.domain.catalog import DRAWN_KINDS, Catalog, PeriodKind, Template
from missions_core.domain.completion import complete_mission, pay
from missions_core.domain.events import Event, StreakBroken
from missions_core.domain.periods import FOREVER
from missions_core.domain.requirements import complete, consume
from missions_core.domain.state import Board, Completions, Mission, PlayerState, Progress, Settled, Streak

RECENT_DAYS = 14


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
    if board.period.kind == "special":
        state.specials = {key: label for key, label in state.specials.items() if key in catalog.templates}
        state.specials[board.missions[0].template] = board.period.label
    return events


def replace_streak(state: PlayerState, kind: PeriodKind, streak: Streak) -> list[Event]:
    """Store a settled streak; tell the world where it ended."""
    before = state.streaks[kind]
    state.streaks[kind] = streak
    if before.current and not streak.current and streak.broken_at is not None:
        return [StreakBroken(kind, before.current, streak.best, streak.broken_at)]
    return []


def finish_if_complete(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, *, at: int) -> list[Event]:
    """Complete a mission whose requirements hold now, and open the following ordinals of a repeating one.

    An older ordinal nobody claimed is paid and makes room; ordinals leave no history row, there may be a hundred in a batch.
    """
    template = catalog.template(mission.template, mission.version)
    events: list[Event] = []
    while mission.status == "active" and complete(template, mission.progress, settling=False):
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
    events: list[Event] = []
    taken_up = mission.started_at is not None or not template.requires_start
    decided = mission.status == "active" and taken_up and complete(template, mission.progress, settling=True)
    if decided:
        events += complete_mission(state, catalog, board, mission, template, at=board.period.end)
    # What only the end decided could never have been claimed; a repeating mission's older ordinal made room: paid, not lost.
    if mission.status == "completed" and (decided or template.repeats):
        events += pay(state, board, mission, at=state.updated_at)
    return events


def _expire(state: PlayerState, catalog: Catalog, board: Board, mission: Mission) -> None:
    if mission.completed_at is not None:
        done = state.completions.get(mission.template)
        # Cooldowns run from the end of the period: the exact moment of completion depends on the order of delivery.
        at = mission.completed_at if board.period.end == FOREVER else board.period.end
        state.completions[mission.template] = Completions((done.count if done else 0) + 1, max(at, done.last_at if done else at))
    if mission.status != "claimed":
        timed = catalog.template(mission.template, mission.version).time_limit_ms is not None
        mission.status = "failed" if mission.completed_at is None and timed else "expired"


def _remember_period(state: PlayerState, board: Board) -> None:
    state.settled[board.period.kind] = Settled(board.period.label, board.period.end, board.period.clock)
    if board.period.kind == "daily" and board.missions:
        completed = sum(mission.completed_at is not None for mission in board.missions)
        state.recent_days = [*state.recent_days, (len(board.missions), completed)][-RECENT_DAYS:]


def _settle_older_ordinals(state: PlayerState, catalog: Catalog, board: Board) -> list[Event]:
    events: list[Event] = []
    key = board.missions[0].template
    for older in [b for b in state.boards if b.closed and b.period.kind == "perpetual" and b.missions[0].template == key]:
        events += settle(state, catalog, older)
    return events


def _next_ordinal(board: Board, mission: Mission, template: Template, current: Template) -> Board:
    """The board after a completed ordinal, of the template as it is published now; what is over counts if it still fits."""
    ordinal = int(board.period.label.removeprefix("always-")) + 1
    fits = current.leaves == template.leaves and current.tree == template.tree
    rest: list[Progress] = consume(template, mission.progress) if fits else [None] * len(current.leaves)
    following = Mission(current.key, current.version, rest)
    return Board(replace(board.period, label=f"always-{ordinal}"), [following], settles_at=FOREVER)
