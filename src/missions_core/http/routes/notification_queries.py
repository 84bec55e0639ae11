"""GET /v1/me/notifications: what a player should hear of, newest first."""

from missions_core.http.representations.notifications import Notifications
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.routes.player_queries import read_view, routes
from missions_core.http.views.notifications import notification_view
from missions_core.use_cases.read_marks import unread


@routes.get("/v1/me/notifications", summary="What happened, newest first, and how much of it is unread", tags=["notifications"])
def list_notifications(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Notifications:
    view, languages = read_view(), routes.languages
    found, next_cursor = routes.stores.notifications.newest(view.state.player, limit=limit, cursor=cursor, now=view.now)
    return {
        "items": [notification_view(view, each, languages) for each in found],
        "next_cursor": next_cursor,
        "unread": unread(routes.stores, view),
    }
