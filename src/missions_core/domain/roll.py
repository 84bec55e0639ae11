"""Time passing over one player's state: boards close, settle and are dealt, each at its own instant, in order.

`roll` obeys roll(roll(s, t1), t2) == roll(s, t2): everything happens at instants that follow from the state alone, however often and
whenever somebody looks. It deals for 30 days after the player's last action; `welcome` brings back a player who stayed away longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from missions_core.domain import assignment, quests, streaks, uploads
from missions_core.domain.catalog import DAY_MS, DRAWN_KINDS, HOUR_MS, Catalog, PeriodKind, Rules, Template
from missions_core.domain.events import Event
from missions_core.domain.periods import FOREVER, DayClock, Period, period_after, period_before, period_containing
from missions_core.domain.settlement import ENDLESS_KINDS, finish_if_complete, replace_streak, settle
from missions_core.domain.state import Board, Mission, PlayerState, Settled, Streak

IDLE_MS = 30 * DAY_MS
PENDING_CHECK_MS = HOUR_MS


@dataclass(slots=True)
class Rolled:
    """What time did: whether anything changed at all, the events, and the boards that became final."""

    changed: bool = False
    events: list[Event] = field(default_factory=list)
    settled: list[Board] = field(default_factory=list)


def new_player(player: str, account: str, catalog: Catalog, *, now: int, zone: str | None = None) -> PlayerState:
    """A player's first state; boards are dealt by `welcome`."""
    streak_rules = sorted(catalog.rules.streaks.items())
    return PlayerState(
        player=player,
        account=account,
        created_at=now,
        updated_at=now,
        active_at=now,
        zone=zone,
        streaks={kind: Streak(freezes=min(rule.freezes_start, rule.freezes_max)) for kind, rule in streak_rules},
        catalog_version=catalog.version,
    )


def day_clock(state: PlayerState, rules: Rules) -> DayClock:
    """Whose days the player's next period follows."""
    return DayClock("UTC" if rules.reset == "utc" else state.zone or "UTC", rules.day_start_hour)


def roll(state: PlayerState, catalog: Catalog, *, now: int) -> Rolled:
    """Bring the state to `now` (never backwards): close, settle and deal whatever fell due since it was last written."""
    now = max(now, state.updated_at)
    passage = _Passage(state, catalog)
    if state.catalog_version < catalog.version:  # published since the last write; by a clock that is ahead, no later than now
        passage.published_at = max(state.updated_at, min(catalog.published_at, now))
        passage.until(passage.published_at)
        if passage.deals(passage.published_at):
            passage.deal_standing(passage.published_at)
    passage.until(now)
    state.catalog_version = max(catalog.version, state.catalog_version)
    return passage.rolled


def welcome(state: PlayerState, catalog: Catalog, *, now: int) -> Rolled:
    """Deal a player who is here now (new, or away for long) the periods before and around now. The state is rolled to now."""
    passage = _Passage(state, catalog)
    missing = [kind for kind in DRAWN_KINDS if state.current(kind) is None]
    for kind in missing:
        passage.return_to(kind, now)
    if missing or now > state.active_at + IDLE_MS:
        passage.deal_standing(now, since=passage.oldest_day())  # what brought the player here happened before now
    return passage.rolled


def due_at(state: PlayerState, catalog: Catalog) -> int | None:
    """The next instant at which anything changes for the player; None: nothing ever will by itself.

    Grants on their way are looked after at the end of the day; where no day ends any more, within the hour.
    """
    instant = _next_instant(state, catalog)
    if state.pending and state.current("daily") is None:
        soon = state.updated_at + PENDING_CHECK_MS
        return soon if instant is None else min(soon, instant)
    return instant


def new_mission(state: PlayerState, template: Template) -> Mission:
    """A mission nobody has worked on; lifetime requirements start from what the player has gathered so far."""
    baseline = [None if leaf.counter is None else state.lifetime.get(leaf.counter) for leaf in template.leaves]
    return Mission(template.key, template.version, baseline, competitive=template.is_competitive)


