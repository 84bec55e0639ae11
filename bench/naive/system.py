"""The common way as a system to measure: the product's engine, so that both decide alike, on the usual storage."""

import json
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function

from bench.month import PLAYER
from bench.naive.rows import Table, rows_of, state_of
from infra.inprocess import InProcessAws
from missions_core.domain import check_ins, commands
from missions_core.domain.actions import accept, parse_action
from missions_core.domain.catalog import Snapshot
from missions_core.domain.events import Event, GrantPending
from missions_core.domain.progress import apply
from missions_core.domain.roll import new_player, roll, welcome
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import PlayerState
from missions_core.use_cases.integration import announcement_of, bus_event
from tests.support.world import Context

Change = Callable[[PlayerState], list[Event]]


class Naive:
    """One message at a time: recognise it, load, apply, write what changed, tell the bus, remember it."""

    def __init__(self, _: InProcessAws, environment: dict[str, str], snapshot: Snapshot) -> None:
        self._catalog = catalog_from_snapshot(snapshot)
        self._table = Table(environment["TABLE_NAME"])
        self._bus: Any = boto3.client("events")
        self._bus_name = environment["EVENT_BUS_NAME"]
        self._once = _idempotency(self._table.client)

    def act(self, event: dict[str, Any], now: int) -> None:
        """Handle one message."""

        def run(state: PlayerState) -> list[Event]:
            action = accept(parse_action(json.dumps(event)), now=now, known=self._catalog.known_actions)
            return apply(state, self._catalog, action).events

        self._once(f"{event['source']}#{event['id']}", lambda: self._change(event["subject"], run, now))

    def check_in(self, request: str, now: int) -> None:
        """Handle one request."""
        self._once(request, lambda: self._change(PLAYER, lambda state: check_ins.check_in(state, self._catalog, now=now)[1], now))

    def claimable(self, now: int) -> list[str]:  # noqa: ARG002  # nothing is rolled before the night
        """The ids of completed missions."""
        return commands.claimable(state_of(self._table.load(PLAYER)))

    def claim(self, mission: str, request: str, now: int) -> None:
        """Handle one request."""
        self._once(request, lambda: self._change(PLAYER, lambda state: commands.claim(state, self._catalog, mission, now=now)[2], now))

    def owed(self) -> list[Any]:
        """Nothing waits: payments are made with the claim."""
        return []

    def pay(self, message: Any) -> None:
        """Never called."""
        raise NotImplementedError

    def settle(self, now: int) -> None:
        """Settled missions move to the history, new ones are dealt."""
        before = self._table.load(PLAYER)
        if not before:
            return
        state = state_of(before)
        rolled = roll(state, self._catalog, now=now)
        for board in rolled.settled:
            for mission in board.missions:
                key = f"{board.period.label}#{mission.template}"
                self._table.put(PLAYER, f"HISTORY#{key}", {"status": {"S": mission.status}})
        self._table.write(PLAYER, before, rows_of(state))
        self._effects(PLAYER, rolled.events)

    def _change(self, player: str, change: Change, now: int) -> None:
        before = self._table.load(player)
        state = state_of(before) if before else new_player(player, player, self._catalog, now=now)
        events = [*welcome(state, self._catalog, now=now).events, *change(state)]
        self._table.write(player, before, rows_of(state))
        self._effects(player, events)

    def _effects(self, player: str, events: list[Event]) -> None:
        """Pay and tell, after the writes and without a net: what is lost here stays lost."""
        for number, event in enumerate(events):
            if isinstance(event, GrantPending):
                self._table.put(player, f"GRANT#{event.cause}", {"at": {"N": str(event.at)}})
                if event.rewards.amounts:
                    self._table.add(player, "WALLET", dict(event.rewards.amounts))
            elif announcement := announcement_of(event, str(number), player):
                detail = bus_event(announcement)
                entry = {"EventBusName": self._bus_name, "Source": "missions", "DetailType": detail.type, "Detail": detail.detail}
                self._bus.put_events(Entries=[entry])


def _idempotency(client: Any) -> Callable[[str, Callable[[], None]], None]:
    """Powertools' idempotency as its documentation shows it: a record put before, and updated after."""
    boto3.client("dynamodb").create_table(
        TableName="idempotency",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    config = IdempotencyConfig()
    config.register_lambda_context(Context())  # type: ignore[arg-type]  # enough of one

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="key", config=config, persistence_store=DynamoDBPersistenceLayer("idempotency", boto3_client=client)
    )
    def once(*, key: str, work: Callable[[], None]) -> None:  # noqa: ARG001  # the decorator reads it
        work()

    return lambda key, work: once(key=key, work=work)
