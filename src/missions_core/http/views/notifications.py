"""Notifications as players see them."""

from collections.abc import Sequence

from missions_core.domain.catalog import Catalog
from missions_core.http.languages import localised
from missions_core.http.representations import notifications as shown
from missions_core.instants import timestamp
from missions_core.storage.notifications import Notification
from missions_core.use_cases.read import PlayerView


def notification_view(view: PlayerView, notification: Notification, languages: Sequence[str]) -> shown.Notification:
    """A notification, named as its template is named now."""
    return {
        "id": notification.id,
        "type": notification.type,  # type: ignore[typeddict-item]  # the use case's types are these
        "at": timestamp(notification.at),
        "read": notification.at <= view.state.read_until,
        "title": _title(view.catalog, notification.template, languages),
        "data": dict(notification.data),
    }


def _title(catalog: Catalog, template: str | None, languages: Sequence[str]) -> str | None:
    current = catalog.templates.get(template or "")
    return localised(current.name, languages) if current else None
