"""How many client-sent actions per minute are let through."""

from hypothesis import given
from hypothesis import strategies as st

from missions_core.domain.catalog import HOUR_MS
from missions_core.domain.rate_limits import take, take_each
from missions_core.domain.state import PlayerState

NOW = 1_795_255_200_000


def player() -> PlayerState:
    return PlayerState(player="p", account="a", created_at=NOW, updated_at=NOW, active_at=NOW)


def test_a_minutes_worth_passes_at_once_and_no_more() -> None:
    state = player()
    assert [take(state, "video.watched", 3, now=NOW) for _ in range(5)] == [True, True, True, False, False]


def test_tokens_come_back_evenly() -> None:
    state = player()
    for _ in range(3):
        take(state, "video.watched", 3, now=NOW)
    assert not take(state, "video.watched", 3, now=NOW + 19_999)
    assert take(state, "video.watched", 3, now=NOW + 20_000)
    assert not take(state, "video.watched", 3, now=NOW + 20_001)


def test_asking_again_and_again_does_not_keep_the_bucket_empty() -> None:
    state = player()
    take(state, "video.watched", 1, now=NOW)
    assert not any(take(state, "video.watched", 1, now=NOW + elapsed) for elapsed in range(0, 60_000, 7))
    assert take(state, "video.watched", 1, now=NOW + 60_000)


def test_types_have_buckets_of_their_own_and_unlimited_types_have_none() -> None:
    state = player()
    assert take(state, "video.watched", 1, now=NOW)
    assert take(state, "page.read", 1, now=NOW)
    assert all(take(state, "post.created", None, now=NOW) for _ in range(100))
    assert set(state.buckets) == {"video.watched", "page.read"}


def test_of_several_buckets_each_gives_a_token_or_none_does() -> None:
    state = player()
    limits = {"video.watched": 2, "*": 3, "unlimited": None}
    assert [take_each(state, limits, now=NOW) for _ in range(3)] == [None, None, 2]
    assert [take_each(state, {"page.read": 9, "*": 3}, now=NOW) for _ in range(2)] == [None, 3]
    assert (state.buckets["*"].tokens, state.buckets["page.read"].tokens) == (0, 8000)


def test_a_window_may_be_longer_than_a_minute() -> None:
    state = player()
    assert [take(state, "*claims", 2, now=NOW, window_ms=HOUR_MS) for _ in range(3)] == [True, True, False]
    assert not take(state, "*claims", 2, now=NOW + HOUR_MS // 2 - 1, window_ms=HOUR_MS)
    assert take(state, "*claims", 2, now=NOW + HOUR_MS // 2, window_ms=HOUR_MS)


@given(
    per_minute=st.integers(1, 120),
    pauses=st.lists(st.integers(0, 30_000), max_size=200),
)
def test_no_window_of_a_minute_lets_through_more_than_two_minutes_worth(per_minute: int, pauses: list[int]) -> None:
    state, now, passed = player(), NOW, list[int]()
    for pause in pauses:
        now += pause
        if take(state, "video.watched", per_minute, now=now):
            passed.append(now)
    assert all(sum(1 for other in passed if start <= other < start + 60_000) <= 2 * per_minute for start in passed)
