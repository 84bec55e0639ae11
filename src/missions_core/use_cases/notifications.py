"""Notifications: what the bus tells of a player becomes a row in their list, once, unless they are gone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.actions import MAX_TEXT
from missions_core.errors import InvalidInput
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.notifications import Notification
from missions_core.use_cases.quarantine import QueueMessage, put_aside
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

ORIGIN = "notifications"
LATEST = 10**13  # keys have room for 13 digits, and so does the year 2286

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a message says; `notification` None: nothing the player should hear of."""

    message: str
    player: str
    notification: Notification | None


def write_notifications(stores: Stores, quarantine: Queue, messages: Sequence[QueueMessage]) -> list[str]:
    """Write a batch; return the ids of the messages to deliver again. Writing again changes nothing."""
    metrics.add_metric("NotificationsReceived", MetricUnit.Count, len(messages))
    told, again = _read(quarantine, messages)
    again |= _write_all(stores, told)
    logger.info("notifications written", messages=len(messages), again=len(again))
    return [message.id for message in messages if message.id in again]


def _read(quarantine: Queue, messages: Sequence[QueueMessage]) -> tuple[list[_Told], set[str]]:
    """What can be read, and the messages that can neither be read nor, for now, be quarantined."""
    told, again = [], set[str]()
    for message in messages:
        try:
            told.append(_parse(message))
        except InvalidInput as reason:
            if not put_aside(quarantine, ORIGIN, message, reason):
                again.add(message.id)
    return told, again


def _parse(message: QueueMessage) -> _Told:
    try:
        event = json.loads(message.body)["detail"]
        id_, type_, player, data = event["id"], event["type"], event["subject"], event["data"]
        at = round(datetime.fromisoformat(event["time"]).timestamp() * 1000)
        if not (isinstance(data, dict) and all(map(_is_text, (id_, type_, player))) and 0 <= at < LATEST):
            raise ValueError("id, type and subject are texts, data is an object")
        news = _news(type_, data)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidInput("malformed_notification", f"not an event of ours: {error!r}") from None
    return _Told(message.id, player, None if news is None else Notification(at, id_, *news))


def _is_text(value: object) -> bool:
    """Whether it is one that actions may hold, too: one longer than a key, or that is no Unicode, would fail the whole batch's look-up."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _news(type_: str, data: Data) -> tuple[str, str | None, Data] | None:
    """What an event is called as news, whose name it goes by, and its data; None: it is none. KeyError: the data is not its type's."""
    match type_:
        case "MissionCompleted":
            return "mission.completed", str(data["template"]), data
        case "QuestCompleted":
            return "quest.completed", str(data["template"]), data
        case "QuestFailed":
            return "quest.failed", str(data["template"]), data
        case "AchievementUnlocked":
            return "achievement.unlocked", str(data["achievement"]), data
        case "StreakBroken":
            return "streak.broken", None, data
        case "EvidenceDecided":
            return "evidence.decided", str(data["mission"]).rpartition(":")[0], data
        case "RewardClaimed":
            return _payment(str(data["cause"]), data)
    return None


def _payment(cause: str, data: Data) -> tuple[str, str | None, Data] | None:
    """Payments are told apart by their causes; what the player claimed themselves is no news."""
    match cause.split(":"):
        case ["board", board, label, rank]:
            return "prize.won", board, {**data, "board": board, "label": label, "rank": int(rank)}
        case ["referral", *_]:
            return "referral.rewarded", None, data
    return None


def _write_all(stores: Stores, told: Sequence[_Told]) -> set[str]:
    """Write what is news to those who are still there; the messages that were not written."""
    news = [(each.message, each.player, each.notification) for each in told if each.notification is not None]
    if not news:
        return set()
    try:
        erased = stores.players.erased({player for _, player, _ in news})
    except Exception:
        # Whether they are gone must be known first: a row written behind their erasure would stay. All of these come back.
        logger.exception("notifications not written", messages=len(news))
        return {message for message, _, _ in news}
    return {message for message, player, each in news if player not in erased and not _is_written(stores, player, each)}


def _is_written(stores: Stores, player: str, notification: Notification) -> bool:
    try:
        stores.notifications.write(player, notification)
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are written.
        logger.exception("notification not written", event_id=notification.event)
        return False
    return True
