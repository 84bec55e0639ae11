"""Four weeks of a typical player of catalog/forum: the same story for every system that wants to be measured."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol
from unittest.mock import patch
from uuid import UUID

from bench.meter import Meter, Uses
from infra.activity import Act
from infra.inprocess import InProcessAws, create_resources, running
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Snapshot

FORUM = Path(__file__).parents[1] / "catalog" / "forum"
PLAYER = "ann"
START = int(datetime(2026, 11, 9, tzinfo=UTC).timestamp() * 1000)
DAYS = 28
MINUTE_MS = 60_000

# Three visits a day.
DAY: tuple[tuple[int, Sequence[Act]], ...] = (
    (8, (Act("reaction.added", {"post_id": "p1"}), Act("post.created", {"thread_id": "t1", "length": 80}))),
    (
        13,
        (
            Act("reaction.received", {"user_id": "u1"}),
            Act("reaction.received", {"user_id": "u2"}),
            Act("post.created", {"thread_id": "t2", "length": 240}),
            Act("shoutbox.message", {"length": 20}),
        ),
    ),
    (
        20,
        (
            Act("reaction.added", {"post_id": "p2"}),
            Act("reaction.received", {"user_id": "u3"}),
            Act("tip.sent", {"amount": 12, "recipient_id": "u4"}),
            Act("user.followed", {"user_id": "u5"}),
        ),
    ),
)


class System(Protocol):
    """A missions backend. Each call is one message, one request or one player's night; all in epoch milliseconds."""

    def act(self, event: dict[str, Any], now: int) -> None:
        """Handle one action and let its effects leave."""

    def check_in(self, request: str, now: int) -> None:
        """Sign the player in for the day."""

    def claimable(self, now: int) -> list[str]:
        """The ids of completed missions."""

    def claim(self, mission: str, request: str, now: int) -> None:
        """Claim one and let its effects leave."""

    def owed(self) -> list[Any]:
        """The messages of payments that wait."""

    def pay(self, message: Any) -> None:
        """Handle one of them."""

    def settle(self, now: int) -> None:
        """Let the player's night pass."""


def measured(build: Callable[[InProcessAws, dict[str, str], Snapshot], System], *, days: int = DAYS) -> dict[str, Uses]:
    """The uses of a fresh system by kind: action, check-in, claim, grant, settle."""
    with running() as aws, repeatable_ids():
        system = build(aws, create_resources(), compile_catalog(load_catalog(FORUM).source))
        system.act(_event(DAY[0][1][0], "warm", START, player="another"), START)  # from here on the catalog is in memory
        meter = Meter(aws)
        for day in range(days):
            _live(system, meter, day)
        return meter.uses


@contextmanager
def repeatable_ids() -> Iterator[None]:
    """Account ids are random, and how well a state compresses depends on them; here they are the same every time."""
    chance = Random(1)
    with patch("missions_core.use_cases.changes.uuid4", lambda: UUID(int=chance.getrandbits(128), version=4)):
        yield


def _live(system: System, meter: Meter, day: int) -> None:
    midnight = START + day * DAY_MS
    with meter.use("settle"):
        system.settle(midnight + MINUTE_MS)
    for number, (act, now) in enumerate(_acts(midnight)):
        with meter.use("action"):
            system.act(_event(act, f"{day}-{number}", now), now)
    now = midnight + 21 * HOUR_MS
    with meter.use("check-in"):
        system.check_in(f"check-in-{day}", now)
    for mission in system.claimable(now):
        with meter.use("claim"):
            system.claim(mission, f"claim-{day}-{mission}", now)
    for message in system.owed():
        with meter.use("grant"):
            system.pay(message)


def _acts(midnight: int) -> Iterator[tuple[Act, int]]:
    for hour, acts in DAY:
        for number, act in enumerate(acts):
            yield act, midnight + hour * HOUR_MS + 4 * number * MINUTE_MS


def _event(act: Act, id_: str, now: int, player: str = PLAYER) -> dict[str, Any]:
    time = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
    return {"specversion": "1.0", "id": id_, "source": "forum", "type": act.type, "subject": player, "time": time, "data": act.data}
