"""The duplicate window: an applied id is always in the state or in a row, whatever is retried and whoever interleaves."""

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import duplicates
from missions_core.domain.actions import Action, accept_own
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.roll import new_player
from missions_core.domain.state import PlayerState
from tests.support.catalogs import catalog, mission
from tests.support.game import action, ms

START = ms("2026-11-21T10:00")
CATALOG = catalog(mission("m"))


@dataclass
class Table:
    """The player's item and rows, with the one rule of the store: a write must name the version it read."""

    state: PlayerState
    version: int = 0
    rows: dict[int, set[str]] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)  # numbers of the actions whose effect was saved


@dataclass
class Writer:
    """One function at work on a batch, step by step, as others work on the same player."""

    table: Table
    batch: list[int]
    now: int
    state: PlayerState = field(init=False)
    version: int = field(init=False)
    fresh: list[int] = field(default_factory=list)

    def load(self) -> None:
        self.state, self.version, self.fresh = deepcopy(self.table.state), self.table.version, []

    def spill(self) -> None:
        leaving = duplicates.leaving(self.state, now=self.now)
        for hour, ids in leaving.items():
            self.table.rows.setdefault(hour, set()).update(ids)
        duplicates.drop(self.state, leaving)

    def apply(self) -> None:
        for number in self.batch:
            act = act_of(number)
            row = self.table.rows.get(duplicates.hour_of(act.filed_at), set()) if duplicates.needs_row(self.state, act) else set()
            if not duplicates.is_duplicate(self.state, act, row):
                duplicates.mark(self.state, act)
                self.fresh.append(number)

    def save(self) -> bool:
        if self.version != self.table.version:
            return False
        self.table.state, self.table.version = self.state, self.version + 1
        self.table.applied += self.fresh
        return True


def act_of(number: int) -> Action:
    """Actions of some forty hours, a few hundred of them in a busy one."""
    return action(number + 1, START + (number % 40) * HOUR_MS if number < 200 else START + 40 * HOUR_MS + number)


BATCHES = st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=30), min_size=1, max_size=10)


@given(BATCHES, st.integers(0, 2**32))
@settings(max_examples=120)
def test_an_id_is_always_in_the_state_or_in_a_row_and_counts_once_under_any_interleaving(batches: list[list[int]], seed: int) -> None:
    chance = Random(seed)
    table = Table(new_player("p", "a", CATALOG, now=START))
    steps = ["load", "spill", "apply", "save"]
    clock = START
    at_work: list[tuple[Writer, list[str]]] = []
    waiting = [*batches, *batches[:3]]  # some are delivered twice
    while waiting or at_work:
        clock += chance.choice([0, 0, HOUR_MS, 5 * HOUR_MS])
        if waiting and len(at_work) < 2:
            at_work.append((Writer(table, waiting.pop(), clock), list(steps)))
        writer, left = chance.choice(at_work)
        step = left.pop(0)
        if step == "save":
            if chance.random() < 0.2 or not writer.save():
                left += steps  # the message is delivered again
        else:
            getattr(writer, step)()
        at_work = [(writer, left) for writer, left in at_work if left]
        everywhere_known(table)

    assert len(table.applied) == len(set(table.applied))
    assert set(table.applied) == {number for batch in batches for number in batch}


def everywhere_known(table: Table) -> None:
    for number in table.applied:
        act = act_of(number)
        hour = duplicates.hour_of(act.filed_at)
        in_row = act.key in table.rows.get(hour, set()) and duplicates.needs_row(table.state, act)
        assert in_row or act.key in table.state.seen.get(hour, [])


