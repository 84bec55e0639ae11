"""Bytes and back: every state survives, older records read as defaults, and nothing but ValueError comes of damage."""

import json
import operator
import zlib
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions_core.domain import codec
from missions_core.domain.catalog import HOUR_MS, Boost, ItemReward, Rewards
from missions_core.domain.check_ins import check_in
from missions_core.domain.facts import COUNTED
from missions_core.domain.periods import FOREVER, DayClock, Period
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.domain.state import (
    ATTRIBUTES,
    ActiveBoost,
    Board,
    Bucket,
    CheckIns,
    CommandResult,
    Completions,
    Flag,
    Mission,
    PendingGrant,
    PlayerState,
    Preferences,
    QuestEnd,
    Referral,
    Settled,
    Streak,
    Submission,
    Unlocked,
    Unproven,
)
from tests.support.catalogs import catalog, mission
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.from_regex(r"[a-z0-9_.]{1,12}", fullmatch=True)
INSTANT = st.integers(0, 2**42)
SMALL = st.integers(0, 10**6)
MAYBE_INSTANT = st.none() | INSTANT
HASH = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)
AMOUNT = st.decimals(0, 10**12, places=3).map(str)
JSON = st.recursive(
    st.booleans() | SMALL | TEXT, lambda children: st.lists(children, max_size=2) | st.dictionaries(TEXT, children, max_size=2)
)

ITEMS = st.builds(ItemReward, NAME, st.integers(1, 99), st.none() | st.integers(1, 9999), st.dictionaries(NAME, JSON, max_size=2))
GOODS = st.lists(TEXT, max_size=2).map(tuple)
BOOSTS = st.dictionaries(NAME, st.builds(Boost, st.fractions(1, 9), st.integers(1, 99)), max_size=1)
REWARDS = st.builds(Rewards, st.dictionaries(NAME, SMALL, max_size=2), st.lists(ITEMS, max_size=2).map(tuple), GOODS, GOODS, GOODS, BOOSTS)
PROGRESS = st.one_of(
    st.none(),
    st.integers(0, 2**70),
    AMOUNT,
    st.tuples(INSTANT, HASH, AMOUNT).map(list),
    st.lists(HASH, max_size=3),
    st.dictionaries(SMALL.map(str), SMALL | AMOUNT, max_size=3),
)
STATUS = st.sampled_from(["active", "completed", "claimed", "expired", "failed"])
SUBMISSIONS = st.builds(
    Submission, SMALL, st.just("url"), st.sampled_from(["checking", "approved"]), INSTANT, st.dictionaries(NAME, SMALL, max_size=1)
)
MISSIONS = st.builds(
    Mission,
    template=NAME,
    version=SMALL,
    progress=st.lists(PROGRESS, max_size=3) | st.lists(st.none(), max_size=20),
    status=STATUS,
    started_at=MAYBE_INSTANT,
    first_at=MAYBE_INSTANT,
    last_at=MAYBE_INSTANT,
    completed_at=MAYBE_INSTANT,
    claimed_at=MAYBE_INSTANT,
    paid=st.none() | REWARDS,
    steps=st.lists(MAYBE_INSTANT, max_size=4),
    competitive=st.booleans(),
    reached_at=MAYBE_INSTANT,
    evidence=st.lists(SUBMISSIONS, max_size=2),
    limited=st.lists(SMALL, max_size=3),
)
CLOCKS = st.builds(DayClock, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]), st.integers(0, 23))


@st.composite
def boards(draw: st.DrawFn) -> Board:
    start = draw(INSTANT)
    end = draw(st.just(FOREVER) | st.integers(start + 1, start + 2**34))
    kind = draw(st.sampled_from(codec.KINDS))
    period = Period(kind, draw(TEXT), start, end, draw(CLOCKS))
    return Board(
        period,
        draw(st.lists(MISSIONS, max_size=3)),
        FOREVER if end == FOREVER else draw(st.integers(end, end + 2**33)),
        closed=draw(st.booleans()),
        shielded=draw(st.booleans()),
        checked_in_at=draw(MAYBE_INSTANT),
        freezes_gained=draw(st.integers(0, 3)),
        rerolls=draw(st.integers(0, 3)),
        regenerations=draw(st.integers(0, 3)),
    )


