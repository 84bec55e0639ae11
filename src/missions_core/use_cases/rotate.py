"""Announcing special missions as their windows open and close. Whether one is active for a player is decided by `roll`, not here."""

from missions_core.domain.catalog import Catalog
from missions_core.messaging import EventBus
from missions_core.use_cases.integration import Announcement, bus_event, timestamp

OPENED = "SpecialMissionOpened"
CLOSED = "SpecialMissionClosed"


def announcements(catalog: Catalog, *, after: int, until: int) -> list[Announcement]:
    """The windows of special missions that opened or closed in `(after, until]`, in order of time."""
    found: list[Announcement] = []
    for template in catalog.missions("special"):
        if template.active_from is None or template.active_until is None or template.paused:
            continue
        for type_, at in ((OPENED, template.active_from), (CLOSED, template.active_until)):
            if after < at <= until:
                data = {
                    "template": template.key,
                    "version": template.version,
                    "active_from": timestamp(template.active_from),
                    "active_until": timestamp(template.active_until),
                }
                found.append(Announcement(f"{type_}:{template.key}:{at}", type_, subject=template.key, at=at, data=data))
    return sorted(found, key=lambda announcement: (announcement.at, announcement.id))


def rotate(catalog: Catalog, bus: EventBus, *, after: int, until: int) -> list[Announcement]:
    """Publish them; returns what was published. RuntimeError: the bus refused some, repeat the whole window (ids are stable)."""
    found = announcements(catalog, after=after, until=until)
    if failed := bus.put([bus_event(announcement) for announcement in found]):
        raise RuntimeError(f"the event bus refused {len(failed)} of {len(found)} announcements")
    return found
