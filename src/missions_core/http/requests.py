"""What clients may send: request bodies. Members that are not listed are errors."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from missions_core.contracts.members import Email, Language, Level, Segments, ShortText, Tag, Url, Zone

# A member that may be left out; null is not the same and refused. Handlers read what was set (`model_dump(exclude_unset=True)`).
ABSENT: Any = Field(default_factory=lambda: None)


class Body(BaseModel):
    """Strict: what a client misspells must not be ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)  # built by the first request that has such a body


class ProfilePatch(Body):
    """What a player changes about themselves; members left out stay as they are."""

    zone: Zone = ABSENT
    name: ShortText = ABSENT
    email: Email = ABSENT
    avatar: Url = ABSENT
    language: Language = ABSENT
    categories: Annotated[list[Tag], Field(max_length=20, description="Favoured: dealt more often.")] = ABSENT
    blocked_categories: Annotated[list[Tag], Field(max_length=20, description="Dealt only where nothing else is left.")] = ABSENT
    daily_minutes: Annotated[int, Field(ge=1, le=1440)] = ABSENT


class FreezeRequest(Body):
    """Which streak a freeze is for."""

    streak: Literal["daily", "weekly"] = "daily"


class PauseRequest(Body):
    """For how many days streaks are protected; 0 ends a pause."""

    days: Annotated[int, Field(ge=0, le=3650)]


class ReadRequest(Body):
    """Up to which notification everything is read; left out: all there are."""

    until: Annotated[str, Field(min_length=1, max_length=128, description="A notification's `id`.")] = ABSENT


class RegenerateRequest(Body):
    """Which missions an operator wants replaced, and why: that goes into the audit trail."""

    kind: Literal["daily", "weekly", "monthly"]
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class Decision(Body):
    """Why an operator decided so: that goes into the audit trail."""

    reason: Annotated[str, Field(min_length=1, max_length=300)]


class HoldDecision(Decision):
    """Which held grant an operator decided on, and why."""

    cause: Annotated[str, Field(min_length=1, max_length=512, description="The grant's `cause`.")]


class PlayerPut(Body):
    """What the host says about a player; members left out stay as they are."""

    zone: Zone = ABSENT
    locale: Language = ABSENT
    level: Level = ABSENT
    vip: bool = ABSENT
    segments: Segments = ABSENT
