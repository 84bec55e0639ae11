"""Time passing: however often somebody looks, the same boards close, settle and are dealt."""

from copy import deepcopy
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.events import StreakBroken
from missions_core.domain.roll import IDLE_MS, due_at, roll, welcome
from tests.support.catalogs import catalog, mission, quest, step
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
WINDOW = {"active": {"from": "2026-11-25T12:00:00Z", "until": "2026-11-29T00:00:00Z"}}
CATALOG = catalog(
    *(mission(f"daily_{n}", {"post.created": 1 + n}, difficulty=level) for n, level in enumerate(["beginner", "advanced"] * 4)),
    mission("tidy", {"all": [{"action": "tip.sent", "op": "<=", "target": 1}]}),
    mission("weekly", {"post.created": 5}, period="weekly"),
    mission("monthly", {"post.created": 9}, period="monthly"),
    mission("feast", {"post.created": 2}, period="special", **WINDOW),
    mission("again", {"post.created": 4}, period="perpetual"),
    mission("first_tip", {"tip.sent": 1}, period="perpetual", type="unique", auto_claim=True),
    rotation={"daily": {"min": 2, "max": 4, "difficulty": {"beginner": 0.5, "advanced": 0.5}}, "weekly": {"min": 1, "max": 1}},
    streaks={"daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 3}}},
)


def with_more(published_at: int) -> Catalog:
    """The catalog after a quest and an endless mission were added."""
    dash = quest("dash", step("go", {"post.created": 1}), time_limit_hours=30)
    more = catalog(dash, mission("more", period="perpetual"))
    templates = dict(sorted({**CATALOG.templates, **more.templates}.items()))
    return replace(CATALOG, version=CATALOG.version + 1, templates=templates, published_at=published_at)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Tokyo", "Pacific/Kiritimati"])
GAPS = st.lists(st.integers(0, 40 * 24), min_size=1, max_size=12)


@given(ZONES, st.lists(st.integers(0, 72), max_size=10), st.lists(st.integers(0, 90 * 24), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_rolling_in_steps_equals_rolling_at_once(zone: str, action_hours: list[int], looks: list[int]) -> None:
    game = Game(CATALOG, now=START, zone=zone)
    for n, hour in enumerate(sorted(action_hours)):
        game.act(action(n, START + hour * HOUR_MS))
    in_steps, at_once = game.copy(), game.copy()
    end = game.now + max(looks) * HOUR_MS

    for hours in sorted(looks):
        in_steps.at(game.now + hours * HOUR_MS)
    at_once.at(end)

    assert in_steps.state == at_once.state
    assert in_steps.events == at_once.events
    assert in_steps.settled == at_once.settled


@given(ZONES, st.lists(st.integers(0, 72), max_size=10), st.integers(0, 20 * 24), st.lists(st.integers(0, 60 * 24), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_so_it_does_under_a_catalog_published_since(zone: str, action_hours: list[int], published: int, looks: list[int]) -> None:
    game = Game(CATALOG, now=START, zone=zone)
    for n, hour in enumerate(sorted(action_hours)):
        game.act(action(n, START + hour * HOUR_MS))
    published_at = game.now + published * HOUR_MS
    game.catalog = with_more(published_at)
    in_steps, at_once = game.copy(), game.copy()

    for hours in sorted(looks):
        in_steps.at(published_at + hours * HOUR_MS)
    at_once.at(published_at + max(looks) * HOUR_MS)

    assert in_steps.state == at_once.state
    assert in_steps.events == at_once.events
    assert in_steps.settled == at_once.settled
    begun = [board.period.start for board in [*at_once.settled, *at_once.state.boards] if board.period.kind == "quest"]
    assert begun == ([published_at] if published_at <= game.state.active_at + IDLE_MS else [])


@given(ZONES, GAPS)
@settings(max_examples=100, deadline=None)
def test_the_due_time_is_when_something_changes_and_not_before(zone: str, gaps: list[int]) -> None:
    game = Game(CATALOG, now=START, zone=zone)
    for n, hours in enumerate(gaps):
        game.act(action(n, game.now + hours * HOUR_MS))
    due = due_at(game.state, CATALOG)
    assert due is not None

    before = roll(deepcopy(game.state), CATALOG, now=max(due - 1, game.now))
    after = roll(deepcopy(game.state), CATALOG, now=due)

    assert not before.changed
    assert after.changed or due in (ms("2026-11-25T12:00"),)


@given(ZONES, GAPS)
@settings(max_examples=100, deadline=None)
def test_labels_of_a_kind_never_repeat_for_a_player(zone: str, gaps: list[int]) -> None:
    game = Game(CATALOG, now=START, zone=zone)
    for n, hours in enumerate(gaps):
        game.act(action(n, game.now + hours * HOUR_MS))
    boards = [*game.settled, *game.state.boards]

    for kind in ("daily", "weekly", "monthly"):
        labels = [board.period.label for board in boards if board.period.kind == kind]
        assert labels == sorted(set(labels))


def test_a_newcomer_is_dealt_the_period_before_and_the_one_around_now() -> None:
    game = Game(CATALOG, now=START)

    assert [board.period.label for board in game.state.boards if board.period.kind == "daily"] == ["2026-11-20", "2026-11-21"]
    assert game.state.previous("daily") is not None


def test_dealing_stops_after_thirty_idle_days_and_the_player_leaves_the_index() -> None:
    game = Game(catalog(mission("d")), now=START).night_by_night(START + 200 * DAY_MS)

    assert game.state.boards == []
    assert due_at(game.state, game.catalog) is None
    assert sum(board.period.kind == "daily" for board in game.settled) == 32  # yesterday's, today's, and thirty more


def test_a_player_who_returns_after_months_finds_yesterday_and_today() -> None:
    game = Game(CATALOG, now=START).at(START + 100 * DAY_MS)
    game.act(action(1, START + 100 * DAY_MS))

    assert [board.period.label for board in game.state.boards if board.period.kind == "daily"] == ["2027-02-28", "2027-03-01"]


def test_an_absence_uses_up_the_freezes_and_then_ends_the_streak_once() -> None:
    game = Game(catalog(mission("d"), streaks={"daily": {"counts": "any", "freezes": {"start": 1, "max": 2, "earn_every": 3}}}), now=START)
    game.act(action(1, START))
    game.night_by_night(START + 100 * DAY_MS)

    broken = [event for event in game.events if isinstance(event, StreakBroken) and event.kind == "daily"]
    assert [event.length for event in broken] == [1]
    assert game.state.streaks["daily"].freezes == 0
    assert broken[0].broken_at == ms("2026-11-24T00:00")  # the 22nd took the freeze, the 23rd broke it


def test_a_special_mission_opens_at_its_instant_and_stays_claimable_for_a_week() -> None:
    game = Game(CATALOG, now=START).night_by_night(ms("2026-11-25T11:59"))
    assert not any(board.period.kind == "special" for board in game.state.boards)

    game.at(ms("2026-11-25T12:00"))
    game.act(action(1, ms("2026-11-26T12:00")))
    game.act(action(2, ms("2026-11-26T12:00")))
    game.night_by_night(ms("2026-12-05T23:59"))
    [(board, feast)] = [(b, m) for b, m in game.state.missions() if m.template == "feast"]
    assert (feast.status, board.closed) == ("completed", True)

    game.at(ms("2026-12-06T00:00"))
    assert [board.missions[0].status for board in game.settled if board.period.kind == "special"] == ["expired"]


def test_requirements_only_the_end_can_tell_are_decided_and_paid_at_settlement() -> None:
    quiet = catalog(mission("tidy", {"all": [{"action": "tip.sent", "op": "<=", "target": 1}]}))
    game = Game(quiet, now=START)
    game.act(action(1, START, "tip.sent"))
    game.at(ms("2026-11-22T23:59"))
    assert "mission:tidy:2026-11-21" not in game.paid()

    game.at(ms("2026-11-23T00:00"))
    assert "mission:tidy:2026-11-21" in game.paid()


def test_a_zone_change_applies_from_the_next_period_on() -> None:
    game = Game(CATALOG, now=START, zone="Asia/Tokyo")
    game.act(action(1, START))
    sealed = game.board("daily").period
    game.state.zone = "America/Sao_Paulo"

    game.at(sealed.end)

    following = game.board("daily").period
    assert game.board("daily", closed=True).period == sealed
    assert (following.start, following.clock.zone) == (sealed.end, "America/Sao_Paulo")
    assert following.end - following.start >= DAY_MS


def test_a_new_special_mission_published_in_the_middle_reaches_players_at_their_next_roll() -> None:
    game = Game(CATALOG, now=START)
    party = mission(
        "party", {"post.created": 1}, period="special", active={"from": "2026-11-20T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
    )
    newer = catalog(party, *())
    object.__setattr__(newer, "version", 2)
    newer.retired.update({(t.key, t.version): t for t in CATALOG.templates.values()})

    rolled = roll(game.state, newer, now=START + HOUR_MS)

    assert rolled.changed
    assert any(mission_.template == "party" for _, mission_ in game.state.missions())
    assert welcome(game.state, newer, now=START + HOUR_MS).changed is False
