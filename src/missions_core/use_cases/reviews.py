"""Moderators' work: evidence that waits, what is known about it, and their decision. The first one stands."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from missions_core.domain.uploads import UPLOAD
from missions_core.errors import Conflict, NotFound
from missions_core.files import PlayerFiles, evidence_key
from missions_core.storage.evidence import Decision, Evidence
from missions_core.use_cases.decisions import carry_out
from missions_core.use_cases.operators import require_impartial
from missions_core.use_cases.stores import Stores

LINK_SECONDS = 900
LONGEST_ID = 1024  # characters: what is longer fits no key


@dataclass(frozen=True, slots=True)
class Review:
    """Evidence as a moderator sees it: `url` shows an upload, `is_changed` says that it is not the file that was checked."""

    id: str
    evidence: Evidence
    url: str | None = None
    is_changed: bool = False


def waiting(stores: Stores, *, limit: int, cursor: str | None) -> tuple[list[Review], str | None]:
    """What waits for a moderator, the longest first."""
    found, next_cursor = stores.evidence.waiting(limit=limit, cursor=cursor)
    return [Review(review_id(evidence), evidence) for evidence in found], next_cursor


def show(stores: Stores, files: PlayerFiles, id_: str) -> Review:
    """One of them, or one that was decided. NotFound `review_not_found`."""
    held = _find(stores, id_)
    if held.type != UPLOAD:
        return Review(id_, held)
    key = evidence_key(held.player, held.mission, held.number)
    return Review(id_, held, url=files.link(key, seconds=LINK_SECONDS), is_changed=files.etag(key) != held.etag)


def decide(stores: Stores, files: PlayerFiles, id_: str, *, approve: bool, by: str, reason: str, now: int) -> Review:
    """Approve or reject evidence. The same decision again finishes what a crash left undone.

    NotFound `review_not_found`; NotPermitted `own_case`; Conflict `already_decided` otherwise, naming who and when, or
    `evidence_changed`; Gone `player_erased`.
    """
    review = show(stores, files, id_)
    require_impartial(by, review.evidence.player)
    wanted = Decision("approved" if approve else "rejected", by, now, reason)
    if approve and review.is_changed and review.evidence.decision is None:
        raise Conflict("evidence_changed", "the file is not the one that was checked; reject it")
    stands = review.evidence.decision or stores.evidence.decide(review.evidence, wanted)
    if stands.status != wanted.status:
        raise Conflict(
            "already_decided", "somebody decided about this before", decision=stands.status, decided_by=stands.by, decided_at=stands.at
        )
    carry_out(stores, review.evidence, stands, now=now)
    return show(stores, files, id_)


def review_id(evidence: Evidence) -> str:
    """What a piece of evidence is called among moderators."""
    return _id_of(evidence.player, evidence.mission, evidence.number)


def _id_of(player: str, mission: str, number: int) -> str:
    text = json.dumps([player, mission, number], separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _find(stores: Stores, id_: str) -> Evidence:
    """What waits, or waited, for a moderator. What is still being checked does not yet."""
    named = _named_by(id_)
    held = stores.evidence.load(*named) if named else None
    if held is None or not (held.waits or held.decision):
        raise NotFound("review_not_found", "no evidence of this id waits for review")
    return held


def _named_by(id_: str) -> tuple[str, str, int] | None:
    """What an id names; None: it is none that `review_id` makes."""
    if len(id_) > LONGEST_ID:
        return None
    try:
        player, mission, number = json.loads(urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)))
        is_ours = [type(each) for each in (player, mission, number)] == [str, str, int] and _id_of(player, mission, number) == id_
    except (ValueError, TypeError, RecursionError):
        return None
    return (player, mission, number) if is_ours else None
