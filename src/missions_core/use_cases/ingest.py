"""Actions from the queue: every message is applied, quarantined with its reason, or delivered again; none is lost, none blocks another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.actions import Action, parse_action
from missions_core.errors import InvalidInput
from missions_core.messaging import ActionLog, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.use_cases.quarantine import quarantine_body
from missions_core.use_cases.stores import Stores
from missions_core.use_cases.track import Tracked, track_player

logger = create_logger()
metrics = create_metrics()

ORIGIN = "actions"


@dataclass(frozen=True, slots=True)
class Message:
    """One queue message; `receipts` is the URL of a queue that wants to hear what became of it (never in production)."""

    id: str
    body: str
    receipts: str | None = None


@dataclass(slots=True)
class _Fate:
    """What became of a message: tracked, or refused before it was an action; neither: to be delivered again."""

    message: Message
    tracked: Tracked | None = None
    refused: InvalidInput | None = None

    @property
    def reason(self) -> InvalidInput | None:
        return self.refused or (self.tracked.reason if self.tracked else None)

    @property
    def outcome(self) -> str:
        return "quarantined" if self.refused else self.tracked.outcome if self.tracked else "retry"


def ingest(stores: Stores, quarantine: Queue, log: ActionLog, messages: Sequence[Message], *, now: int) -> list[str]:
    """Handle a batch; return the ids of the messages to deliver again.

    A message counts as handled only after its effect is saved, the log is written and, where it is quarantined, the quarantine has it.
    """
    metrics.add_metric("ActionsReceived", MetricUnit.Count, len(messages))
    fates = [_Fate(message) for message in messages]
    for player, of_player in _by_player(fates).items():
        _track(stores, player, of_player, now=now)
    handled = [fate for fate in fates if fate.outcome != "retry"]
    if records := [_record(fate) for fate in handled if not (fate.tracked and fate.tracked.is_erased)]:
        log.write(records, now=now)
    lost = _send_to_quarantine(quarantine, [fate for fate in handled if fate.reason])
    _send_receipts([fate for fate in handled if fate.message.id not in lost and fate.message.receipts])
    _log_outcomes(fates)
    return [fate.message.id for fate in fates if fate.outcome == "retry" or fate.message.id in lost]


def _by_player(fates: list[_Fate]) -> dict[str, list[tuple[_Fate, Action]]]:
    groups: dict[str, list[tuple[_Fate, Action]]] = {}
    for fate in fates:
        try:
            action = parse_action(fate.message.body)
        except InvalidInput as reason:
            fate.refused = reason
        else:
            groups.setdefault(action.player, []).append((fate, action))
    return groups


def _track(stores: Stores, player: str, of_player: list[tuple[_Fate, Action]], *, now: int) -> None:
    try:
        results = track_player(stores, player, [action for _, action in of_player], now=now)
    except Exception:
        # The boundary between neighbours: whatever is wrong with one player must not hold back the others' messages.
        # These are delivered again and, if it lasts, end in the dead-letter queue, whose alarm calls a human.
        logger.exception("actions not applied", messages=len(of_player))
        return
    for (fate, _), tracked in zip(of_player, results, strict=True):
        fate.tracked = tracked


def _record(fate: _Fate) -> dict[str, Any]:
    """What the log keeps; a message that is no action is known by its message id."""
    source, id_ = (fate.tracked.action.source, fate.tracked.action.id) if fate.tracked else ("sqs", fate.message.id)
    reason = {"reason": fate.reason.code} if fate.reason else {}
    return {"source": source, "id": id_, "action": fate.message.body, "outcome": fate.outcome, **reason}


def _send_to_quarantine(quarantine: Queue, fates: list[_Fate]) -> set[str]:
    """Send what cannot be handled; return the message ids the quarantine did not take."""
    if not fates:
        return set()
    failed = quarantine.send([quarantine_body(ORIGIN, fate.message.body, fate.reason) for fate in fates if fate.reason])
    return {fates[index].message.id for index in failed}


def _send_receipts(fates: list[_Fate]) -> None:
    by_queue: dict[str, list[str]] = {}
    for fate in fates:
        by_queue.setdefault(str(fate.message.receipts), []).append(_receipt(fate))
    for url, bodies in by_queue.items():
        Queue(url).send(bodies)  # a courtesy: a lost receipt is reported as missing by whoever waits


def _receipt(fate: _Fate) -> str:
    receipt = {"message_id": fate.message.id, "outcome": fate.outcome}
    if fate.tracked:
        receipt |= {"source": fate.tracked.action.source, "id": fate.tracked.action.id}
    if fate.reason:
        receipt |= {"reason": fate.reason.code}
    return json.dumps(receipt)


def _log_outcomes(fates: list[_Fate]) -> None:
    counts: dict[str, int] = {}
    for fate in fates:
        counts[fate.outcome] = counts.get(fate.outcome, 0) + 1
        metrics.add_metric(f"Actions{fate.outcome.title().replace('_', '')}", MetricUnit.Count, 1)
    logger.info("actions ingested", outcomes=counts)
