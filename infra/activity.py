"""What a lively day on a forum looks like, as actions: enough to complete most of what catalog/forum deals for a day."""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Act(NamedTuple):
    """An action without its envelope."""

    type: str
    data: dict[str, Any]


BUSY_DAY: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("post.created", 5, {"length": 1200}),
    ("thread.created", 1, {}),
    ("reaction.added", 5, {}),
    ("reaction.received", 10, {}),
    ("user.followed", 2, {}),
    ("tip.sent", 5, {"amount": 20}),
    ("tip.received", 5, {"amount": 20}),
    ("rain.created", 1, {"amount": 100, "recipients": 5}),
    ("shoutbox.message", 3, {"length": 20}),
)
DISTINCT = ("forum_id", "thread_id", "post_id", "author_id", "user_id", "recipient_id", "sender_id")


def busy_day() -> Iterator[Act]:
    """One such day, every post in another thread, every tip to somebody else."""
    for type_, count, data in BUSY_DAY:
        for number in range(1, count + 1):
            yield Act(type_, {name: f"{name.removesuffix('_id')}-{number}" for name in DISTINCT} | data)
