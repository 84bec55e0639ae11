"""Effects out: what state writes put into their outboxes goes to the rewards queue and the event bus, at least once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.events import GrantPending
from missions_core.domain.state import PendingGrant
from missions_core.messaging import BusEvent, EventBus, Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage import outbox
from missions_core.use_cases.grant import grant_message
from missions_core.use_cases.integration import announcement_of, bus_event

logger = create_logger()
metrics = create_metrics()


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A stream record: its sequence number and the outbox the write carried."""

    sequence_number: str
    outbox: bytes


def publish(rewards: Queue, bus: EventBus, records: Sequence[StreamRecord]) -> str | None:
    """Send everything the records carry. Returns the sequence number of the first record of which something was not taken.

    The stream is delivered again from there: whatever follows is sent twice, and receivers know every event by its id.
    """
    grants: list[tuple[int, str]] = []
    announcements: list[tuple[int, BusEvent]] = []
    unreadable = len(records)
    for index, record in enumerate(records):
        try:
            outgoing = outbox.decode(record.outbox)
        except ValueError:
            logger.exception("outbox not readable", sequence_number=record.sequence_number)
            unreadable = index
            break  # the records before it are sent; from it on the stream is delivered again, alone in the end, then kept aside
        for item in outgoing:
            if isinstance(item.event, GrantPending):
                grant = PendingGrant(item.event.cause, item.event.at, item.event.rewards)
                grants.append((index, grant_message(item.player, item.account, grant)))
            elif announcement := announcement_of(item.event, item.id, item.player):
                announcements.append((index, bus_event(announcement)))
    refused = [grants[at][0] for at in rewards.send([body for _, body in grants])] if grants else []
    refused += [announcements[at][0] for at in bus.put([event for _, event in announcements])] if announcements else []
    first = min([unreadable, *refused])
    metrics.add_metric("EventsPublished", MetricUnit.Count, len(announcements))
    logger.info("outbox published", records=len(records), grants=len(grants), events=len(announcements), refused=len(refused))
    return records[first].sequence_number if first < len(records) else None
