"""Whatever fails, whenever: what was done once is done once, and what was not done yet gets done."""

import sys
from dataclasses import replace

import pytest

from missions_core.domain.completion import pay_out
from missions_core.domain.leaderboards import Entry
from missions_core.domain.roll import due_at
from missions_core.domain.state import PendingGrant
from missions_core.storage import keys
from missions_core.storage.ledger import Ledger
from missions_core.use_cases import changes, closing
from missions_core.use_cases.changes import Draft
from missions_core.use_cases.stores import Stores
from tests.simulation.crash_cases import CASES
from tests.simulation.crash_faults import BATCHES, FAULTS
from tests.simulation.crash_matrix import Covered, cover, table
from tests.simulation.runner import everywhere


@pytest.fixture(scope="module")
def matrix(request: pytest.FixtureRequest) -> dict[str, Covered]:
    """What was covered, by use case; printed."""
    covered = list(everywhere(cover, list(CASES)))
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(f"\n\n{table(covered)}\n")
    return {each.name: each for each in covered}


@pytest.mark.parametrize("name", CASES)
def test_the_world_converges_whatever_befalls_a_call(name: str, matrix: dict[str, Covered]) -> None:
    covered = matrix[name]

    assert covered.diverged == []
    batches = [operation for operation in covered.calls if operation in BATCHES]
    assert covered.runs == {fault.name: len(batches if fault.name == "entry refused" else covered.calls) for fault in FAULTS}


def test_a_wallet_moved_outside_the_transaction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: Ledger, account: str, grant: PendingGrant) -> bool:
        self._connection.connection.transact_write_items([], [], [], list(self._updates(account, grant)))
        self._connection.put_item(*keys.grant(account, grant), attributes={"cause": {"S": grant.cause}})
        return True

    monkeypatch.setattr(Ledger, "grant", careless)

    assert cover("grant").diverged


def test_prizes_owed_with_every_attempt_to_close_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(stores: Stores, winner: Entry, prize: PendingGrant, *, now: int) -> None:
        def owe(draft: Draft) -> None:
            draft.write(pay_out(draft.state, prize.cause, prize.rewards, at=prize.at))

        changes.change(stores, winner.player, owe, now=now, present=False)

    monkeypatch.setattr(closing, "_award", careless)

    assert cover("close leaderboard").diverged


def test_prizes_of_the_instant_at_which_they_are_awarded_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    award = closing._award

    def careless(stores: Stores, winner: Entry, prize: PendingGrant, *, now: int) -> None:
        award(stores, winner, replace(prize, at=now), now=now)

    monkeypatch.setattr(closing, "_award", careless)

    assert cover("close leaderboard").diverged


def test_a_board_kept_only_after_the_state_has_lost_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(stores: Stores, draft: Draft, *, version: int | None) -> None:
        if draft.changed:
            stores.players.save(draft.state, version=version, events=draft.events, due_at=due_at(draft.state, draft.catalog))
            stores.players.save_history(draft.state.player, draft.settled, version=version or 0)

    monkeypatch.setattr(changes, "save", careless)

    assert cover("reconcile").diverged