def is_paused(state: PlayerState, period: Period) -> bool:
    """Whether any part of the period lies in the player's pause."""
    if state.paused_from is None or state.paused_until is None:
        return False
    return state.paused_from < period.end and period.start < state.paused_until


def _next_instant(state: PlayerState, catalog: Catalog) -> int | None:
    """When the next board ends or settles, or the next special mission or quest opens."""
    instants = [board.settles_at if board.closed else board.period.end for board in state.boards]
    until = state.active_at + IDLE_MS
    instants += [
        template.active_from
        for template in assignment.opening(state, catalog)
        if template.active_from is not None and state.updated_at < template.active_from <= until
    ]
    instant = min((instant for instant in instants if instant < FOREVER), default=None)
    return None if instant is None else max(instant, state.updated_at)


def _periods_around(kind: PeriodKind, now: int, clock: DayClock, last: Settled | None) -> tuple[Period, Period | None]:
    """The period around now and the one before it, both after the last settled one (labels never repeat)."""
    period = period_containing(kind, now, clock)
    before = period_before(period)
    if last is None:
        return period, before
    if period.label > last.label and period.start >= last.until:
        return period, before if before.label > last.label and before.start >= last.until else None
    period = period_after(Period(kind, last.label, last.until, last.until, last.clock), clock)
    while not period.covers(now):
        period = period_after(period, clock)
    return period, None


