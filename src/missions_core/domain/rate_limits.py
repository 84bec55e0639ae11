"""Token buckets: how many client-sent actions of one type a player may have counted per minute."""

from missions_core.domain.state import Bucket, PlayerState

TOKEN = 1000  # buckets hold thousandths, so that a fraction of a token is not lost between two actions
MINUTE_MS = 60_000


def take(state: PlayerState, action_type: str, per_minute: int | None, *, now: int) -> bool:
    """Take a token for one action; False: none is left, and nothing changed. A minute's worth may be spent at once."""
    if per_minute is None:
        return True
    tokens = _tokens(state.buckets.get(action_type), per_minute, now)
    if tokens < TOKEN:
        return False
    state.buckets[action_type] = Bucket(tokens - TOKEN, now)
    return True


def _tokens(bucket: Bucket | None, per_minute: int, now: int) -> int:
    """What the bucket holds by now; a full one where none was kept."""
    full = per_minute * TOKEN
    if bucket is None:
        return full
    refilled = max(0, now - bucket.at) * full // MINUTE_MS
    return min(full, bucket.tokens + refilled)
