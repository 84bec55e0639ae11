"""The publisher is dead for two days: money waits in the states, other events where the stream left them, and nothing is paid twice."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.engine import Simulation
from tests.simulation.invariants import violations
from tests.simulation.network import Faults
from tests.simulation.runner import everywhere
from tests.simulation.runtime import CLOCK, services
from tests.simulation.trace import DAY_MS, HOUR_MS, Step, Trace, trace_of

OUTAGE_HOURS = 48
SOME_DAYS = replace(trace_of(3), zones=["Europe/Berlin", "America/New_York", "Asia/Tokyo"], faults=Faults(), duplicates=0.0, steps=[])


def test_two_days_without_a_publisher_leave_nothing_unpaid_and_nothing_paid_twice() -> None:
    (found,) = everywhere(_outage, [SOME_DAYS])

    assert found["paid during the outage"] == 0
    assert found["pending at its end"] > 20
    assert found["records given up"] > 0
    assert found["violations after three nights"] == []
    assert found["pending after three nights"] == 0
    assert found["violations after the outbox was redriven too"] == []


def test_a_poison_record_holds_nobody_up_and_its_payload_is_kept() -> None:
    (found,) = everywhere(_poison, [SOME_DAYS])

    assert found["kept"] == [{"outbox": {"B": b64encode(b"\xff").decode()}}]
    assert found["waiting"] == 0
    assert found["neighbours told"] == ["CheckInCompleted", "CheckInCompleted"]
    assert found["neighbours paid"] == 2


def _outage(trace: Trace) -> dict[str, object]:
    services()
    simulation = Simulation(replace(trace, redrives_outbox=False))
    simulation.begin()
    for hour in range(OUTAGE_HOURS):
        for step in _an_hour(hour):
            simulation.step(step)
        simulation.network.faults = Faults(outage=frozenset({"sqs", "eventbridge"}))
        simulation.stream.deliver(simulation.invoker("publish_outbox"), now=CLOCK.now, chance=simulation.chance)
        CLOCK.now += HOUR_MS
    found: dict[str, object] = {
        "paid during the outage": _grants(simulation),
        "pending at its end": _pending(simulation),
        "records given up": len(simulation.stream.kept),
    }
    simulation.rest(nights=3)
    found["violations after three nights"] = violations(simulation)
    found["pending after three nights"] = _pending(simulation)
    simulation.redrive_outbox()
    simulation.rest(nights=0)
    found["violations after the outbox was redriven too"] = violations(simulation)
    return found


def _an_hour(hour: int) -> Iterator[Step]:
    actions = [[f"{hour}.{n}", "post.created" if n % 2 else "tip.sent", 5, 1000 * n] for n in range(6)]
    yield Step("send", hour, {"player": hour % 3, "actions": actions, "poison": False})
    yield Step("ingest", hour)
    yield Step("check_in", hour, {"player": hour % 3})
    yield Step("claim_all", hour, {"player": hour % 3})


def _poison(trace: Trace) -> dict[str, object]:
    """A record that can never be read, between two check-ins of the player whose shard it is in."""
    services()
    simulation = Simulation(replace(trace, redrives_outbox=False))
    simulation.begin()
    simulation.step(Step("check_in", 1, {"player": 0}))
    simulation.stream.add("PLAYER#p0", {"outbox": {"B": b64encode(b"\xff").decode()}}, now=CLOCK.now)
    CLOCK.now += DAY_MS
    simulation.step(Step("check_in", 2, {"player": 0}))
    simulation.stream.max_age_ms = 10 * DAY_MS  # what ends it here is the number of retries
    simulation.rest(nights=0)
    return {
        "kept": [json.loads(json.loads(kept)["payload"])["Records"][0]["dynamodb"]["NewImage"] for kept in simulation.stream.kept],
        "waiting": simulation.stream.waiting(),
        "neighbours told": [event["type"] for event in simulation.journal.events.values()],
        "neighbours paid": _grants(simulation),
    }


def _grants(simulation: Simulation) -> int:
    stores = simulation.runtime.stores
    states = [stored.state for player in simulation.players if (stored := stores.players.load(player))]
    return sum(len(stores.ledger.grants(state.account, limit=1000, cursor=None)[0]) for state in states)


def _pending(simulation: Simulation) -> int:
    return sum(len(stored.state.pending) for player in simulation.players if (stored := simulation.runtime.stores.players.load(player)))
