"""What an action came to, as the API shows it."""

from missions_core.domain.progress import RequirementOutcome as Outcome
from missions_core.http.representations.actions import ActionOutcome, RequirementOutcome
from missions_core.http.views.missions import plain_number
from missions_core.use_cases.track import Tracked

CHANGED_NOTHING = frozenset({"duplicate"})


def action_outcome(tracked: Tracked) -> ActionOutcome:
    """The action's outcome and what it came to for each requirement."""
    return {
        "accepted": tracked.outcome not in CHANGED_NOTHING,
        "outcome": tracked.outcome,
        "outcomes": [_requirement_outcome(outcome) for outcome in tracked.outcomes],
    }


def _requirement_outcome(outcome: Outcome) -> RequirementOutcome:
    return {
        "mission": outcome.mission,
        "requirement": outcome.requirement,
        "outcome": outcome.outcome,
        "before": None if outcome.before is None else plain_number(outcome.before),
        "after": None if outcome.after is None else plain_number(outcome.after),
    }
