"""The one place that turns a player's state into bytes and back: zlib-compressed JSON behind a format version byte.

Records are arrays in a fixed order, trailing defaults left out; a field that is added goes to the end and decodes to its default
from older bytes. Anything else needs a new format byte, whose predecessor keeps decoding.
"""

import json
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

from missions_core.domain.catalog import ItemReward, PeriodKind, Rewards, rewards_from_snapshot
from missions_core.domain.periods import FOREVER, DayClock, Period
from missions_core.domain.state import (
    Board,
    Bucket,
    CheckIns,
    CommandResult,
    Completions,
    Mission,
    PendingGrant,
    PlayerState,
    Preferences,
    Settled,
    Streak,
)

Record = TypeVar("Record")

FORMAT = 1
KINDS: tuple[PeriodKind, ...] = ("daily", "weekly", "monthly", "special", "perpetual")
STATUSES = ("active", "completed", "claimed", "expired", "failed")
# Text that most states contain, most frequent last: zlib refers to it instead of spelling it out. Part of format 1, never edited.
DICTIONARY = (
    b'{"currencies""badges""items""titles":"amounts":{"xp":{"id":"quantity":1null,null,null,false'
    b'UTCEurope/BerlinAmerica/New_York[[],[],[]]["weekly"]["daily","always-02026-W"2026-1"2026-'
)


def encode(state: PlayerState) -> bytes:
    """The state as stored."""
    return _compressed(_pack(state))


def decode(stored: bytes) -> PlayerState:
    """The state from its stored bytes. ValueError: written by a newer release, or damaged."""
    return _read(stored, _unpack)


def encode_board(board: Board) -> bytes:
    """One board as stored in the player's history, in the form it has inside a state."""
    return _compressed(_pack_board(board))


def decode_board(stored: bytes) -> Board:
    """The board from its stored bytes. ValueError: written by a newer release, or damaged."""
    return _read(stored, lambda record: _unpack_board(_Reader(record)))


def _compressed(packed: list[Any]) -> bytes:
    text = json.dumps(packed, separators=(",", ":"), ensure_ascii=False)
    packer = zlib.compressobj(level=6, wbits=-15, zdict=DICTIONARY)
    return bytes([FORMAT]) + packer.compress(text.encode()) + packer.flush()


def _read(stored: bytes, unpack: Callable[[list[Any]], Record]) -> Record:
    if not stored or stored[0] != FORMAT:
        raise ValueError(f"unknown state format {stored[:1]!r}; this release reads format {FORMAT}")
    try:
        return unpack(json.loads(zlib.decompressobj(wbits=-15, zdict=DICTIONARY).decompress(stored[1:])))
    except (zlib.error, IndexError, TypeError, KeyError) as error:
        raise ValueError(f"damaged state: {error}") from error


def rewards_to_json(rewards: Rewards) -> dict[str, Any]:
    """The JSON form of rewards, the same in state, ledger, messages and API; empty members left out."""
    members = {
        "amounts": dict(rewards.amounts),
        "items": [_item(item) for item in rewards.items],
        "badges": list(rewards.badges),
        "titles": list(rewards.titles),
        "frames": list(rewards.frames),
    }
    return {name: member for name, member in members.items() if member}


def _item(item: ItemReward) -> dict[str, Any]:
    members = {"id": item.id, "quantity": item.quantity, "expires_after_hours": item.expires_after_hours, "metadata": dict(item.metadata)}
    return {name: member for name, member in members.items() if member}


def _trimmed(record: list[Any]) -> list[Any]:
    """Without trailing nulls; the decoder pads them back."""
    while record and record[-1] is None:
        record.pop()
    return record


class _Reader:
    """Reads a record's members in order; past its end come defaults."""

    def __init__(self, record: list[Any]) -> None:
        self._members = iter(record)

    def next(self, default: Any = None) -> Any:
        value = next(self._members, None)
        return default if value is None else value


def _pack(state: PlayerState) -> list[Any]:
    return _trimmed([
        state.player,
        state.account,
        state.created_at,
        state.updated_at - state.created_at,
        state.active_at - state.created_at,
        state.zone,
        state.level_base,
        state.lifetime_xp or None,
        int(state.vip) or None,
        state.segments or None,
        _trimmed([state.preferences.categories or None, state.preferences.daily_minutes]),
        [_pack_board(board) for board in state.boards],
        {kind: _trimmed([s.freezes, s.current, s.best, s.broken_at]) for kind, s in state.streaks.items()},
        {kind: [s.label, s.until, s.clock.zone, s.clock.start_hour] for kind, s in state.settled.items()},
        _trimmed([state.paused_from, state.paused_until]),
        _trimmed([state.check_ins.streak, state.check_ins.best, state.check_ins.total, state.check_ins.months or None]),
        state.lifetime or None,
        {template: [done.count, done.last_at] for template, done in state.completions.items()} or None,
        [list(day) for day in state.recent_days] or None,
        {str(hour): "".join(ids) for hour, ids in state.seen.items()} or None,
        state.spilled_before or None,
        {type_: [bucket.tokens, bucket.at] for type_, bucket in state.buckets.items()} or None,
        [[grant.cause, grant.at, rewards_to_json(grant.rewards)] for grant in state.pending] or None,
        [[c.key_hash, c.command, c.result, c.at] for c in state.commands] or None,
        state.catalog_version,
    ])  # fmt: skip