@given(st.lists(st.integers(0, 400), max_size=200, unique=True), st.integers(0, 60))
@settings(max_examples=60)
def test_what_stays_in_the_state_is_recent_and_little(numbers: list[int], hours: int) -> None:
    state = new_player("p", "a", CATALOG, now=START)
    now = START + hours * HOUR_MS
    for number in numbers:
        duplicates.mark(state, act_of(number))

    duplicates.drop(state, duplicates.leaving(state, now=now))

    assert sum(map(len, state.seen.values())) <= duplicates.MAX_IDS
    assert all(hour >= duplicates.hour_of(now) - 1 for hour in state.seen)
    assert duplicates.leaving(state, now=now) == {}


def test_recent_actions_cost_no_extra_read_and_old_ones_do() -> None:
    state = new_player("p", "a", CATALOG, now=START)
    duplicates.mark(state, action(1, START))
    now = START + 5 * HOUR_MS
    duplicates.drop(state, duplicates.leaving(state, now=now))

    assert not duplicates.needs_row(state, action(2, now))
    assert not duplicates.needs_row(state, action(2, START + HOUR_MS))  # of an hour nothing was ever spilled from
    assert duplicates.needs_row(state, action(2, START))
    assert duplicates.needs_row(state, action(2, START - DAY_MS))


def test_an_unknown_id_is_no_duplicate_and_a_known_one_is_wherever_it_is_kept() -> None:
    state = new_player("p", "a", CATALOG, now=START)
    act = action(1, START)
    assert not duplicates.is_duplicate(state, act, set())
    assert duplicates.is_duplicate(state, act, {act.key})

    duplicates.mark(state, act)
    assert duplicates.is_duplicate(state, act, set())


def test_a_retry_of_a_players_own_action_is_recognised_though_their_clock_runs_ahead() -> None:
    state = new_player("p", "a", CATALOG, now=START)
    sent = action(1, START + 65 * 60_000)  # an hour ahead, and a server that sees the hour change
    first, retry = (accept_own(sent, now=now, known=CATALOG.known_actions) for now in (START + 59 * 60_000, START + 61 * 60_000))

    duplicates.mark(state, first)

    assert duplicates.is_duplicate(state, retry, set())


def holding(*ids_by_age: int) -> PlayerState:
    """A state that holds so many ids of this hour, of the last, of the one before, ..."""
    state = new_player("p", "a", CATALOG, now=START)
    numbers = iter(range(1000))
    for age, many in enumerate(ids_by_age):
        for _ in range(many):
            duplicates.mark(state, action(next(numbers), START - age * HOUR_MS + age))
    return state


@pytest.mark.parametrize(
    ("ids_by_age", "leaving"),
    [
        ([3, 3], []),
        ([32, 32], []),
        ([33, 32], [1]),
        ([65], [0]),
        ([1, 1, 1], [2]),
        ([30, 30, 30, 30], [3, 2]),
        ([40, 20, 30, 1], [3, 2]),
    ],
)
def test_what_leaves_is_older_than_the_last_hour_or_too_much_oldest_first(ids_by_age: list[int], leaving: list[int]) -> None:
    state = holding(*ids_by_age)

    chosen = duplicates.leaving(state, now=START)

    assert list(chosen) == [duplicates.hour_of(START) - age for age in leaving]
    assert [len(ids) for ids in chosen.values()] == [ids_by_age[age] for age in leaving]


def test_the_ids_of_an_hour_are_kept_together() -> None:
    state = new_player("p", "a", CATALOG, now=START)
    for number, at in enumerate((START, START + 1, START + HOUR_MS - 1)):
        duplicates.mark(state, action(number, at))

    assert list(state.seen) == [duplicates.hour_of(START)] == [START // HOUR_MS]


def test_an_id_marked_while_others_of_its_hour_leave_stays() -> None:
    state = holding(1, 1, 1)
    leaving = duplicates.leaving(state, now=START)
    late = action("late", START - 2 * HOUR_MS)
    duplicates.mark(state, late)

    duplicates.drop(state, leaving)

    assert state.seen[duplicates.hour_of(START) - 2] == [late.key]
    assert duplicates.needs_row(state, late)
