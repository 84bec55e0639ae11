"""Notifications: a row per thing a player should hear of, kept for 90 days. What is read, the state says by an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from missions_core.domain.catalog import DAY_MS
from missions_core.errors import InvalidInput
from missions_core.storage import keys
from missions_core.storage.table import NoteRow, bind, connect, page

KEPT_MS = 90 * DAY_MS
INSTANT_DIGITS = 13
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that happened at an instant, known by its event's id. `template`: whose name is its title."""

    at: int
    event: str
    type: str
    template: str | None
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What players call it by."""
        return f"{self.at:013d}-{self.event}"


def instant_of(id_: str) -> int:
    """When what a notification tells of happened. InvalidInput `invalid_notification`: not the id of one."""
    at, separator, event = id_[:INSTANT_DIGITS], id_[INSTANT_DIGITS : INSTANT_DIGITS + 1], id_[INSTANT_DIGITS + 1 :]
    if not (at.isascii() and at.isdecimal() and separator == "-" and event):
        raise InvalidInput("invalid_notification", "until must be the id of a notification; without it all are meant", field="until")
    return int(at)


class Notifications:
    """The notifications of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._rows = bind(NoteRow, table_name)

    def write(self, player: str, notification: Notification) -> None:
        """Keep a notification; the same again changes nothing."""
        self._rows(
            *keys.note(player, notification.at, notification.event),
            at=notification.at,
            event=notification.event,
            type=notification.type,
            template=notification.template,
            data=dict(notification.data),
            ttl=(notification.at + KEPT_MS) // 1000,
        ).save()

    def newest(self, player: str, *, limit: int, cursor: str | None, now: int) -> tuple[list[Notification], str | None]:
        """A player's notifications, newest first, and the cursor of the next page. Expired rows that are still there end the list."""
        rows, next_cursor = page(self._rows, keys.player(player), keys.NOTES, limit=limit, cursor=cursor, newest_first=True)
        kept = [Notification(row.at, row.event, row.type, row.template, row.data) for row in rows if row.at > now - KEPT_MS]
        return kept, next_cursor if len(kept) == len(rows) else None

    def unread(self, player: str, *, read_until: int, now: int) -> int:
        """How many are later than what was read, up to 99."""
        since = keys.notes_since(max(read_until, now - KEPT_MS) + 1)
        counted = self._connection.query(keys.player(player), NoteRow.sk.between(*since), limit=MOST_COUNTED, select="COUNT")
        return int(counted["Count"])
