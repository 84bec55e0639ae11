"""A mission's limits on what players send themselves: how soon after each other actions count for it, and how many a day.

They do not concern what the host's services report: its time is when it happened, so order of delivery would decide.
"""

from dataclasses import dataclass

from missions_core.domain import fraud
from missions_core.domain.catalog import Limits
from missions_core.domain.events import Event
from missions_core.domain.periods import local_day
from missions_core.domain.state import Board, Mission, PlayerState


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that is reached: it keeps an action from counting, or only says so."""

    rule: str  # cooldown | daily_cap
    outcome: str  # cooldown | capped
    detail: str
    is_shadow: bool


def reached(board: Board, mission: Mission, limits: Limits, at: int) -> Reached | None:
    """Which limit an action of the player reaches now."""
    if not mission.limited:
        return None
    since = at - mission.limited[0]
    if since < limits.cooldown_ms:
        detail = f"acted {since / 1000:g} s after the action before, the cooldown is {limits.cooldown_ms / 1000:g} s"
        return Reached("cooldown", "cooldown", detail, limits.shadow)
    today = _counted_today(board, mission, at)
    if limits.per_day is not None and today >= limits.per_day:
        detail = f"{today + 1} actions counted on one day, at most {limits.per_day} should"
        return Reached("daily_cap", "capped", detail, limits.shadow)
    return None


def note(state: PlayerState, board: Board, mission: Mission, passed: Reached | None, at: int) -> list[Event]:
    """Remember that an action of the player counted, and record the limit that only said that it should not."""
    mission.limited = [at, local_day(at, board.period.clock), _counted_today(board, mission, at) + 1]
    if passed is None:
        return []
    return fraud.raise_flag(state, f"{passed.rule}:{mission.template}", passed.detail, shadow=True, hold=False, now=at)


def _counted_today(board: Board, mission: Mission, at: int) -> int:
    _, day, counted = mission.limited or (0, 0, 0)
    return counted if day == local_day(at, board.period.clock) else 0
