"""Bugs a careful engineer might write, planted one at a time to see the simulation find each: a proof that it would find ours.

Each replaces one function of the product by a version that looks right and is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from missions_core import messaging
from missions_core.domain import (
    achievements,
    actions,
    check_ins,
    commands,
    completion,
    duplicates,
    evidence,
    periods,
    progress,
    quests,
    roll,
    streaks,
)
from missions_core.domain.catalog import Rewards
from missions_core.domain.state import Mission, PendingGrant
from missions_core.errors import Conflict
from missions_core.storage import keys, ledger, players, remains
from missions_core.use_cases import changes, check_in, claim, decisions, idempotency, ingest, merging, publish, track

Replacement = tuple[Any, str, Any]  # whose attribute, which, and what it becomes
Plant = Callable[[], list[Replacement]]


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug, and the invariant that must break."""

    plant: Plant
    breaks: str


BUGS: dict[str, Bug] = {}
ANYTHING: Condition = Path("PK").exists() | Path("PK").does_not_exist()


def bug(*, breaks: str) -> Callable[[Plant], Plant]:
    """Register a bug under its function's name."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant, breaks)
        return plant

    return register


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The product with one bug, until the block ends."""
    replacements = [(owner, attribute, getattr(owner, attribute), new) for owner, attribute, new in BUGS[name].plant()]
    for owner, attribute, _, new in replacements:
        setattr(owner, attribute, new)
    try:
        yield
    finally:
        for owner, attribute, old, _ in replacements:
            setattr(owner, attribute, old)


@bug(breaks="a wallet is the sum of its ledger")
def wallet_added_outside_the_transaction() -> list[Replacement]:
    """The grant's row and the wallet's ADD are two calls."""

    def grant(self: ledger.Ledger, account: str, pending: PendingGrant) -> bool:
        for update in self._updates(account, pending):
            self._connection.connection.transact_write_items([], [], [], [update])
        try:
            self._connection.connection.transact_write_items([], [], [self._grant_put(account, pending)], [])
        except ledger.TransactWriteError as error:
            if not ledger._was_paid(error):
                raise
            return False
        return True

    return [(ledger.Ledger, "grant", grant)]


@bug(breaks="a wallet is the sum of its ledger")
def wallet_added_before_asking_whether_it_was_paid() -> list[Replacement]:
    """A naive UpdateItem ADD, guarded by a read."""

    def grant(self: ledger.Ledger, account: str, pending: PendingGrant) -> bool:
        if self.granted(account, [pending]):
            return False
        additions = [Path([f"{ledger.BALANCE}{name}"]).add(amount) for name, amount in pending.rewards.amounts.items()]
        self._connection.update_item(*keys.wallet(account), actions=additions)
        goods = replace(pending, rewards=replace(pending.rewards, amounts={}))
        self._connection.connection.transact_write_items([], [], [self._grant_put(account, pending)], list(self._updates(account, goods)))
        return True

    return [(ledger.Ledger, "grant", grant)]


@bug(breaks="no write is overwritten")
def no_version_condition() -> list[Replacement]:
    """States are saved over whatever is there."""
    return [(players, "_is_still", lambda version: ANYTHING)]


@bug(breaks="redriven actions and a second night change nothing")
def spilled_ids_dropped_before_they_are_stored() -> list[Replacement]:
    """The state forgets old ids in the write after which they are stored."""
    save = changes.save

    def drop_first(stores: Any, draft: changes.Draft, *, version: int | None) -> None:
        leaving, draft.leaving = draft.leaving, {}
        if draft.changed and leaving:
            duplicates.drop(draft.state, leaving)
        save(stores, draft, version=version)
        if draft.changed and leaving:
            stores.players.spill(draft.state.player, leaving, now=draft.now)

    return [(changes, "save", drop_first)]