def by_name(values: st.SearchStrategy[Any], size: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAME, values, max_size=size)


# Each tier that waits has its version.
UNLOCKED = st.tuples(st.lists(INSTANT, max_size=3), st.lists(SMALL, max_size=3)).map(
    lambda held: Unlocked([*held[0], *range(len(held[1]))], len(held[0]), held[1])
)
STATES = st.builds(
    PlayerState,
    player=TEXT,
    account=TEXT,
    created_at=INSTANT,
    updated_at=INSTANT,
    active_at=INSTANT,
    zone=st.none() | st.just("Asia/Tokyo"),
    level_base=st.integers(1, 99),
    lifetime_xp=SMALL,
    vip=st.booleans(),
    segments=st.lists(TEXT, max_size=2),
    preferences=st.builds(Preferences, st.lists(TEXT, max_size=2), st.none() | SMALL, st.lists(TEXT, max_size=2)),
    boards=st.lists(boards(), max_size=3),
    streaks=st.dictionaries(st.sampled_from(["daily", "weekly"]), st.builds(Streak, SMALL, SMALL, SMALL, MAYBE_INSTANT)),
    settled=st.dictionaries(st.sampled_from(["daily", "weekly", "monthly"]), st.builds(Settled, TEXT, INSTANT, CLOCKS)),
    paused_from=MAYBE_INSTANT,
    paused_until=MAYBE_INSTANT,
    check_ins=st.builds(CheckIns, SMALL, SMALL, SMALL, by_name(st.integers(0, 2**31 - 1))),
    lifetime=st.builds(operator.or_, by_name(PROGRESS), st.dictionaries(st.sampled_from(sorted(COUNTED)), SMALL)),
    completions=by_name(st.builds(Completions, SMALL, INSTANT)),
    recent_days=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3),
    seen=st.dictionaries(st.integers(0, 10**6), st.lists(HASH, min_size=1, max_size=3), max_size=2),
    spilled_before=SMALL,
    buckets=by_name(st.builds(Bucket, SMALL, INSTANT)),
    pending=st.lists(st.builds(PendingGrant, TEXT, INSTANT, REWARDS, st.sampled_from(codec.GRANT_KINDS), TEXT), max_size=2),
    commands=st.lists(st.builds(CommandResult, HASH, TEXT, TEXT, INSTANT, st.booleans()), max_size=2),
    catalog_version=SMALL,
    specials=by_name(TEXT),
    quests=by_name(st.builds(QuestEnd, SMALL, STATUS, INSTANT, MAYBE_INSTANT, st.lists(st.text(max_size=5), max_size=3))),
    achievements=by_name(UNLOCKED),
    flags=st.lists(st.builds(Flag, TEXT, TEXT, INSTANT, INSTANT, SMALL, st.booleans(), st.booleans()), max_size=2),
    devices=st.lists(HASH, max_size=2),
    boosts=st.lists(st.builds(ActiveBoost, NAME, st.just("3/2"), INSTANT, INSTANT), max_size=2),
    unproven=by_name(st.builds(Unproven, NAME, SMALL, REWARDS, SUBMISSIONS)),
    referral=st.none() | st.builds(Referral, HASH, INSTANT),
    attributes_at=st.dictionaries(st.sampled_from(ATTRIBUTES), st.integers(-1, 10**13)),
    read_until=SMALL,
    badges=st.sets(HASH, max_size=3),
)


@given(STATES)
@settings(max_examples=120)
def test_every_state_survives_storage(state: PlayerState) -> None:
    assert codec.decode(codec.encode(state)) == state


@given(boards())
@settings(max_examples=60)
def test_every_board_survives_storage(board: Board) -> None:
    assert codec.decode_board(codec.encode_board(board)) == board


