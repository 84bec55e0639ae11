"""Paying, holding, releasing, revoking: a pending grant becomes a ledger row, in one transaction with what it moves, once (invariant 3)."""

import json
from collections.abc import Mapping, Sequence

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.codec import rewards_to_json
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.domain.state import GrantKind, PendingGrant
from missions_core.errors import InvalidInput
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.quarantine import QueueMessage, put_aside

logger = create_logger()
metrics = create_metrics()

ORIGIN = "rewards"
DONE: Mapping[GrantKind, str] = {"grant": "paid", "held": "held", "release": "released", "revoke": "revoked"}


def grant_all(ledger: Ledger, quarantine: Queue, messages: Sequence[QueueMessage]) -> list[str]:
    """Pay a batch; return the ids of the messages to deliver again."""
    metrics.add_metric("GrantsReceived", MetricUnit.Count, len(messages))
    again = [message.id for message in messages if not _handle(ledger, quarantine, message)]
    metrics.add_metric("GrantsPaid", MetricUnit.Count, len(messages) - len(again))
    return again


def grant_message(player: str, account: str, grant: PendingGrant) -> str:
    """The rewards queue's message: one pending grant."""
    body = {"player": player, "account": account, "cause": grant.cause, "at": grant.at, "rewards": rewards_to_json(grant.rewards)}
    if grant.kind != "grant":
        body |= {"kind": grant.kind, "note": grant.note}
    return json.dumps(body)


def _handle(ledger: Ledger, quarantine: Queue, message: QueueMessage) -> bool:
    try:
        account, grant = _parse(message.body)
    except InvalidInput as reason:
        return put_aside(quarantine, ORIGIN, message, reason)
    try:
        applied = ledger.grant(account, grant)
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are paid.
        logger.exception("grant not paid", account=account, cause=grant.cause)
        return False
    done = DONE[grant.kind]
    logger.info(f"grant {done}" if applied else f"grant was {done} before", account=account, cause=grant.cause)
    return True


def _parse(body: str) -> tuple[str, PendingGrant]:
    try:
        raw = json.loads(body)
        account, cause, at, rewards = raw["account"], raw["cause"], raw["at"], rewards_from_snapshot(raw["rewards"])
        kind, note = raw.get("kind", "grant"), raw.get("note", "")
        named = all(isinstance(text, str) for text in (account, cause, note)) and kind in DONE
        whole = all(type(amount) is int and amount >= 0 for amount in (at, *rewards.amounts.values()))
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise InvalidInput("malformed_grant", f"not a grant message: {error!r}") from None
    if not (named and whole):
        raise InvalidInput("malformed_grant", "account and cause are strings, at is epoch milliseconds, amounts are non-negative integers")
    return account, PendingGrant(cause, at, rewards, kind, note)