@bug(breaks="every action counts exactly once")
def duplicate_mark_written_after_the_effect() -> list[Replacement]:
    """The effect is saved, then the ids in a write of their own."""
    track_player = track.track_player

    def in_two_writes(stores: Any, player: str, batch: Sequence[actions.Action], **options: Any) -> list[track.Tracked]:
        mark, marks = duplicates.mark, []
        track.duplicates.mark = lambda state, action: marks.append(action)
        try:
            tracked = track_player(stores, player, batch, **options)
        finally:
            track.duplicates.mark = mark

        def remember(draft: changes.Draft) -> None:
            for action in marks:
                mark(draft.state, action)
            draft.write()

        if marks:
            changes.change(stores, player, remember, now=options["now"])
        return tracked

    return [(ingest, "track_player", in_two_writes)]


@bug(breaks="no action is lost")
def actions_acknowledged_before_they_are_saved() -> list[Replacement]:
    """A player whose write failed is left to the log."""
    _track = ingest._track

    def forgiving(stores: Any, player: str, of_player: Any, *, now: int) -> None:
        _track(stores, player, of_player, now=now)
        for fate, action in of_player:
            fate.tracked = fate.tracked or track.Tracked(action, "counted")

    return [(ingest, "_track", forgiving)]


@bug(breaks="the world is told everything once")
def checkpoint_past_a_failed_record() -> list[Replacement]:
    """The publisher names the last record that failed instead of the first."""
    original = publish.publish

    def last(outlets: Any, records: Sequence[publish.StreamRecord]) -> str | None:
        return records[-1].sequence_number if original(outlets, records) else None

    return [(import_module("functions.publish_outbox.app"), "publish", last)]


@bug(breaks="the world is told everything once")
def failed_entries_of_the_bus_ignored() -> list[Replacement]:
    """PutEvents answered 200: all is well."""
    put = messaging.EventBus._put_batch
    return [(messaging.EventBus, "_put_batch", lambda self, batch: put(self, batch) and set())]


@bug(breaks="what cannot be handled is quarantined")
def failed_messages_of_a_queue_ignored() -> list[Replacement]:
    """SendMessageBatch answered 200: all is well."""
    send = messaging.Queue._send_batch
    return [(messaging.Queue, "_send_batch", lambda self, batch: send(self, batch) and set())]


@bug(breaks="nothing else is quarantined")
def local_time_taken_for_utc() -> list[Replacement]:
    """An action's offset is cut off."""
    return [(actions, "_time", lambda value: int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() * 1000))]


@bug(breaks="periods follow the calendar")
def clock_changes_ignored() -> list[Replacement]:
    """A zone has one offset: that of New Year."""

    def day_start(day: Any, clock: periods.DayClock) -> int:
        offset = datetime(day.year, 1, 1, tzinfo=periods.ZoneInfo(clock.zone)).utcoffset()
        assert offset is not None
        return int((datetime(day.year, day.month, day.day, clock.start_hour, tzinfo=UTC) - offset).timestamp() * 1000)

    return [(periods, "day_start", day_start)]


@bug(breaks="every cause is paid exactly once")
def claim_without_status_check() -> list[Replacement]:
    """Whoever claims is paid."""

    def find_any(state: Any, wanted: str) -> Any:
        board, mission = commands.find_mission(state, wanted)
        mission.paid = mission.paid or Rewards(amounts={"gold": 5})
        return board, mission

    return [(commands, "find_claimable", find_any)]


@bug(breaks="refusals follow from what was done")
def claims_refused_once_the_day_is_over() -> list[Replacement]:
    """Only what stands on a running board can be claimed."""
    find_claimable = commands.find_claimable

    def find_running(state: Any, wanted: str) -> Any:
        board, mission = find_claimable(state, wanted)
        if board.closed:
            raise Conflict("mission_not_completed", "")
        return board, mission

    return [(commands, "find_claimable", find_running)]


@bug(breaks="claims are honoured")
def everything_claimed_is_the_first_thing() -> list[Replacement]:
    """Whoever claims all that waits gets one of it."""
    return [(claim, "waiting", lambda state: completion.waiting(state)[:1])]


