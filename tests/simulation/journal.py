"""The journal of a simulation: what took effect when, as the outside world can know it."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tests.simulation.clients import Request
from tests.simulation.model import Deed, Life

POISON = (
    '{"specversion": "1.0"',
    '{"specversion": "1.0", "id": "x", "source": "s", "type": "post.created", "subject": "p0", "time": "now"}',
)

Effect = Callable[[int], object]  # notes what took effect, at an instant


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was refused, and what for: the player as they were at that instant. (The request may come through later.)"""

    request: Request
    problem: str
    at: int
    life: Life
    wallet: Mapping[str, int]


@dataclass
class Journal:
    """What was sent, what took effect, and what came out."""

    lives: dict[str, Life] = field(default_factory=dict)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)  # every valid action, by id
    queued: set[str] = field(default_factory=set)  # those that were sent to the queue
    poison: list[str] = field(default_factory=list)
    refusals: dict[str, list[Refusal]] = field(default_factory=lambda: defaultdict(list))  # by player
    written_at: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    versions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    erased: dict[str, str] = field(default_factory=dict)  # player -> account
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def write(self, player: str, version: int, *, now: int, effect: Effect) -> None:
        """A player's state was written by an invocation that began at `now`; a player's time never runs backwards."""
        at = self.written_at[player] = max(now, self.written_at[player])
        self.versions[player].append(version)
        if player in self.erased:
            self.violations.append(f"an erased player stays erased: {player} was written at version {version}")
            return
        self.lives.setdefault(player, Life(at))
        effect(at)

    def erase(self, player: str, version: int, account: str | None, *, now: int, effect: Effect) -> None:
        """A player's state was replaced by a tombstone, or that by a barer one."""
        if self.versions[player][-1:] != [version]:  # the barer one is no newer
            self.versions[player].append(version)
        if account is not None:
            self.erased.setdefault(player, account)
        self.lives.pop(player, None)
        effect(now)

    def refuse(self, request: Request, *, now: int, wallet: Mapping[str, int]) -> None:
        """A command was refused, and nothing else happened meanwhile."""
        at = max(now, self.written_at[request.target])
        life = self.lives.get(request.target) or Life(at)
        self.refusals[request.target].append(Refusal(request, request.problem or "", at, life.so_far(), wallet))

    def set_zone(self, player: str, zone: str, at: int) -> None:
        """A zone was set."""
        life = self.lives[player]
        if not life.zones:
            life.zone_came_first = not (life.deeds or life.check_ins or life.starts or life.freezes or life.submissions)
        life.zones.append((at, zone))

    def effects_of(self, bodies: Sequence[str]) -> dict[str, Effect]:
        """What takes effect when the players of a batch of actions are written."""
        of_player: dict[str, list[Effect]] = defaultdict(list)
        for body in bodies:
            if body not in POISON:
                action = json.loads(body)
                of_player[action["subject"]].append(self.action_effect(action, own=False))
        return {player: partial(_all, effects) for player, effects in of_player.items()}

    def action_effect(self, action: dict[str, Any], *, own: bool) -> Effect:
        """The action is applied, the first time; what a player reports about themselves counts now."""

        def take_effect(now: int) -> None:
            time = now if own else min(round(datetime.fromisoformat(action["time"]).timestamp() * 1000), now)
            deed = Deed(action["type"], action["data"]["amount"], time, now)
            self.lives[action["subject"]].deeds.setdefault(action["id"], deed)

        return take_effect


def _all(effects: Iterable[Effect], at: int) -> None:
    for effect in effects:
        effect(at)
