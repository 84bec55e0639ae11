"""What operators see: flags, held grants, and what was decided about them."""

from typing import Literal

from typing_extensions import TypedDict

from missions_core.http.representations.rewards import Rewards


class Flag(TypedDict):
    """What a rule found: `detail` says it with its numbers, of the last of `count` times. `shadow`: only recorded. `hold`: grants wait."""

    rule: str
    detail: str
    first_at: str
    last_at: str
    count: int
    shadow: bool
    hold: bool


class Flagged(TypedDict):
    """A player and what was found; `account` is their name in the audit trail. `flagged_at` is null where all of it is shadow."""

    player: str
    account: str
    flagged_at: str | None
    flags: list[Flag]


class Hold(TypedDict):
    """A grant that was held: `held` until it is released (`granted`) or revoked (`reversed`); `decision` says by whom and why."""

    cause: str
    rewards: Rewards
    status: Literal["held", "granted", "reversed"]
    granted_at: str
    decision: str | None


class Cleared(Flagged):
    """A player without flags; `holds` are those of the latest grants held before that still wait for a decision."""

    holds: list[Hold]


class AuditEntry(TypedDict):
    """A decision of an operator about an account."""

    at: str
    actor: str
    what: str
    account: str
    reason: str
    details: dict[str, str | int]