@bug(breaks="refusals follow from what was done")
def no_check_in_after_a_broken_streak() -> list[Replacement]:
    """A streak of nothing is taken for a day that was signed in for."""
    find_open = check_ins.find_open

    def find_unbroken(state: Any, catalog: Any) -> Any:
        if state.check_ins.total and not state.check_ins.streak:
            raise Conflict("already_checked_in", "")
        return find_open(state, catalog)

    return [(check_ins, "find_open", find_unbroken)]


@bug(breaks="refusals follow from what was done")
def a_pause_forbids_itself() -> list[Replacement]:
    """The days without a pause are counted from now instead of from the last one."""
    pause = commands.pause

    def pause_never(state: Any, catalog: Any, days: int, *, now: int) -> int:
        if days:
            state.paused_until = state.paused_until or now
        return pause(state, catalog, days, now=now)

    return [(commands, "pause", pause_never)]


@bug(breaks="periods follow the calendar")
def rollover_run_twice_deals_twice() -> list[Replacement]:
    """The reset deals a day whose board a lazy roll dealt already."""
    deal_next = roll._Passage.deal_next

    def deal_again(self: Any, board: Any) -> None:
        deal_next(self, board)
        if board.period.kind == "daily":
            deal_next(self, board)

    return [(roll._Passage, "deal_next", deal_again)]


@bug(breaks="streaks follow from the days")
def freeze_consumed_twice() -> list[Replacement]:
    """A missed day costs a freeze when it closes and another one when it settles."""
    close = roll._Passage.close

    def close_and_miss(self: Any, board: Any) -> None:
        close(self, board)
        kind = board.period.kind
        if kind == "daily" and not board.shielded and not any(mission.completed_at for mission in board.missions):
            self.state.streaks[kind] = streaks.missed(self.state.streaks[kind], at=board.period.end)

    return [(roll._Passage, "close", close_and_miss)]


@bug(breaks="progress is what was done")
def late_actions_dropped_at_rollover() -> list[Replacement]:
    """A closed board takes nothing any more."""
    takes = progress._takes
    return [(progress, "_takes", lambda board, mission, template, action: not board.closed and takes(board, mission, template, action))]


@bug(breaks="the world is told everything once")
def effects_sent_after_the_write() -> list[Replacement]:
    """The outbox is written on its own, after the state."""
    save = players.Players.save

    def save_twice(self: Any, state: Any, *, version: int | None, events: Any, due_at: int | None) -> None:
        save(self, state, version=version, events=[], due_at=due_at)
        if events:
            save(self, state, version=(version or 0) + 1, events=events, due_at=due_at)

    return [(players.Players, "save", save_twice)]


@bug(breaks="a repeated request hears its first answer")
def idempotency_keys_ignored() -> list[Replacement]:
    """A repeated command runs again."""

    def again(draft: Any, request: str, command: str, run: Callable[[], str]) -> str:
        result = run()
        draft.write()
        return result

    return [(module, "once", again) for module in (claim, check_in, idempotency)]


@bug(breaks="every cause is paid exactly once")
def pending_grants_forgotten_when_sent() -> list[Replacement]:
    """A grant that was published is taken for paid."""
    return [(ledger.Ledger, "granted", lambda self, account, grants: {grant.cause for grant in grants})]


@bug(breaks="what cannot be handled is quarantined")
def refusal_of_the_quarantine_ignored() -> list[Replacement]:
    """A message that cannot be handled counts as handled, whether the quarantine has it or not."""
    send = ingest._send_to_quarantine
    return [(ingest, "_send_to_quarantine", lambda quarantine, fates: send(quarantine, fates) and set())]


@bug(breaks="periods follow the calendar")
def zone_change_applied_to_the_running_day() -> list[Replacement]:
    """Whoever moves gets today over again."""

    def at_once(state: Any, zone: str) -> None:
        state.zone = zone
        for board in state.boards:
            if board.period.kind == "daily" and not board.closed:
                now = periods.period_containing("daily", state.updated_at, replace(board.period.clock, zone=zone))
                board.period = replace(board.period, end=max(now.end, state.updated_at + 1))

    return [(commands, "set_zone", at_once)]


