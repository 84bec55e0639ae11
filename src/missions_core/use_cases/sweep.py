"""Erasure, second half: everything that lies around a tombstone and names its player is removed, then the world is told.

The order is such that whatever dies in between, a second run finds what is left to do: leaderboards while the history still names them,
rows last, and only then the confirmation. What is gone is not missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.catalog import DAY_MS
from missions_core.domain.leaderboards import anonymous, moved, without
from missions_core.errors import Contention, InvalidInput, VersionConflict
from missions_core.files import PlayerFiles
from missions_core.instants import timestamp
from missions_core.messaging import EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.remains import Remains
from missions_core.storage.scores import KEPT_SECONDS, Leaderboard, Scores
from missions_core.use_cases.erasures import Erasure, leaderboards_of, parse_erasure
from missions_core.use_cases.integration import Announcement, bus_event
from missions_core.use_cases.quarantine import QueueMessage, put_aside

logger = create_logger()
metrics = create_metrics()

ORIGIN = "erasures"
CONFIRMED = "PlayerErased"
ATTEMPTS = 8
# By then the leaderboard of a period has expired: one closes at most two days after a player's period ends, and rows go some days late.
LEADERBOARDS_GONE_MS = KEPT_SECONDS * 1000 + 9 * DAY_MS


@dataclass(frozen=True, slots=True)
class Places:
    """Wherever a player may be found."""

    remains: Remains
    scores: Scores
    files: PlayerFiles
    bus: EventBus


def sweep_all(places: Places, quarantine: Queue, messages: Sequence[QueueMessage], *, now: int) -> list[str]:
    """Remove a batch of erased players; return the ids of the messages to deliver again."""
    metrics.add_metric("ErasuresReceived", MetricUnit.Count, len(messages))
    return [message.id for message in messages if not _handle(places, quarantine, message, now=now)]


def _handle(places: Places, quarantine: Queue, message: QueueMessage, *, now: int) -> bool:
    try:
        rows = _sweep(places, parse_erasure(message.body), now=now)
    except InvalidInput as reason:
        return put_aside(quarantine, ORIGIN, message, reason)
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are done.
        logger.exception("player not removed", message_id=message.id)
        return False
    metrics.add_metric("PlayersErased", MetricUnit.Count, 1)
    logger.info("player removed", rows=rows)
    return True


def _sweep(places: Places, erasure: Erasure, *, now: int) -> int:
    """Remove a player who is erased; returns how many rows they had. InvalidInput: nobody erased them."""
    tombstone = places.remains.tombstone(erasure.player)
    if tombstone is None:
        raise InvalidInput("player_not_erased", "there is no tombstone: only DELETE /v1/me and UserDeleted erase a player")
    settled = [board for board in places.remains.boards(erasure.player) if board.period.end > now - LEADERBOARDS_GONE_MS]
    for board, label in dict.fromkeys((*erasure.boards, *leaderboards_of(settled))):
        _leave(places.scores, board, label, erasure.player)
    places.files.remove_all(erasure.player)
    rows = places.remains.remove_rows(erasure.player)
    if places.bus.put([bus_event(confirmation(erasure))]):
        raise RuntimeError(f"the event bus refused {CONFIRMED}")
    places.remains.lay_bare(tombstone)
    return rows


def confirmation(erasure: Erasure) -> Announcement:
    """What the world is told once nothing is left."""
    return Announcement(erasure.id, CONFIRMED, erasure.player, erasure.erased_at, {"erased_at": timestamp(erasure.erased_at)})


def _leave(scores: Scores, board: str, label: str, player: str) -> None:
    """Take a player off a leaderboard. Contention: others kept changing it.

    The row goes first: a death in between only costs the histogram a step, where the player was not among those kept in order.
    """
    removed = scores.remove(board, label, player)
    sent: Leaderboard | None = None
    for _ in range(ATTEMPTS):
        held = scores.load(board, label, consistent=True)
        if held is None or held == sent:  # nobody is on it, or it was written by ourselves, though its answer was lost
            return
        after = _anonymous(held, player) if held.closed_at is not None else _without(held, player, removed)
        if after == held:
            return
        sent = replace(after, version=held.version + 1)
        try:
            scores.save(sent)
        except VersionConflict:
            continue
        return
    raise Contention("contention", f"the leaderboard {board} {label} is being changed by many at once; try again")


def _without(held: Leaderboard, player: str, removed: Decimal | None) -> Leaderboard:
    """The leaderboard while ranks still move: whoever was behind moves up."""
    kept = next((entry.score for entry in held.entries if entry.player == player), None)
    score = removed if kept is None else kept
    return replace(
        held,
        entries=without(held.entries, player),
        histogram=held.histogram if score is None else moved(held.histogram, [(score, None)]),
        left=held.left + (kept is not None),
    )


def _anonymous(held: Leaderboard, player: str) -> Leaderboard:
    """The leaderboard once ranks are frozen: prizes are paid by rank, so nobody moves up."""
    return replace(held, entries=anonymous(held.entries, player))