@given(REWARDS)
@settings(max_examples=60)
def test_rewards_survive_their_json(rewards: Rewards) -> None:
    assert rewards_from_snapshot(json.loads(json.dumps(codec.rewards_to_json(rewards)))) == rewards


def test_members_that_are_empty_take_no_room_in_rewards() -> None:
    assert codec.rewards_to_json(Rewards(amounts={"xp": 0}, items=(ItemReward("hat"),))) == {
        "amounts": {"xp": 0},
        "items": [{"id": "hat", "quantity": 1}],
    }


def test_the_same_state_is_always_the_same_bytes() -> None:
    assert codec.encode(played().state) == codec.encode(played().state)


# Other releases


def stored(record: Any, fmt: int = codec.FORMAT) -> bytes:
    """A record as a release would store it, written down here once more so that the format cannot change unnoticed."""
    packer = zlib.compressobj(zdict=codec.DICTIONARIES.get(fmt, b""))
    return bytes([fmt]) + packer.compress(json.dumps(record).encode()) + packer.flush()


FIRST_RELEASE = [
    "p1", "a1", 1000, 50, 40, "Europe/Berlin", 3, 250, 1, ["beta"], [["music"], 20],
    [[0, "2026-11-21", 2000, 500, "UTC", 4, 900, [["m", 2, 3], ["n", 1, [5], 2, 0, 7, 7, 9, {"amounts": {"xp": 10}}, 1]], 3, 2500, 1, 2]],
    {"daily": [1, 4, 9, 77]}, {"daily": ["2026-11-19", 1900, "UTC", 4]}, [10, 20], [3, 5, 8, {"2026-11": 7}], {"post.created": 12},
    {"m": [2, 99]}, [[3, 1]], {"495000": "0123456789abba9876543210"}, 494999, {"video.watched": [500, 9]},
    [["check_in:x", 5, {"amounts": {"xp": 1}}]], [["k", "claim", "{}", 6]], 12,
]  # fmt: skip


@pytest.mark.parametrize("fmt", [1, 2])
def test_bytes_of_the_first_release_read_as_they_were_meant(fmt: int) -> None:
    done = Mission("n", 1, [5], "claimed", 2001, 2000, 2007, 2007, 2009, Rewards({"xp": 10}))
    board = Board(
        Period("daily", "2026-11-21", 2000, 2500, DayClock("UTC", 4)), [Mission("m", 2, [None] * 3), done], 2900, True, True, 2500, 1, 2
    )

    assert codec.decode(stored(FIRST_RELEASE, fmt)) == PlayerState(
        player="p1",
        account="a1",
        created_at=1000,
        updated_at=1050,
        active_at=1040,
        zone="Europe/Berlin",
        level_base=3,
        lifetime_xp=250,
        vip=True,
        segments=["beta"],
        preferences=Preferences(["music"], 20),
        boards=[board],
        streaks={"daily": Streak(1, 4, 9, 77)},
        settled={"daily": Settled("2026-11-19", 1900, DayClock("UTC", 4))},
        paused_from=10,
        paused_until=20,
        check_ins=CheckIns(3, 5, 8, {"2026-11": 7}),
        lifetime={"post.created": 12},
        completions={"m": Completions(2, 99)},
        recent_days=[(3, 1)],
        seen={495000: ["0123456789ab", "ba9876543210"]},
        spilled_before=494999,
        buckets={"video.watched": Bucket(500, 9)},
        pending=[PendingGrant("check_in:x", 5, Rewards({"xp": 1}))],
        commands=[CommandResult("k", "claim", "{}", 6)],
        catalog_version=12,
    )


