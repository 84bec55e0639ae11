"""Notifications: what a player should hear of, and how far they have read."""

from typing import Any, Literal

from typing_extensions import TypedDict

NotificationType = Literal[
    "mission.completed",
    "quest.completed",
    "quest.failed",
    "achievement.unlocked",
    "streak.broken",
    "evidence.decided",
    "prize.won",
    "referral.rewarded",
]


class Notification(TypedDict):
    """What happened, when, and what the event said. `title`: the name of what it is about, null where it has none or is gone."""

    id: str
    type: NotificationType
    at: str
    read: bool
    title: str | None
    data: dict[str, Any]


class Notifications(TypedDict):
    """A list, newest first. `unread` counts up to 99 of all there are, null where they could not be counted now."""

    items: list[Notification]
    next_cursor: str | None
    unread: int | None


class ReadMark(TypedDict):
    """Notifications up to `read_until` are read (null: none ever was), `unread` ones are later."""

    read_until: str | None
    unread: int | None
