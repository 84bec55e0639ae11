"""Event sources as AWS runs them: SQS queues and a table's stream, delivering to functions at least once, in batches, with failures.

Nothing here knows what a function does: it is called with records and answers with the items that failed, None if the invocation died.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

# A function called with records; the itemIdentifiers it names as failed. None: it raised, timed out or died.
Invoke = Callable[[list[dict[str, Any]]], list[str] | None]


@dataclass
class Message:
    """A message of a queue, as often as it was received."""

    id: str
    body: str
    visible_at: int
    received: int = 0


@dataclass
class SqsSource:
    """A standard queue and its dead-letter queue. Order is anybody's guess; a message may come again though it was handled."""

    visibility_ms: int
    max_receives: int
    batch_size: int
    messages: dict[str, Message] = field(default_factory=dict)
    dead: list[Message] = field(default_factory=list)
    arrived: int = 0

    def put(self, body: str, *, now: int) -> None:
        """Take a message in."""
        self.arrived += 1
        message = Message(f"m{self.arrived}", body, now)
        self.messages[message.id] = message

    def deliver(self, invoke: Invoke, *, now: int, chance: Random, duplicates: float = 0.0, most: int | None = None) -> int:
        """Deliver one batch of what is visible; returns its size. `duplicates`: how likely a handled message stays nevertheless."""
        visible = [message for message in self.messages.values() if message.visible_at <= now]
        batch = chance.sample(visible, min(len(visible), most or self.batch_size))
        for message in batch:
            message.visible_at = now + self.visibility_ms
            message.received += 1
        if not batch:
            return 0
        failed = self._failed(invoke([_sqs_record(message) for message in batch]), batch)
        for message in batch:
            if message.id not in failed and chance.random() >= duplicates:
                self.messages.pop(message.id, None)
            elif message.received >= self.max_receives and message.id in failed:
                self.dead.append(self.messages.pop(message.id))
        return len(batch)

    def redrive(self, *, now: int) -> None:
        """An operator moves the dead letters back."""
        for message in self.dead:
            self.put(message.body, now=now)
        self.dead.clear()

    def show_all(self, *, now: int) -> None:
        """Let every visibility timeout run out."""
        for message in self.messages.values():
            message.visible_at = min(message.visible_at, now)

    def _failed(self, answer: list[str] | None, batch: Sequence[Message]) -> set[str]:
        """Which messages failed; an answer that names an unknown message fails the whole batch."""
        ids = {message.id for message in batch}
        return ids if answer is None or not ids.issuperset(answer) else set(answer)


@dataclass
class Change:
    """A record of the stream: a new image, and when it was written."""

    number: int
    at: int
    image: dict[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        """As Lambda receives it."""
        change = {"SequenceNumber": str(self.number), "NewImage": self.image}
        return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


@dataclass
class Shard:
    """One shard: its records, and how far they are done. A batch being retried ends before `batch_end`."""

    changes: list[Change] = field(default_factory=list)
    done: int = 0
    batch_end: int | None = None
    retries: int = 0
    busy: bool = False  # one batch of a shard at a time


@dataclass
class StreamSource:
    """A stream's event source mapping: batches in order per shard, checkpoint at the lowest failed sequence number, bisecting, bounded
    retries and age, an on-failure destination that keeps whole records."""

    batch_size: int
    max_retries: int
    max_age_ms: int
    bisects: bool = True
    shards: list[Shard] = field(default_factory=lambda: [Shard(), Shard()])
    kept: list[str] = field(default_factory=list)  # S3 objects of the on-failure destination
    numbers: int = 0

    def add(self, key: str, image: dict[str, Any], *, now: int) -> None:
        """A write enters the stream; one item's writes stay in one shard, in order."""
        self.numbers += 1
        self.shards[sum(key.encode()) % len(self.shards)].changes.append(Change(self.numbers, now, image))

    def deliver(self, invoke: Invoke, *, now: int, chance: Random, replays: float = 0.0, most: int | None = None) -> int:
        """Deliver one batch of one shard; returns its size. `replays`: how likely it starts again from records already done."""
        shard = chance.choice(self.shards)
        if shard.busy:
            return 0
        if shard.done and chance.random() < replays:
            shard.done = chance.randrange(shard.done)
            shard.batch_end, shard.retries = None, 0
        self._discard_aged(shard, now)
        start = shard.done
        if shard.batch_end is None:
            shard.batch_end = min(len(shard.changes), start + (most or self.batch_size))
        batch = shard.changes[start : shard.batch_end]
        if not batch:
            shard.batch_end = None
            return 0
        shard.busy = True
        answer = invoke([change.record for change in batch])
        shard.busy = False
        self._conclude(shard, batch, answer)
        return len(batch)

    def waiting(self) -> int:
        """How many records are not done."""
        return sum(len(shard.changes) - shard.done for shard in self.shards)

    def _conclude(self, shard: Shard, batch: list[Change], answer: list[str] | None) -> None:
        numbers = [str(change.number) for change in batch]
        if answer == []:
            shard.done += len(batch)
            shard.batch_end, shard.retries = None, 0
            return
        named = answer is not None and set(numbers).issuperset(answer)
        first = min(numbers.index(number) for number in answer) if named and answer else 0
        shard.done += first  # those before the lowest failed sequence number are done
        remaining = len(batch) - first
        if self.bisects and remaining > 1 and not first:
            shard.batch_end = shard.done + remaining // 2  # splitting does not count as a retry
        elif first:
            shard.retries = 0
        elif shard.retries >= self.max_retries:
            self._discard(shard, len(batch))
        else:
            shard.retries += 1

    def _discard_aged(self, shard: Shard, now: int) -> None:
        aged = sum(change.at < now - self.max_age_ms for change in shard.changes[shard.done :])
        if aged:
            self._discard(shard, aged)

    def _discard(self, shard: Shard, count: int) -> None:
        """Give records up: they move to the on-failure destination, payload and all."""
        discarded = shard.changes[shard.done : shard.done + count]
        payload = json.dumps({"Records": [change.record for change in discarded]})
        self.kept.append(json.dumps({"payload": payload, "DDBStreamBatchInfo": {"batchSize": count}}))
        shard.done += count
        shard.batch_end, shard.retries = None, 0


def _sqs_record(message: Message) -> dict[str, Any]:
    return {"messageId": message.id, "body": message.body, "messageAttributes": {}}
