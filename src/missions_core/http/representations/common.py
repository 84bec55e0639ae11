"""What all representations share."""

from typing import Generic, Literal, TypeVar

from typing_extensions import TypedDict

Item = TypeVar("Item")
Number = int | float
MissionStatus = Literal["active", "completed", "claimed", "expired", "failed"]


class Page(TypedDict, Generic[Item]):
    """A list; `next_cursor` asks for what follows, null where nothing does."""

    items: list[Item]
    next_cursor: str | None
