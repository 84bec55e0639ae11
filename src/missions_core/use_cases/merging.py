"""Merging scores into a leaderboard: each player's best is kept, then all are ranked in one row, at most every few seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from missions_core.domain.events import ScoreChanged
from missions_core.domain.leaderboards import Entry, best, merged, moved
from missions_core.errors import Contention, VersionConflict
from missions_core.storage.scores import Leaderboard, Move, Scores

REST_MS = 3_000  # between two writes of the row, which cost as many units as it has kilobytes
ATTEMPTS = 8

Changes = Sequence[tuple[Entry, ScoreChanged]]


@dataclass(slots=True)
class Timer:
    """An invocation's time: the server's clock when it began, and what was slept since."""

    now: int
    sleep: Callable[[float], None]

    def rest(self, milliseconds: int) -> None:
        """Let time pass."""
        self.sleep(milliseconds / 1000)
        self.now += milliseconds


def merge(scores: Scores, board: str, label: str, changes: Changes, timer: Timer) -> bool:
    """Merge scores of one leaderboard; False: it is closed. Contention: others kept merging.

    What is merged already changes nothing, so changes that come again are merged again, even if their rows hold them.
    """
    entries = best(entry for entry, _ in changes)
    closes_at = max(score.closes_at for _, score in changes)
    moves: list[Move] | None = None
    sent: Leaderboard | None = None
    for _ in range(ATTEMPTS):
        held = scores.load(board, label, consistent=True) or Leaderboard(board, label, closes_at)
        if held.closed_at is not None:
            return False
        if moves is None:
            moves = [move for entry in entries if (move := scores.improve(board, label, entry, closes_at=closes_at))]
        after = _merged(held, entries, moves, changes)
        rest = held.merged_at + REST_MS - timer.now
        if held in (after, sent):  # nothing new, or written by ourselves, though its answer was lost
            return True
        if 0 < rest <= REST_MS:  # more only where the clock was put back: that is not waited for
            timer.rest(rest)  # then look again: somebody else may have merged meanwhile
            continue
        sent = replace(after, merged_at=timer.now, version=held.version + 1)
        if _is_saved(scores, sent):
            return True
    raise Contention("contention", f"the leaderboard {board} {label} is being changed by many at once; try again")


def _merged(held: Leaderboard, entries: Sequence[Entry], moves: Sequence[Move], changes: Changes) -> Leaderboard:
    return replace(
        held,
        entries=merged(held.entries, entries),
        histogram=moved(held.histogram, moves),
        closes_at=max(held.closes_at, *(score.closes_at for _, score in changes)),
        template_version=max(held.template_version, *(score.version for _, score in changes)),
    )


def _is_saved(scores: Scores, leaderboard: Leaderboard) -> bool:
    try:
        scores.save(leaderboard)
    except VersionConflict:
        return False
    return True
