"""Special and perpetual missions, and players who were away: what is dealt, once, and what is not."""

from typing import Any

from missions_core.domain import commands
from missions_core.domain.catalog import DAY_MS, HOUR_MS, Catalog
from missions_core.domain.check_ins import check_in
from missions_core.domain.roll import roll
from missions_core.domain.snapshots import catalog_from_snapshot
from tests.support.catalogs import catalog, mission, snapshot
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")


def special(until: str, **fields: Any) -> dict[str, Any]:
    return mission("feast", period="special", active={"from": "2026-11-20T00:00:00Z", "until": until}, **fields)


def republished(before: dict[str, Any], after: dict[str, Any], **rules: Any) -> tuple[Catalog, Catalog]:
    """Two versions of a catalog; the second still knows the first one's templates, as the loader would bring them."""
    first = snapshot(before, **rules)
    second = catalog_from_snapshot(snapshot(after, previous=first, **rules))
    old = catalog_from_snapshot(first)
    second.retired.update({(template.key, template.version): template for template in old.templates.values()})
    return old, second


def test_a_special_mission_whose_window_is_moved_after_it_settled_is_not_dealt_again() -> None:
    old, moved = republished(special("2026-11-23T00:00:00Z"), special("2026-12-10T00:00:00Z"))
    game = Game(old, now=START)
    game.act(action(1, START))
    game.claim_all()

    game.catalog = moved
    for day in range(1, 18):
        game.act(action(100 + day, START + day * DAY_MS))
        game.claim_all()

    assert game.paid() == ["mission:feast:2026-11-20"]


def test_a_special_mission_opens_again_with_a_later_window() -> None:
    again = mission("feast", period="special", active={"from": "2026-12-05T00:00:00Z", "until": "2026-12-06T00:00:00Z"})
    old, new = republished(special("2026-11-23T00:00:00Z"), again)
    game = Game(old, now=START).night_by_night(ms("2026-12-01T00:00"))

    game.catalog = new
    game.act(action(1, ms("2026-12-05T10:00")))

    assert game.completions() == {"feast": 1}


def test_an_idle_player_with_nothing_but_a_perpetual_mission_left_survives_a_new_catalog() -> None:
    endless = mission("endless", {"post.created": 9}, period="perpetual")
    old, new = catalog(endless), catalog(endless, mission("more", period="perpetual"))
    object.__setattr__(new, "version", 2)
    game = Game(old, now=START).night_by_night(START + 100 * DAY_MS)
    assert [board.period.kind for board in game.state.boards] == ["perpetual"]

    assert not roll(game.state, new, now=START + 101 * DAY_MS).changed


def test_a_special_mission_that_opened_while_the_player_was_away_too_long_is_there_when_they_return() -> None:
    window = {"from": "2026-12-21T11:00:00Z", "until": "2026-12-21T18:00:00Z"}
    game = Game(catalog(mission("feast", period="special", active=window)), now=START)
    game.night_by_night(ms("2026-12-21T11:59"))

    game.act(action(1, ms("2026-12-21T12:00")))

    assert game.completions() == {"feast": 1}


def test_the_next_ordinal_of_a_repeating_mission_follows_what_is_published_now() -> None:
    old, new = republished(
        mission("again", {"post.created": 1}, period="perpetual", rewards={"gold": 100}),
        mission("again", {"post.created": 3}, period="perpetual", rewards={"gold": 1}),
    )
    game = Game(old, now=START)
    game.catalog = new
    for n in range(4):
        game.act(action(n, START))
    game.claim_all()

    amounts = [event.rewards.amounts for event in game.events if type(event).__name__ == "GrantPending"]
    assert amounts == [{"gold": 100}, {"gold": 1}]


def test_a_lifetime_mission_that_wants_to_be_started_is_not_complete_before_it_is() -> None:
    rules = catalog(mission("thrice", {"post.created": 2}, type="threshold", requires_start=True))
    game = Game(rules, now=START)
    game.act(action(1, START))
    game.act(action(2, START))

    game.at(START + DAY_MS)

    assert game.mission("thrice").status == "active"


def test_a_check_in_streak_survives_an_absence_that_was_paused_from_end_to_end() -> None:
    rules = catalog(mission("d"), check_in={"base": {"gold": 10}}, pause={"max_days": 90})
    game = Game(rules, now=START)
    game.events += check_in(game.state, rules, now=START)[1]
    commands.pause(game.state, rules, 80, now=START + HOUR_MS)

    game.night_by_night(START + 60 * DAY_MS)
    game.act(action(1, START + 60 * DAY_MS))

    assert game.state.check_ins.streak == 1


def test_a_mission_id_never_comes_twice() -> None:
    game = Game(catalog(special("2026-12-01T00:00:00Z"), mission("d")), now=START).night_by_night(START + 5 * DAY_MS)

    ids = [f"{m.template}:{b.period.label}" for b in [*game.settled, *game.state.boards] for m in b.missions]
    assert len(ids) == len(set(ids))
