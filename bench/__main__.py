"""`make bench`: what things cost, as ratios of two things measured in the same run; absolute numbers speak of this machine only."""

import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import boto3

from bench.cold_starts import ratios
from infra.inprocess import create_resources, running
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain import codec
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog
from missions_core.domain.progress import apply
from missions_core.domain.roll import new_player, welcome
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases.stores import stores_of
from missions_core.use_cases.track import track

FORUM = Path(__file__).parents[1] / "catalog" / "forum"
TYPES = ("post.created", "reaction.added", "tip.sent", "reaction.received")
NOW = int(datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp() * 1000)
ROUNDS = 5
ACTIONS = 40  # handled per round
PAUSE_MS = 120_000  # a busy player: thirty actions an hour
NOWHERE = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}  # nothing can be reached


def main() -> None:
    """Measure everything and print one table."""
    logging.disable(logging.CRITICAL)
    os.environ |= NOWHERE
    snapshot = compile_catalog(load_catalog(FORUM).source)
    for template in snapshot["templates"]:
        template["auto_claim"] = False  # nobody runs the ledger here: grants would wait for it, and be looked up again and again
    catalog = catalog_from_snapshot(snapshot)
    state = player(catalog)
    rows = [
        ("engine, actions/s on one core (aim: 20 000)", f"{engine(catalog):,.0f}"),
        ("missions on the player's boards", str(sum(1 for _ in state.missions()))),
        ("state, bytes stored", str(len(codec.encode(state)))),
    ]
    with running():
        os.environ |= create_resources()
        Catalogs("missions").publish(snapshot)
        bare, handler = storage_calls(state), handling()
    rows += [
        ("CPU: one action handled ÷ bare GetItem + PutItem, the emulator in both (aim: 1.5)", f"{handler / bare:.2f}"),
        *((f"CPU: import {name} ÷ boto3 + client (aim: {aim})", f"{ratio:.2f}") for name, aim, ratio in imports()),
    ]
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {value:>9}" for name, value in rows))


def player(catalog: Catalog) -> PlayerState:
    """A player in the middle of a day."""
    state = new_player("player", "account", catalog, now=NOW, zone="Europe/Berlin")
    welcome(state, catalog, now=NOW)
    for number in range(20):
        apply(state, catalog, action(number))
    return state


def action(number: int, *, at: int = NOW) -> Action:
    """One of a varied stream of actions."""
    data = {"amount": 12, "forum_id": f"f{number % 5}", "length": 240, "recipient": f"p{number % 9}"}
    return Action("bench", str(number), TYPES[number % len(TYPES)], "player", at, at, data, f"{number:012x}")


def engine(catalog: Catalog) -> float:
    """Actions per second through the pure engine."""
    actions = [action(number) for number in range(5_000)]
    state = player(catalog)

    def run() -> None:
        for each in actions:
            apply(state, catalog, each)
            state.pending.clear()

    return len(actions) / cpu(run)


def storage_calls(state: PlayerState) -> float:
    """CPU seconds of one bare GetItem and one bare PutItem of a state-sized item."""
    client = boto3.client("dynamodb")
    item = {"PK": {"S": "BENCH"}, "SK": {"S": "STATE"}, "version": {"N": "1"}, "state": {"B": codec.encode(state)}}

    def run() -> None:
        client.get_item(TableName="missions", Key={"PK": item["PK"], "SK": item["SK"]}, ConsistentRead=True)
        client.put_item(TableName="missions", Item=item)

    return cpu(lambda: [run() for _ in range(100)]) / 100


def handling() -> float:
    """CPU seconds of one action from its queue message's text to the saved state."""
    stores = stores_of("missions")
    numbers = iter(range(10**6))

    def run() -> None:
        number = next(numbers)
        at = NOW + number * PAUSE_MS
        track(stores, [action(number, at=at)], now=at)

    return cpu(lambda: [run() for _ in range(ACTIONS)]) / ACTIONS


def imports() -> list[tuple[str, float, float]]:
    """Functions, the aim for each, and the CPU of a cold start over that of boto3 with a client."""
    functions = [("ingest_actions", 1.5), ("settle_players", 1.5), ("claim_reward", 2.0), ("player_queries", 2.0)]
    return [(name, aim, median(ratios(name, rounds=ROUNDS))) for name, aim in functions]


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work, the least of some runs."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
