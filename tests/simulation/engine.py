"""Runs a trace: everything that may happen, happens to the real handlers, and a journal keeps what took effect when."""

import json
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from missions_core.domain.state import mission_id
from missions_core.storage import outbox
from tests.simulation.catalogs import VERSIONS, Spec, published
from tests.simulation.clients import Clients, Request
from tests.simulation.journal import POISON, Effect, Journal
from tests.simulation.model import Life, day_starts, local_date
from tests.simulation.network import Faults, Network
from tests.simulation.runtime import CLOCK, Runtime
from tests.simulation.sources import Invoke, SqsSource, StreamSource
from tests.simulation.trace import DAY_MS, HOUR_MS, Step, Trace

UPLOAD = {"type": "uploaded_content", "content_type": "image/jpeg", "size": 16}
LONGEST_MS = 9 * DAY_MS  # every action must arrive within 14 days, whatever is delivered late
# As template.yaml has it: visibility, receives and batch size of each queue; batch size, retries and age of the stream.
QUEUES = {
    "actions": (190_000, 5, 100),
    "rewards": (90_000, 5, 10),
    "settle": (720_000, 5, 1),
    "standings": (370_000, 5, 500),
    "erasure": (720_000, 5, 1),
    "evidence": (720_000, 5, 1),
}
STREAM = (100, 20, 6 * HOUR_MS)
QUIET_DAYS = 4  # after the last step, with nights: by then whatever got stuck was found and sent again


@dataclass
class Frame:
    """An invocation under way: what takes effect when it writes a player's state."""

    now: int
    effects: dict[str, Effect] = field(default_factory=dict)


