"""What a player may do besides acting: claim, start, reroll, buy, pause, choose a zone. Each checks the state and changes it, or raises."""

from missions_core.domain import streaks, uploads
from missions_core.domain.assignment import replacement
from missions_core.domain.catalog import DAY_MS, DRAWN_KINDS, Amounts, Catalog, PeriodKind, Rules, Template
from missions_core.domain.completion import claim_waiting, waiting
from missions_core.domain.events import Event
from missions_core.domain.periods import FOREVER
from missions_core.domain.roll import is_paused, new_mission
from missions_core.domain.settlement import finish_if_complete
from missions_core.domain.state import Board, Mission, PlayerState, mission_id
from missions_core.errors import Conflict, Gone, InvalidInput, NotFound


def claim_until(board: Board) -> int | None:
    """Until when a completed mission of this board can be claimed; None: without limit."""
    return None if board.settles_at == FOREVER else board.settles_at


def find_mission(state: PlayerState, wanted: str) -> tuple[Board, Mission]:
    """The unsettled mission of that id. NotFound `mission_not_found` otherwise."""
    for board, mission in state.missions():
        if board.period.kind != "quest" and mission_id(board, mission) == wanted:
            return board, mission
    raise NotFound("mission_not_found", f"no mission {wanted!r} on this player's boards")


def find_claimable(state: PlayerState, wanted: str) -> tuple[Board, Mission]:
    """A completed mission whose reward waits. NotFound `mission_not_found`, Conflict `mission_not_completed` or `already_claimed`."""
    board, mission = find_mission(state, wanted)
    if mission.status == "claimed":
        raise Conflict("already_claimed", "this mission's reward was claimed before", claimed_at=mission.claimed_at)
    if mission.status != "completed":
        raise Conflict("mission_not_completed", "this mission's requirements are not met yet")
    return board, mission


def claim(state: PlayerState, catalog: Catalog, wanted: str, *, now: int) -> tuple[Board, Mission, list[Event]]:
    """Claim a completed mission's reward. Errors: `find_claimable`."""
    board, mission = find_claimable(state, wanted)
    return board, mission, claim_waiting(state, catalog, board, mission, at=now)


def claimable(state: PlayerState) -> list[str]:
    """The ids of all missions whose reward waits."""
    return [mission_id(board, mission) for board, mission in waiting(state) if board.period.kind != "quest"]


def start(state: PlayerState, catalog: Catalog, wanted: str, *, now: int) -> tuple[Board, Mission, list[Event]]:
    """Opt in to a mission that asks for it: actions from now on count; a lifetime requirement may be met already.

    Conflict `already_started` or `start_not_needed`, Gone `mission_over`.
    """
    board, mission = find_mission(state, wanted)
    if not catalog.template(mission.template, mission.version).requires_start:
        raise Conflict("start_not_needed", "this mission counts without being started")
    if mission.started_at is not None:
        raise Conflict("already_started", "this mission was started before", started_at=mission.started_at)
    if board.closed or now >= board.period.end:
        raise Gone("mission_over", "this mission's period is over")
    mission.started_at = now
    return board, mission, finish_if_complete(state, catalog, board, mission, at=now)


def reroll(state: PlayerState, catalog: Catalog, wanted: str, *, now: int) -> tuple[Board, Mission, list[Event], Amounts]:
    """Swap an unfinished drawn mission for another one, and say what that costs; only actions from now on count for it."""
    board, mission = find_mission(state, wanted)
    today = state.current("daily")
    if board.period.kind not in DRAWN_KINDS or mission.competitive:
        raise Conflict("not_rerollable", "special, perpetual and competitive missions cannot be rerolled")
    if board.closed or today is None:
        raise Gone("mission_over", "this mission's period is over")
    if mission.status != "active":
        raise Conflict("already_completed", "a completed mission cannot be rerolled")
    if uploads.under_way(mission, now=now) is not None:
        raise Conflict("evidence_under_review", "evidence for this mission is being looked at; wait for the decision")
    price = reroll_price(catalog.rules, today)
    if price is None:
        raise Conflict("rerolls_used_up", "no reroll is left for today", next_at=today.period.end)
    present = [other.template for other in board.missions]
    template = replacement(state, catalog, board.period, present=present, rerolls=today.rerolls)
    if template is None:
        raise Conflict("nothing_to_reroll", "no other mission of this kind fits right now")
    fresh = swapped_in(state, template, now=now)
    board.missions[board.missions.index(mission)] = fresh
    today.rerolls += 1
    paid_back = uploads.pay_back(state, board, mission, expired_by=now, at=now)
    return board, fresh, [*paid_back, *finish_if_met(state, catalog, board, fresh, now=now)], price


