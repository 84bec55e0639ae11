"""Which refusals of commands the model calls right, each by the problem its client was told. One that is not named here never is."""

from collections.abc import Callable, Mapping

from missions_core.domain.state import Board, Mission, mission_id
from tests.simulation import model
from tests.simulation.catalogs import FREEZE_PRICE, FREEZES, PAUSE_DAYS, QUESTS, UPLOAD_PRICE
from tests.simulation.journal import Refusal
from tests.simulation.player import Player
from tests.simulation.trace import DAY_MS

ATTEMPTS = 5
PRICES = {"/v1/me/streaks/freezes": FREEZE_PRICE}  # of uploads otherwise


def is_right(player: Player, refusal: Refusal) -> bool:
    """Whether a command had to be refused as it was."""
    reason = REASONS.get(refusal.problem)
    return reason is not None and reason(player.as_of(refusal.life), refusal)


def _was_checked_in(player: Player, refusal: Refusal) -> bool:
    (today,) = [span for span in player.calendar.chain("daily", refusal.at) if span.start <= refusal.at < span.end]
    return any(today.start <= at < today.end for at in player.life.check_ins)


def _is_paused(player: Player, refusal: Refusal) -> bool:
    until = model.paused_until(player.life)
    return until is not None and refusal.at < until


def _was_paused(player: Player, refusal: Refusal) -> bool:
    until = model.paused_until(player.life)
    return until is not None and refusal.at < until + PAUSE_DAYS * DAY_MS


def _is_unknown(player: Player, refusal: Refusal) -> bool:
    """What is perpetual changes its id with each completion, quests are claimed by their key, what is final takes no evidence."""
    ordinal = _ordinal(refusal)
    if ordinal is not None:
        return ordinal != player.ordinals()
    key = _wanted(refusal).partition(":")[0]
    found = _found(player, refusal)
    takes_none = found is not None and refusal.request.path.endswith("/evidence") and not player.is_open(found[0], at=refusal.at)
    return key in QUESTS or found is None or takes_none


def _is_incomplete(player: Player, refusal: Refusal) -> bool:
    ordinal = _ordinal(refusal)
    if ordinal is not None:
        return ordinal >= player.ordinals()
    found = _found(player, refusal)
    return found is None or not player.completions(*found, final=False)


def _was_claimed(player: Player, refusal: Refusal) -> bool:
    """What is perpetual claims itself; its completed ordinals stay until the day is over."""
    ordinal = _ordinal(refusal)
    if ordinal is not None:
        return ordinal < player.ordinals()
    found = _found(player, refusal)
    return found is not None and player.is_claimed(*found, final=not player.is_open(found[0], at=refusal.at))


def _is_expired(player: Player, refusal: Refusal) -> bool:
    found = _found(player, refusal)
    return found is not None and not player.is_open(found[0], at=refusal.at) and not player.is_claimed(*found, final=True)


def _began(player: Player, refusal: Refusal) -> bool:
    return "hunt" in player.life.starts


def _word_given(player: Player, refusal: Refusal) -> bool:
    return "hunt" in player.life.words


def _is_not_under_way(player: Player, refusal: Refusal) -> bool:
    return "hunt" not in player.life.starts or "hunt" in player.life.words


def _has_no_turn(player: Player, refusal: Refusal) -> bool:
    return not any(player.steps_done(board, mission)[0] for board, mission, _ in player.quests() if mission.template == "hunt")


def _has_enough_freezes(player: Player, refusal: Refusal) -> bool:
    """Whether one more could be one too many: also if the day before comes to count, and then gives back the freeze it takes."""
    boards = [board for board, _, _ in player.missions() if board.period.kind == "daily"]
    boards = sorted({board.period.start: board for board in boards}.values(), key=lambda board: board.period.start)
    *past, (counts, shielded, end, bought) = [player.streak_day(board) for board in boards if board.period.start <= refusal.at]
    today = (counts, shielded or not counts, end, bought)  # it cannot be missed yet
    kept = [*past[:-1], *((True, *rest) for _, *rest in past[-1:])]
    most = max(model.streak([*days, today], freezes=True).freezes for days in (past, kept))
    return most >= FREEZES["max"]


def _is_poor(player: Player, refusal: Refusal) -> bool:
    price: Mapping[str, int] = PRICES.get(refusal.request.path, UPLOAD_PRICE)
    return any(refusal.wallet.get(currency, 0) < amount for currency, amount in price.items())


def _is_looked_at(player: Player, refusal: Refusal) -> bool:
    return bool(player.life.submissions)


def _is_approved(player: Player, refusal: Refusal) -> bool:
    return _wanted(refusal) in player.life.approvals


def _is_over(player: Player, refusal: Refusal) -> bool:
    """Who was never written down has the day before in memory only."""
    found = _found(player, refusal)
    is_stranger = refusal.life.born_at == refusal.at
    return is_stranger if found is None else refusal.at >= found[0].period.end


def _is_used_up(player: Player, refusal: Refusal) -> bool:
    return len(player.life.submissions) >= ATTEMPTS


def _is_decided(player: Player, refusal: Refusal) -> bool:
    """Lists of what waits may be older than a decision, and a decision whose first attempt was lost later than the next one."""
    review = refusal.request.path.rpartition("/")[0]
    decisions = [request for request in player.simulation.clients.requests if request.path.startswith(review)]
    return any(request.took_effect or request.status == 200 for request in decisions if request is not refusal.request)


def _wanted(refusal: Refusal) -> str:
    """The mission a request is about."""
    return refusal.request.path.split("/")[4]


def _ordinal(refusal: Refusal) -> int | None:
    """Which run of the perpetual mission a request is about."""
    key, _, label = _wanted(refusal).partition(":always-")
    return int(label) if key == "always" else None


def _found(player: Player, refusal: Refusal) -> tuple[Board, Mission] | None:
    return next((dealt[:2] for dealt in player.missions() if mission_id(*dealt[:2]) == _wanted(refusal)), None)


REASONS: dict[str, Callable[[Player, Refusal], bool]] = {
    "already_checked_in": _was_checked_in,
    "already_paused": _is_paused,
    "pause_used_up": _was_paused,
    "not_paused": lambda player, refusal: not _is_paused(player, refusal),
    "mission_not_found": _is_unknown,
    "mission_not_completed": _is_incomplete,
    "already_claimed": _was_claimed,
    "mission_expired": _is_expired,
    "quest_already_started": _began,
    "quest_already_completed": _word_given,
    "quest_not_started": _is_not_under_way,
    "step_already_completed": _word_given,
    "step_out_of_order": _has_no_turn,
    "freezes_full": _has_enough_freezes,
    "insufficient_balance": _is_poor,
    "evidence_under_review": _is_looked_at,
    "evidence_approved": _is_approved,
    "attempts_used_up": _is_used_up,
    "mission_over": _is_over,
    "already_decided": _is_decided,
}