def _unpack(record: list[Any]) -> PlayerState:
    read = _Reader(record)
    player, account, created_at = read.next(), read.next(), read.next()
    return PlayerState(
        player=player,
        account=account,
        created_at=created_at,
        updated_at=created_at + read.next(0),
        active_at=created_at + read.next(0),
        zone=read.next(),
        level_base=read.next(1),
        lifetime_xp=read.next(0),
        vip=bool(read.next(0)),
        segments=read.next([]),
        preferences=_unpack_preferences(_Reader(read.next([]))),
        boards=[_unpack_board(_Reader(board)) for board in read.next([])],
        streaks={kind: _unpack_streak(_Reader(streak)) for kind, streak in read.next({}).items()},
        settled={kind: Settled(label, until, DayClock(zone, hour)) for kind, (label, until, zone, hour) in read.next({}).items()},
        **_unpack_pause(_Reader(read.next([]))),
        check_ins=_unpack_check_ins(_Reader(read.next([]))),
        lifetime=read.next({}),
        completions={template: Completions(count, at) for template, (count, at) in read.next({}).items()},
        recent_days=[(dealt, completed) for dealt, completed in read.next([])],
        seen={int(hour): [ids[i : i + 12] for i in range(0, len(ids), 12)] for hour, ids in read.next({}).items()},
        spilled_before=read.next(0),
        buckets={type_: Bucket(tokens, at) for type_, (tokens, at) in read.next({}).items()},
        pending=[PendingGrant(cause, at, rewards_from_snapshot(rewards)) for cause, at, rewards in read.next([])],
        commands=[CommandResult(*command) for command in read.next([])],
        catalog_version=read.next(0),
    )


def _pack_board(board: Board) -> list[Any]:
    period = board.period
    forever = period.end == FOREVER
    return _trimmed([
        KINDS.index(period.kind),
        period.label,
        period.start,
        0 if forever else period.end - period.start,
        period.clock.zone,
        period.clock.start_hour,
        None if board.settles_at == FOREVER else board.settles_at - period.start,
        [_pack_mission(mission, period.start) for mission in board.missions],
        (int(board.closed) | int(board.shielded) << 1) or None,
        board.checked_in_at,
        board.freezes_gained or None,
        board.rerolls or None,
    ])  # fmt: skip


def _unpack_board(read: _Reader) -> Board:
    kind, label, start, length, zone, hour, settles = (
        read.next(0), read.next(), read.next(0), read.next(0), read.next(), read.next(0), read.next(0),
    )  # fmt: skip
    missions, flags = read.next([]), read.next(0)
    return Board(
        period=Period(KINDS[kind], label, start, start + length if length else FOREVER, DayClock(zone, hour)),
        missions=[_unpack_mission(_Reader(mission), start) for mission in missions],
        settles_at=start + settles if settles else FOREVER,
        closed=bool(flags & 1),
        shielded=bool(flags & 2),
        checked_in_at=read.next(),
        freezes_gained=read.next(0),
        rerolls=read.next(0),
    )


def _pack_mission(mission: Mission, start: int) -> list[Any]:
    untouched = all(progress is None for progress in mission.progress)
    return _trimmed([
        mission.template,
        mission.version,
        len(mission.progress) if untouched else mission.progress,
        STATUSES.index(mission.status) or None,
        _offset(mission.first_at, start),
        _offset(mission.last_at, start),
        _offset(mission.completed_at, start),
        _offset(mission.claimed_at, start),
        None if mission.paid is None else rewards_to_json(mission.paid),
        _offset(mission.started_at, start),
    ])  # fmt: skip


def _unpack_mission(read: _Reader, start: int) -> Mission:
    template, version, progress, status = read.next(), read.next(), read.next(0), STATUSES[read.next(0)]
    first_at, last_at, completed_at, claimed_at = (_instant(read.next(), start) for _ in range(4))
    paid = read.next()
    return Mission(
        template=template,
        version=version,
        progress=[None] * progress if isinstance(progress, int) else progress,
        status=status,
        started_at=_instant(read.next(), start),
        first_at=first_at,
        last_at=last_at,
        completed_at=completed_at,
        claimed_at=claimed_at,
        paid=None if paid is None else rewards_from_snapshot(paid),
    )


def _unpack_preferences(read: _Reader) -> Preferences:
    return Preferences(categories=read.next([]), daily_minutes=read.next())


def _unpack_streak(read: _Reader) -> Streak:
    return Streak(freezes=read.next(0), current=read.next(0), best=read.next(0), broken_at=read.next())


def _unpack_pause(read: _Reader) -> dict[str, int | None]:
    return {"paused_from": read.next(), "paused_until": read.next()}


def _unpack_check_ins(read: _Reader) -> CheckIns:
    return CheckIns(streak=read.next(0), best=read.next(0), total=read.next(0), months=read.next({}))


def _offset(instant: int | None, start: int) -> int | None:
    return None if instant is None else instant - start


def _instant(offset: int | None, start: int) -> int | None:
    return None if offset is None else start + offset
