"""Invariant 5: the same actions give the same game in any order of delivery within the late window."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.events import StreakBroken
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-18T10:00")
DAYS = 6
LATEST_HOURS = 23  # an action this late still reaches its daily board, current or previous

# A perpetual mission has no end at which its completion could become final, so what it pays counts for the next deal as soon as it is
# recorded. It pays gold here, because xp would make the level, and so a deal, depend on which night a late action arrived.
GOLD = {"gold": 1}
TIPS = {"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 10}
CATALOG = catalog(
    mission("count", {"post.created": 3}),
    mission("sum", {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 20}]}),
    mission("max", {"all": [{"action": "tip.sent", "aggregate": "max", "field": "amount", "op": ">", "target": 8}]}),
    mission("last", {"all": [{"action": "tip.sent", "aggregate": "last", "field": "amount", "target": 5}]}),
    mission("distinct", {"all": [{"action": "post.created", "aggregate": "distinct", "field": "forum", "target": 3}]}),
    mission("burst", {"all": [{"action": "post.created", "target": 3, "within": "2h"}]}),
    mission("modest", {"all": [{"action": "tip.sent", "op": "between", "target": 1, "target2": 2}]}),
    mission("combo", {"all": [{"action": "post.created", "target": 2}, {"any": [
        {"key": "t", "action": "tip.sent", "target": 2}, {"key": "v", "action": "video.watched", "target": 1}]}]}, type="combo"),
    mission("big_post", {"all": [{"action": "post.created", "target": 2, "where": [{"field": "length", "op": ">=", "value": 100}]}]}),
    mission("quick", {"post.created": 2}, type="timebound", time_limit_hours=10),
    mission("night", {"post.created": 1}, active_hours={"from": 22, "to": 6, "zone": "player"}),
    mission("rare", {"post.created": 1}, cooldown_hours=30),
    mission("after_rare", {"post.created": 1}, prerequisites=["rare"]),
    mission("level_two", {"post.created": 1}, level={"min": 2}),
    mission("thrice", {"post.created": 1}, max_completions=3),
    mission("days", {"all": [{"action": "post.created", "target": 3}]}, type="streak", period="weekly"),
    mission("hundred", {"all": [{"action": "post.created", "target": 9}]}, type="threshold", period="monthly"),
    mission("again", {"post.created": 4}, period="perpetual", rewards=GOLD),
    mission("tips", {"all": [TIPS]}, period="perpetual", rewards=GOLD),
    mission("first", {"all": [{"action": "tip.sent", "target": 1}]}, period="perpetual", type="unique", rewards=GOLD),
    mission("feast", {"post.created": 4}, period="special", active={"from": "2026-11-19T12:00:00Z", "until": "2026-11-22T12:00:00Z"}),
    rotation={"daily": {"min": 20, "max": 20}, "weekly": {"min": 3, "max": 3}, "monthly": {"min": 1, "max": 1}},
    streaks={"daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 3}}},
    levels=[0, 60, 300],
)  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    act: Action
    delay_hours: int
    twice: bool


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    hours = draw(st.lists(st.integers(0, DAYS * 24 * 4), min_size=1, max_size=40))
    plan = []
    for n, quarter in enumerate(sorted(hours)):
        type_ = draw(st.sampled_from(["post.created", "post.created", "tip.sent", "video.watched"]))
        data = {
            "amount": draw(st.sampled_from([0, 0.1, 0.2, 3, 7, 12, 100])),
            "forum": draw(st.sampled_from(["a", "b", "c", 1, 1.0])),
            "length": draw(st.sampled_from([10, 100, "long"])),
        }
        act = action(n + 1, START + quarter * 15 * 60_000, type_, **data)
        plan.append(Delivery(act, draw(st.integers(0, LATEST_HOURS)), draw(st.booleans())))
    return plan


def play(catalog_: Catalog, plan: list[tuple[int, Action]], zone: str) -> Game:
    game = Game(catalog_, now=START, zone=zone)
    for now, act in plan:
        game.act(act, now=max(now, act.time))
        game.claim_all()
    return game.night_by_night(START + 70 * DAY_MS)


@given(deliveries(), st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]))
@settings(max_examples=150, deadline=None)
def test_any_order_of_delivery_gives_the_same_game(plan: list[Delivery], zone: str) -> None:
    in_order = sorted(((d.act.time, d.act) for d in plan), key=lambda pair: pair[0])
    late = [(d.act.time + d.delay_hours * HOUR_MS, d.act) for d in plan]
    late += [(d.act.time + (d.delay_hours + 1) * HOUR_MS, d.act) for d in plan if d.twice]

    straight = play(CATALOG, in_order, zone)
    disturbed = play(CATALOG, sorted(late, key=lambda pair: pair[0]), zone)

    assert disturbed.completions() == straight.completions()
    assert sorted(disturbed.paid()) == sorted(straight.paid())
    assert disturbed.state.streaks == straight.state.streaks
    assert disturbed.state.lifetime == straight.state.lifetime
    assert [e for e in disturbed.events if isinstance(e, StreakBroken)] == [e for e in straight.events if isinstance(e, StreakBroken)]
    assert boards(disturbed) == boards(straight)


def boards(game: Game) -> dict[str, dict[str, tuple[object, ...]]]:
    """Every drawn board that settled: what it dealt, how far each mission came, how it ended."""
    return {
        f"{board.period.kind}:{board.period.label}": {m.template: (m.status, str(m.progress)) for m in board.missions}
        for board in game.settled
        if board.period.kind != "perpetual"
    }
