"""The outbox: domain events inside the state write that caused them (invariant 4), as bytes.

Raw deflate of JSON behind a format byte: `[player, account, at, [[type, members...], ...]]`. Events are arrays in the order of their
fields; types and fields are only ever added at the end, and an added field needs a default. Kept small: it shares the state's write unit.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from missions_core.domain.catalog import Rewards
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.events import (
    AchievementUnlocked,
    CheckInCompleted,
    Event,
    EvidenceDecided,
    EvidenceSubmitted,
    GrantPending,
    MissionCompleted,
    MissionStarted,
    PlayerErased,
    PlayerFlagged,
    PlayerJoined,
    QuestCompleted,
    QuestFailed,
    QuestStarted,
    QuestStepCompleted,
    RewardClaimed,
    ScoreChanged,
    StreakBroken,
)
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.domain.state import PlayerState

FORMAT = 1
TYPES: tuple[type[Event], ...] = (
    MissionStarted,
    MissionCompleted,
    RewardClaimed,
    CheckInCompleted,
    StreakBroken,
    GrantPending,
    QuestStarted,
    QuestStepCompleted,
    QuestCompleted,
    QuestFailed,
    AchievementUnlocked,
    ScoreChanged,
    PlayerJoined,
    EvidenceSubmitted,
    EvidenceDecided,
    PlayerFlagged,
    PlayerErased,
)
# What tells an event from others of its type.
SUBJECTS: dict[type[Event], str] = {
    MissionStarted: "{0.mission}",
    MissionCompleted: "{0.mission}",
    RewardClaimed: "{0.cause}",
    CheckInCompleted: "{0.label}",
    StreakBroken: "{0.kind} {0.broken_at}",
    QuestStarted: "{0.quest}",
    QuestStepCompleted: "{0.quest}:{0.step}",
    QuestCompleted: "{0.quest}",
    QuestFailed: "{0.quest}",
    ScoreChanged: "{0.board}:{0.label}:{0.score}:{0.reached_at}",
    PlayerJoined: "",
    EvidenceSubmitted: "{0.mission}:{0.number}",
    EvidenceDecided: "{0.mission}:{0.number}",
    PlayerFlagged: "{0.rule} {0.flagged_at}",
    PlayerErased: "{0.erased_at}",
}
# Text that most outboxes contain: zlib refers to it instead of spelling it out. Part of format 1, never edited.
DICTIONARY = b'"badges":["titles":["items":[{"id":""quantity":check_in:2026-"daily","weekly",mission:daily_"count",{"amounts":{"xp":'


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A domain event on its way out. `id` is derived from what caused it: however often it is delivered, it is the same."""

    id: str
    player: str
    account: str
    at: int
    event: Event

    @property
    def type(self) -> str:
        """The event's name, such as MissionCompleted."""
        return type(self.event).__name__


def encode(state: PlayerState, events: Sequence[Event]) -> bytes:
    """Events of one write as stored."""
    text = json.dumps(
        [state.player, state.account, state.updated_at, [_pack(event) for event in _last_scores(events)]],
        separators=(",", ":"),
        ensure_ascii=False,
    )
    packer = zlib.compressobj(level=6, wbits=-15, zdict=DICTIONARY)
    return bytes([FORMAT]) + packer.compress(text.encode()) + packer.flush()


def decode(stored: bytes) -> list[Outgoing]:
    """The events of one write, in the order in which they happened. ValueError: written by a newer release, or damaged."""
    if not stored or stored[0] != FORMAT:
        raise ValueError(f"unknown outbox format {stored[:1]!r}; this release reads format {FORMAT}")
    try:
        player, account, at, packed = json.loads(zlib.decompressobj(wbits=-15, zdict=DICTIONARY).decompress(stored[1:]))
        return [_outgoing(player, account, at, _unpack(*record)) for record in packed]
    except (zlib.error, ValueError, IndexError, TypeError) as error:
        raise ValueError(f"damaged outbox: {error}") from error


def event_id(player: str, account: str, event: Event) -> str:
    """What tells this event from every other: an account can cause one of its type and subject only once.

    Of an erasure it follows from the player instead. Its id leaves with the player's name, when nothing may lead to the account any more,
    and whoever has the accounts could find the one whose hash it is.
    """
    cause = player if isinstance(event, PlayerErased) else account
    return blake2b(f"{cause}\0{type(event).__name__}\0{_subject(event)}".encode(), digest_size=16).hexdigest()


def _last_scores(events: Sequence[Event]) -> list[Event]:
    """The events without scores that a later one of this write replaces."""
    last = {(event.board, event.label): event for event in events if isinstance(event, ScoreChanged)}
    return [event for event in events if not isinstance(event, ScoreChanged) or event is last[event.board, event.label]]


def _outgoing(player: str, account: str, at: int, event: Event) -> Outgoing:
    return Outgoing(event_id(player, account, event), player, account, at, event)


def _subject(event: Event) -> str:
    match event:
        case GrantPending():
            return event.cause if event.kind == "grant" else f"{event.cause} {event.kind}"
        case AchievementUnlocked():
            return f"{event.achievement}:{event.tier or ''}"
    return SUBJECTS[type(event)].format(event)


def _pack(event: Event) -> list[Any]:
    return [TYPES.index(type(event)), *(_plain(getattr(event, name)) for name in type(event).__match_args__)]


def _unpack(type_index: int, *members: Any) -> Event:
    kind = TYPES[type_index]
    named = dict(zip(kind.__match_args__, members, strict=False))
    if "rewards" in named:
        named["rewards"] = rewards_from_snapshot(named["rewards"])
    if "boards" in named:
        named["boards"] = tuple((key, label) for key, label in named["boards"])
    return kind(**named)


def _plain(member: object) -> object:
    if isinstance(member, Rewards):
        return rewards_to_json(member)
    return dict(member) if isinstance(member, Mapping) else member