@pytest.mark.parametrize("length", range(7, len(FIRST_RELEASE)))
def test_an_older_shorter_record_reads_as_defaults_where_it_ends(length: int) -> None:
    state = codec.decode(stored(FIRST_RELEASE[:length]))
    whole, fresh = codec.decode(stored(FIRST_RELEASE)), PlayerState("p1", "a1", 1000, 1050, 1040, "Europe/Berlin", 3)

    members = ["lifetime_xp", "vip", "segments", "preferences", "boards", "streaks", "settled", "pause", "check_ins", "lifetime"]
    members += ["completions", "recent_days", "seen", "spilled_before", "buckets", "pending", "commands", "catalog_version"]
    for n, name in enumerate(members):
        for field in ["paused_from", "paused_until"] if name == "pause" else [name]:
            assert getattr(state, field) == getattr(whole if n + 7 < length else fresh, field)


def test_an_older_board_and_mission_read_as_defaults_where_they_end() -> None:
    board = codec.decode_board(stored([0, "2026-11-21", 2000, 500, "UTC", 4, 900, [["m", 2, 3]]]))

    assert board == Board(Period("daily", "2026-11-21", 2000, 2500, DayClock("UTC", 4)), [Mission("m", 2, [None] * 3)], 2900)


def test_quests_and_achievements_read_as_they_were_meant() -> None:
    quest = [5, "run-3", 2000, 0, "UTC", 0, None, [["q", 1, [1, None], 1, 5, 9, 9, None, {"amounts": {"xp": 5}}, None, [7, None]]]]
    record = [
        *FIRST_RELEASE[:11],
        [quest],
        *FIRST_RELEASE[12:],
        None,
        {"q": [2, 4, 900], "r": [1, 2, 1900, 7, ["a", "c"]]},
        {"a": [[7, 8], 1, 3], "b": [[7, 8], 0, 4], "c": [[7], 1, 2], "d": [[7], 1], "e": [[7, 8, 9], 1, [2, 5]]},
        [9, None, 4],
    ]

    state = codec.decode(stored(record))

    [board] = state.boards
    assert (board.period, board.settles_at) == (Period("quest", "run-3", 2000, FOREVER, DayClock("UTC")), FOREVER)
    assert board.missions == [Mission("q", 1, [1, None], "completed", None, 2005, 2009, 2009, None, Rewards({"xp": 5}), [2007, None])]
    assert state.quests == {"q": QuestEnd(2, "failed", 900, None), "r": QuestEnd(1, "claimed", 1900, 1907, ["a", "c"])}
    assert state.achievements == {
        "a": Unlocked([7, 8], 1, [3]),
        "b": Unlocked([7, 8], 0, [4, 4]),
        "c": Unlocked([7], 1),
        "d": Unlocked([7], 1),
        "e": Unlocked([7, 8, 9], 1, [2, 5]),
    }
    assert state.lifetime == {"post.created": 12, "game.template.completed": 9, "game.quest.completed": 4}
    assert codec.decode(codec.encode(state)) == state


def test_badges_that_collections_counted_for_themselves_are_badges_the_player_earned() -> None:
    (before,) = FIRST_RELEASE[16:17]
    counted = {
        "game.badge.earned|0a1b2c3d4e": ["0123456789ab", "123456789abc"],
        "game.badge.earned|4e3d2c1b0a": ["0123456789ab", "23456789abcd"],
        "game.badge.earned|5f5f5f5f5f": 7,
        "game.template.completed|0a1b2c3d4e": ["3456789abcde"],
    }
    older = stored([*FIRST_RELEASE[:16], {**before, **counted}, *FIRST_RELEASE[17:]])

    state = codec.decode(older)

    assert state.badges == {"0123456789ab", "123456789abc", "23456789abcd"}
    assert codec.decode(codec.encode(state)) == state


def test_members_a_newer_release_added_at_the_end_are_passed_over() -> None:
    kinds = [{"feast": "2026-11-20"}, {"onboarding": [1, 2, 9]}, {"prolific": [[7], 1]}, [1]]
    trust = [
        [["device_new", "2 devices", 5, 1, 2, 2]],
        ["ab"],
        [["xp", "2", 1, 9]],
        {"m:1": ["m", 1, {}, [1, "url", "checking", 3]]},
        ["cd", 4],
    ]
    known = [*FIRST_RELEASE, *kinds, *trust, 6, 8, "0123456789ab"]

    assert codec.decode(stored([*known, {"from": "the future"}, 7])) == codec.decode(stored(known))


