"""Closing a leaderboard: once it is final it takes no more scores, its prizes are owed to the winners' states, and the world is told.

Whatever dies in between, a second run finds what is left to do: ranks are frozen first, each prize has a cause of its own, and the
leaderboard leaves the index of those that wait to be closed last.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.catalog import HOUR_MS, Catalog, Rewards, Template
from missions_core.domain.leaderboards import Entry
from missions_core.domain.state import PendingGrant
from missions_core.errors import Contention, Erased, VersionConflict
from missions_core.instants import timestamp
from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.scores import Leaderboard, Scores
from missions_core.use_cases.changes import Draft, change, owe_once
from missions_core.use_cases.integration import Announcement, bus_event
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

CLOSED = "LeaderboardClosed"
UNDER_WAY_MS = 7 * HOUR_MS  # how long scores that were saved in time may take to be merged: six hours on the stream, then five tries
ATTEMPTS = 5


def ask_for_closing(scores: Scores, queue: Queue, *, now: int) -> int:
    """Ask for every leaderboard that became final to be closed; returns how many. RuntimeError: the queue refused some, run again."""
    final = scores.final(before=now - UNDER_WAY_MS)
    if failed := queue.send([json.dumps({"board": board, "label": label}) for board, label in final]) if final else []:
        raise RuntimeError(f"the settle queue refused {len(failed)} of {len(final)} messages")
    return len(final)


def close_leaderboard(stores: Stores, bus: EventBus, board: str, label: str, *, now: int) -> None:
    """Close a leaderboard that is final, or what is left of that. RuntimeError: some of it could not be done, run again."""
    metrics.add_metric("ClosingsReceived", MetricUnit.Count, 1)
    for _ in range(ATTEMPTS):
        held = stores.scores.load(board, label, consistent=True)
        if held is None or held.is_paid or now < held.closes_at:
            return
        try:
            _close(stores, bus, held if held.closed_at is not None else _frozen(stores, held, now=now), now=now)
        except VersionConflict:
            continue  # a last score was merged, or our own answer was lost
        return
    raise Contention("contention", f"the leaderboard {board} {label} is being changed by many at once; try again")


def _frozen(stores: Stores, held: Leaderboard, *, now: int) -> Leaderboard:
    """From here on ranks are what they are, and so are prizes."""
    pays = paying_version(stores.catalogs.current(), held)
    frozen = replace(held, closed_at=now, template_version=pays, version=held.version + 1)
    stores.scores.save(frozen)
    return frozen


def paying_version(catalog: Catalog, held: Leaderboard) -> int:
    """The version whose prizes are paid: that published when it closes, of a withdrawn mission the newest that was dealt."""
    current = catalog.templates.get(held.board)
    if held.closed_at is not None or current is None or not current.is_competitive:
        return held.template_version
    return current.version


def _close(stores: Stores, bus: EventBus, held: Leaderboard, *, now: int) -> None:
    prizes = _prizes(stores.catalogs, held)
    awarded = {rank: _is_awarded(stores, held.entries[rank - 1], prize, now=now) for rank, prize in prizes.items()}
    if missing := [rank for rank, is_awarded in awarded.items() if is_awarded is None]:
        raise RuntimeError(f"{len(missing)} prizes of the leaderboard {held.board} {held.label} could not be awarded")
    winners = [rank for rank, is_awarded in awarded.items() if is_awarded]
    if bus.put([bus_event(closing_announcement(held, winners))]):
        raise RuntimeError(f"the event bus refused {CLOSED}")
    stores.scores.save(replace(held, is_paid=True, version=held.version + 1))
    metrics.add_metric("LeaderboardsClosed", MetricUnit.Count, 1)
    logger.info("leaderboard closed", board=held.board, label=held.label, prizes=len(winners))


def _prizes(catalogs: Catalogs, held: Leaderboard) -> dict[int, PendingGrant]:
    """What is owed, by rank. Time and cause follow from the leaderboard: the ledger takes each once."""
    rewards = prizes_of(_template(catalogs, held))
    causes = {rank: prize_cause(held.board, held.label, rank) for rank in range(1, len(held.entries) + 1)}
    return {rank: PendingGrant(cause, held.closed_at or held.closes_at, rewards[rank]) for rank, cause in causes.items() if rank in rewards}


def prize_cause(board: str, label: str, rank: int) -> str:
    """Why a prize is paid: the key of its grant among the winner's others. Causes leave with events, so it names nobody's account."""
    return f"board:{board}:{label}:{rank}"


def prizes_of(template: Template) -> dict[int, Rewards]:
    """What each rank is promised."""
    return {rank: prize.rewards for prize in template.prizes for rank in range(prize.first, prize.last + 1)}


def _template(catalogs: Catalogs, held: Leaderboard) -> Template:
    """The template whose prizes were promised when the ranks were frozen."""
    catalog = catalogs.current()
    catalogs.bring(catalog, {(held.board, held.template_version)})
    return catalog.template(held.board, held.template_version)


def _is_awarded(stores: Stores, winner: Entry, prize: PendingGrant, *, now: int) -> bool | None:
    """Whether the winner is there to be awarded the prize; None: it did not work, and has to be tried again."""
    if not winner.player:
        return False
    try:
        _award(stores, winner, prize, now=now)
    except Erased:
        return False
    except Exception:
        # The boundary between neighbours: one winner's trouble must not keep the others waiting for their prizes.
        logger.exception("prize not awarded", account=winner.account, cause=prize.cause)
        return None
    return True


def _award(stores: Stores, winner: Entry, prize: PendingGrant, *, now: int) -> None:
    """Owe a winner the prize, unless it is owed or paid already, or somebody else has the name now. Erased: it is nobody's any more."""

    def run(draft: Draft) -> None:
        if draft.state.account == winner.account:
            owe_once(stores, draft, prize)

    change(stores, winner.player, run, now=now, present=False)


def closing_announcement(held: Leaderboard, ranks: Iterable[int]) -> Announcement:
    """What the world is told of a leaderboard that is final, with the winners of these ranks. What each won, their grants tell."""
    at = held.closed_at or held.closes_at
    winners = [(rank, held.entries[rank - 1]) for rank in ranks]
    data = {
        "board": held.board,
        "label": held.label,
        "participants": held.participants,
        "winners": [{"rank": rank, "player": entry.player, "score": f"{entry.score:f}"} for rank, entry in winners],
        "closed_at": timestamp(at),
    }
    return Announcement(f"{CLOSED}:{held.board}:{held.label}", CLOSED, subject=held.board, at=at, data=data)