class _Passage:
    """One roll or welcome under way over a state."""

    def __init__(self, state: PlayerState, catalog: Catalog) -> None:
        self.state = state
        self.catalog = catalog
        self.published_at = 0  # where that is news to the state: what stands begins no earlier
        self.rolled = Rolled()

    def until(self, now: int) -> None:
        """Do whatever falls due until then, in order."""
        while (at := _next_instant(self.state, self.catalog)) is not None and at <= now:
            self.state.updated_at = at
            self.step(at)
        self.state.updated_at = now

    def step(self, at: int) -> None:
        """Do everything that falls due at one instant: first what becomes final, so that dealing knows it."""
        boards = self.state.boards
        self.rolled.changed |= any((board.settles_at if board.closed else board.period.end) <= at for board in boards)
        for board in [board for board in boards if board.closed and board.settles_at <= at]:
            self.settle(board)
        ended = [board for board in boards if not board.closed and board.period.end <= at]
        for board in ended:
            self.close(board)
        if at > self.state.active_at + IDLE_MS:
            return  # nobody is here to be dealt anything
        for board in ended:
            if board.period.kind in DRAWN_KINDS:
                self.deal_next(board)
            if board.period.kind == "daily":
                self.settle_claimed_endless()
                self.pay_back_uploads(board.period, at)
        if at >= self.published_at:
            self.deal_standing(at)

    def deals(self, at: int) -> bool:
        """Whether the player is still dealt something at an instant."""
        return self.state.current("daily") is not None and at <= self.state.active_at + IDLE_MS

    def settle(self, board: Board) -> None:
        self.rolled.events += settle(self.state, self.catalog, board)
        self.rolled.settled.append(board)

    def close(self, board: Board) -> None:
        board.closed = True
        if board.period.kind == "daily" and board.checked_in_at is None and not board.shielded:
            self.state.check_ins.streak = 0

    def settle_claimed_endless(self) -> None:
        for board in [b for b in self.state.boards if b.period.kind in ENDLESS_KINDS and quests.is_used_up(b.missions[0])]:
            self.settle(board)

    def pay_back_uploads(self, day: Period, at: int) -> None:
        """Give back, as a day ends, what was paid for forms that had expired before it began: no file is on its way any more."""
        for board, mission in self.state.missions():
            self.rolled.events += uploads.pay_back(self.state, board, mission, expired_by=day.start, at=at)

    def deal_next(self, board: Board) -> None:
        period = period_after(board.period, day_clock(self.state, self.catalog.rules))
        board.settles_at = period.end
        self.deal(period, avoid=[mission.template for mission in board.missions])

    def deal(self, period: Period, *, avoid: Iterable[str] = (), settles_at: int | None = None) -> Board:
        """Deal a drawn board; `settles_at` is given where the following period has begun already."""
        drawn = assignment.draw(self.state, self.catalog, period, avoid=avoid)
        missions = [new_mission(self.state, t) for t in (*drawn, *assignment.contests(self.state, self.catalog, period))]
        following_end = settles_at or period_after(period, day_clock(self.state, self.catalog.rules)).end
        board = Board(period, missions, following_end, closed=settles_at is not None, shielded=is_paused(self.state, period))
        self.place(board)
        return board

    def place(self, board: Board) -> None:
        """Put a board in force; a lifetime requirement may be met already."""
        self.rolled.changed = True
        self.state.boards.append(board)
        for mission in board.missions:
            begun = any(progress is not None for progress in mission.progress)
            if begun and not self.catalog.template(mission.template, mission.version).requires_start:
                self.rolled.events += finish_if_complete(self.state, self.catalog, board, mission, at=board.period.start)

    def deal_standing(self, at: int, *, since: int | None = None) -> None:
        """Open every special and perpetual mission, and every quest that starts by itself, that the player may have at this instant.

        Actions count for quests `since` then, if that is before.
        """
        for template in assignment.standing(self.state, self.catalog, at):
            self.place(self.standing_board(template, at, at if since is None else since))

    def oldest_day(self) -> int:
        """The start of the oldest daily board: no late action that still reaches a daily board is older."""
        return min(board.period.start for board in self.state.boards if board.period.kind == "daily")

    def standing_board(self, template: Template, at: int, since: int) -> Board:
        clock = day_clock(self.state, self.catalog.rules)
        mission = new_mission(self.state, template)
        label = assignment.special_label(template)
        if template.period == "special" and label and template.active_from is not None and template.active_until is not None:
            period = Period("special", label, template.active_from, template.active_until, clock)
            return Board(period, [mission], template.active_until + self.catalog.rules.claim_days * DAY_MS)
        if template.kind == "quest":
            return quests.new_run(self.state, mission, template, clock, start=since, at=at)
        done = self.state.completions.get(template.key)
        # An action that comes late but still reaches a daily board reaches this one too.
        return Board(Period("perpetual", f"always-{done.count if done else 0}", self.oldest_day(), FOREVER, clock), [mission], FOREVER)

    def return_to(self, kind: PeriodKind, now: int) -> None:
        """Bring a kind's chain of periods to now, over whatever was never dealt."""
        clock = day_clock(self.state, self.catalog.rules)
        last = self.state.previous(kind)
        if last is not None:
            following = period_after(last.period, clock)
            if following.covers(now):
                last.settles_at = following.end
                self.deal(following, avoid=[mission.template for mission in last.missions])
                return
            self.settle(last)
        period, before = _periods_around(kind, now, clock, self.state.settled.get(kind))
        self.miss_skipped(kind, (before or period).start, clock)
        avoid: list[str] = []
        if before is not None:
            avoid = [mission.template for mission in self.deal(before, settles_at=period.end).missions]
        self.deal(period, avoid=avoid)

    def miss_skipped(self, kind: PeriodKind, until: int, clock: DayClock) -> None:
        """Periods in which the player was away for so long that they were never dealt are missed, until the streak has ended."""
        last = self.state.settled.get(kind)
        if last is None or kind not in streaks.STREAK_KINDS:
            return
        at = last.until
        while at < until and self.has_streak(kind):
            period = period_containing(kind, at, clock)
            if not is_paused(self.state, period):
                self.miss(kind, at=period.end)
            at = period.end

    def has_streak(self, kind: PeriodKind) -> bool:
        return self.state.streaks[kind].current > 0 or (kind == "daily" and self.state.check_ins.streak > 0)

    def miss(self, kind: PeriodKind, *, at: int) -> None:
        self.rolled.events += replace_streak(self.state, kind, streaks.missed(self.state.streaks[kind], at=at))
        if kind == "daily":
            self.state.check_ins.streak = 0
