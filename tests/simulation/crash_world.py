"""The crash matrix's world: functions may die in it, everything can be delivered again, and all that can be noticed of it is compared."""

import json
import os
import pickle
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

import boto3
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from infra.inprocess import SERVICES, InProcessAws, create_resources, running
from missions_core import clock
from missions_core.domain import codec
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Snapshot
from missions_core.domain.state import PlayerState
from missions_core.instants import timestamp
from missions_core.storage import keys
from missions_core.use_cases.reset import shard_message
from tests.simulation.crash_faults import Wire
from tests.support.world import World, post

Converged = dict[str, Any]
INSTANT = re.compile(r"\b(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?|\d{13}|\d{10})\b")  # text, milliseconds, seconds


class CrashWorld(World):
    """A world whose stream survives a function that dies over it, and in which nothing is under way after `drain`."""

    def __init__(self, aws: InProcessAws, environment: dict[str, str], wire: Wire, now: int) -> None:
        aws.intercept = wire.intercept
        super().__init__(aws, environment, now)
        self.wire = wire
        self.deliveries: Sequence[int] = ()
        self._awake: list[str] = []  # who acts between two deliveries
        self._published: list[dict[str, Any]] = []
        self._quarantined: set[str] = set()
        self._asked: set[str] = set()

    def checkpoint(self) -> Callable[[], None]:
        """Remember the world as it is; calling the result brings it back, 20 times faster than preparing it anew."""
        mine = ("now", "_stream", "_published", "_quarantined", "_asked")
        kept = pickle.dumps(({name: getattr(self, name) for name in mine}, self.wire.outlet, _emulated()))

        def restore() -> None:
            members, self.wire.outlet, emulated = pickle.loads(kept)
            vars(self).update(members)
            for name, content in _emulated().items():
                content.clear()
                content.update(emulated[name])

        return restore

    def restart(self) -> None:
        """Every function starts anew: what a warm one remembers is gone."""
        for name in [name for name in sys.modules if name.startswith("functions.")]:
            del sys.modules[name]

    def publish(self) -> list[dict[str, Any]]:
        records = list(self._stream)
        try:
            failed = super().publish()
        except BaseException:
            self._stream = records
            raise
        self._published += records[: len(records) - len(self._stream)]
        return failed

    def take(self, queue: str) -> list[list[dict[str, Any]]]:
        url = self.environment[queue]
        if url not in self.wire.outlet.queues:
            return []  # asking costs a call
        self.wire.outlet.queues.remove(url)
        return super().take(queue)

    def forget_stream(self) -> None:
        """Lose whatever the stream has not delivered yet."""
        self._stream.clear()

    def replay_stream(self) -> None:
        """Let the stream deliver again what it has delivered."""
        self._stream, self._published = self._published + self._stream, []

    def request(self, function: str, route: str, body: object, player: str, *roles: str) -> bool:
        """Send a request as API Gateway would, always with the same Idempotency-Key for a route; whether it was answered with success."""
        method, path = route.split()
        claims = {
            "sub": player,
            "iss": "https://issuer",
            "token_use": "access",
            "exp": "4102444800",
            "cognito:groups": f"[{' '.join(roles)}]",
        }
        http = {"http": {"method": method, "path": path}, "requestId": "request", "stage": "$default"}
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"idempotency-key": f"key of {path}"},
            "requestContext": {**http, "authorizer": {"jwt": {"claims": claims, "scopes": None}}},
            "isBase64Encoded": False,
            "body": None if body is None else json.dumps(body),
        }
        answer = self.invoke(function, event)
        items = json.loads(answer["body"]).get("items", []) if answer["statusCode"] == 200 else [{"status": answer["statusCode"]}]
        return all(item.get("status", 200) == 200 for item in items)

    def drain(self) -> None:
        """Deliver until nothing is under way. Of the shards that are to be settled, only those where anybody lives."""
        while self._stream or self.wire.outlet.queues:
            self._deliver_all()

    def expect_deliveries(self, instants: Sequence[int]) -> None:
        """The invocation is about to be delivered at some of these instants."""
        self.deliveries = instants
        self._awake = [keys.player_of(row["PK"]["S"]) for row in self._states() if int(row["due_at"]["N"]) > instants[-1]]

    def go_on(self, until: int) -> None:
        """Time passes between two deliveries: what is under way arrives, players act, and what was paid is forgotten with that.

        Not those whose night was due: they are settled because they do not come.
        """
        self.drain()
        self.now = until
        self.ingest(*(post(f"{player} {until}", timestamp(until), player, "page.read") for player in self._awake))
        self.drain()

    def night(self) -> None:
        """A day passes, and everybody is settled."""
        self.now += DAY_MS
        for shard in sorted(self._inhabited()):
            self._settle({"messageId": "night", "body": shard_message(shard, self.now)})
        self.drain()

    def converged(self) -> Converged:
        """All that anybody could ever notice. Accounts and event ids are minted: they go by the players they belong to. What happened at
        the instant of a later delivery happened at that of the first; but what is there twice, at two instants, is there twice.

        Not the versions of items and the outbox of the last write: they tell how often was written, which is nobody's business. Ids of
        applied actions may lie in the state, in a SEEN row, or in both: a write that failed has moved some for nothing. Not the statistics
        and the histograms, which are approximate.
        """
        scanned = {(row["PK"]["S"], row["SK"]["S"]): row for row in _scan(self.environment["TABLE_NAME"])}
        rows = {key: _readable(row) for key, row in scanned.items() if not key[0].startswith("STATS#")}
        names = {row["state"].account: f"account of {row['state'].player}" for row in rows.values() if "state" in row}
        told = {(id_, self._at_once(event)) for id_, event in self.wire.outlet.announced}
        return {
            "applied": _applied(rows),
            "table": self._table(rows, names),
            "events": Counter(event for _, event in told),
            "quarantined": set(map(self._at_once, self._quarantined)),
            "log": set(self.wire.outlet.logged),
            "shards": set(map(self._at_once, self._asked)),
        }

    def _table(self, rows: dict[tuple[str, str], dict[str, Any]], names: dict[str, str]) -> dict[str, list[str]]:
        """All rows by key, in words. Of a job's runs at several deliveries the last one; of what operators decided, that they did: an entry
        whose decision did not get through comes again, at another instant and so under another key.
        """
        table: dict[str, list[str]] = {}
        for key, row in sorted(rows.items()):
            if "state" in row:
                state: PlayerState = row["state"]
                state.seen.clear()  # see `_applied`: in which order they came is no matter
                state.pending = [grant for grant in state.pending if keys.grant(state.account, grant) not in rows]  # or yet to be forgotten
            if "ids" in row:
                continue
            kind = key[0].partition("#")[0]
            name = self._at_once(_named(key[0] if kind == "AUDIT" else " ".join(key), names))
            told = self._at_once(_named(repr(row["entry"] if kind == "AUDIT" else row), names))
            before = [] if kind == "JOB" else [each for each in table.get(name, []) if kind != "AUDIT" or each != told]
            table[name] = [*before, told]
        return table

    def _at_once(self, text: str) -> str:
        """A text as if there had been but one delivery: with it move its instant and those that are full hours away from it."""

        def moved(found: re.Match[str]) -> str:
            at = _instant(found[0])
            late = next((each for each in self.deliveries if (at - each) % HOUR_MS == 0), None)
            return f"@{at if late is None else at - late + self.deliveries[0]}"

        return INSTANT.sub(moved, text)

    def _deliver_all(self) -> None:
        assert self.publish() == [], "the stream does not get through"
        paid = self.deliver("REWARDS_QUEUE_URL", "grant_rewards")
        assert not any(answer["batchItemFailures"] for answer in paid), "grants are not paid"
        merged = self.deliver("STANDINGS_QUEUE_URL", "update_standings")
        assert not any(answer["batchItemFailures"] for answer in merged), "scores are not merged"
        for queue, function in (("EVIDENCE_QUEUE_URL", "moderate_evidence"), ("ERASURE_QUEUE_URL", "erase_players")):
            done = self.deliver(queue, function)
            assert not any(answer["batchItemFailures"] for answer in done), f"{function} does not get through"
        asked = [record for batch in self.take("SETTLE_QUEUE_URL") for record in batch]
        self._asked |= {record["body"] for record in asked}
        inhabited = self._inhabited() if asked else set()
        for record in [record for record in asked if json.loads(record["body"]).get("shard") in {None, *inhabited}]:
            self._settle(record)
        self._quarantined |= {body["body"] for body in self.bodies("QUARANTINE_QUEUE_URL")}

    def _settle(self, record: dict[str, Any]) -> None:
        assert self.invoke("settle_players", {"Records": [record]}) == {"batchItemFailures": []}, "a shard does not settle"

    def _inhabited(self) -> set[int]:
        players = [keys.player_of(row["PK"]["S"]) for row in self._states()]
        return {int(keys.due_shard(player).removeprefix(keys.due_partition(0)[:-1])) for player in players}

    def _states(self) -> list[dict[str, Any]]:
        return [row for row in _scan(self.environment["TABLE_NAME"]) if row["SK"]["S"] == "STATE"]


