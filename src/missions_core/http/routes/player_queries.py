"""GET /v1/me/...: what a player has and is. Reads only: shown is what an action would find."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from missions_core import clock
from missions_core.domain.achievements import find
from missions_core.domain.commands import find_mission
from missions_core.domain.state import Board
from missions_core.domain.state import Mission as DealtMission
from missions_core.errors import NotFound
from missions_core.http.api import Routes
from missions_core.http.representations.achievements import Achievement, AchievementStatus, Badge, SecretAchievement
from missions_core.http.representations.common import MissionStatus, Page
from missions_core.http.representations.missions import Mission, PastPeriod
from missions_core.http.representations.players import CheckInCard, Hub, Profile, Stats, Streaks
from missions_core.http.representations.quests import Quest
from missions_core.http.representations.rewards import Grant, InventoryEntry, Wallet
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.views.achievements import achievement_list, achievement_view
from missions_core.http.views.badges import badge_view
from missions_core.http.views.missions import in_listed_order, mission_view, past_period_view, status_at
from missions_core.http.views.players import (
    boosts_view,
    check_in_card,
    level_view,
    profile_view,
    rerolls_view,
    stats_view,
    streaks_view,
)
from missions_core.http.views.quests import quest_list, quest_view
from missions_core.http.views.wallet import grant_view, inventory_entry, wallet_view
from missions_core.outages import optional
from missions_core.use_cases.achievements import read_achievements
from missions_core.use_cases.badges import BadgeIssuer
from missions_core.use_cases.read import PlayerView, read_player

if TYPE_CHECKING:
    from missions_core.use_cases.directory import Directory


class PlayerQueries(Routes):
    """The routes, who vouches for badges, and who knows players' names, if anybody does."""

    badge_issuer: BadgeIssuer
    directory: "Directory | None" = None


routes = PlayerQueries()

Month = Annotated[str | None, Query(max_length=7, description="YYYY-MM; the current month by default.")]
MissionPeriod = Literal["daily", "weekly", "monthly", "special", "perpetual"]
PeriodFilter = Annotated[MissionPeriod | None, Query(description="Only missions of this kind of period.")]
AchievementFilter = Annotated[AchievementStatus | None, Query(description="Only achievements in this status.")]
TierName = Annotated[str | None, Query(max_length=128, description="The tier whose badge is wanted; the highest one unlocked by default.")]
StatusFilter = Annotated[MissionStatus | None, Query(description="Only missions in this status, those of the period before included.")]


@routes.get("/v1/me/hub", summary="Everything for a start page in one answer", tags=["player"])
def get_hub() -> Hub:
    view = read_view()
    return {
        "missions": _listed(view, None, None),
        "streaks": streaks_view(view),
        "check_in": _check_in_card_if_offered(view),
        "wallet": optional("wallet", lambda: wallet_view(routes.stores, view), None),
        "level": level_view(view),
        "rerolls": rerolls_view(view),
        "boosts": boosts_view(view),
    }


@routes.get("/v1/me/missions", summary="Open missions, and finished ones of the period before that wait for a claim", tags=["missions"])
def list_missions(period: PeriodFilter = None, status: StatusFilter = None) -> Page[Mission]:
    return {"items": _listed(read_view(), period, status), "next_cursor": None}


@routes.get("/v1/me/missions/<mission_id>", summary="One mission", tags=["missions"])
def get_mission(mission_id: str) -> Mission:
    view = read_view()
    return mission_view(view, *find_mission(view.state, mission_id), routes.languages)


@routes.get("/v1/me/achievements", summary="All achievements; secret ones as placeholders until they are unlocked", tags=["achievements"])
def list_achievements(status: AchievementFilter = None) -> Page[Achievement | SecretAchievement]:
    items = achievement_list(_achievements(), _shares(), routes.languages)
    return {"items": [item for item in items if status in (None, item["status"])], "next_cursor": None}


@routes.get("/v1/me/achievements/<key>", summary="One achievement", tags=["achievements"])
def get_achievement(key: str) -> Achievement:
    view = _achievements()
    return achievement_view(view, find(view.state, view.catalog, key), _shares(), routes.languages)


@routes.get("/v1/me/achievements/<key>/badge", summary="An unlocked achievement as an Open Badges 3.0 credential", tags=["achievements"])
def get_badge(key: str, tier: TierName = None) -> Badge:
    view = _achievements()
    return badge_view(view, routes.badge_issuer, find(view.state, view.catalog, key), tier, routes.languages)


@routes.get("/v1/me/quests", summary="Quests under way, to start, and ended", tags=["quests"])
def list_quests() -> Page[Quest]:
    return {"items": quest_list(read_view(), routes.languages), "next_cursor": None}


@routes.get("/v1/me/quests/<key>", summary="One quest", tags=["quests"])
def get_quest(key: str) -> Quest:
    return quest_view(read_view(), key, routes.languages)


@routes.get("/v1/me/streaks", summary="Daily and weekly streaks", tags=["player"])
def get_streaks() -> Streaks:
    return streaks_view(read_view())


@routes.get("/v1/me/check-ins", summary="A month of check-ins", tags=["check-ins"])
def get_check_ins(month: Month = None) -> CheckInCard:
    return check_in_card(read_view(), month)


@routes.get("/v1/me/wallet", summary="Balances", tags=["rewards"])
def get_wallet() -> Wallet:
    return wallet_view(routes.stores, read_view())


@routes.get("/v1/me/grants", summary="Payments, newest first", tags=["rewards"])
def list_grants(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Grant]:
    grants, next_cursor = routes.stores.ledger.grants(read_view().state.account, limit=limit, cursor=cursor)
    return {"items": [grant_view(grant) for grant in grants], "next_cursor": next_cursor}


@routes.get("/v1/me/inventory", summary="Goods: items, badges, titles, frames", tags=["rewards"])
def list_inventory(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[InventoryEntry]:
    view = read_view()
    rows, next_cursor = routes.stores.ledger.inventory(view.state.account, limit=limit, cursor=cursor)
    return {"items": [inventory_entry(row, now=view.now) for row in rows], "next_cursor": next_cursor}


@routes.get("/v1/me/history", summary="Past periods, newest first", tags=["missions"])
def list_history(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[PastPeriod]:
    view = read_view()
    boards, next_cursor = routes.stores.players.history(routes.caller.player, limit=limit, cursor=cursor)
    return {"items": [past_period_view(board, view.catalog, routes.languages) for board in boards], "next_cursor": next_cursor}


@routes.get("/v1/me/stats", summary="Lifetime counters and level", tags=["player"])
def get_stats() -> Stats:
    return stats_view(read_view())


@routes.get("/v1/me/profile", summary="Settings and personal data", tags=["player"])
def get_profile() -> Profile:
    view = read_view()
    personal: Mapping[str, str] | None = optional("profile", lambda: routes.stores.players.profile(view.state.player), None)
    return profile_view(view, personal or {})


def read_view() -> PlayerView:
    """The caller's game as of now."""
    return read_player(routes.stores, routes.caller.player, now=clock.now())


def _achievements() -> PlayerView:
    return read_achievements(routes.stores, routes.caller.player, now=clock.now())


def _shares() -> Mapping[str, float]:
    return optional("statistics", routes.stores.statistics.shares, {})


def _listed(view: PlayerView, period: MissionPeriod | None, status: MissionStatus | None) -> list[Mission]:
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
