"""Invariants of quests: whatever is delivered when, the same steps, ends and grants; each paid once; time passes alike in any steps."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import quests
from missions_core.domain.actions import Action
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.events import QuestCompleted, QuestFailed, QuestStarted, QuestStepCompleted
from tests.support.catalogs import catalog, mission, quest, step
from tests.support.game import action
from tests.support.quests import HELLO, START, TIP, WORD, Quests

BONUS = step("bonus", {"video.watched": 1}, optional=True)
CATALOG = catalog(
    quest(
        "journey",
        step("one", {"post.created": 2}),
        step("aside", {"all": [{"action": "tip.sent", "aggregate": "sum", "field": "amount", "target": 20}]}, optional=True),
        step("two", {"all": [{"action": "post.created", "aggregate": "distinct", "field": "forum", "target": 3}]}),
        step("three", {"any": [{"key": "t", "action": "tip.sent", "target": 3}, {"key": "v", "action": "video.watched", "target": 2}]}),
        step("encore", {"all": [{"action": "tip.sent", "aggregate": "max", "field": "amount", "op": ">", "target": 9}]}, optional=True),
    ),
    quest("sprint", HELLO, step("burst", {"all": [{"action": "post.created", "target": 3, "within": "2h"}]}), time_limit_hours=50),
    quest("feast", TIP, HELLO, active={"from": "2026-11-22T12:00:00Z", "until": "2026-11-24T12:00:00Z"}),
    quest("wish", HELLO, TIP, BONUS, requires_start=True, auto_claim=False, time_limit_hours=30),
    quest("vow", HELLO, WORD, TIP, step("amen", optional=True)),
    mission("daily", {"post.created": 2}),
)
DAYS = 4
LATEST_HOURS = 23
Delivery = tuple[int, Action]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Delivery], list[Delivery]]:
    """The same actions in order, and late, out of order and some of them twice."""
    plan = []
    for n, quarter in enumerate(sorted(draw(st.lists(st.integers(0, DAYS * 96), min_size=6, max_size=30)))):
        type_ = draw(st.sampled_from(["post.created", "tip.sent", "video.watched"]))
        data = {"amount": draw(st.sampled_from([1, 7, 12])), "forum": draw(st.sampled_from(["a", "b", "c"]))}
        act = action(n + 1, START + quarter * 15 * 60_000, type_, **data)
        plan.append((act, draw(st.integers(0, LATEST_HOURS)), draw(st.booleans())))
    late = [(act.time + hours * HOUR_MS, act) for act, hours, _ in plan]
    late += [(act.time + (hours + 1) * HOUR_MS, act) for act, hours, twice in plan if twice]
    return [(act.time, act) for act, _, _ in plan], sorted(late, key=lambda pair: pair[0])


def play(catalog_: Catalog, plan: list[Delivery], wish_at: int) -> Quests:
    """Deliver, start the quest one has to start at an instant, say the words when all is delivered, and let everything end."""
    game = Quests(catalog_, now=START)
    for now, act in [pair for pair in plan if pair[0] < wish_at]:
        game.act(act, now=now)
    game.at(wish_at).start("wish")
    for now, act in [pair for pair in plan if pair[0] >= wish_at]:
        game.act(act, now=now)
    game.at(START + (DAYS + 1) * DAY_MS)
    for word in ("word", "amen"):
        if quests.is_ready(game.run("vow")[1], catalog_.templates["vow"], 1 if word == "word" else 3):
            game.complete(word, "vow")
    game.claim_everything()
    return game.night_by_night(START + 40 * DAY_MS)


def ends(game: Quests) -> dict[str, tuple[str, int, int]]:
    """How every quest ended or stands: status, steps done, runs."""
    found = {key: (game.status(key), end.done, end.runs) for key, end in game.state.quests.items()}
    for run in [run for board, run in game.state.missions() if board.period.kind == "quest"]:
        found[run.template] = (game.status(run.template), sum(1 << n for n, at in enumerate(run.steps) if at is not None), 0)
    return found


@given(deliveries(), st.integers(0, DAYS * 24))
@settings(max_examples=150)
def test_any_order_of_delivery_gives_the_same_steps_ends_and_grants(plans: tuple[list[Delivery], list[Delivery]], hour: int) -> None:
    straight, disturbed = (play(CATALOG, plan, START + hour * HOUR_MS + 1) for plan in plans)

    assert ends(disturbed) == ends(straight)
    assert sorted(disturbed.paid()) == sorted(straight.paid())
    assert sorted(map(str, disturbed.told(QuestFailed))) == sorted(map(str, straight.told(QuestFailed)))
    for kind in (QuestStarted, QuestStepCompleted, QuestCompleted):
        assert named(disturbed, kind) == named(straight, kind)


@given(deliveries(), st.integers(0, DAYS * 24))
@settings(max_examples=60)
def test_every_step_that_is_done_and_every_complete_run_is_paid_once(plans: tuple[list[Delivery], list[Delivery]], hour: int) -> None:
    game = play(CATALOG, plans[1], START + hour * HOUR_MS + 1)

    causes = Counter(cause for cause in game.paid() if cause.startswith("quest:"))
    steps = {f"quest:{name}:{each}" for name, each in named(game, QuestStepCompleted)}
    assert causes == Counter(steps | {f"quest:{name}" for name, _ in named(game, QuestCompleted)})


@given(deliveries(), st.lists(st.integers(0, 60 * 24), min_size=1, max_size=6))
@settings(max_examples=80)
def test_looking_in_steps_equals_looking_at_once(plans: tuple[list[Delivery], list[Delivery]], looks: list[int]) -> None:
    game = Quests(CATALOG, now=START)
    game.start("wish")
    for now, act in plans[1][:12]:
        game.act(act, now=now)
    in_steps, at_once = game.copy(), game.copy()

    for hours in sorted(looks):
        in_steps.at(game.now + hours * HOUR_MS)
    at_once.at(in_steps.now)

    assert in_steps.state == at_once.state
    assert in_steps.events == at_once.events
    assert in_steps.settled == at_once.settled


def named(game: Quests, kind: type[QuestStarted | QuestStepCompleted | QuestCompleted]) -> list[tuple[str, str]]:
    """Which runs, and steps of theirs, were told of."""
    return sorted((event.quest, getattr(event, "step", "")) for event in game.events if isinstance(event, kind))
