"""Announcing special missions as their windows open and close. Whether one is active for a player is decided by `roll`, not here."""

from collections.abc import Set

from missions_core.domain.catalog import Catalog, Template
from missions_core.instants import timestamp
from missions_core.messaging import EventBus
from missions_core.use_cases.integration import Announcement, bus_event

OPENED = "SpecialMissionOpened"
CLOSED = "SpecialMissionClosed"


def open_windows(catalog: Catalog, *, now: int) -> dict[str, Template]:
    """The special missions whose windows are open, by the name of the window: `{template}@{active_from}`."""
    return {
        f"{template.key}@{template.active_from}": template
        for template in catalog.missions("special")
        if not template.paused and template.active_from is not None and template.active_until is not None
        if template.active_from <= now < template.active_until
    }


def rotate(catalog: Catalog, bus: EventBus, *, open_before: Set[str], now: int) -> frozenset[str]:
    """Announce the windows that opened or closed since `open_before`, however that came; return the names of those open now.

    RuntimeError: the bus refused some; run again with the same `open_before` (event ids follow from the window).
    """
    windows = open_windows(catalog, now=now)
    opened = [_announcement(OPENED, name, now, _window(windows[name])) for name in sorted(windows.keys() - open_before)]
    closed = [_announcement(CLOSED, name, now, {"template": name.rpartition("@")[0]}) for name in sorted(open_before - windows.keys())]
    if failed := bus.put([bus_event(announcement) for announcement in opened + closed]):
        raise RuntimeError(f"the event bus refused {len(failed)} of {len(opened + closed)} announcements")
    return frozenset(windows)


def _window(template: Template) -> dict[str, object]:
    return {
        "template": template.key,
        "version": template.version,
        "active_from": timestamp(template.active_from or 0),
        "active_until": timestamp(template.active_until or 0),
    }


def _announcement(type_: str, window: str, now: int, data: dict[str, object]) -> Announcement:
    return Announcement(f"{type_}:{window}", type_, subject=str(data["template"]), at=now, data=data)
