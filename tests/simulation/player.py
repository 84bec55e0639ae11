"""One player of a simulation: as the table has them, beside what the model says of them."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy

from missions_core.domain.state import Board, Mission, PlayerState, mission_id
from missions_core.storage.ledger import LedgerGrant
from missions_core.storage.scores import Leaderboard
from tests.simulation import model
from tests.simulation.catalogs import ACHIEVEMENTS, QUESTS, Spec
from tests.simulation.engine import Simulation
from tests.simulation.model import Calendar, Claim, Deed, Life, Span, StreakResult
from tests.simulation.runtime import CLOCK
from tests.simulation.trace import DAY_MS

DRAWN = ("daily", "weekly", "monthly")


class Player:
    """One player as the table has them, beside what the model says of them."""

    def __init__(self, simulation: Simulation, name: str, leaderboards: Sequence[Leaderboard]) -> None:
        stored = simulation.runtime.stores.players.load(name)
        assert stored is not None
        self.simulation = simulation
        self.name = name
        self.leaderboards = leaderboards
        self.state: PlayerState = stored.state
        self.life: Life = simulation.journal.lives[name]
        self.hour = simulation.trace.day_start_hour
        self.calendar = Calendar(self.life, self.hour)
        stores = simulation.runtime.stores
        self.settled: list[Board] = stores.players.history(name, limit=1000, cursor=None)[0]
        self.grants: list[LedgerGrant] = stores.ledger.grants(self.state.account, limit=1000, cursor=None)[0]
        self.wallet = stores.ledger.wallet(self.state.account)
        self.events = [event for event in simulation.journal.events.values() if event["subject"] == name]
        self.days = [span for span in self.calendar.chain("daily", CLOCK.now) if span.start <= self.state.updated_at]

    def missions(self) -> Iterator[tuple[Board, Mission, bool]]:
        """Every mission ever dealt but for finished ordinals of perpetual ones, and whether it is final."""
        return (dealt for dealt in self._dealt() if dealt[0].period.kind != "quest")

    def quests(self) -> Iterator[tuple[Board, Mission, bool]]:
        """Every run of a quest, and whether it is final."""
        return (dealt for dealt in self._dealt() if dealt[0].period.kind == "quest")

    def steps_done(self, board: Board, mission: Mission) -> list[bool]:
        """Which steps of a run the model calls done."""
        return model.steps_done(QUESTS[mission.template], self.life, mission.template, span_of(board))

    def tiers_reached(self) -> dict[str, list[str | None]]:
        """The tiers of every achievement that the model calls reached."""
        gathered = {
            "writer": sum(deed.type == "post.created" for deed in self.life.deeds.values()),
            "busy": self.ordinals() + sum(self._is_completed(*dealt) or self.is_approved_late(*dealt[:2]) for dealt in self.missions()),
            "regular": self.folded("daily", freezes=True).best,
            "seeker": sum(all(self.steps_done(board, mission)) for board, mission, _ in self.quests()),
        }
        return {key: [name for name, (target, _) in tiers.items() if gathered[key] >= target] for key, (_, tiers) in ACHIEVEMENTS.items()}

    def _is_completed(self, board: Board, mission: Mission, final: bool) -> bool:
        return board.period.kind != "perpetual" and self.completions(board, mission, final=final)

    def _dealt(self) -> Iterator[tuple[Board, Mission, bool]]:
        for board in self.settled:
            yield from ((board, mission, True) for mission in board.missions)
        for board in self.state.boards:
            yield from ((board, mission, False) for mission in board.missions)

    def bought(self, what: str) -> list[str]:
        """What was bought of a kind: the rest of the cause."""
        return [grant.cause.removeprefix(f"purchase:{what}:") for grant in self.grants if grant.cause.startswith(f"purchase:{what}:")]

    def payments(self) -> list[LedgerGrant]:
        """The ledger without what the player bought."""
        return [grant for grant in self.grants if not grant.cause.startswith("purchase:")]

    def spec(self, mission: Mission) -> Spec:
        """What the mission's template version asks."""
        return self.simulation.specs[mission.template, mission.version]

    def gathered(self, board: Board, mission: Mission) -> int:
        """What the model says the mission gathered."""
        return self._gathered(board, mission, self.life.deeds.values())

    def _gathered(self, board: Board, mission: Mission, deeds: Iterable[Deed]) -> int:
        return model.value(self.spec(mission), deeds, span_of(board), settles_at=self.settles_at(board), hour=self.hour)

    def settles_at(self, board: Board) -> int | None:
        """When a board becomes final: a period after its own; a special one when the time to claim is over."""
        if board.period.kind in DRAWN:
            chain = self.calendar.chain(board.period.kind, board.period.end)
            return next(span.end for span in chain if span.start == board.period.end)
        return board.period.end + DAY_MS if board.period.kind == "special" else None

    def completions(self, board: Board, mission: Mission, *, final: bool) -> bool:
        """Whether the model calls the mission complete: in time, its evidence too."""
        return self.is_met(board, mission, final=final) and (
            not self.spec(mission).asks_evidence or self.is_approved_in_time(board, mission)
        )

    def is_met(self, board: Board, mission: Mission, *, final: bool) -> bool:
        """Whether its requirements hold, whatever became of its evidence."""
        return model.is_complete(self.spec(mission), self.gathered(board, mission), settled=final)

    def is_approved_late(self, board: Board, mission: Mission) -> bool:
        """Whether evidence was approved after its mission had become final: it is paid nevertheless."""
        is_approved = mission_id(board, mission) in self.life.approvals
        return is_approved and self.is_met(board, mission, final=True) and not self.is_approved_in_time(board, mission)

    def is_approved_in_time(self, board: Board, mission: Mission) -> bool:
        approved, end = self.life.approvals.get(mission_id(board, mission)), self.settles_at(board)
        return approved is not None and (end is None or approved[0] < end)

    def is_claimed(self, board: Board, mission: Mission, *, final: bool) -> bool:
        """Whether the model calls the reward claimed: by itself, by the end, which decides some, or by the player while it waited."""
        spec = self.spec(mission)
        if spec.auto_claim or spec.op == "==":
            return self.completions(board, mission, final=final)
        return any(self._claims(claim, board, mission) for claim in self.life.claims)

    def _claims(self, claim: Claim, board: Board, mission: Mission) -> bool:
        gathered = self._gathered(board, mission, list(self.life.deeds.values())[: claim.deeds])
        is_complete = model.is_complete(self.spec(mission), gathered, settled=False)
        return claim.wanted in ("", mission_id(board, mission)) and is_complete and self.is_open(board, at=claim.at)

    def is_open(self, board: Board, *, at: int) -> bool:
        """Whether a board has begun and is not final at an instant."""
        settles_at = self.settles_at(board)
        return board.period.start <= at and (settles_at is None or at < settles_at)

    def as_of(self, life: Life) -> "Player":
        """The same player when their life had come so far."""
        then = copy(self)
        then.life = life
        return then

    def folded(self, kind: str, *, freezes: bool) -> StreakResult:
        """The streak of the settled boards of a kind."""
        boards = sorted((board for board in self.settled if board.period.kind == kind), key=lambda board: board.period.start)
        return model.streak(map(self.streak_day, boards), freezes=freezes)

    def streak_day(self, board: Board) -> tuple[bool, bool, int, int]:
        """A board once it is final, as the model's streaks take it: whether it counts, is shielded, its end and the freezes bought."""
        counts = any(self.completions(board, mission, final=True) for mission in board.missions)
        bought = sum(board.period.start <= at < board.period.end for at in self.life.freezes)
        return counts, model.shielded(self.life, span_of(board)), board.period.end, bought

    def ordinals(self) -> int:
        """How often the perpetual mission was completed."""
        board = next(board for board in self.state.boards if board.period.kind == "perpetual" and not board.closed)
        posts = [deed for deed in self.life.deeds.values() if deed.type == "post.created" and deed.time >= board.period.start]
        return len(posts) // self.spec(board.missions[0]).target


def span_of(board: Board) -> Span:
    """The period of a board, as the model has it."""
    period = board.period
    return Span(period.kind, period.label, period.start, period.end, period.clock.zone)