class Simulation:
    """One trace being run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.start_day = trace.start // DAY_MS
        self.chance = Random(trace.seed)
        self.network = Network(chance=self.chance)
        self.runtime = Runtime(self.network, Random(trace.seed))
        self.journal = Journal()
        self.clients = Clients()
        self.queues = {name: SqsSource(*settings) for name, settings in QUEUES.items()}
        self.stream = StreamSource(*STREAM)
        self.specs: dict[tuple[str, int], Spec] = {}
        self.catalog_version = 0
        self.frames: list[Frame] = []
        self.resting = False
        self.interruptions = 0
        self.rotated_at = 0
        self.publications: dict[int, int] = {}  # catalog version -> when it was first tried
        self.uploads: list[str] = []  # keys of files that may be uploaded
        self.players = [f"p{number}" for number in range(len(trace.zones))]
        CLOCK.now = trace.start
        self.network.on_send = self._take_in
        self.network.on_event = lambda detail: self.journal.events.update({detail["id"]: detail})
        self.network.on_put = self._note_write

    def run(self) -> "Simulation":
        """Run every step, then let everything come to rest."""
        self.begin()
        for step in self.trace.steps:
            self.step(step)
        self.rest()
        return self

    def begin(self) -> None:
        """Publish the first catalog; the host registers its players."""
        self._publish_catalog()
        for player, zone in zip(self.players, self.trace.zones, strict=True):
            if zone:
                self._put_player(player, zone)

    # Steps ------------------------------------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """Let one thing happen."""
        self.chance = self.network.chance = Random(step.chance)
        self.network.faults = self.trace.faults
        self.network.meanwhile = self._meanwhile
        getattr(self, f"_{step.kind}")(**step.args)

    def _meanwhile(self) -> None:
        """Something else is delivered while an invocation waits for an answer; nothing disturbs that in turn."""
        self.network.meanwhile = lambda: None
        self.interruptions += 1
        CLOCK.now += self.chance.choice([0, 0, 1, 2_000])
        self.chance.choice(
            [self._ingest, self._stream, self._grant, self._settle, self._standings, self._sweep, self._moderate, self._retry]
        )()
        self.network.meanwhile = self._meanwhile

    def _send(self, player: int, actions: list[list[Any]], poison: bool) -> None:
        for id_, type_, amount, ago in actions:
            self._put_action(self._action(self.players[player], id_, type_, amount, ago))
        if poison:
            body = self.chance.choice(POISON)
            self.journal.poison.append(body)
            self.queues["actions"].put(body, now=CLOCK.now)

    def _again(self, which: int) -> None:
        """A sender that never learned its action arrived sends it again."""
        if self.journal.sent:
            self._put_action(list(self.journal.sent.values())[which % len(self.journal.sent)])

    def _post(self, player: int, own: bool, action: list[Any]) -> None:
        name = self.players[player]
        body = self._action(name, *action)
        caller, role = (name, None) if own else ("host", "service")
        self._request(Request("post_actions", "POST", "/v1/actions", caller, body, role), name, self.journal.action_effect(body, own=own))

    def _claim(self, player: int, which: int) -> None:
        if self.players[player] in self.journal.erased:
            return
        stored = self.runtime.stores.players.load(self.players[player])
        missions = list(stored.state.missions()) if stored else []
        waiting = [each for each in missions if each[1].status == "completed"]
        if missions:
            offered = waiting if waiting and which % 2 else missions  # what can be claimed, or anything
            wanted = mission_id(*offered[which % len(offered)])
            path = f"/v1/me/missions/{wanted}/claim"
            self._command(player, "claim_reward", path, lambda at: self._life(player).claim(wanted, at))

    def _claim_all(self, player: int) -> None:
        self._command(player, "claim_reward", "/v1/me/claims", lambda at: self._life(player).claim("", at))

    def _start_quest(self, player: int) -> None:
        path = "/v1/me/quests/hunt/start"
        self._command(
            player, "player_commands", path, lambda _: self._life(player).starts.setdefault("hunt", len(self._life(player).deeds))
        )

    def _give_word(self, player: int) -> None:
        path = "/v1/me/quests/hunt/steps/word/complete"
        self._command(player, "player_commands", path, lambda at: self._life(player).words.setdefault("hunt", at))

    def _buy_freeze(self, player: int) -> None:
        """A player who saw money arrive; otherwise there would hardly ever be any to spend."""
        self._stream()
        self._grant()
        self._command(player, "player_commands", "/v1/me/streaks/freezes", lambda at: self._life(player).freezes.append(at))

    def _check_in(self, player: int) -> None:
        self._command(player, "check_in", "/v1/me/check-ins", lambda at: self._life(player).check_ins.append(at))

    def _submit(self, player: int, of_before: bool, page: int | None) -> None:
        """Evidence for a day's mission: some page, or a file that will be uploaded."""
        today = local_date(CLOCK.now, self._zone_of(player), self.trace.day_start_hour) - timedelta(days=of_before)
        if page is None:  # uploads cost something: a player who has just earned it
            self._check_in(player)
            for deliver in (self._stream, self._stream, self._grant, self._grant):
                deliver()
        body = {"type": "url", "url": f"https://example.org/{page}"} if page is not None else UPLOAD
        name = self.players[player]
        path, key = f"/v1/me/missions/show:{today}/evidence", f"key-{len(self.clients.requests)}"
        request = Request("player_commands", "POST", path, name, body, key=key)
        self._request(request, name, lambda at: self._life(player).submissions.append(at))
        self._note_upload(self.clients.requests[-1])

    def _note_upload(self, request: Request) -> None:
        """A client that got a form for a file keeps it."""
        form = request.answer.get("upload") if request.status == 200 else None
        if form and request.path.endswith("/evidence"):
            self.uploads.append(form["fields"]["key"])

    def _upload(self) -> None:
        """A browser posts its file; S3 tells whoever wants to know."""
        if self.uploads:
            key = self.chance.choice(self.uploads)
            beginning = self.chance.choice([b"\xff\xd8\xff", b"\xff\xd8\xff", b"GIF"])
            self.network.files[key] = beginning + bytes([self.chance.randrange(12)]) + bytes(UPLOAD["size"] - 4)
            self.queues["evidence"].put(json.dumps({"source": "aws.s3", "detail": {"object": {"key": key}}}), now=CLOCK.now)

    def _moderate(self) -> None:
        self._deliver("evidence", "moderate_evidence")

    def _review(self) -> None:
        """A moderator, who came after the checks, looks at what waits and decides about some of it."""
        self._stream()
        self._moderate()
        listing = Request("admin_api", "GET", "/v1/admin/reviews", "mod", role="moderator")
        listing.hear(self._invoke("admin_api", listing.event()))
        waiting = listing.answer["items"] if listing.status == 200 else []
        if waiting:
            chosen = self.chance.choice(waiting)
            self._decide(chosen, approve=self.chance.random() < 0.6)

    def _decide(self, review: dict[str, Any], *, approve: bool) -> None:
        path = f"/v1/admin/reviews/{review['id']}/{'approve' if approve else 'reject'}"

        def approved(at: int) -> None:
            self.journal.lives[review["player"]].approvals.setdefault(review["mission"], (at, review["number"]))

        request = Request("admin_api", "POST", path, "mod", {"reason": "seen"}, "moderator")
        self._request(request, review["player"], approved if approve else lambda at: None)

    def _erase(self, player: int) -> None:
        name = self.players[player]
        self._request(Request("player_commands", "DELETE", "/v1/me", name), name, lambda _: None)

    def _pause(self, player: int, days: int) -> None:
        path, body = "/v1/me/pause", {"days": days}
        self._command(player, "player_commands", path, lambda at: self._life(player).pauses.append((at, days * DAY_MS)), body)

    def _zone(self, player: int, zone: str) -> None:
        name = self.players[player]
        request = Request("player_commands", "PATCH", "/v1/me/profile", name, {"zone": zone})
        self._request(request, name, lambda at: self.journal.set_zone(name, zone, at), every_time=True)

    def _read(self, player: int) -> None:
        path = self.chance.choice(
            [
                "/v1/me/hub",
                "/v1/me/missions",
                "/v1/me/wallet",
                "/v1/me/history",
                "/v1/me/quests",
                "/v1/me/achievements",
                "/v1/leaderboards/race",
            ]
        )
        self._request(Request("player_queries", "GET", path, self.players[player]), self.players[player], None, keep=False)

    def _retry(self) -> None:
        unfinished = self.clients.unfinished(now=CLOCK.now)
        if unfinished:
            self._perform(unfinished[0])
            self._note_upload(unfinished[0])

    def _advance(self, ms: int, midnight_of: int | None = None) -> None:
        to = CLOCK.now + ms if midnight_of is None else self._next_midnight(midnight_of) + ms
        CLOCK.now = max(CLOCK.now, min(to, self.trace.start + LONGEST_MS))

    def _ingest(self) -> None:
        self._deliver("actions", "ingest_actions")

    def _grant(self) -> None:
        self._deliver("rewards", "grant_rewards")

    def _settle(self) -> None:
        self._deliver("settle", "settle_players")

    def _sweep(self) -> None:
        self._deliver("erasure", "erase_players")

    def _standings(self) -> None:
        self._deliver("standings", "update_standings")

    def _stream(self) -> None:
        most = self._batch_size(self.stream.batch_size)
        publish = self.invoker("publish_outbox")
        self.stream.deliver(publish, now=CLOCK.now, chance=self.chance, replays=self._duplicates(), most=most)

    def _reset(self) -> None:
        self._invoke("nightly_reset", {})

    def _rotate(self) -> None:
        if self._invoke("rotate_missions", {}) is not None:
            self.rotated_at = CLOCK.now

    def _catalog(self) -> None:
        if self.catalog_version < len(VERSIONS):
            self._publish_catalog()

    def _redrive(self) -> None:
        for queue in self.queues.values():
            queue.redrive(now=CLOCK.now)

    # Rest -------------------------------------------------------------------------------------------------------------

    def rest(self, *, nights: int = QUIET_DAYS) -> None:
        """No more faults: everything under way arrives, and some nights pass."""
        self.resting = True
        self.chance = self.network.chance = Random(self.trace.seed)
        self.network.faults = Faults()
        self._drain()
        for night in range(nights):
            CLOCK.now += DAY_MS
            self._reset()
            if night < nights - 1:
                self._rotate()  # prizes are owed like everything else, and seen to be paid by the last night
            self._drain()

    def redrive_outbox(self) -> None:
        """An operator publishes what the stream gave up."""
        kept, self.stream.kept = self.stream.kept, []
        for record in kept:
            self._invoke("publish_outbox", json.loads(json.loads(record)["payload"]))

    def _drain(self) -> None:
        """Deliver until nothing is left, as operators do who also redrive what was put aside."""
        if self.trace.redrives_outbox:
            self.redrive_outbox()
        self._redrive()
        for request in self.clients.unfinished(now=CLOCK.now):
            self._perform(request)
        while self.stream.waiting() or any(queue.messages for queue in self.queues.values()):
            for queue in self.queues.values():
                queue.show_all(now=CLOCK.now)
            for deliver in (self._ingest, self._settle, self._stream, self._grant, self._standings, self._sweep, self._moderate):
                deliver()

    def rest_again(self) -> None:
        """What is in the queues, and another reset."""
        self._reset()
        self._drain()

    # Invocations ------------------------------------------------------------------------------------------------------

    def _deliver(self, queue: str, function: str) -> None:
        source = self.queues[queue]
        most = self._batch_size(source.batch_size)
        source.deliver(self.invoker(function), now=CLOCK.now, chance=self.chance, duplicates=self._duplicates(), most=most)

    def _duplicates(self) -> float:
        return 0.0 if self.resting else self.trace.duplicates

    def _batch_size(self, most: int) -> int:
        return most if self.resting else self.chance.randint(1, most)

    def invoker(self, function: str) -> Invoke:
        """A function as an event source calls it."""

        def invoke(records: list[dict[str, Any]]) -> list[str] | None:
            effects: dict[str, Effect] = {}
            if function == "ingest_actions":
                effects = self.journal.effects_of([record["body"] for record in records])
            answer = self._invoke(function, {"Records": records}, effects)
            return None if answer is None else [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

        return invoke

    def _invoke(self, function: str, event: dict[str, Any], effects: dict[str, Effect] | None = None) -> dict[str, Any] | None:
        """Call a function; one that fails without a fault to blame is a violation."""
        injected = self.network.injected
        self.frames.append(Frame(CLOCK.now, effects or {}))
        answer = self.runtime.invoke(function, event, self.chance)
        self.frames.pop()
        failed = answer is None or answer.get("batchItemFailures") or answer.get("statusCode", 200) >= 500
        if failed and self.network.injected == injected:
            self.journal.violations.append(f"no failure without a fault: {function} answered {answer}")
        return answer

    def _command(self, player: int, function: str, path: str, effect: Effect, body: Any = None) -> None:
        name = self.players[player]
        key = f"key-{len(self.clients.requests)}"
        self._request(Request(function, "POST", path, name, body, key=key), name, effect)

    def _request(self, request: Request, target: str, effect: Effect | None, *, keep: bool = True, every_time: bool = False) -> None:
        """Send a request; `effect` is noted when the target's state is written for it, the first time only unless said otherwise."""

        def take_effect(at: int) -> None:
            if effect is None:
                self.journal.violations.append(f"reads write nothing: {request.path} wrote the state of {target}")
            elif every_time or not request.took_effect:
                request.took_effect = True
                effect(at)

        request.effect, request.target = take_effect, target
        request.number, request.first_sent_at = len(self.clients.requests), CLOCK.now
        if keep:
            self.clients.requests.append(request)
        self._perform(request)

    def _perform(self, request: Request) -> None:
        now, interruptions = CLOCK.now, self.interruptions
        request.hear(self._invoke(request.function, request.event(), {request.target: request.effect}))
        if request.is_refused and interruptions == self.interruptions:  # else nobody knows what it was refused for
            self.journal.refuse(request, now=now, wallet=self._wallet_of(request.target))

    def _wallet_of(self, player: str) -> dict[str, int]:
        stored = None if player in self.journal.erased else self.runtime.stores.players.load(player)
        return self.runtime.stores.ledger.wallet(stored.state.account) if stored else {}

    def _put_player(self, player: str, zone: str) -> None:
        request = Request("admin_api", "PUT", f"/v1/players/{player}", "host", {"zone": zone}, "service")
        self._request(request, player, lambda at: self.journal.set_zone(player, zone, at))

    def _publish_catalog(self) -> None:
        snapshot, specs = published(self.catalog_version + 1, self.start_day, self.trace.day_start_hour)
        self.specs |= specs
        at = self.publications.setdefault(snapshot["version"], CLOCK.now)  # whoever tries again publishes the same
        if self.runtime.publish_catalog({**snapshot, "published_at": at}):
            self.catalog_version += 1

    # What the network sees --------------------------------------------------------------------------------------------

    def _take_in(self, queue_url: str, body: str) -> None:
        queue = queue_url.rpartition("/")[2]
        if queue == "quarantine":
            self.journal.quarantined.append(json.loads(body))
        else:
            self.queues[queue].put(body, now=CLOCK.now)

    def _note_write(self, item: dict[str, Any]) -> None:
        """The table accepted a write: if it is a player's state, journal it and let its outbox into the stream."""
        partition, sort = item["PK"]["S"], item["SK"]["S"]
        if sort != "STATE":
            return
        player, frame = partition.removeprefix("PLAYER#"), self.frames[-1]
        effect, version = frame.effects.get(player, lambda _: None), int(item["version"]["N"])
        if "state" in item:
            self.journal.write(player, version, now=frame.now, effect=effect)
        else:
            account = outbox.decode(b64decode(item["outbox"]["B"]))[0].account if "outbox" in item else None
            self.journal.erase(player, version, account, now=frame.now, effect=effect)
        if "outbox" in item:
            self.stream.add(partition, item, now=CLOCK.now)

    # Actions, players and days ----------------------------------------------------------------------------------------

    def _life(self, player: int) -> Life:
        return self.journal.lives[self.players[player]]

    def _action(self, player: str, id_: str, type_: str, amount: int, ago: int) -> dict[str, Any]:
        """An action as its sender writes it, in a zone of its own."""
        at = datetime.fromtimestamp((CLOCK.now - ago) / 1000, UTC).astimezone(timezone(timedelta(hours=self.chance.choice([-8, 0, 5]))))
        action = {"specversion": "1.0", "id": id_, "source": "sim", "type": type_, "subject": player, "data": {"amount": amount}}
        action["time"] = at.isoformat(timespec="milliseconds")
        return self.journal.sent.setdefault(id_, action)

    def _put_action(self, action: dict[str, Any]) -> None:
        self.journal.queued.add(action["id"])
        self.queues["actions"].put(json.dumps(action), now=CLOCK.now)

    def _zone_of(self, player: int) -> str:
        life = self.journal.lives.get(self.players[player])
        return life.zones[-1][1] if life and life.zones else "UTC"

    def _next_midnight(self, player: int) -> int:
        zone, hour = self._zone_of(player), self.trace.day_start_hour
        return day_starts(local_date(CLOCK.now, zone, hour) + timedelta(days=1), zone, hour)
