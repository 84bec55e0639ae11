"""The local stack as a stage: the host, the passing of days, and looks behind the curtain."""

import json
from collections.abc import Callable
from datetime import datetime

from infra.activity import busy_day
from infra.actors import Host, Json, Player
from infra.errors import ToolError
from infra.inspection import StoredItem, load_item
from infra.lines import Line
from infra.local.clock import set_clock
from infra.local.stack import LocalStack, local_session
from infra.polling import wait_for
from infra.receipts import Receipts, receipts_queue
from infra.sending import Sender

MORNING_HOUR = 6  # where players live it is early: no midnight comes by itself in the middle of the show
DAY_SECONDS = 86_400


class Stage:
    """A stack that somebody plays on. Its clock is moved by whole days only."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.host = Host(stack)
        self.days_passed = 0
        self._dynamodb = local_session().client("dynamodb", endpoint_url=stack.endpoint_url)

    def enter(self, name: str) -> Player:
        """A registered player, for whom it is early in the morning."""
        player = Player(self.stack, name)
        self.host.register(player, morning_zone(self.host.now()))
        return player

    def play_day(self, player: Player) -> int:
        """Send a day's worth of actions and wait until they count for the streak; returns how many they are."""
        lines = [Line(number, json.dumps(self.host.action(player, *act))) for number, act in enumerate(busy_day(), start=1)]
        Sender(self.host.sqs, self.stack.actions_queue_url).send(lines, lambda _: None)
        wait_for(player.streak, lambda streak: bool(streak["period_counts"]), "a daily mission to complete")
        return len(lines)

    def pass_nights(self, player: Player, nights: int = 1) -> datetime:
        """Move the clock by some days and wait until the reset job has written the player's new day."""
        before = self.today(player)
        self.days_passed += nights
        moved = set_clock(self.stack, self.days_passed * DAY_SECONDS)
        self.host.follow_clock()
        wait_for(lambda: self.today(player), lambda today: today > before, "the reset job to deal the next day")
        return moved

    def today(self, player: Player) -> str:
        """The label of the player's daily board as stored: the API would roll it in memory."""
        board = self.stored(player).state.current("daily")
        return board.period.label if board else ""

    def stored(self, player: Player) -> StoredItem:
        """The player's state item."""
        item = load_item(self._dynamodb, self.stack.table, player.id)
        if item is None:
            raise ToolError(f"{player.name} has no state")
        return item

    def outcome(self, action: Json) -> str:
        """Send an action and hear what it came to."""
        with receipts_queue(self.host.sqs) as receipts:
            message_id = self.host.report(action, receipts)
            counts = Receipts(self.host.sqs, receipts, self.stack.actions_queue_url).collect([message_id], lambda _: None)
        return next(iter(counts))

    def quarantined(self, *bodies: str) -> list[Json]:
        """What the quarantine says about these messages; they are taken out of it."""
        found: dict[str, Json] = {}
        wait_for(self._quarantine_reader(found), lambda found: set(bodies) <= found.keys(), f"{len(bodies)} quarantined message(s)")
        return [found[body] for body in bodies]

    def _quarantine_reader(self, found: dict[str, Json]) -> Callable[[], dict[str, Json]]:
        sqs, url = self.host.sqs, self.stack.quarantine_queue_url

        def read() -> dict[str, Json]:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5).get("Messages", []):
                document = json.loads(message["Body"])
                found[document["body"]] = document
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return found

        return read


def morning_zone(now: datetime) -> str:
    """A zone where it is early in the morning. The sign of Etc zones is the other way round: Etc/GMT+5 is behind UTC."""
    behind = (now.hour - MORNING_HOUR + 11) % 24 - 11
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"
