"""Evidence and the mission it proves: complete only when approved, paid at most once, paid back when it was not judged."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from missions_core.domain import evidence
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.codec import decode, encode
from missions_core.domain.commands import reroll, set_zone
from missions_core.domain.events import EvidenceDecided, EvidenceSubmitted, GrantPending, MissionCompleted
from missions_core.domain.settlement import MOST_UNPROVEN
from missions_core.domain.state import mission_id
from missions_core.domain.uploads import UPLOAD_MS
from missions_core.errors import Conflict, Gone, MissionsError, NotFound
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
URL = {"types": ["url"], "review": "manual", "attempts": 3}
UPLOAD = {"types": ["uploaded_content", "url"], "price": {"gold": 5}}
ROTATION = {"daily": {"min": 9, "max": 9}, "weekly": {"min": 0, "max": 0}, "monthly": {"min": 0, "max": 0}}


def proven(key: str = "proven", requirements: Any = None, **fields: Any) -> dict[str, Any]:
    """A mission that asks for evidence, and for actions where they are given."""
    return mission(key, requirements, **{"evidence": URL} | fields) | ({} if requirements else {"requirements": None})


def small(*templates: dict[str, Any]) -> Catalog:
    return catalog(*templates, rotation=ROTATION)


def hand_in(game: Game, wanted: str = "proven:2026-11-21", type_: str = "url", number: int = 1) -> None:
    given = evidence.asked(game.state, game.catalog, wanted, type_, now=game.now)
    game.events += evidence.submit(game.state, given, type_, number, now=game.now)


def decide(game: Game, approved: bool, wanted: str = "proven:2026-11-21", number: int = 1) -> list[Any]:
    events = evidence.decide(game.state, game.catalog, wanted, number, approved=approved, reason="so", now=game.now)
    game.events += events
    return events


def paid(game: Game) -> Counter[str]:
    return Counter(event.cause for event in game.events if isinstance(event, GrantPending))


def test_a_mission_without_requirements_is_not_complete_when_it_is_dealt_nor_when_it_settles() -> None:
    game = Game(small(proven(), proven("weekly_one", {"post.created": 1})), now=START)
    game.act(action(1, START))
    dealt = game.completions()
    game.night_by_night(START + 4 * DAY_MS)

    assert dealt == game.completions() == Counter()
    assert paid(game) == Counter()


def test_approval_completes_at_its_own_instant() -> None:
    game = Game(small(proven(rewards={"gold": 3})), now=START)
    hand_in(game)
    game.at(START + HOUR_MS)
    events = decide(game, True)

    assert [type(event) for event in events][:2] == [EvidenceDecided, MissionCompleted]
    assert events[1].completed_at == START + HOUR_MS
    assert decide(game, True) == decide(game, False) == []


def test_approval_of_a_closed_board_counts_for_its_streak() -> None:
    game = Game(small(proven()), now=START)
    hand_in(game)
    game.at(START + DAY_MS)
    decide(game, True)

    assert game.completions() == Counter(proven=1)
    assert game.streak() == 1


def test_approval_after_settlement_pays_but_counts_for_no_streak() -> None:
    game = Game(small(proven(auto_claim=True)), now=START)
    hand_in(game)
    game.night_by_night(START + 3 * DAY_MS)
    before = paid(game)
    decide(game, True)

    assert before == Counter()
    assert paid(game) == Counter({"mission:proven:2026-11-21": 1})
    assert game.completions() == Counter(proven=1)
    assert game.state.completions["proven"].count == 1
    assert (game.streak(), game.state.unproven) == (0, {})


def test_what_waits_is_worth_what_it_was_when_its_board_settled() -> None:
    game = Game(small(proven(rewards={"gold": 7})), now=START)
    hand_in(game)
    game.night_by_night(START + 3 * DAY_MS)
    game.catalog = small(proven(rewards={"gold": 9}))
    kept = decode(encode(game.state)).unproven["proven:2026-11-21"]
    decide(game, True)

    assert kept.rewards.amounts == {"gold": 7}
    assert next(event for event in game.events if isinstance(event, MissionCompleted)).rewards.amounts == {"gold": 7}


@pytest.mark.parametrize("done", [True, False])
def test_only_missions_whose_requirements_hold_wait_after_settlement(done: bool) -> None:
    game = Game(small(proven(requirements={"post.created": 2}, evidence=UPLOAD)), now=START)
    for number in range(1 + done):
        game.act(action(number, START))
    hand_in(game, type_="uploaded_content")
    game.events += evidence.uploaded(game.state, "proven:2026-11-21", 1, now=START)
    game.night_by_night(START + 3 * DAY_MS)

    assert bool(game.state.unproven) is done
    assert paid(game) == Counter({} if done else {"refund:proven:2026-11-21:1": 1})


def test_an_upload_that_has_not_arrived_by_settlement_is_lost_and_paid_back() -> None:
    game = Game(small(proven(evidence=UPLOAD)), now=START)
    hand_in(game, type_="uploaded_content")
    game.night_by_night(START + 3 * DAY_MS)

    assert game.state.unproven == {}
    assert paid(game) == Counter({"refund:proven:2026-11-21:1": 1})
    assert evidence.uploaded(game.state, "proven:2026-11-21", 1, now=game.now) == []


def test_so_many_may_wait_and_no_more() -> None:
    game = Game(small(proven()), now=START)
    for day in range(MOST_UNPROVEN + 5):
        game.act(action(day, START + day * DAY_MS, "tip.sent"), now=START + day * DAY_MS)
        hand_in(game, f"proven:{game.board('daily').period.label}")
    game.night_by_night(START + (MOST_UNPROVEN + 9) * DAY_MS)

    assert len(game.state.unproven) == MOST_UNPROVEN


def test_another_upload_takes_over_the_price_of_an_unused_one_and_anything_else_gives_it_back() -> None:
    for type_, expected in (("uploaded_content", Counter()), ("url", Counter({"refund:proven:2026-11-21:1": 1}))):
        game = Game(small(proven(evidence=UPLOAD)), now=START)
        hand_in(game, type_="uploaded_content")
        game.at(START + UPLOAD_MS)
        price = evidence.asked(game.state, game.catalog, "proven:2026-11-21", type_, now=game.now).price
        hand_in(game, type_=type_, number=2)

        assert (price, paid(game)) == ({}, expected)
        decide(game, False, number=2)
        assert sum(paid(game).values()) == 1


def test_refunds_earn_no_level_and_are_not_held() -> None:
    game = Game(small(proven(evidence=UPLOAD | {"price": {"xp": 500}})), now=START)
    hand_in(game, type_="uploaded_content")
    decide(game, False)

    [refund] = game.state.pending
    assert (refund.cause, refund.rewards.amounts, refund.kind) == ("refund:proven:2026-11-21:1", {"xp": 500}, "grant")
    assert game.state.lifetime_xp == 0


def test_a_mission_whose_evidence_is_looked_at_cannot_be_rerolled_and_its_boards_not_dealt_anew() -> None:
    game = Game(small(proven(), mission("other")), now=START, zone=None)
    hand_in(game)
    boards = list(game.state.boards)
    set_zone(game.state, "Asia/Tokyo")

    with pytest.raises(Conflict, match="looked at"):
        reroll(game.state, game.catalog, "proven:2026-11-21", now=START)
    assert game.state.boards == boards


def test_evidence_must_be_handed_in_within_the_time_limit_but_may_be_decided_later() -> None:
    game = Game(small(proven(type="timebound", time_limit_hours=12), proven("late", type="timebound", time_limit_hours=12)), now=START)
    hand_in(game)
    game.at(START + 3 * HOUR_MS)
    with pytest.raises(Gone):
        hand_in(game, "late:2026-11-21")
    decide(game, True)

    assert game.completions() == Counter(proven=1)


@pytest.mark.parametrize(("period", "label"), [("daily", "2026-11-21"), ("special", "feast")])
def test_a_period_that_is_over_takes_no_evidence(period: str, label: str) -> None:
    window = {"active": {"from": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}} if period == "special" else {}
    game = Game(small(proven(period=period, **window)), now=START)
    [wanted] = [mission_id(board, each) for board, each in game.state.missions() if not board.closed]
    game.at(ms("2026-11-22T00:00") - 1)
    evidence.asked(game.state, game.catalog, wanted, "url", now=game.now)
    game.at(game.now + 1)

    with pytest.raises(Gone, match="over"):
        hand_in(game, wanted)


def test_an_upload_that_never_came_to_an_endless_mission_is_paid_back_as_a_day_ends() -> None:
    """Not as the day ends in which its form expired: a large file may still be on its way."""
    game = Game(small(proven(period="perpetual", evidence=UPLOAD)), now=START)
    hand_in(game, "proven:always-0", "uploaded_content")
    game.night_by_night(ms("2026-11-22T23:59"))
    before = (paid(game), len(game.mission("proven").evidence))
    game.night_by_night(ms("2026-11-23T00:00"))

    assert before == (Counter(), 1)
    assert paid(game) == Counter({"refund:proven:always-0:1": 1})
    assert game.mission("proven").evidence == []
    assert game.state.pending[0].rewards.amounts == {"gold": 5}


@pytest.mark.parametrize("looks", [(), (1,), (30, 38), (38, 39, 200)])
def test_uploads_are_paid_back_at_the_same_instant_whoever_looks_when(looks: tuple[int, ...]) -> None:
    game = Game(small(proven(period="perpetual", evidence=UPLOAD)), now=START)
    hand_in(game, "proven:always-0", "uploaded_content")
    seldom = game.copy().at(START + 60 * DAY_MS)
    for hours in looks:
        game.at(START + hours * HOUR_MS)
    game.at(START + 60 * DAY_MS)

    assert (game.state, game.events) == (seldom.state, seldom.events)
    assert [grant.at for grant in game.state.pending] == [ms("2026-11-23T00:00")]


def test_a_mission_that_must_be_started_takes_no_evidence_before() -> None:
    game = Game(small(proven(requires_start=True)), now=START)
    with pytest.raises(Conflict, match="start"):
        hand_in(game)


def test_a_repeating_mission_wants_evidence_anew() -> None:
    game = Game(small(proven(period="perpetual", auto_claim=True)), now=START)
    for ordinal in range(2):
        hand_in(game, f"proven:always-{ordinal}")
        decide(game, True, f"proven:always-{ordinal}")

    assert game.completions() == Counter(proven=2)
    assert game.mission("proven").evidence == []


def test_a_unique_mission_that_waits_is_not_dealt_again() -> None:
    game = Game(small(proven(type="unique"), mission("other")), now=START)
    for day in range(1, 6):  # a first board is that of the day before, which is over: it is dealt again
        game.act(action(day, START + day * DAY_MS), now=START + day * DAY_MS)
        if day == 1:
            hand_in(game, "proven:2026-11-22")

    assert list(game.state.unproven) == ["proven:2026-11-22"]
    assert all(each.template != "proven" for _, each in game.state.missions())


def test_submitting_again_and_arriving_again_change_nothing() -> None:
    game = Game(small(proven(evidence=UPLOAD)), now=START)
    hand_in(game, type_="uploaded_content")
    first = evidence.uploaded(game.state, "proven:2026-11-21", 1, now=START)
    reviewed = evidence.review(game.state, "proven:2026-11-21", 1, now=START)

    assert [type(event) for event in first] == [EvidenceSubmitted]
    assert reviewed
    assert evidence.uploaded(game.state, "proven:2026-11-21", 1, now=START) == []
    assert not evidence.review(game.state, "proven:2026-11-21", 1, now=START)
    assert evidence.uploaded(game.state, "proven:2026-11-21", 2, now=START) == []
    with pytest.raises(NotFound):
        hand_in(game, "elsewhere:2026-11-21")


class Interleaved(RuleBasedStateMachine):
    """Evidence handed in, arriving, decided (often twice) and settled in any order, over some days."""

    @initialize(asks_actions=st.booleans(), auto_claim=st.booleans())
    def begin(self, asks_actions: bool, auto_claim: bool) -> None:
        asked = {"post.created": 1} if asks_actions else None
        self.asks_actions = asks_actions
        self.game = Game(small(proven(requirements=asked, evidence=UPLOAD, auto_claim=auto_claim, rewards={"gold": 3})), now=START)
        self.count = 0
        self.handed: list[tuple[str, int]] = []
        self.verdicts: dict[tuple[str, int], bool] = {}
        self.bought: set[tuple[str, int]] = set()
        self.acted: set[str] = set()

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.game.night_by_night(self.game.now + hours * HOUR_MS)

    @rule()
    def act(self) -> None:
        self.count += 1
        self.game.act(action(self.count, self.game.now))
        self.acted.add(self.game.board("daily").period.label)

    @rule(type_=st.sampled_from(["url", "uploaded_content"]), yesterday=st.booleans())
    def submit(self, type_: str, yesterday: bool) -> None:
        board = self.game.state.previous("daily") if yesterday else self.game.state.current("daily")
        if board is None:
            return
        wanted, number = f"proven:{board.period.label}", len(self.handed) + 1
        try:
            hand_in(self.game, wanted, type_, number)
        except MissionsError:
            return
        self.handed.append((wanted, number))
        if type_ == "uploaded_content":
            self.bought.add((wanted, number))

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        if self.handed:
            wanted, number = data.draw(st.sampled_from(self.handed))
            self.game.events += evidence.uploaded(self.game.state, wanted, number, now=self.game.now)
            evidence.review(self.game.state, wanted, number, now=self.game.now)

    @rule(data=st.data(), approved=st.booleans())
    def decided(self, data: st.DataObject, approved: bool) -> None:
        if self.handed:
            wanted, number = data.draw(st.sampled_from(self.handed))
            if decide(self.game, approved, wanted, number):
                assert (wanted, number) not in self.verdicts, "what was decided is decided"
                self.verdicts[wanted, number] = approved

    @rule()
    def claim(self) -> None:
        self.game.claim_all()

    @rule()
    def store(self) -> None:
        self.game.state = decode(encode(self.game.state))

    @invariant()
    def nothing_is_paid_twice_or_unproven(self) -> None:
        if not hasattr(self, "game"):
            return
        approved = {wanted for (wanted, _), verdict in self.verdicts.items() if verdict}
        completed = Counter(event.mission for event in self.game.events if isinstance(event, MissionCompleted))
        assert set(completed) <= approved
        assert set(completed.values()) <= {1}
        if not self.asks_actions:
            assert set(completed) == approved
        causes = paid(self.game)
        assert set(causes.values()) <= {1}
        assert {cause.removeprefix("mission:") for cause in causes if cause.startswith("mission:")} <= set(completed)
        refunds = {cause for cause in causes if cause.startswith("refund:")}
        assert refunds <= {f"refund:{wanted}:{number}" for wanted, number in self.bought if not self.verdicts.get((wanted, number))}
        assert {f"refund:{w}:{n}" for w, n in self.bought if self.verdicts.get((w, n)) is False} <= refunds

    @invariant()
    def one_is_open_at_a_time(self) -> None:
        for _, each in self.game.state.missions() if hasattr(self, "game") else ():
            assert sum(submission.is_open for submission in each.evidence) <= 1


TestInterleaved = Interleaved.TestCase