@contextmanager
def crash_world(catalog: Snapshot, now: int) -> Iterator[CrashWorld]:
    """An empty world with a catalog."""
    with running() as aws:
        variables = create_resources()
        with patch.dict(os.environ, variables):
            world = CrashWorld(aws, variables, Wire(), now)
            with patch.object(clock, "now", lambda: world.now):
                world.publish_catalog(catalog)
                try:
                    yield world
                finally:
                    world.restart()


def _emulated() -> dict[str, dict[Any, Any]]:
    """Everything the emulator keeps, by name."""
    return {
        f"{service} {name}": member._data
        for service, module in SERVICES.items()
        for name, member in vars(module).items()
        if isinstance(member, AccountScopedDict | AccountRegionScopedDict)
    }


def _scan(table_name: str) -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=table_name, ConsistentRead=True)["Items"]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    decoded = {name: next(iter(value.values())) for name, value in row.items() if name not in ("version", "outbox")}
    if "state" in decoded:
        decoded["state"] = codec.decode(decoded["state"])
    if "board" in decoded:
        decoded["board"] = codec.decode_board(decoded["board"])
    if "merged_at" in decoded:
        decoded |= {"content": json.loads(zlib.decompress(decoded["content"]))[0], "merged_at": None}
    return dict(sorted(decoded.items()))


def _applied(rows: dict[tuple[str, str], dict[str, Any]]) -> dict[str, set[str]]:
    """The ids of applied actions, by player and hour."""
    applied: dict[str, set[str]] = {}
    for (partition, sort), row in rows.items():
        if "ids" in row:
            applied.setdefault(f"{partition} {keys.hour_of_seen(sort)}", set()).update(id_.hex() for id_ in row["ids"])
        for hour, ids in row["state"].seen.items() if "state" in row else ():
            applied.setdefault(f"{partition} {hour}", set()).update(ids)
    return applied


def _instant(text: str) -> int:
    if "T" in text:
        return round(datetime.fromisoformat(text.removesuffix("Z") + "+00:00").timestamp() * 1000)
    return int(text) * (1000 if len(text) == 10 else 1)


def _named(text: str, names: dict[str, str]) -> str:
    for account, name in names.items():
        text = text.replace(account, name)
    return text
