"""What happens in one simulation, as data: a seed becomes a list of steps, and any can be left out to find the shortest failing one.

Each step brings the seed of all chance within it (faults, order, what happens in between), so leaving one out does not change the others.
A trace can be kept as JSON, one step a line: it stays the same when a seed comes to mean another one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.network import Faults

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut",
    "Asia/Tokyo", "Asia/Kathmandu", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Niue",
)  # fmt: skip
YEAR = 2026
PLAYERS = 3
STEPS = 44

# How often each kind of step comes, relative to the others.
WEIGHTS = {
    "send": 9, "post": 3, "ingest": 8, "stream": 7, "grant": 6, "claim": 5, "claim_all": 2, "check_in": 4, "retry": 3, "zone": 2,
    "advance": 9, "reset": 4, "settle": 4, "read": 2, "again": 2, "redrive": 1, "rotate": 1, "catalog": 1, "pause": 1,
    "standings": 3, "start_quest": 2, "give_word": 2, "buy_freeze": 2, "erase": 0.5, "sweep": 1,
    "submit": 5, "upload": 3, "moderate": 2, "review": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; `chance` seeds what it leaves open."""

    kind: str
    chance: int
    args: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.kind, *(f"{name}={value}" for name, value in self.args.items()), f"#{self.chance}"])


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole simulation."""

    seed: int
    start: int  # epoch milliseconds
    zones: Sequence[str | None]  # of each player; None: nobody registered them
    day_start_hour: int
    faults: Faults
    duplicates: float
    redrives_outbox: bool  # whether anybody looks after records the publisher gave up
    steps: Sequence[Step]


def to_json(trace: Trace) -> str:
    """A trace as it is kept."""
    members = asdict(trace)
    steps = ",\n".join(f"    {json.dumps(list(step.values()))}" for step in members.pop("steps"))
    lines = [f"  {json.dumps(name)}: {json.dumps(value, default=sorted)}," for name, value in members.items()]
    return "\n".join(["{", *lines, '  "steps": [', steps, "  ]", "}"])


def from_json(text: str) -> Trace:
    """A trace that was kept."""
    members = json.loads(text)
    faults = Faults(**members["faults"] | {"outage": frozenset(members["faults"]["outage"])})
    return Trace(**members | {"faults": faults, "steps": [Step(*step) for step in members["steps"]]})


def trace_of(seed: int) -> Trace:
    """The simulation of a seed."""
    chance = Random(seed)
    zones = [chance.choice([None, *ZONES]) if player else chance.choice(ZONES) for player in range(PLAYERS)]
    return Trace(
        seed=seed,
        start=_start(chance, [zone for zone in zones if zone]),
        zones=zones,
        day_start_hour=chance.choice([0, 0, 0, 4]),
        faults=_faults(chance),
        duplicates=chance.choice([0.0, 0.2, 0.5]),
        redrives_outbox=chance.random() < 0.5,
        steps=[_step(chance, number) for number in range(STEPS)],
    )


def _faults(chance: Random) -> Faults:
    rate = chance.choice([0.0, 0.03, 0.1, 0.25])
    crashes, partial = chance.choice([0.0, 0.01, 0.05]), chance.choice([0.0, 0.2, 0.5])
    return Faults(rate, crashes if rate else 0.0, partial if rate else 0.0, between=chance.choice([0.0, 0.05, 0.2]))


def _start(chance: Random, zones: Sequence[str]) -> int:
    """Some instant of the year, or the eve of a night in which somebody's clock changes."""
    changes = [change for zone in zones for change in clock_changes(zone)]
    if changes and chance.random() < 0.5:
        return chance.choice(changes) - chance.randrange(60) * HOUR_MS
    return int(datetime(YEAR, 1, 1, tzinfo=UTC).timestamp() * 1000) + chance.randrange(360 * 24 * 60) * 60_000


@cache
def clock_changes(zone: str) -> list[int]:
    """The hours of the year in which a zone's offset changes."""
    first = int(datetime(YEAR, 1, 1, tzinfo=UTC).timestamp())
    offsets = [(at, datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()) for at in range(first, first + 366 * 86_400, 3600)]
    return [at * 1000 for (_, before), (at, after) in pairwise(offsets) if before != after]


def _step(chance: Random, number: int) -> Step:
    kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    make = ARGUMENTS.get(kind)
    return Step(kind, chance.randrange(10**6), {} if make is None else make(chance, number))


def _actions(chance: Random, number: int) -> dict[str, Any]:
    """Actions of one player, each `[id, type, amount, how long ago in ms]`; now and then something that is no action."""
    count = chance.choice([1, 1, 2, 3, 30]) if chance.random() < 0.9 else 75
    lag = chance.choice([0, 0, 5_000, HOUR_MS, 9 * HOUR_MS, 26 * HOUR_MS, 60 * HOUR_MS])
    actions = [
        [f"{number}.{n}", chance.choice(["post.created", "post.created", "tip.sent"]), chance.randint(1, 9), chance.randint(0, lag)]
        for n in range(count)
    ]
    return {"player": chance.randrange(PLAYERS), "actions": actions, "poison": chance.random() < 0.2}


def _post(chance: Random, number: int) -> dict[str, Any]:
    """One action over HTTP: by the player, who may only report `video.watched`, or by a service."""
    own = chance.random() < 0.5
    kind = "video.watched" if own else "post.created"
    lag = chance.choice([0, HOUR_MS, 30 * HOUR_MS])
    return {"player": chance.randrange(PLAYERS), "own": own, "action": [f"{number}", kind, chance.randint(1, 9), lag]}


def _advance(chance: Random, _: int) -> dict[str, Any]:
    """Time passes: some while, or to around a player's next midnight."""
    if chance.random() < 0.5:
        return {"midnight_of": chance.randrange(PLAYERS), "ms": chance.choice([-1, 0, 1, -5_000, 5_000, 90_000])}
    return {"ms": chance.choice([1_000, 61_000, 300_000, HOUR_MS, 5 * HOUR_MS, 13 * HOUR_MS, DAY_MS, 2 * DAY_MS])}


def _player(chance: Random, _: int) -> dict[str, Any]:
    return {"player": chance.randrange(PLAYERS)}


ARGUMENTS = {
    "send": _actions,
    "post": _post,
    "advance": _advance,
    "claim": lambda chance, number: {**_player(chance, number), "which": chance.randrange(20)},
    "claim_all": _player,
    "check_in": _player,
    "read": _player,
    "start_quest": _player,
    "give_word": _player,
    "buy_freeze": _player,
    "erase": _player,
    "submit": lambda chance, number: {
        **_player(chance, number),
        "of_before": chance.random() < 0.1,
        "page": chance.choice([None, None, *range(3)]),
    },
    "zone": lambda chance, number: {**_player(chance, number), "zone": chance.choice(ZONES)},
    "pause": lambda chance, number: {**_player(chance, number), "days": chance.choice([0, 1, 3])},
    "again": lambda chance, _: {"which": chance.randrange(10**6)},
}
