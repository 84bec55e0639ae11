"""Flags: merged by rule, bounded, held only where a rule says so; and the rules that raise them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain import commands, fraud
from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.events import Event, PlayerFlagged
from missions_core.domain.state import PlayerState
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

NOW = ms("2026-11-21T12:00")
SECOND = 1000


def player() -> PlayerState:
    return PlayerState(player="p", account="a", created_at=NOW, updated_at=NOW, active_at=NOW)


def find(state: PlayerState, rule: str, *, shadow: bool = False, now: int = NOW, detail: str = "said") -> list[Event]:
    return fraud.raise_flag(state, rule, detail, shadow=shadow, hold=True, now=now)


# Flags --------------------------------------------------------------------------------------------------------------------------------


def test_the_world_hears_of_a_rules_first_finding_and_the_state_counts_the_others() -> None:
    state = player()

    assert find(state, "rate") == [PlayerFlagged("rate", "said", NOW)]
    assert find(state, "rate", now=NOW + 7, detail="said later") == []

    [flag] = state.flags
    assert (flag.count, flag.first_at, flag.last_at, flag.detail) == (2, NOW, NOW + 7, "said later")


def test_a_shadow_is_no_reason_to_look_to_hold_or_to_tell() -> None:
    state = player()

    assert find(state, "rate", shadow=True) == []

    assert (state.flagged_at, [flag.hold for flag in state.flags]) == (None, [False])


def test_a_rule_that_no_longer_only_watches_is_heard_of() -> None:
    state = player()
    find(state, "rate", shadow=True)

    assert len(find(state, "rate", now=NOW + 5)) == 1

    assert state.flagged_at == NOW + 5


def test_a_player_waits_since_the_first_finding_that_is_no_shadow() -> None:
    state = player()
    find(state, "a", shadow=True)
    find(state, "b", now=NOW + 9)
    find(state, "c", now=NOW + 5)

    assert state.flagged_at == NOW + 5


@given(st.lists(st.tuples(st.integers(0, 24), st.booleans(), st.integers(0, 1000)), max_size=80))
def test_shadows_make_room_and_nothing_else_is_ever_forgotten(found: list[tuple[int, bool, int]]) -> None:
    state, real, now = player(), set[str](), NOW
    for rule, shadow, pause in found:
        now += pause
        find(state, f"rule-{rule}", shadow=shadow, now=now)
        real |= set() if shadow else {f"rule-{rule}"}

    assert {flag.rule for flag in state.flags if not flag.shadow} == real
    assert len(state.flags) <= max(fraud.MAX_FLAGS, len(real))
    assert len({(flag.rule, flag.shadow) for flag in state.flags}) == len(state.flags)
    if found and len(real) < fraud.MAX_FLAGS:
        assert (f"rule-{found[-1][0]}", found[-1][1]) in {(flag.rule, flag.shadow) for flag in state.flags}, "the latest is kept"


# Impossible values --------------------------------------------------------------------------------------------------------------------

RULE = {"key": "too_long", "action": "video.watched", "where": [{"field": "seconds", "op": ">", "value": 86400}]}


@pytest.mark.parametrize(
    ("type_", "data", "counts"),
    [
        ("video.watched", {"seconds": Decimal("86400.5")}, False),
        ("video.watched", {"seconds": 86400}, True),
        ("video.watched", {"seconds": "long"}, True),
        ("video.watched", {}, True),
        ("post.created", {"seconds": 90_000}, True),
    ],
)
def test_what_is_impossible_depends_on_the_action_alone(type_: str, data: dict[str, Any], counts: bool) -> None:
    rules = catalog(fraud={"impossible": [RULE]}).rules.fraud
    state = player()

    is_impossible, events = fraud.impossible(state, rules, action(1, NOW, type_, **data), now=NOW)

    assert is_impossible is not counts
    assert bool(events) is bool(state.flags) is not counts


def test_every_rule_an_action_breaks_is_named_and_what_players_send_is_shortened() -> None:
    other = {"key": "odd", "action": "video.watched", "where": [{"field": "title", "op": "exists", "value": True}], "shadow": True}
    rules = catalog(fraud={"impossible": [RULE, other]}).rules.fraud
    state = player()

    fraud.impossible(state, rules, action(1, NOW, "video.watched", seconds=90_000, title="x" * 5000), now=NOW)

    assert [(flag.rule, flag.shadow) for flag in state.flags] == [("impossible:too_long", False), ("impossible:odd", True)]
    assert max(len(flag.detail) for flag in state.flags) < 120


# Devices ------------------------------------------------------------------------------------------------------------------------------


def devices(**numbers: Any) -> Any:
    return catalog(fraud={"devices": numbers}).rules.fraud


def meet(state: PlayerState, device: str, players: int = 1, **numbers: Any) -> list[Event]:
    assert not fraud.knows_device(state, device)
    return fraud.meet_device(state, devices(**numbers), device, players, now=NOW)


def test_the_first_device_is_never_new() -> None:
    state = player()
    assert meet(state, "phone", new=True) == []
    assert [event.rule for event in meet(state, "tablet", new=True) if isinstance(event, PlayerFlagged)] == ["device_new"]


def test_a_crowded_device_flags_who_joins_it_even_as_their_first() -> None:
    assert meet(player(), "kiosk", players=5, max_players=5) == []
    assert len(meet(player(), "kiosk", players=6, max_players=5)) == 1


def test_the_device_used_longest_ago_leaves_first() -> None:
    state = player()
    for n in range(fraud.MAX_DEVICES):
        meet(state, f"device-{n}")
    assert fraud.knows_device(state, "device-0")

    meet(state, "one more")

    assert state.devices == [*(f"device-{n}" for n in range(2, fraud.MAX_DEVICES)), "device-0", "one more"]


def test_one_device_has_one_hash_for_all_players_and_does_not_show_its_id() -> None:
    assert fraud.device_hash("phone-1") == fraud.device_hash("phone-1") != fraud.device_hash("phone-2")
    assert len(fraud.device_hash("phone-1")) == 16


# Claims -------------------------------------------------------------------------------------------------------------------------------


def played(requirements: Any, *seconds: float, repeats: bool = False, **fields: Any) -> Game:
    """A mission that typically takes ten minutes, with actions after so many seconds."""
    period = "perpetual" if repeats else "daily"
    template = mission("m", requirements, period=period, typical_minutes=10, **fields)
    game = Game(catalog(template, fraud={"claims": {"faster_than": "1/10"}}), now=NOW)
    for n, after in enumerate(seconds):
        game.act(action(n, NOW + int(after * SECOND), amount=50))
    return game


def claimed(game: Game) -> list[str]:
    game.claim_all()
    return [event.detail for event in game.events if isinstance(event, PlayerFlagged)]


SUM = {"all": [{"key": "sum", "action": "post.created", "aggregate": "sum", "field": "amount", "target": 50}]}
EVER = {"all": [{"key": "ever", "action": "post.created", "target": 2, "scope": "lifetime"}]}


@pytest.mark.parametrize(
    ("requirements", "seconds", "is_fast"),
    [
        ({"post.created": 2}, (0, 59.999), True),
        ({"post.created": 2}, (0, 60), False),
        ({"post.created": 2}, (0, 0), True),  # a batch
        ({"post.created": 1}, (0,), False),  # a single action has no duration
        (SUM, (0,), False),
        (EVER, (0, 0), False),  # what was done before the mission was dealt counts, too
    ],
)
def test_a_claim_is_fast_by_the_time_from_the_first_action_to_the_last(
    requirements: Any, seconds: tuple[float, ...], is_fast: bool
) -> None:
    assert bool(claimed(played(requirements, *seconds))) is is_fast


def test_what_a_perpetual_mission_carried_over_was_not_done_in_no_time() -> None:
    assert claimed(played({"post.created": 2}, 0, 0, 0, 1, repeats=True)) == []


def test_a_mission_that_was_opted_in_to_lasts_from_then() -> None:
    game = played({"post.created": 2}, requires_start=True)
    game.events += commands.start(game.state, game.catalog, "m:2026-11-21", now=NOW)[2]
    for n in range(2):
        game.act(action(n, NOW + 59 * SECOND + n * SECOND))

    assert claimed(game) == []


def test_a_mission_whose_author_gave_no_typical_time_is_never_fast() -> None:
    game = Game(catalog(mission("m", {"post.created": 2}), fraud={"claims": {"faster_than": "1/10"}}), now=NOW)
    for n in range(2):
        game.act(action(n, NOW))

    assert claimed(game) == []


def test_claims_beyond_an_hours_worth_are_counted_and_come_back_with_time() -> None:
    game = Game(catalog(*(mission(f"m{n}") for n in range(6)), fraud={"claims": {"per_hour": 4}}), now=NOW)
    game.act(action(1, NOW))
    game.claim_all()

    [flag] = game.state.flags
    assert (flag.rule, flag.count) == ("claim_rate", 2)
    board = game.board("daily")
    fraud.check_claim(game.state, game.catalog, board, board.missions[0], now=NOW + HOUR_MS // 4)
    assert flag.count == 2
    assert [grant.kind for grant in game.state.pending] == ["grant"] * 4 + ["held"] * 2
