"""The demonstration: one player's days on a real local stack, each step shown to have happened."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.actors import Json
from infra.catalogs import read_catalog
from infra.errors import ToolError
from infra.local.stack import LocalStack
from infra.polling import wait_for
from infra.scenes import Scenes
from infra.selfcheck import solve
from infra.spelling import spelled
from infra.stage import Stage
from infra.trust_scenes import TrustScenes

CANDIDATES = ("ada", "ben", "cleo", "dan", "eve", "finn", "gia", "hal")  # each is dealt another hand
FEWEST_ACTS, MOST_ACTS = 2, 12  # of the mission to watch: progress that can be seen, in a moment
FREEZE_STREAK = 7  # catalog/forum earns a freeze every seven days
NO_JSON = "{this is not JSON"
NO_ACTION_TYPE = "cake.eaten"
CLAIMED = ("mission", "quest", "achievement")  # what a claim is of, each under its own name

Say = Callable[[str], None]


class Watched(NamedTuple):
    """A mission to follow, and what completes it."""

    id: str
    name: str
    acts: Sequence[tuple[str, Json]]


class Story:
    """The steps, in order. Each returns the line that sums it up, or raises ToolError if what it shows did not happen."""

    def __init__(self, stack: LocalStack, catalog_dir: Path, say: Say) -> None:
        self._say = say
        self._catalog = read_catalog(catalog_dir)
        self._stage = Stage(stack)
        self._host = self._stage.host
        self._scenes = Scenes(self._stage, say)
        self._trust = TrustScenes(self._stage, say)

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Titles and what to do."""
        return [
            ("A player is dealt missions", self.deal),
            ("Actions become progress", self.progress),
            ("A duplicate is ignored", self.duplicate),
            ("A bad message is quarantined", self.quarantine),
            ("A claim is paid once", self.claim),
            ("A check-in pays", self.check_in),
            ("A quest is walked step by step", lambda: self._scenes.quest(self._player)),
            ("A secret achievement unlocks", lambda: self._scenes.secret(self._player)),
            ("A night passes", self.night),
            ("A secret has its rarity", lambda: self._scenes.rarity(self._player)),
            ("A week makes a streak", self.week),
            ("A freeze keeps the streak", self.freeze),
            ("A leaderboard ranks its players", lambda: self._scenes.contest(self._player)),
            ("A leaderboard closes and pays", lambda: self._scenes.prize(self._player)),
            ("A freeze is bought, and the news are read", lambda: self._trust.personal(self._player)),
            ("Evidence is reviewed", self._trust.evidence),
            ("A suspicious claim is held", self._trust.hold),
            ("An invitation pays both sides once", self._trust.invitation),
            ("A player is forgotten", self._trust.erasure),
        ]

    def deal(self) -> str:
        """Let players enter until one has a mission worth watching."""
        for name in CANDIDATES:
            player = self._stage.enter(name)
            missions = player.missions()
            if watched := self._worth_watching(missions):
                self._player, self._watched = player, watched
                self._show(missions)
                kinds = Counter(mission["period"]["kind"] for mission in missions)
                return f"{name} has {', '.join(f'{count} {kind}' for kind, count in kinds.items())} missions"
        raise ToolError("no player was dealt a mission that is worth watching: is the catalog catalog/forum?")

    def progress(self) -> str:
        """Complete the mission, action by action: over SQS, and one over HTTP."""
        for number, (type_, data) in enumerate(self._watched.acts):
            self._last_action = self._host.action(self._player, type_, data)
            if number == 1:
                outcome = self._host.expect(self._host.api.post("/v1/actions", self._last_action))["outcome"]
                self._say(f"HTTP {type_}: {outcome}")
            else:
                self._report_and_see()
                self._say(f"SQS  {type_}")
            self._show([self._mission()])
        mission = wait_for(self._mission, lambda mission: mission["status"] == "completed", f"{self._watched.id} to complete")
        return f"{self._watched.name}: {len(self._watched.acts)} actions over SQS and HTTP, {mission['percent']} %"

    def duplicate(self) -> str:
        """Send an action again: it changes nothing."""
        version = self._stage.stored(self._player).version
        outcome = self._stage.outcome(self._last_action)
        if outcome != "duplicate" or self._stage.stored(self._player).version != version:
            raise ToolError(f"an action sent twice came to {outcome}")
        self._say(f"SQS  {self._last_action['type']} {self._last_action['id']} again: {outcome}; the state is still version {version}")
        return "the same action again is a duplicate: nothing was written"

    def quarantine(self) -> str:
        """Send what can never be processed, and read why from the quarantine queue."""
        bodies = (NO_JSON, json.dumps(self._host.action(self._player, NO_ACTION_TYPE, {})))
        for body in bodies:
            self._host.report(body)
        documents = self._stage.quarantined(*bodies)
        for document in documents:
            self._say(f"SQS  {document['body'][:40]}… → {document['reason']}: {document['detail']}")
        return f"{' and '.join(document['reason'] for document in documents)}, read from the quarantine queue"

    def claim(self) -> str:
        """Claim twice; the reward arrives once."""
        before = self._player.balances()
        grant = self._player.expect(self._player.claim(self._watched.id))["grant"]
        self._say(f"HTTP claim {self._watched.id}: {grant['status']}, {spelled(grant['rewards']['amounts'])}")
        again = self._player.expect(self._player.claim(self._watched.id), status=409)
        self._say(f"HTTP claim again: 409 {again['code']}")
        expected = Counter(before) + Counter(grant["rewards"]["amounts"])
        balances = wait_for(self._player.balances, lambda held: Counter(held) == expected, f"{spelled(expected)} in the wallet")
        rows = [item for item in self._player.expect(self._player.api.get("/v1/me/grants"))["items"] if item["cause"] == grant["id"]]
        if len(rows) != 1:
            raise ToolError(f"the ledger has {len(rows)} rows for {grant['id']}")
        self._say(f"wallet: {spelled(balances)}")
        return f"one ledger row, wallet {spelled(balances)}; claiming again is a 409"

    def check_in(self) -> str:
        """Check in for the day; a second time is refused."""
        total = self._player.expect(self._player.api.post("/v1/me/check-ins"))["total"]["amounts"]
        self._player.expect(self._player.api.post("/v1/me/check-ins"), status=409)
        wait_for(self._player.balances, lambda held: Counter(held) >= Counter(total), f"{spelled(total)} in the wallet")
        self._say(f"HTTP check-in: {spelled(total)}; again: 409")
        return f"{spelled(total)} for the day, once"

    def night(self) -> str:
        """Let the reset job settle and deal, without the player asking for anything."""
        before = {mission["id"] for mission in self._player.missions()}
        self._pass_night()
        new = [mission for mission in self._player.missions() if mission["id"] not in before]
        self._show(new)
        if not new:
            raise ToolError("no mission was dealt")
        return f"the reset job dealt {len(new)} missions for {self._stage.today(self._player)}"

    def week(self) -> str:
        """Play every day until the streak earns a freeze."""
        self._play_day()
        while self._stage.days_passed < FREEZE_STREAK - 1:
            self._pass_night()
            self._play_day()
        streak = self._player.streak()
        if (streak["current"], streak["freezes"]) != (FREEZE_STREAK, 1):
            raise ToolError(f"after {FREEZE_STREAK} days the streak is {streak['current']}, with {streak['freezes']} freezes")
        return f"{FREEZE_STREAK} days in a row earned a freeze; wallet {spelled(self._player.balances())}"

    def freeze(self) -> str:
        """Miss a day."""
        self._pass_night()
        self._say("nobody plays today")
        self._pass_night()
        streak = self._player.streak()
        if (streak["current"], streak["freezes"]) != (FREEZE_STREAK, 0):
            raise ToolError(f"after a missed day the streak is {streak['current']}, with {streak['freezes']} freezes")
        self._say(f"streak {streak['current']}: the freeze was used for the missed day")
        self._play_day()
        return f"a missed day used the freeze: streak {streak['current']}, and {self._player.streak()['current']} the day after"

    def _worth_watching(self, missions: list[Json]) -> Watched | None:
        dailies = [mission for mission in missions if mission["period"]["kind"] == "daily"]
        solved = [(mission, solve(self._catalog, self._catalog.templates[mission["template"]])) for mission in dailies]
        found = [Watched(mission["id"], mission["name"], acts) for mission, acts in solved if acts]
        return next((watched for watched in found if FEWEST_ACTS <= len(watched.acts) <= MOST_ACTS), None)

    def _report_and_see(self) -> None:
        before = self._mission()["percent"]
        self._host.report(self._last_action)
        wait_for(self._mission, lambda mission: mission["percent"] > before, f"progress of {self._watched.id}")

    def _play_day(self) -> None:
        sent = self._stage.play_day(self._player)
        claimed = self._player.expect(self._player.api.post("/v1/me/claims"))["items"]
        names = ", ".join(claim[kind]["name"] for claim in claimed for kind in CLAIMED if kind in claim)
        self._say(f"SQS  {sent} actions: streak {self._player.streak()['current']}; claimed {names or 'nothing'}")

    def _pass_night(self) -> None:
        self._say(f"the clock shows {self._stage.pass_nights(self._player):%a %d %b}")

    def _mission(self) -> Json:
        return self._player.mission(self._watched.id)

    def _show(self, missions: list[Json]) -> None:
        for mission in missions:
            leaves = ", ".join(f"{leaf['key']} {leaf['current']}/{leaf['target']}" for leaf in mission["requirements"])
            self._say(f"     {mission['name']:24} {mission['percent']:>3} %  {leaves}")
