"""/v1/admin flags, holds, audit: operators read why players were flagged and decide, each decision with its reason."""

import re
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from missions_core import clock
from missions_core.errors import InvalidInput
from missions_core.http.identity import player_id as read_player_id
from missions_core.http.representations.common import Page
from missions_core.http.representations.fraud import AuditEntry, Cleared, Flagged, Hold
from missions_core.http.requests import Decision, HoldDecision
from missions_core.http.routes.admin_api import logger, routes
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.views.fraud import audit_view, cleared_view, flagged_view, hold_view
from missions_core.storage.audit import month_of
from missions_core.use_cases.flags import clear_flags, list_flagged, look_at
from missions_core.use_cases.holds import list_holds, open_holds, release, revoke

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)

Month = Annotated[str | None, Query(max_length=7, description="YYYY-MM in UTC; the current month by default.")]


@routes.get("/v1/admin/flags", summary="Flagged players, the longest waiting first", tags=["admin"])
def list_flags(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Flagged]:
    _require_operator()
    states, next_cursor = list_flagged(routes.stores, limit=limit, cursor=cursor)
    return {"items": [flagged_view(state, shadow=False) for state in states], "next_cursor": next_cursor}


@routes.get("/v1/admin/players/<player_id>/flags", summary="What was found about a player, recorded only or not", tags=["admin"])
def get_flags(player_id: str) -> Flagged:
    return flagged_view(look_at(routes.stores, _target(player_id)), shadow=True)


@routes.post("/v1/admin/players/<player_id>/flags/clear", summary="Take a player's flags away", tags=["admin"])
def post_flags_clear(player_id: str, decision: Annotated[Decision, Body()]) -> Cleared:
    player, actor = _target(player_id), routes.caller.player
    state = clear_flags(routes.stores, player, actor=actor, reason=decision.reason, now=clock.now())
    return cleared_view(state, open_holds(routes.stores, state))


@routes.get("/v1/admin/players/<player_id>/holds", summary="A player's grants that were held, newest first", tags=["admin"])
def list_player_holds(player_id: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Hold]:
    holds, next_cursor = list_holds(routes.stores, _target(player_id), limit=limit, cursor=cursor)
    return {"items": [hold_view(hold) for hold in holds], "next_cursor": next_cursor}


@routes.post("/v1/admin/players/<player_id>/holds/release", summary="Pay a held grant after all", tags=["admin"])
def post_hold_release(player_id: str, decision: Annotated[HoldDecision, Body()]) -> Hold:
    player, actor = _target(player_id), routes.caller.player
    return hold_view(release(routes.stores, player, decision.cause, actor=actor, reason=decision.reason, now=clock.now()))


@routes.post("/v1/admin/players/<player_id>/holds/revoke", summary="End a held grant", tags=["admin"])
def post_hold_revoke(player_id: str, decision: Annotated[HoldDecision, Body()]) -> Hold:
    player, actor = _target(player_id), routes.caller.player
    return hold_view(revoke(routes.stores, player, decision.cause, actor=actor, reason=decision.reason, now=clock.now()))


@routes.get("/v1/admin/audit", summary="What operators decided in a month, newest first", tags=["admin"])
def list_audit(month: Month = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[AuditEntry]:
    routes.caller.require_role("admin")
    wanted = month_of(clock.now()) if month is None else month
    if not MONTH.fullmatch(wanted):
        raise InvalidInput("invalid_month", "month is written YYYY-MM, e.g. 2026-11", field="month")
    entries, next_cursor = routes.stores.audit.month(wanted, limit=limit, cursor=cursor)
    return {"items": [audit_view(entry) for entry in entries], "next_cursor": next_cursor}


def _target(player_id: str) -> str:
    """Whom an operator asks about, or decides about."""
    _require_operator()
    player = read_player_id(player_id, field="player_id")
    logger.append_keys(target=player)
    return player


def _require_operator() -> None:
    routes.caller.require_role("moderator", "admin")