def reroll_price(rules: Rules, today: Board) -> Amounts | None:
    """What the next reroll of the day costs: nothing at first, then the catalog's price; None where it has none."""
    if today.rerolls < rules.rerolls_per_day:
        return {}
    return rules.reroll_price if any(rules.reroll_price.values()) else None


def swapped_in(state: PlayerState, template: Template, *, now: int) -> Mission:
    """A mission dealt in the middle of a period: only actions from now on count for it."""
    fresh = new_mission(state, template)
    fresh.started_at = None if template.requires_start else now
    return fresh


def finish_if_met(state: PlayerState, catalog: Catalog, board: Board, fresh: Mission, *, now: int) -> list[Event]:
    """Complete a mission just dealt if a lifetime requirement was met before."""
    begun = fresh.started_at is not None and any(progress is not None for progress in fresh.progress)
    return finish_if_complete(state, catalog, board, fresh, at=now) if begun else []


def buy_freeze(state: PlayerState, catalog: Catalog, kind: PeriodKind) -> Amounts:
    """Add a freeze to a streak (daily, weekly), and say what it costs. Conflict `freezes_not_for_sale` or `freezes_full`.

    Full is also where one that the period before uses may come back: a freeze that was paid for must not be the one too many then.
    """
    rule, price, board = catalog.rules.streaks[kind], catalog.rules.freeze_price, state.current(kind)
    if price is None or rule.counts == "none" or board is None:
        raise Conflict("freezes_not_for_sale", "this catalog sells no freezes for this streak")
    if streaks.most_freezes(state, kind, rule) >= rule.freezes_max:
        raise Conflict("freezes_full", "no more freezes can be held, those that may come back included", max=rule.freezes_max)
    board.freezes_gained += 1
    return price


def pause(state: PlayerState, catalog: Catalog, days: int, *, now: int) -> int:
    """Protect streaks from now on for some days; 0 ends a pause. Returns when the pause ends.

    After a pause come `pause.max_days` days without one: pauses in a row would protect for ever.
    """
    longest = catalog.rules.pause_max_days
    if not 0 <= days <= longest:
        raise InvalidInput("invalid_pause", f"days must be between 0 and {longest}", field="days")
    running = state.paused_until is not None and now < state.paused_until
    if days and running:
        raise Conflict("already_paused", "a pause is running; end it (days: 0) before starting another", until=state.paused_until)
    if days and state.paused_until is not None and now < state.paused_until + longest * DAY_MS:
        next_at = state.paused_until + longest * DAY_MS
        raise Conflict("pause_used_up", f"after a pause come {longest} days without one", next_at=next_at)
    if days == 0 and not running:
        raise Conflict("not_paused", "no pause is running")
    if days:
        state.paused_from = now
    state.paused_until = now + days * DAY_MS
    for board in state.boards:
        if not board.closed and board.period.kind in DRAWN_KINDS:
            board.shielded = board.shielded or is_paused(state, board.period)
    return state.paused_until


def set_zone(state: PlayerState, zone: str) -> None:
    """Set the player's zone. The first one ever applies at once while nothing has happened on any board; others to the next period."""
    untouched = not any(_is_touched(mission) for _, mission in state.missions())
    if state.zone is None and untouched and not state.settled and not any(map(_is_marked, state.boards)):
        state.boards.clear()  # `welcome` deals them anew under the new zone
    state.zone = zone


def _is_marked(board: Board) -> bool:
    """Whether a board remembers something that is nobody's but its own."""
    return any((board.checked_in_at, board.rerolls, board.freezes_gained))


def _is_touched(mission: Mission) -> bool:
    """Whether anything happened to a mission; lifetime requirements may be met, and steps paid, without an action of its own."""
    return any((mission.first_at, mission.started_at, mission.completed_at, mission.evidence, *mission.steps))
