"""Integration events out: our domain events in the words other services read, CloudEvents-shaped. `contracts` describes each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from missions_core.domain.catalog import Rewards
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.events import (
    AchievementUnlocked,
    CheckInCompleted,
    Event,
    EvidenceDecided,
    MissionCompleted,
    MissionStarted,
    PlayerFlagged,
    QuestCompleted,
    QuestFailed,
    QuestStarted,
    QuestStepCompleted,
    RewardClaimed,
    StreakBroken,
)
from missions_core.instants import timestamp
from missions_core.messaging import BusEvent

SOURCE = "missions"
SCHEMA_VERSION = "1.0"
# The events the world is told of, and the member that says when each happened. Their other members are told under their own names.
_INSTANTS: dict[type[Event], str] = {
    MissionStarted: "started_at",
    MissionCompleted: "completed_at",
    RewardClaimed: "claimed_at",
    CheckInCompleted: "checked_in_at",
    StreakBroken: "broken_at",
    QuestStarted: "started_at",
    QuestStepCompleted: "completed_at",
    QuestCompleted: "completed_at",
    QuestFailed: "failed_at",
    AchievementUnlocked: "unlocked_at",
    EvidenceDecided: "decided_at",
    PlayerFlagged: "flagged_at",
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """An integration event before it is put into its envelope. `id` follows from the cause, so that consumers can drop repeats."""

    id: str
    type: str
    subject: str
    at: int
    data: dict[str, Any]


def announcement_of(event: Event, event_id: str, player: str) -> Announcement | None:
    """What the world is told of a domain event; None: it concerns nobody outside."""
    instant = _INSTANTS.get(type(event))
    if instant is None:
        return None
    at: int = getattr(event, instant)
    data = {name: _plain(getattr(event, name)) for name in type(event).__match_args__} | {instant: timestamp(at)}
    return Announcement(event_id, type(event).__name__, player, at, data)


def _plain(member: object) -> object:
    if isinstance(member, Rewards):
        return rewards_to_json(member)
    return dict(member) if isinstance(member, Mapping) else member


def bus_event(announcement: Announcement) -> BusEvent:
    """The EventBridge event, whose detail is the envelope."""
    return BusEvent(announcement.type, json.dumps(envelope(announcement)), announcement.at)


def envelope(announcement: Announcement) -> dict[str, Any]:
    """The CloudEvents 1.0 object around an announcement."""
    return {
        "specversion": "1.0",
        "id": announcement.id,
        "source": SOURCE,
        "type": announcement.type,
        "subject": announcement.subject,
        "time": timestamp(announcement.at),
        "dataschemaversion": SCHEMA_VERSION,
        "data": announcement.data,
    }
