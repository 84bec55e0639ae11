"""The one place that turns a player's state into bytes and back: zlib-compressed JSON behind a format version byte.

Records are arrays in a fixed order, trailing defaults left out; a field that is added goes to the end and decodes to its default
from older bytes. Anything else needs a new format byte, whose predecessor keeps decoding.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from missions_core.domain.catalog import ItemReward, PeriodKind, Rewards
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
    GrantKind,
    Mission,
    PendingGrant,
    PlayerState,
    Preferences,
    Progress,
    QuestEnd,
    Referral,
    Settled,
    Streak,
    Submission,
    Unlocked,
    Unproven,
)

Record = TypeVar("Record")

_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
# Everything a mission has besides its template, version and progress, and what most missions have of it: nothing.
_beyond_progress = attrgetter(*[each.name for each in fields(Mission)[3:]])
UNTOUCHED = _beyond_progress(Mission("", 0, []))

FORMAT = 2  # as written; every format below can be read
KINDS: tuple[PeriodKind, ...] = ("daily", "weekly", "monthly", "special", "perpetual", "quest")
STATUSES = ("active", "completed", "claimed", "expired", "failed")
MARK_LENGTH = 12  # of a hash
GRANT_KINDS: tuple[GrantKind, ...] = ("grant", "held", "release", "revoke")
# By format, text that most states contain, most frequent last: zlib refers to it instead of spelling it out. Never edited, only added to.
DICTIONARIES = {
    1: (
        b'{"currencies""badges""items""titles":"amounts":{"xp":{"id":"quantity":1null,null,null,false'
        b'UTCEurope/BerlinAmerica/New_York[[],[],[]]["weekly"]["daily","always-02026-W"2026-1"2026-'
    ),
    2: (
        b'"titles":["badges":["frames":["items":[{"id":"","quantity":1,"expires_after_hours":"metadata":{}}],"currencies":{'
        b'"claim_all","claim:daily_","check_in","[\\"2026-12-{\\"amounts\\":{\\"xp\\":10}},{},{},{\\"amounts\\":{\\"'
        b'"Asia/America/New_York","Europe/London","Europe/Berlin",2592000000,"UTC",0,5184000000,2678400000,"UTC",0,5356800000,[["monthly_'
        b'604800000,"UTC",0,1209600000,[["weekly_]],1],[2,"2026-1]],1],[1,"2026-W]]],[4,"always-0",179,0,"UTC",0,null,[["'
        b'{"daily":[0,0,"weekly":[0,0,0]},{"daily":["2026-12-0",179,"UTC",0],"weekly":["2026-W","monthly":["2026-00000000000]]],[4,"always-'
        b'false,true,null,null,null,00000,{"amounts":{"xp":0}}],["daily_",1,[1],2,28800000]],1],[0,"2026-1,86400000,"UTC",0,172800000,[["daily_'
    ),
}


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
    return _read(stored, _unpack_board)


def _compressed(packed: list[Any]) -> bytes:
    text = _to_json(packed)
    packer = zlib.compressobj(level=6, zdict=DICTIONARIES[FORMAT])
    return bytes([FORMAT]) + packer.compress(text.encode()) + packer.flush()


def _read(stored: bytes, unpack: Callable[[list[Any]], Record]) -> Record:
    if not stored or stored[0] not in DICTIONARIES:
        raise ValueError(f"unknown state format {stored[:1]!r}; this release reads formats up to {FORMAT}")
    unpacker = zlib.decompressobj(zdict=DICTIONARIES[stored[0]])
    try:
        text = unpacker.decompress(stored[1:])
        if not unpacker.eof:
            raise ValueError("damaged state: it ends too early, its checksum is missing")
        return unpack(json.loads(text))
    except (zlib.error, IndexError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"damaged state: {error}") from error


def rewards_to_json(rewards: Rewards) -> dict[str, Any]:
    """The JSON form of rewards, the same in state, ledger, messages and API; empty members left out."""
    members = {
        "amounts": dict(rewards.amounts),
        "items": [_item(item) for item in rewards.items],
        "badges": list(rewards.badges),
        "titles": list(rewards.titles),
        "frames": list(rewards.frames),
        "boost": {currency: {"multiply": str(each.multiply), "hours": each.hours} for currency, each in rewards.boost.items()},
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


def _padded(record: list[Any], length: int) -> list[Any]:
    """With the nulls back that were trimmed, or that a later release has added; without members only a later release knows."""
    return (record + [None] * (length - len(record)))[:length]


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
        _trimmed([state.preferences.categories or None, state.preferences.daily_minutes, state.preferences.blocked or None]),
        [_pack_board(board) for board in state.boards],
        {kind: _trimmed([s.freezes, s.current, s.best, s.broken_at]) for kind, s in state.streaks.items()},
        {kind: [s.label, s.until, s.clock.zone, s.clock.start_hour] for kind, s in state.settled.items()},
        _trimmed([state.paused_from, state.paused_until]),
        _trimmed([state.check_ins.streak, state.check_ins.best, state.check_ins.total, state.check_ins.months or None]),
        {key: progress for key, progress in state.lifetime.items() if key not in COUNTED} or None,
        {template: [done.count, done.last_at] for template, done in state.completions.items()} or None,
        [list(day) for day in state.recent_days] or None,
        {str(hour): "".join(ids) for hour, ids in state.seen.items()} or None,
        state.spilled_before or None,
        {type_: [bucket.tokens, bucket.at] for type_, bucket in state.buckets.items()} or None,
        [_pack_grant(grant) for grant in state.pending] or None,
        [_trimmed([c.key_hash, c.command, c.result, c.at, int(c.bought) or None]) for c in state.commands] or None,
        state.catalog_version,
        state.specials or None,
        {key: _pack_quest_end(end) for key, end in state.quests.items()} or None,
        {key: _pack_unlocked(held) for key, held in state.achievements.items()} or None,
        _trimmed([state.lifetime.get(fact) for fact in COUNTED]) or None,
        [_pack_flag(flag) for flag in state.flags] or None,
        state.devices or None,
        [[boost.currency, boost.multiply, boost.since, boost.until] for boost in state.boosts] or None,
        {mission: _pack_unproven(unproven) for mission, unproven in state.unproven.items()} or None,
        None if state.referral is None else [state.referral.inviter, state.referral.at],
        _trimmed([state.attributes_at.get(member) for member in ATTRIBUTES]) or None,
        state.read_until or None,
        "".join(sorted(state.badges)) or None,
    ])  # fmt: skip


def _unpack(record: list[Any]) -> PlayerState:
    (
        player, account, created_at, updated_at, active_at, zone, level_base, lifetime_xp, vip, segments, preferences, boards, streaks,
        settled, pause, check_ins, lifetime, completions, recent_days, seen, spilled_before, buckets, pending, commands,
        catalog_version, specials, quests, achievements, facts, flags, devices, boosts, unproven, referral, attributes_at, read_until,
        badges,
    ) = _padded(record, 37)  # fmt: skip
    paused_from, paused_until = _padded(pause or [], 2)
    return PlayerState(
        player=player,
        account=account,
        created_at=created_at,
        updated_at=created_at + updated_at,
        active_at=created_at + active_at,
        zone=zone,
        level_base=level_base,
        lifetime_xp=lifetime_xp or 0,
        vip=bool(vip),
        segments=segments or [],
        preferences=_unpack_preferences(preferences or []),
        boards=[_unpack_board(board) for board in boards or []],
        streaks={kind: _unpack_streak(streak) for kind, streak in (streaks or {}).items()},
        settled={kind: Settled(label, until, DayClock(zone, hour)) for kind, (label, until, zone, hour) in (settled or {}).items()},
        paused_from=paused_from,
        paused_until=paused_until,
        check_ins=_unpack_check_ins(check_ins or []),
        lifetime=(lifetime or {}) | {fact: count for fact, count in zip(COUNTED, facts or [], strict=False) if count is not None},
        completions={template: Completions(count, at) for template, (count, at) in (completions or {}).items()},
        recent_days=[(dealt, completed) for dealt, completed in recent_days or []],
        seen={int(hour): _marks(ids) for hour, ids in (seen or {}).items()},
        spilled_before=spilled_before or 0,
        buckets={type_: Bucket(tokens, at) for type_, (tokens, at) in (buckets or {}).items()},
        pending=[_unpack_grant(grant) for grant in pending or []],
        commands=[_unpack_command(command) for command in commands or []],
        catalog_version=catalog_version or 0,
        specials=specials or {},
        quests={key: _unpack_quest_end(end) for key, end in (quests or {}).items()},
        achievements={key: _unpack_unlocked(held) for key, held in (achievements or {}).items()},
        flags=[_unpack_flag(flag) for flag in flags or []],
        devices=devices or [],
        boosts=[ActiveBoost(*boost) for boost in boosts or []],
        unproven={mission: _unpack_unproven(each) for mission, each in (unproven or {}).items()},
        referral=Referral(*referral) if referral else None,
        attributes_at=_unpack_attributes_at(attributes_at),
        read_until=read_until or 0,
        badges=_counted_badges(lifetime or {}) if badges is None else set(_marks(badges)),
    )


def _counted_badges(lifetime: dict[str, Progress]) -> set[str]:
    """Until the state kept them, each collection counted those of its own list; hashed in the same way."""
    counted = (marks for counter, marks in lifetime.items() if counter.startswith("game.badge.earned|") and isinstance(marks, list))
    return {str(mark) for marks in counted for mark in marks}


def _marks(joined: str) -> list[str]:
    return [joined[i : i + MARK_LENGTH] for i in range(0, len(joined), MARK_LENGTH)]


def _unpack_attributes_at(record: Any) -> dict[str, int]:
    if not isinstance(record, list):
        return {}
    return {member: at for member, at in zip(ATTRIBUTES, record, strict=False) if at is not None}


def _unpack_command(record: list[Any]) -> CommandResult:
    key_hash, command, result, at, bought = _padded(record, 5)
    return CommandResult(key_hash, command, result, at, bought=bool(bought))


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
        board.regenerations or None,
    ])  # fmt: skip


def _unpack_board(record: list[Any]) -> Board:
    kind, label, start, length, zone, hour, settles, missions, flags, checked_in_at, freezes, rerolls, regenerations = _padded(record, 13)
    return Board(
        period=Period(KINDS[kind], label, start, start + length if length else FOREVER, DayClock(zone, hour)),
        missions=[_unpack_mission(mission, start) for mission in missions or []],
        settles_at=start + settles if settles else FOREVER,
        closed=bool((flags or 0) & 1),
        shielded=bool((flags or 0) & 2),
        checked_in_at=checked_in_at,
        freezes_gained=freezes or 0,
        rerolls=rerolls or 0,
        regenerations=regenerations or 0,
    )


def _pack_mission(mission: Mission, start: int) -> list[Any]:
    untouched = mission.progress.count(None) == len(mission.progress)
    progress = len(mission.progress) if untouched else mission.progress
    if _beyond_progress(mission) == UNTOUCHED:
        return [mission.template, mission.version, progress]  # most are: what follows would take ten times as long
    return _trimmed([
        mission.template,
        mission.version,
        progress,
        STATUSES.index(mission.status) or None,
        _offset(mission.first_at, start),
        _offset(mission.last_at, start),
        _offset(mission.completed_at, start),
        _offset(mission.claimed_at, start),
        None if mission.paid is None else rewards_to_json(mission.paid),
        _offset(mission.started_at, start),
        [_offset(step, start) for step in mission.steps] or None,
        int(mission.competitive) or None,
        _offset(mission.reached_at, start),
        [_pack_submission(submission) for submission in mission.evidence] or None,
        mission.limited or None,
    ])  # fmt: skip


def _unpack_mission(record: list[Any], start: int) -> Mission:
    template, version, progress, *more = record
    mission = Mission(template, version, [None] * progress if isinstance(progress, int) else progress)
    if not more:
        return mission
    status, first, last, completed, claimed, paid, started, steps, competitive, reached, evidence, limited = _padded(more, 12)
    mission.status = STATUSES[status or 0]
    mission.first_at = _instant(first, start)
    mission.last_at = _instant(last, start)
    if len(more) > 3:  # few have more than progress: worth a question
        mission.completed_at = _instant(completed, start)
        mission.claimed_at = _instant(claimed, start)
        mission.paid = None if paid is None else rewards_from_snapshot(paid)
        mission.started_at = _instant(started, start)
        mission.steps = [_instant(step, start) for step in steps or []]
        mission.competitive = bool(competitive)
        mission.reached_at = _instant(reached, start)
        mission.evidence = [_unpack_submission(submission) for submission in evidence or []]
        mission.limited = limited or []
    return mission


def _unpack_preferences(record: list[Any]) -> Preferences:
    categories, daily_minutes, blocked = _padded(record, 3)
    return Preferences(categories or [], daily_minutes, blocked or [])


def _pack_grant(grant: PendingGrant) -> list[Any]:
    kind = GRANT_KINDS.index(grant.kind) or None
    return _trimmed([grant.cause, grant.at, rewards_to_json(grant.rewards), kind, grant.note or None])


def _unpack_grant(record: list[Any]) -> PendingGrant:
    cause, at, rewards, kind, note = _padded(record, 5)
    return PendingGrant(cause, at, rewards_from_snapshot(rewards), GRANT_KINDS[kind or 0], note or "")


def _pack_flag(flag: Flag) -> list[Any]:
    return [flag.rule, flag.detail, flag.first_at, flag.last_at - flag.first_at, flag.count, int(flag.shadow) | int(flag.hold) << 1]


def _unpack_flag(record: list[Any]) -> Flag:
    rule, detail, first_at, last_at, count, bits = record
    return Flag(rule, detail, first_at, first_at + last_at, count, shadow=bool(bits & 1), hold=bool(bits & 2))


def _pack_submission(submission: Submission) -> list[Any]:
    reason = submission.reason or None
    return _trimmed([submission.number, submission.type, submission.status, submission.at, submission.paid or None, reason])


def _unpack_submission(record: list[Any]) -> Submission:
    number, type_, status, at, paid, reason = _padded(record, 6)
    return Submission(number, type_, status, at, paid or {}, reason or "")


def _pack_unproven(unproven: Unproven) -> list[Any]:
    return [unproven.template, unproven.version, rewards_to_json(unproven.rewards), _pack_submission(unproven.submission)]


def _unpack_unproven(record: list[Any]) -> Unproven:
    template, version, rewards, submission = record
    return Unproven(template, version, rewards_from_snapshot(rewards), _unpack_submission(submission))


def _pack_quest_end(end: QuestEnd) -> list[Any]:
    return _trimmed([end.runs, STATUSES.index(end.status), end.at, _offset(end.claimed_at, end.at), end.done or None])


def _unpack_quest_end(record: list[Any]) -> QuestEnd:
    runs, status, at, claimed, done = _padded(record, 5)
    return QuestEnd(runs, STATUSES[status], at, _instant(claimed, at), done or [])


def _pack_unlocked(held: Unlocked) -> list[Any]:
    versions = held.versions[0] if len(set(held.versions)) == 1 else held.versions or None
    return _trimmed([held.tiers, held.claimed, versions])


def _unpack_unlocked(record: list[Any]) -> Unlocked:
    tiers, claimed, versions = _padded(record, 3)
    if not isinstance(versions, list):  # one number for all that wait, even where none does any more
        versions = [versions or 0] * (len(tiers) - claimed)
    return Unlocked(tiers, claimed, versions)


def _unpack_streak(record: list[Any]) -> Streak:
    freezes, current, best, broken_at = _padded(record, 4)
    return Streak(freezes or 0, current or 0, best or 0, broken_at)


def _unpack_check_ins(record: list[Any]) -> CheckIns:
    streak, best, total, months = _padded(record, 4)
    return CheckIns(streak or 0, best or 0, total or 0, months or {})


def _offset(instant: int | None, start: int) -> int | None:
    return None if instant is None else instant - start


def _instant(offset: int | None, start: int) -> int | None:
    return None if offset is None else start + offset
