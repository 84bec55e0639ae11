"""What clients may send: request bodies. Members that are not listed are errors."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

# A member that may be left out; null is not the same and refused. Handlers read what was set (`model_dump(exclude_unset=True)`).
ABSENT: Any = Field(default_factory=lambda: None)

ShortText = Annotated[str, Field(min_length=1, max_length=100)]
Tag = Annotated[str, Field(min_length=1, max_length=64)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35, examples=["de-AT"])]
Zone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"], description="An IANA time zone.")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Url = Annotated[str, Field(pattern=r"^https://\S+$", max_length=500)]


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
    categories: Annotated[list[Tag], Field(max_length=20)] = ABSENT
    daily_minutes: Annotated[int, Field(ge=1, le=1440)] = ABSENT


class PauseRequest(Body):
    """For how many days streaks are protected; 0 ends a pause."""

    days: Annotated[int, Field(ge=0, le=3650)]


class PlayerPut(Body):
    """What the host says about a player; members left out stay as they are."""

    zone: Zone = ABSENT
    locale: Language = ABSENT
    level: Annotated[int, Field(ge=1, le=1_000_000)] = ABSENT
    vip: bool = ABSENT
    segments: Annotated[list[Tag], Field(max_length=50)] = ABSENT
