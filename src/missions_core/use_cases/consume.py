"""Events of neighbouring services in: each is applied, quarantined with its reason, or delivered again; none blocks another."""

from collections import Counter
from collections.abc import Callable, Sequence

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.domain.neighbours import NeighbourEvent, PlayerUpdated, ReferralActivated, UserDeleted, UserRegistered
from missions_core.errors import Erased, InvalidInput, NotFound
from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.use_cases.attributes import register_player, update_player
from missions_core.use_cases.erase import erase
from missions_core.use_cases.quarantine import QueueMessage, put_aside
from missions_core.use_cases.referrals import activate_referral
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

ORIGIN = "events"
RETRY = "retry"
MAX_FUTURE_MS = 60_000


def consume(
    stores: Stores, quarantine: Queue, messages: Sequence[QueueMessage], parse: Callable[[str], NeighbourEvent], *, now: int
) -> list[str]:
    """Handle a batch; return the ids of the messages to deliver again. `parse` raises InvalidInput for what is no event."""
    metrics.add_metric("EventsReceived", MetricUnit.Count, len(messages))
    outcomes = {message.id: _handle(stores, quarantine, message, parse, now=now) for message in messages}
    logger.info("events consumed", outcomes=Counter(outcomes.values()))
    return [message.id for message in messages if outcomes[message.id] == RETRY]


def _handle(stores: Stores, quarantine: Queue, message: QueueMessage, parse: Callable[[str], NeighbourEvent], *, now: int) -> str:
    try:
        return _apply(stores, _on_time(parse(message.body), now=now), now=now)
    except InvalidInput as reason:
        return "quarantined" if put_aside(quarantine, ORIGIN, message, reason) else RETRY
    except NotFound as missing:
        logger.warning("event waits", reason=missing.code, message_id=message.id)  # for the event that says who they are
        return RETRY
    except Exception:
        # The boundary between neighbours: this message comes back, and in the end goes to the dead-letter queue; the others are applied.
        logger.exception("event not applied", message_id=message.id)
        return RETRY


def _on_time(event: NeighbourEvent, *, now: int) -> NeighbourEvent:
    """An instant ahead of its time would keep out everything said until then. Of a deletion it decides nothing: that is always applied."""
    if event.at > now + MAX_FUTURE_MS and not isinstance(event, UserDeleted):
        raise InvalidInput("future", "time is more than 60 seconds ahead of the server's clock", field="detail.time")
    return event


def _apply(stores: Stores, event: NeighbourEvent, *, now: int) -> str:
    """What became of an event. Of erased players nothing is said: their events are applied to nobody."""
    is_applied = True
    try:
        match event:
            case UserRegistered(player, _, told):
                register_player(stores, player, told, now=now)
            case PlayerUpdated(player, at, attributes):
                is_applied = update_player(stores, player, attributes, said_at=at, now=now)
            case UserDeleted(player):
                erase(stores, player, now=now)
            case ReferralActivated(inviter, invitee, at):
                is_applied = activate_referral(stores, inviter, invitee, at=min(at, now), now=now)
    except Erased:
        is_applied = False
    return "applied" if is_applied else "ignored"
