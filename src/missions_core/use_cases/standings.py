"""Standings: scores and counts that left with state writes are merged into leaderboards and statistics, at least once, in any order."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.catalog import Catalog
from missions_core.domain.events import AchievementUnlocked, Event, PlayerJoined, ScoreChanged
from missions_core.domain.leaderboards import Entry
from missions_core.errors import InvalidInput
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.scores import Scores
from missions_core.use_cases.merging import Timer, merge
from missions_core.use_cases.quarantine import QueueMessage, put_aside
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

ORIGIN = "standings"
TOO_LATE = "ScoresTooLate"  # an alarm's metric
MERGING_MS = 60_000  # the longest a batch may take, after which Lambda ends it


@dataclass(frozen=True, slots=True)
class _Report:
    """What one state write said."""

    message: str
    player: str
    account: str
    scores: list[ScoreChanged]
    unlocked: list[tuple[str, str | None]]  # achievement and tier
    joined: bool
    at: int  # when that was

    def entry(self, score: ScoreChanged) -> Entry:
        return Entry(self.player, self.account, Decimal(score.score), score.reached_at)


def standings_body(player: str, account: str, events: Sequence[Event], *, at: int) -> str | None:
    """The standings queue's message for the events of one state write at an instant; None: they concern no standings."""
    scores = [asdict(event) for event in events if isinstance(event, ScoreChanged)]
    unlocked = [(event.achievement, event.tier) for event in events if isinstance(event, AchievementUnlocked)]
    joined = any(isinstance(event, PlayerJoined) for event in events)
    if not (scores or unlocked or joined):
        return None
    return json.dumps({"player": player, "account": account, "scores": scores, "unlocked": unlocked, "joined": joined, "at": at})


def update_standings(
    stores: Stores, quarantine: Queue, messages: Sequence[QueueMessage], timer: Timer, *, erasure_delay_ms: int
) -> list[str]:
    """Merge a batch; return the ids of the messages to deliver again.

    Merging again changes nothing. Counting again does, so what is to be counted is counted last. `erasure_delay_ms`: a score younger
    than that is merged before its player, if they are erased, is taken off the leaderboards; of an older one they may be gone already.
    """
    metrics.add_metric("StandingsReceived", MetricUnit.Count, len(messages))
    reports, again = _read(quarantine, messages)
    late = {report.player for report in reports if report.scores and report.at <= timer.now + MERGING_MS - erasure_delay_ms}
    reports, unsure = _without_erased(stores, reports, late) if late else (reports, set[str]())
    again |= unsure | _merge_all(stores.scores, reports, timer)
    again |= _count(stores, [report for report in reports if report.message not in again])
    logger.info("standings updated", messages=len(messages), again=len(again))
    return [message.id for message in messages if message.id in again]


def _read(quarantine: Queue, messages: Sequence[QueueMessage]) -> tuple[list[_Report], set[str]]:
    """What can be read, and the messages that can neither be read nor, for now, be quarantined."""
    reports, again = [], set[str]()
    for message in messages:
        try:
            reports.append(_parse(message))
        except InvalidInput as reason:
            if not put_aside(quarantine, ORIGIN, message, reason):
                again.add(message.id)
    return reports, again


def _parse(message: QueueMessage) -> _Report:
    try:
        raw = json.loads(message.body)
        unlocked = [(key, tier) for key, tier in raw["unlocked"]]
        scores, at = [_score(each) for each in raw["scores"]], raw.get("at", 0)  # of an earlier release: as if it was late
        report = _Report(message.id, raw["player"], raw["account"], scores, unlocked, raw["joined"], at)
        named = _are(str, report.player, report.account, *(key for key, _ in unlocked))
        if not (named and _are(bool, report.joined) and _are(int, at)):
            raise ValueError("player, account and achievements are strings, joined is a boolean, at epoch milliseconds")
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError) as error:
        raise InvalidInput("malformed_standings", f"not a standings message: {error!r}") from None
    return report


def _without_erased(stores: Stores, reports: Sequence[_Report], late: set[str]) -> tuple[list[_Report], set[str]]:
    """The reports without those of late players who are erased, and the messages of which that cannot be told for now."""
    try:
        gone, unsure = stores.players.erased(late), set[str]()
    except Exception:
        # A score merged behind an erasure would stay: these messages come back, and in the end go to the dead-letter queue.
        logger.exception("scores not merged", players=len(late))
        gone, unsure = late, {report.message for report in reports if report.player in late}
    return [report for report in reports if report.player not in gone], unsure


def _score(raw: dict[str, Any]) -> ScoreChanged:
    score = ScoreChanged(**raw)
    named = _are(str, score.board, score.label, score.score) and "#" not in score.board + score.label
    if not (named and Decimal(score.score).is_finite() and _are(int, score.reached_at, score.closes_at, score.version)):
        raise ValueError("board, label and score are strings, the score a number, instants and version are integers")
    return score


def _are(kind: type, *values: object) -> bool:
    return all(type(value) is kind for value in values)


def _merge_all(scores: Scores, reports: Sequence[_Report], timer: Timer) -> set[str]:
    """Merge leaderboard by leaderboard; the messages of those that could not be merged."""
    changes: dict[tuple[str, str], list[tuple[Entry, ScoreChanged]]] = defaultdict(list)
    messages: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report in reports:
        for score in report.scores:
            changes[score.board, score.label].append((report.entry(score), score))
            messages[score.board, score.label].add(report.message)
    again: set[str] = set()
    for board, label in sorted(changes):
        try:
            in_time = merge(scores, board, label, changes[board, label], timer)
        except Exception:
            # The boundary between neighbours: these messages come back, and in the end go to the dead-letter queue; the others count.
            logger.exception("leaderboard not merged", board=board, label=label)
            again |= messages[board, label]
            continue
        metrics.add_metric("ScoresMerged" if in_time else TOO_LATE, MetricUnit.Count, len(changes[board, label]))
    return again


def _count(stores: Stores, reports: Sequence[_Report]) -> set[str]:
    """Count who joined and who holds what; the messages that could not be counted."""
    counted = [report for report in reports if report.joined or report.unlocked]
    if not counted:
        return set()
    try:
        unlocked = [each for report in counted for each in report.unlocked]
        catalog = stores.catalogs.current() if unlocked else None
        holders = Counter(key for key, tier in unlocked if catalog and _is_first(catalog, key, tier))
        stores.statistics.count(players=sum(report.joined for report in counted), holders=holders)
    except Exception:
        # Approximate as they are, the counts come back with their messages; the scores of these are merged already.
        logger.exception("statistics not counted", messages=len(counted))
        return {report.message for report in counted}
    return set()


def _is_first(catalog: Catalog, key: str, tier: str | None) -> bool:
    """Whether who reaches this tier of an achievement did not hold it before."""
    template = catalog.templates.get(key)
    return template is not None and [first.name for first in template.tiers[:1]] == [tier]
