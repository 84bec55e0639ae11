"""What actions came to."""

from typing import Any

from typing_extensions import TypedDict

from missions_core.http.representations.common import Number


class RequirementOutcome(TypedDict):
    """What an action came to for one requirement; before and after where it counted."""

    mission: str
    requirement: str
    outcome: str
    before: Number | None
    after: Number | None


class ActionOutcome(TypedDict):
    """What an action came to; `outcome` is the best of `outcomes`. Not accepted: it changed nothing."""

    accepted: bool
    outcome: str
    outcomes: list[RequirementOutcome]


class BatchItem(TypedDict, total=False):
    """One action of a batch: `status` as if sent alone, with an outcome below 400 and a problem from there."""

    status: int
    id: str | None
    accepted: bool
    outcome: str
    outcomes: list[RequirementOutcome]
    problem: dict[str, Any]


class Batch(TypedDict):
    """Answers in the order of the actions."""

    items: list[BatchItem]
