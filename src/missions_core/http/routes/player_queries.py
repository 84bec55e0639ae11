"""GET /v1/me/..., /v1/leaderboards/...: what a player has, is, and where they stand. Reads only: shown is what an action would find."""

from collections.abc import Iterator
from typing import Annotated, Literal

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
from missions_core.http.representations.leaderboards import Leaderboard
from missions_core.http.representations.missions import Mission, PastPeriod
from missions_core.http.representations.players import CheckInCard, Hub, Profile, Stats, Streaks
from missions_core.http.representations.quests import Quest
from missions_core.http.representations.rewards import Grant, InventoryEntry, Wallet
from missions_core.http.routes.parameters import DEFAULT_LIMIT, Cursor, Limit
from missions_core.http.views.achievements import achievement_list, achievement_view
from missions_core.http.views.badges import badge_view
from missions_core.http.views.leaderboards import leaderboard_view, wanted_players
from missions_core.http.views.missions import in_listed_order, mission_view, past_period_view, status_at
from missions_core.http.views.players import check_in_card, level_view, profile_view, stats_view, streaks_view
from missions_core.http.views.quests import quest_list, quest_view
from missions_core.http.views.wallet import grant_view, inventory_entry, wallet_view
from missions_core.use_cases.badges import BadgeIssuer
from missions_core.use_cases.leaderboards import Wish, show_leaderboard
from missions_core.use_cases.read import PlayerView, read_player


class PlayerQueries(Routes):
    """The routes, and who vouches for badges."""

    badge_issuer: BadgeIssuer


routes = PlayerQueries()

Month = Annotated[str | None, Query(max_length=7, description="YYYY-MM; the current month by default.")]
BoardPeriod = Annotated[str, Query(max_length=10, description="`current`, `previous`, or a label such as 2026-11-21, 2026-W47, 2026-11.")]
Around = Annotated[Literal["me"] | None, Query(description="The ranks around the caller instead of the best.")]
Players = Annotated[str | None, Query(description="Players, separated by commas, whose ranks are wanted too; at most 100.")]
MissionPeriod = Literal["daily", "weekly", "monthly", "special", "perpetual"]
PeriodFilter = Annotated[MissionPeriod | None, Query(description="Only missions of this kind of period.")]
AchievementFilter = Annotated[AchievementStatus | None, Query(description="Only achievements in this status.")]
TierName = Annotated[str | None, Query(max_length=128, description="The tier whose badge is wanted; the highest one unlocked by default.")]
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


@routes.get("/v1/me/achievements", summary="All achievements; secret ones as placeholders until they are unlocked", tags=["achievements"])
def list_achievements(status: AchievementFilter = None) -> Page[Achievement | SecretAchievement]:
    items = achievement_list(_view(), routes.stores.statistics.shares(), routes.languages)
    return {"items": [item for item in items if status in (None, item["status"])], "next_cursor": None}


@routes.get("/v1/me/achievements/<key>", summary="One achievement", tags=["achievements"])
def get_achievement(key: str) -> Achievement:
    view = _view()
    return achievement_view(view, find(view.state, view.catalog, key), routes.stores.statistics.shares(), routes.languages)


@routes.get("/v1/me/achievements/<key>/badge", summary="An unlocked achievement as an Open Badges 3.0 credential", tags=["achievements"])
def get_badge(key: str, tier: TierName = None) -> Badge:
    view = _view()
    return badge_view(view, routes.badge_issuer, find(view.state, view.catalog, key), tier, routes.languages)


@routes.get("/v1/me/quests", summary="Quests under way, to start, and ended", tags=["quests"])
def list_quests() -> Page[Quest]:
    return {"items": quest_list(_view(), routes.languages), "next_cursor": None}


@routes.get("/v1/me/quests/<key>", summary="One quest", tags=["quests"])
def get_quest(key: str) -> Quest:
    return quest_view(_view(), key, routes.languages)


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


@routes.get("/v1/leaderboards/<key>", summary="The leaderboard of a competitive mission", tags=["leaderboards"])
def get_leaderboard(
    key: str,
    period: BoardPeriod = "current",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    around: Around = None,
    players: Players = None,
) -> Leaderboard:
    wish = Wish(period, limit, cursor, around == "me", wanted_players(players))
    return leaderboard_view(show_leaderboard(routes.stores, _view(), key, wish), routes.languages)


def _view() -> PlayerView:
    return read_player(routes.stores, routes.caller.player, now=clock.now())


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
