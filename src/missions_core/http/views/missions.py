"""Missions as players see them: progress, what they pay, and until when."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from missions_core.domain import rewards, uploads
from missions_core.domain.catalog import Catalog, Leaf, Template
from missions_core.domain.catalog import Rewards as RewardValues
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.commands import claim_until
from missions_core.domain.requirements import holds, percent, shown_value
from missions_core.domain.state import Board, Progress, mission_id
from missions_core.domain.state import Mission as DealtMission
from missions_core.http.languages import localised
from missions_core.http.representations.common import MissionStatus, Number
from missions_core.http.representations.missions import Mission, PastMission, PastPeriod, Period, Requirement
from missions_core.http.representations.rewards import PendingGrant, Rewards
from missions_core.http.views.evidence import mission_evidence
from missions_core.instants import end_of, timestamp
from missions_core.use_cases.read import PlayerView


def mission_view(view: PlayerView, board: Board, mission: DealtMission, languages: Sequence[str]) -> Mission:
    """A mission on an unsettled board."""
    template = view.catalog.template(mission.template, mission.version)
    return {
        "id": mission_id(board, mission),
        "template": template.key,
        "version": template.version,
        "kind": template.kind,
        "name": localised(template.name, languages),
        "description": localised(template.description, languages),
        "category": template.category,
        "type": template.type,
        "difficulty": template.difficulty,
        "period": period_view(board),
        "status": status_at(board, mission, template, view.now),
        "percent": _percent(mission, template),
        "requirements": requirements_view(template.leaves, mission.progress, languages),
        "rewards": rewards_view(mission.paid or would_pay(view, board, mission, template)),
        "can_claim": mission.status == "completed",
        "claim_until": timestamp(claim_until(board)),
        "requires_start": template.requires_start,
        "started_at": timestamp(mission.started_at),
        "time_limit_at": timestamp(_time_limit(board, template)),
        "completed_at": timestamp(mission.completed_at),
        "claimed_at": timestamp(mission.claimed_at),
        "featured": template.featured,
        "evidence": mission_evidence(template.evidence, mission, view.now),
    }


def past_period_view(board: Board, catalog: Catalog, languages: Sequence[str]) -> PastPeriod:
    """A settled board."""
    return {
        "period": period_view(board),
        "settled_at": end_of(board.settles_at),
        "missions": [_past_mission(board, mission, catalog, languages) for mission in board.missions],
    }


def period_view(board: Board) -> Period:
    """The board's period."""
    period = board.period
    return {"kind": period.kind, "label": period.label, "start": timestamp(period.start), "end": end_of(period.end)}


def rewards_view(values: RewardValues) -> Rewards:
    """Rewards, spelt as everywhere else in the system."""
    shown: Rewards = rewards_to_json(values)  # type: ignore[assignment]  # the codec's JSON has exactly these members
    return shown


def pending_grant_view(view: PlayerView, cause: str, values: RewardValues) -> PendingGrant:
    """A payment that a command has just started, or that waits for an operator."""
    is_held = any(grant.kind == "held" and grant.cause == cause for grant in view.state.pending)
    return {"id": cause, "status": "held" if is_held else "pending", "rewards": rewards_view(values)}


def status_at(board: Board, mission: DealtMission, template: Template, now: int) -> MissionStatus:
    """The stored status, or `failed` where the time limit has passed: only settlement writes that down.

    Evidence handed in before that may still complete it.
    """
    limit = _time_limit(board, template)
    if mission.status == "active" and limit is not None and now >= limit and uploads.under_way(mission, now=now) is None:
        return "failed"
    status: MissionStatus = mission.status  # type: ignore[assignment]  # the domain's statuses are these
    return status


def would_pay(view: PlayerView, board: Board, mission: DealtMission, template: Template) -> RewardValues:
    """What the mission would pay if it were completed now. Worked out on copies: the state stays as it is."""
    at = min(view.now, board.period.end - 1)
    done = replace(mission, completed_at=at, first_at=mission.first_at or at, last_at=max(at, mission.last_at or at))
    finished = replace(board, missions=[done if other is mission else other for other in board.missions])
    state = replace(view.state, boards=[finished if other is board else other for other in view.state.boards])
    return rewards.payout(state, view.catalog.rules, finished, done, template)


def requirements_view(leaves: Sequence[Leaf], progress: Sequence[Progress], languages: Sequence[str]) -> list[Requirement]:
    """The things to do, and how far each is."""
    return [_requirement(leaf, gathered, languages) for leaf, gathered in zip(leaves, progress, strict=False)]  # a lost template has none


def plain_number(value: Decimal) -> Number:
    """A JSON number, without a fraction where there is none."""
    return int(value) if value == value.to_integral_value() else float(value)


def in_listed_order(boards: Iterable[Board]) -> list[Board]:
    """Boards of missions as players expect them: today first, then ever longer periods; what is over behind what is open."""
    order = ("daily", "weekly", "monthly", "special", "perpetual")
    boards = (board for board in boards if board.period.kind in order)
    return sorted(boards, key=lambda board: (board.closed, order.index(board.period.kind), board.period.start))


def _percent(mission: DealtMission, template: Template) -> int:
    """What counts is what is still to do; evidence to be approved is one more thing."""
    if mission.completed_at is not None:
        return 100
    proven = None if template.evidence is None else mission.is_proven
    return percent(template.tree, template.leaves, mission.progress, proven=proven)


def _requirement(leaf: Leaf, progress: Progress, languages: Sequence[str]) -> Requirement:
    return {
        "key": leaf.key,
        "label": localised(leaf.label, languages) or leaf.key,
        "current": plain_number(shown_value(leaf, progress)),
        "target": plain_number(leaf.target),
        "target2": None if leaf.target2 is None else plain_number(leaf.target2),
        "op": leaf.op,
        "done": holds(leaf, progress, settling=False),
    }


def _past_mission(board: Board, mission: DealtMission, catalog: Catalog, languages: Sequence[str]) -> PastMission:
    status: MissionStatus = mission.status  # type: ignore[assignment]  # the domain's statuses are these
    return {
        "id": mission_id(board, mission),
        "template": mission.template,
        "version": mission.version,
        "name": _name_of(mission.template, catalog, languages),
        "status": status,
        "rewards": None if mission.paid is None else rewards_view(mission.paid),
        "completed_at": timestamp(mission.completed_at),
        "claimed_at": timestamp(mission.claimed_at),
    }


def _name_of(template: str, catalog: Catalog, languages: Sequence[str]) -> str:
    """The name by now: history does not load the versions of long ago. Its key for a template that is gone."""
    current = catalog.templates.get(template)
    return localised(current.name, languages) if current else template


def _time_limit(board: Board, template: Template) -> int | None:
    return None if template.time_limit_ms is None else board.period.start + template.time_limit_ms
