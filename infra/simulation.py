"""A small live forum: demo players post, react, tip and claim, over SQS and HTTP, so that something moves."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from infra.actors import Host, Json, Player
from infra.local.stack import LocalStack
from infra.spelling import bar, spelled

NAMES = ("alice", "bob", "carol", "dave", "erin")
ZONE = "Europe/Berlin"
FORUMS = ("general", "markets", "offtopic", "help")
OVER_HTTP = 0.3  # the share of the host's actions that it posts instead of queueing them
CLIENT_TYPE = "shoutbox.message"  # what players send themselves in catalog/forum

Say = Callable[[str, str], None]  # who, what


class Deed(NamedTuple):
    """What one player did."""

    player: Player
    type: str
    data: dict[str, Any]


class Simulation:
    """The players, and what they know about their own missions."""

    def __init__(self, stack: LocalStack, say: Say) -> None:
        self._host = Host(stack)
        self._say = say
        self._players = [Player(stack, name) for name in NAMES]
        self._progress: dict[str, dict[str, int]] = {}
        self._wallets: dict[str, dict[str, int]] = {}
        self._unpaid: set[Player] = set()

    def enter(self) -> None:
        """Register everybody; who comes for the first time today checks in."""
        for player in self._players:
            self._host.register(player, ZONE)
            self._progress[player.name] = {mission["id"]: mission["percent"] for mission in player.missions()}
            self._wallets[player.name] = player.balances()
            answer = player.api.post("/v1/me/check-ins")
            if answer.status == 200:
                self._say(player.name, f"checks in: {spelled(answer.body['total']['amounts'])}")
                self._unpaid.add(player)

    def tick(self) -> None:
        """Somebody does something; then everybody looks at what came of it."""
        deeds = _something(self._players)
        for deed in deeds:
            self._do(deed)
        for player in {deed.player for deed in deeds} | self._unpaid:
            self._look(player)

    def _do(self, deed: Deed) -> None:
        if deed.type == CLIENT_TYPE:
            outcome = deed.player.expect(deed.player.api.post("/v1/actions", _own(deed, self._host)))["outcome"]
            self._say(deed.player.name, f"{deed.type} over HTTP, sent by the player: {outcome}")
            return
        action = self._host.action(deed.player, deed.type, deed.data)
        if random.random() < OVER_HTTP:
            outcome = self._host.expect(self._host.api.post("/v1/actions", action))["outcome"]
            self._say(deed.player.name, f"{deed.type} over HTTP: {outcome}")
        else:
            self._host.report(action)
            self._say(deed.player.name, f"{deed.type} over SQS")

    def _look(self, player: Player) -> None:
        seen, self._progress[player.name] = self._progress[player.name], {}
        for mission in player.missions():
            self._progress[player.name][mission["id"]] = mission["percent"]
            if mission["percent"] > seen.get(mission["id"], 0):
                self._say(player.name, f"  {bar(mission['percent'])} {mission['percent']:>3} %  {mission['name']}")
            if mission["can_claim"]:
                self._claim(player, mission)
        if player in self._unpaid:
            self._see_payment(player)

    def _claim(self, player: Player, mission: Json) -> None:
        answer = player.claim(mission["id"])
        if answer.status == 200:
            self._say(player.name, f"  claims {mission['name']}: {spelled(answer.body['grant']['rewards'].get('amounts', {}))}")
            self._unpaid.add(player)

    def _see_payment(self, player: Player) -> None:
        balances = player.balances()
        if balances != self._wallets[player.name]:
            self._wallets[player.name] = balances
            self._unpaid.discard(player)
            self._say(player.name, f"  wallet: {spelled(balances)}")


def simulate(simulation: Simulation, *, rate: float, until: float | None) -> None:
    """Let something happen `rate` times a second, until the given monotonic time or an interruption."""
    simulation.enter()
    while until is None or time.monotonic() < until:
        started = time.monotonic()
        simulation.tick()
        time.sleep(max(0.0, started + random.expovariate(rate) - time.monotonic()))


def _something(players: Sequence[Player]) -> list[Deed]:
    """A random deed; one that concerns two players comes in both views, as a host sends it."""
    player, other = random.sample(players, 2)
    (deed,) = random.choices((_posts, _reacts, _tips, _opens_thread, _follows, _shouts), weights=(6, 6, 3, 1, 1, 2))
    return deed(player, other)


def _posts(player: Player, _: Player) -> list[Deed]:
    return [Deed(player, "post.created", _place() | {"length": random.choice((40, 90, 150, 400, 1200)), "has_media": False})]


def _opens_thread(player: Player, _: Player) -> list[Deed]:
    return [Deed(player, "thread.created", _place())]


def _reacts(player: Player, other: Player) -> list[Deed]:
    post = {"post_id": f"post-{random.randrange(500)}"}
    return [
        Deed(player, "reaction.added", post | {"author_id": other.id}),
        Deed(other, "reaction.received", post | {"user_id": player.id}),
    ]


def _tips(player: Player, other: Player) -> list[Deed]:
    amount = {"amount": random.choice((5, 10, 25, 50))}
    return [
        Deed(player, "tip.sent", amount | {"recipient_id": other.id}),
        Deed(other, "tip.received", amount | {"sender_id": player.id}),
    ]


def _follows(player: Player, other: Player) -> list[Deed]:
    return [Deed(player, "user.followed", {"user_id": other.id})]


def _shouts(player: Player, _: Player) -> list[Deed]:
    return [Deed(player, CLIENT_TYPE, {"length": random.randrange(5, 60)})]


def _place() -> dict[str, Any]:
    return {"forum_id": random.choice(FORUMS), "thread_id": f"thread-{random.randrange(40)}"}


def _own(deed: Deed, host: Host) -> Json:
    """The action as a player's app sends it: whose it is, the token says."""
    return {name: value for name, value in host.action(deed.player, deed.type, deed.data).items() if name != "subject"}
