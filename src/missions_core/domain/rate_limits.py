"""Token buckets: how many actions players may send per minute, of one type and of all together, and how many claims are many."""

from collections.abc import Mapping

from missions_core.domain.state import Bucket, PlayerState

TOKEN = 1000  # buckets hold thousandths, so that a fraction of a token is not lost between two actions
MINUTE_MS = 60_000
ALL = "*"  # the bucket of all actions together: no type is called so


def take(state: PlayerState, name: str, limit: int | None, *, now: int, window_ms: int = MINUTE_MS) -> bool:
    """Take a token from a bucket; False: none is left, and nothing changed. A window's worth may be spent at once."""
    if limit is None:
        return True
    tokens = _tokens(state.buckets.get(name), limit, now, window_ms)
    if tokens < TOKEN:
        return False
    state.buckets[name] = Bucket(tokens - TOKEN, now)
    return True


def take_each(state: PlayerState, per_minute: Mapping[str, int | None], *, now: int) -> int | None:
    """Take a token from each of these buckets. Where one has none left, nothing changes: the limit that is reached."""
    for name, limit in per_minute.items():
        if limit is not None and _tokens(state.buckets.get(name), limit, now, MINUTE_MS) < TOKEN:
            return limit
    for name, limit in per_minute.items():
        take(state, name, limit, now=now)
    return None


def _tokens(bucket: Bucket | None, limit: int, now: int, window_ms: int) -> int:
    """What the bucket holds by now; a full one where none was kept."""
    full = limit * TOKEN
    if bucket is None:
        return full
    refilled = max(0, now - bucket.at) * full // window_ms
    return min(full, bucket.tokens + refilled)