@bug(breaks="quests follow from what was done")
def steps_completed_out_of_order() -> list[Replacement]:
    """A step whose requirements hold is done, whatever comes before it."""
    return [(quests, "has_turn", lambda mission, template, index: True)]


@bug(breaks="quests follow from what was done")
def timed_quests_wait_for_their_player() -> list[Replacement]:
    """Nobody looks at a run whose time is over until its player comes back."""
    new_run = quests.new_run

    def untimed(*arguments: Any, **instants: int) -> Any:
        board = new_run(*arguments, **instants)
        board.settles_at = periods.FOREVER
        return board

    return [(quests, "new_run", untimed)]


@bug(breaks="every cause is paid exactly once")
def achievements_paid_with_every_review() -> list[Replacement]:
    """Which tiers are paid is not remembered."""
    pay = achievements._pay

    def pay_again(state: Any, catalog: Any, key: str, held: Any, *, at: int) -> Any:
        events = pay(state, catalog, key, held, at=at)
        held.claimed, held.versions = 0, [catalog.templates[key].version] * len(held.tiers)
        return events

    return [(achievements, "_pay", pay_again)]


@bug(breaks="leaderboards rank what was done")
def scores_overwritten_by_late_messages() -> list[Replacement]:
    """The last message that arrives has the score."""

    def last(held: Any, changes_: Any) -> Any:
        found = {entry.player: entry for entry in (*held, *changes_)}
        return tuple(sorted(found.values(), key=lambda entry: entry.order))

    return [(merging, "merged", last)]


@bug(breaks="missions complete when their requirements are met")
def evidence_counts_when_handed_in() -> list[Replacement]:
    """A mission that asks for evidence is complete before anybody looked at it."""
    return [(Mission, "is_proven", property(lambda mission: bool(mission.evidence)))]


@bug(breaks="every cause is paid exactly once")
def uploads_paid_back_whatever_was_decided() -> list[Replacement]:
    """The price of an upload goes back with any decision."""
    decide = evidence.decide

    def decide_and_refund(state: Any, catalog: Any, wanted: str, number: int, *, approved: bool, reason: str, now: int) -> Any:
        submission = evidence.find_submission(state, wanted, number)
        events = decide(state, catalog, wanted, number, approved=approved, reason=reason, now=now)
        if events and approved and submission is not None:
            events += completion.refund(state, wanted, submission, at=now)
        return events

    return [(decisions.evidence, "decide", decide_and_refund)]


@bug(breaks="what is bought is paid for")
def bought_without_asking_for_the_balance() -> list[Replacement]:
    """The wallet is debited, whatever it holds."""
    return [(ledger, "_covers", lambda price: ANYTHING)]


@bug(breaks="what is bought is paid for")
def bought_in_two_writes() -> list[Replacement]:
    """The state is saved, then the price is taken."""

    def purchase(self: ledger.Ledger, account: str, bought: PendingGrant, saving: Any) -> None:
        price = {currency: -amount for currency, amount in bought.rewards.amounts.items()}
        self.require(account, price)
        try:
            ledger.transact(self._connection, [saving], [], about="")
        except ledger.TransactWriteError:
            raise changes.VersionConflict("version_conflict", "") from None
        ledger.transact(self._connection, [self._grant_put(account, bought)], [self._debit(account, price)], about="")

    return [(ledger.Ledger, "purchase", purchase)]


@bug(breaks="an erased player stays erased")
def tombstones_removed_with_the_rest() -> list[Replacement]:
    """What is left of a player is nothing, not even that they were erased."""

    def remove(self: remains.Remains, tombstone: Any) -> None:
        self._connection.delete_item(*keys.state(tombstone.player))

    return [(remains.Remains, "lay_bare", remove)]


@bug(breaks="an erased player stays erased")
def erased_without_their_history() -> list[Replacement]:
    """Only the rows that hold personal data are removed."""

    def only_the_profile(self: remains.Remains, player: str) -> int:
        self._connection.delete_item(*keys.profile(player))
        return 1

    return [(remains.Remains, "remove_rows", only_the_profile)]
