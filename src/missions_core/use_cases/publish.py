"""Effects out: what state writes put into their outboxes goes to the queues and the event bus, at least once, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.events import EvidenceSubmitted, GrantPending, PlayerErased
from missions_core.domain.state import PendingGrant
from missions_core.messaging import BusEvent, EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage import outbox
from missions_core.storage.outbox import Outgoing
from missions_core.use_cases.erasures import erasure_body
from missions_core.use_cases.evidence_queue import evidence_body
from missions_core.use_cases.grant import grant_message
from missions_core.use_cases.integration import announcement_of, bus_event
from missions_core.use_cases.standings import standings_body

logger = create_logger()
metrics = create_metrics()

Effect = TypeVar("Effect")
Effects = list[tuple[int, Effect]]  # each with the number of its record


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A stream record: its sequence number and the outbox the write carried."""

    sequence_number: str
    outbox: bytes


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where effects go."""

    rewards: Queue
    standings: Queue
    erasures: Queue
    evidence: Queue
    bus: EventBus


def publish(outlets: Outlets, records: Sequence[StreamRecord]) -> str | None:
    """Send everything the records carry. Returns the sequence number of the first record of which something was not taken.

    The stream is delivered again from there: whatever follows is sent twice, and receivers know every event by its id.
    """
    grants: Effects[str] = []
    reports: Effects[str] = []
    erasures: Effects[str] = []
    evidence: Effects[str] = []
    announcements: Effects[BusEvent] = []
    readable = 0
    for record in records:
        try:
            outgoing = outbox.decode(record.outbox)
        except ValueError:
            logger.exception("outbox not readable", sequence_number=record.sequence_number)
            break  # the records before it are sent; from it on the stream is delivered again, alone in the end, then kept aside
        grants += [(readable, body) for body in _grants(outgoing)]
        reports += [(readable, body) for body in _reports(outgoing)]
        erasures += [(readable, body) for body in _erasures(outgoing)]
        evidence += [(readable, body) for body in _evidence(outgoing)]
        announcements += [(readable, event) for event in _announcements(outgoing)]
        readable += 1
    refused = [
        *_refused(outlets.rewards.send, grants),
        *_refused(outlets.standings.send, reports),
        *_refused(outlets.erasures.send, erasures),
        *_refused(outlets.evidence.send, evidence),
        *_refused(outlets.bus.put, announcements),
    ]
    first = min([readable, *refused])
    metrics.add_metric("EventsPublished", MetricUnit.Count, len(announcements))
    logger.info("outbox published", records=len(records), grants=len(grants), events=len(announcements), refused=len(refused))
    return records[first].sequence_number if first < len(records) else None


def _grants(outgoing: Sequence[Outgoing]) -> list[str]:
    owed = [(item, item.event) for item in outgoing if isinstance(item.event, GrantPending)]
    return [
        grant_message(item.player, item.account, PendingGrant(event.cause, event.at, event.rewards, event.kind, event.note))
        for item, event in owed
    ]


def _reports(outgoing: Sequence[Outgoing]) -> list[str]:
    first = outgoing[0] if outgoing else None
    body = standings_body(first.player, first.account, [item.event for item in outgoing], at=first.at) if first else None
    return [] if body is None else [body]


def _erasures(outgoing: Sequence[Outgoing]) -> list[str]:
    return [erasure_body(item.id, item.player, item.event) for item in outgoing if isinstance(item.event, PlayerErased)]


def _evidence(outgoing: Sequence[Outgoing]) -> list[str]:
    return [evidence_body(item.player, item.event) for item in outgoing if isinstance(item.event, EvidenceSubmitted)]


def _announcements(outgoing: Sequence[Outgoing]) -> list[BusEvent]:
    announced = (announcement_of(item.event, item.id, item.player) for item in outgoing)
    return [bus_event(announcement) for announcement in announced if announcement is not None]


def _refused(send: Callable[[list[Effect]], list[int]], effects: Effects[Effect]) -> list[int]:
    """Send what there is to send; the records of what was not taken."""
    return [effects[at][0] for at in send([effect for _, effect in effects])] if effects else []
