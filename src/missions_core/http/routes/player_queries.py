"""GET /v1/me/...: what a player has and is. Reads only: what is shown is what an action would find now."""

from collections.abc import Iterator
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from missions_core import clock
from missions_core.domain.catalog import PeriodKind
from missions_core.domain.commands import find_mission
from missions_core.domain.state import Board
from missions_core.domain.state import Mission as DealtMission
from missions_core.errors import NotFound
from missions_core.http.api import Routes
from missions_core.http.representations.common import MissionStatus, Page
from missions_core.http.representations.missions import Mission, PastPeriod
from missions_core.http.representations.players import CheckInCard, Hub, Profile, Stats, Streaks
from missions_core.http.representations.rewards import Grant, InventoryEntry, Wallet
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.views.missions import in_listed_order, mission_view, past_period_view, status_at
from missions_core.http.views.players import check_in_card, level_view, profile_view, stats_view, streaks_view
from missions_core.http.views.wallet import grant_view, inventory_entry, wallet_view
from missions_core.use_cases.read import PlayerView, read_player

routes = Routes()

Month = Annotated[str | None, Query(max_length=7, description="YYYY-MM; the current month by default.")]
PeriodFilter = Annotated[PeriodKind | None, Query(description="Only missions of this kind of period.")]
StatusFilter = Annotated[MissionStatus | None, Query(description="Only missions in this status, those of the period before included.")]


@routes.get("/v1/me/hub", summary="Everything for a start page in one answer", tags=["player"])
def get_hub() -> Hub:
    view = _view()
    return {
        "missions": _listed(view, None, None),
        "streaks": streaks_view(view),
        "check_in": _check_in_card_if_offered(view),
        "wallet": wallet_view(routes.stores, view),
        "level": level_view(view),
    }


@routes.get("/v1/me/missions", summary="Open missions, and finished ones of the period before that wait for a claim", tags=["missions"])
def list_missions(period: PeriodFilter = None, status: StatusFilter = None) -> Page[Mission]:
    return {"items": _listed(_view(), period, status), "next_cursor": None}


@routes.get("/v1/me/missions/<mission_id>", summary="One mission", tags=["missions"])
def get_mission(mission_id: str) -> Mission:
    view = _view()
    return mission_view(view, *find_mission(view.state, mission_id), routes.languages)


@routes.get("/v1/me/streaks", summary="Daily and weekly streaks", tags=["player"])
def get_streaks() -> Streaks:
    return streaks_view(_view())


@routes.get("/v1/me/check-ins", summary="A month of check-ins", tags=["check-ins"])
def get_check_ins(month: Month = None) -> CheckInCard:
    return check_in_card(_view(), month)


@routes.get("/v1/me/wallet", summary="Balances", tags=["rewards"])
def get_wallet() -> Wallet:
    return wallet_view(routes.stores, _view())


@routes.get("/v1/me/grants", summary="Payments, newest first", tags=["rewards"])
def list_grants(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Grant]:
    grants, next_cursor = routes.stores.ledger.grants(_view().state.account, limit=limit, cursor=cursor)
    return {"items": [grant_view(grant) for grant in grants], "next_cursor": next_cursor}


@routes.get("/v1/me/inventory", summary="Goods: items, badges, titles, frames", tags=["rewards"])
def list_inventory(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[InventoryEntry]:
    view = _view()
    rows, next_cursor = routes.stores.ledger.inventory(view.state.account, limit=limit, cursor=cursor)
    return {"items": [inventory_entry(row, now=view.now) for row in rows], "next_cursor": next_cursor}


@routes.get("/v1/me/history", summary="Past periods, newest first", tags=["missions"])
def list_history(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[PastPeriod]:
    boards, next_cursor = routes.stores.players.history(routes.caller.player, limit=limit, cursor=cursor)
    catalog, languages = routes.stores.catalogs.current(), routes.languages
    return {"items": [past_period_view(board, catalog, languages) for board in boards], "next_cursor": next_cursor}


@routes.get("/v1/me/stats", summary="Lifetime counters and level", tags=["player"])
def get_stats() -> Stats:
    return stats_view(_view())


@routes.get("/v1/me/profile", summary="Settings and personal data", tags=["player"])
def get_profile() -> Profile:
    return profile_view(_view(), routes.stores.players.profile(routes.caller.player) or {})


def _view() -> PlayerView:
    return read_player(routes.stores, routes.caller.player, now=clock.now())


def _listed(view: PlayerView, period: PeriodKind | None, status: MissionStatus | None) -> list[Mission]:
    return [
        mission_view(view, board, mission, routes.languages)
        for board, mission in _unsettled(view)
        if (period is None or board.period.kind == period) and _is_wanted(view, board, mission, status)
    ]


def _unsettled(view: PlayerView) -> Iterator[tuple[Board, DealtMission]]:
    return ((board, mission) for board in in_listed_order(view.state.boards) for mission in board.missions)


def _is_wanted(view: PlayerView, board: Board, mission: DealtMission, status: MissionStatus | None) -> bool:
    if status is None:
        return not board.closed or mission.status == "completed"
    return status_at(board, mission, view.catalog.template(mission.template, mission.version), view.now) == status


def _check_in_card_if_offered(view: PlayerView) -> CheckInCard | None:
    try:
        return check_in_card(view)
    except NotFound:
        return None