@pytest.mark.parametrize("first", [0, 3, 42, 255])
def test_a_format_of_another_release_is_refused_by_name(first: int) -> None:
    with pytest.raises(ValueError, match="unknown state format"):
        codec.decode(stored(FIRST_RELEASE, first))


# Damage


@pytest.mark.parametrize("damaged", [b"", b"\x02", b"\x02garbage", b"\x02\x00", bytes([2]) + zlib.compress(b"[]")])
def test_bytes_that_are_no_state_are_a_value_error(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        codec.decode(damaged)


@pytest.mark.parametrize(
    "record",
    [None, 1, "text", {}, {"a": 1}, [], ["p"], ["p", "a", "created", 1, 2], [{}] * 25, ["x"] * 25, [1] * 25, [*FIRST_RELEASE[:12], [1]]],
)
def test_json_that_is_no_state_is_a_value_error(record: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        codec.decode(stored(record))


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=300)
def test_a_damaged_byte_gives_a_value_error_or_a_state_and_never_anything_else(place: int, change: int) -> None:
    bytes_ = bytearray(encoded())
    bytes_[place % len(bytes_)] ^= change
    try:
        state = codec.decode(bytes(bytes_))
    except ValueError:
        return
    assert isinstance(state, PlayerState)


def test_a_state_cut_short_is_a_value_error() -> None:
    whole = encoded()
    for length in range(len(whole) - 2):
        with pytest.raises(ValueError, match=r".+"):
            codec.decode(whole[:length])


# Size


def played() -> Game:
    """A typical player after a fortnight: twelve missions, two streaks, sign-ins, recent action ids, money on its way."""
    daily = [mission(f"daily_mission_number_{n}", {"post.created": 2, "tip.sent": 1 + n}, rewards={"xp": 50, "gold": 5}) for n in range(5)]
    weekly = [mission(f"weekly_mission_{n}", {"post.created": 9 + n, "video.watched": 3}, period="weekly") for n in range(3)]
    monthly = [mission(f"monthly_mission_{n}", {"tip.sent": 90}, period="monthly") for n in range(2)]
    perpetual = [mission(f"for_ever_{n}", {"post.created": 25 + n}, period="perpetual") for n in range(2)]
    game = Game(catalog(*daily, *weekly, *monthly, *perpetual, check_in={"base": {"gold": 10}}), now=START, zone="Europe/Berlin")
    n = 0
    for hour in range(24 * 14):
        if hour % 24 < 8:
            n += 1
            game.act(action(n * 7919**3 % 16**12, START + hour * HOUR_MS, ["post.created", "tip.sent", "video.watched"][n % 3]))
        if hour % 24 == 0:
            check_in(game.state, game.catalog, now=game.now)
        if hour % 24 == 9:
            game.claim_all()
            game.state.pending.clear()  # paid meanwhile
            game.state.seen = {at: ids for at, ids in game.state.seen.items() if at >= game.now // HOUR_MS - 2}
    return game


@cache
def encoded() -> bytes:
    return codec.encode(played().state)


def test_a_typical_state_of_twelve_missions_takes_less_than_a_kilobyte() -> None:
    state = played().state

    assert sum(len(board.missions) for board in state.boards if not board.closed) == 12
    assert len(codec.encode(state)) < 1024


def test_a_played_state_survives_storage_and_plays_on_alike() -> None:
    game = played()
    stored_game = game.copy()
    stored_game.state = codec.decode(codec.encode(game.state))

    for each in (game, stored_game):
        each.act(action(1, each.now + HOUR_MS))
        each.night_by_night(each.now + 90 * 24 * HOUR_MS)

    assert stored_game.state == game.state
    assert stored_game.events == game.events
