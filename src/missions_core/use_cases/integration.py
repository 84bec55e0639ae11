"""Integration events out: our domain events in the words other services read, CloudEvents-shaped. `contracts` describes each."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from missions_core.domain.codec import rewards_to_json
from missions_core.domain.events import (
    CheckInCompleted,
    Event,
    GrantPending,
    MissionCompleted,
    MissionStarted,
    RewardClaimed,
    StreakBroken,
)
from missions_core.messaging import BusEvent

SOURCE = "missions"
SCHEMA_VERSION = "1.0"


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
    data: dict[str, Any]
    match event:
        case MissionStarted():
            data = {"mission": event.mission, "template": event.template, "started_at": timestamp(event.started_at)}
            return Announcement(event_id, "MissionStarted", player, event.started_at, data)
        case MissionCompleted():
            data = {
                "mission": event.mission,
                "template": event.template,
                "type": event.type,
                "rewards": rewards_to_json(event.rewards),
                "completed_at": timestamp(event.completed_at),
            }
            return Announcement(event_id, "MissionCompleted", player, event.completed_at, data)
        case RewardClaimed():
            data = {"cause": event.cause, "rewards": rewards_to_json(event.rewards), "claimed_at": timestamp(event.claimed_at)}
            return Announcement(event_id, "RewardClaimed", player, event.claimed_at, data)
        case CheckInCompleted():
            data = {**asdict(event), "checked_in_at": timestamp(event.checked_in_at)}
            return Announcement(event_id, "CheckInCompleted", player, event.checked_in_at, data)
        case StreakBroken():
            data = {**asdict(event), "broken_at": timestamp(event.broken_at)}
            return Announcement(event_id, "StreakBroken", player, event.broken_at, data)
        case GrantPending():
            return None


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


def timestamp(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
