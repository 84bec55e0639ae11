"""Scores merged into a leaderboard that is full already: the fewer at once, the more of the merged row each of them pays."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from uuid import UUID

from bench.meter import Meter, Uses
from bench.month import START
from infra.inprocess import create_resources, running
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.events import ScoreChanged
from missions_core.domain.leaderboards import Entry
from missions_core.storage.scores import Scores
from missions_core.use_cases.merging import REST_MS, Timer, merge

AT_ONCE = (1, 10, 35, 100)  # scores merged by one write of the row
FEWEST_MERGES = 5
FEWEST_SCORES = 40
PLAYERS = 300
MOST_POINTS = 500  # of one score
CLOSES_AT = START + 168 * HOUR_MS


def measured() -> dict[int, Uses]:
    """The uses of merging so many scores at once."""
    with running() as aws:
        merges = _Merges(Scores(create_resources()["TABLE_NAME"]))
        merges.merge(merges.players)
        meter = Meter(aws)
        for size in AT_ONCE:
            for _ in range(max(FEWEST_MERGES, FEWEST_SCORES // size)):
                players = merges.chance.sample(merges.players, size)
                with meter.use(str(size)):
                    merges.merge(players)
        return {size: meter.uses[str(size)] for size in AT_ONCE}


class _Merges:
    """Players who score again and again."""

    def __init__(self, scores: Scores) -> None:
        self.chance = Random(7)
        self.players = [str(UUID(int=self.chance.getrandbits(128))) for _ in range(PLAYERS)]
        self._accounts = {player: f"{self.chance.getrandbits(128):032x}" for player in self.players}
        self._points = dict.fromkeys(self.players, 0)
        self._scores = scores
        self._now = START

    def merge(self, players: Sequence[str]) -> None:
        """Let each of these score once, later than the row rests."""
        self._now += REST_MS
        changes = []
        for player in players:
            self._points[player] += self.chance.randint(1, MOST_POINTS)
            score, reached_at = Decimal(self._points[player]), self._now - self.chance.randint(0, REST_MS)
            said = ScoreChanged("race", "2026-W46", str(score), reached_at, CLOSES_AT, 1)
            changes.append((Entry(player, self._accounts[player], score, reached_at), said))
        assert merge(self._scores, "race", "2026-W46", changes, Timer(self._now, lambda _: None))
