"""What happens when requirements hold: a mission is complete, its price is fixed, and in time it is paid."""

from missions_core.domain import fraud
from missions_core.domain.catalog import Catalog, Rewards, Template
from missions_core.domain.events import Event, GrantPending, MissionCompleted, RewardClaimed
from missions_core.domain.rewards import owe, payout
from missions_core.domain.state import Board, Mission, PlayerState, Submission, cause_of, mission_id


def complete_mission(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, template: Template, *, at: int) -> list[Event]:
    """Mark a mission complete and fix what it pays; where it claims itself, pay at once."""
    mission.status = "completed"
    mission.completed_at = at
    mission.paid = payout(state, catalog.rules, board, mission, template)
    events: list[Event] = [MissionCompleted(mission_id(board, mission), template.key, template.type, mission.paid, at)]
    return events + pay(state, board, mission, at=state.updated_at) if template.auto_claim else events


def pay(state: PlayerState, board: Board, mission: Mission, *, at: int) -> list[Event]:
    """Claim a completed mission: the pending grant carries the amounts fixed at completion."""
    if mission.paid is None:
        raise AssertionError(f"{mission_id(board, mission)} is not complete")
    mission.status = "claimed"
    mission.claimed_at = at
    return pay_out(state, cause_of(board, mission), mission.paid, at=at)


def claim_waiting(state: PlayerState, catalog: Catalog, board: Board, mission: Mission, *, at: int) -> list[Event]:
    """Pay what the player claims. The claim is looked at first: where that raises a flag, this very grant is held."""
    return [*fraud.check_claim(state, catalog, board, mission, now=at), *pay(state, board, mission, at=at)]


def waiting(state: PlayerState) -> list[tuple[Board, Mission]]:
    """The completed missions and quests whose reward waits for a claim."""
    return [(board, mission) for board, mission in state.missions() if mission.status == "completed"]


def pay_out(state: PlayerState, cause: str, rewards: Rewards, *, at: int, hold: bool = True) -> list[Event]:
    """Owe rewards and tell the world, of what is held once it is released. `hold=False` for refunds: see `owe`."""
    grant = owe(state, cause, rewards, at=at, hold=hold)
    pending = GrantPending(cause, at, rewards, grant.kind)
    return [pending] if grant.kind == "held" else [RewardClaimed(cause, rewards, at), pending]


def refund(state: PlayerState, mission: str, submission: Submission, *, at: int) -> list[Event]:
    """Give back what an upload cost: its number makes the cause one of its own."""
    if not any(submission.paid.values()):
        return []
    return pay_out(state, f"refund:{mission}:{submission.number}", Rewards(submission.paid), at=at, hold=False)
