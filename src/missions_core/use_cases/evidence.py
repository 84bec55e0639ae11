"""Handing in evidence: its row is kept first, then the state takes it, in one write with the price of an upload."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from missions_core.domain import evidence
from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.state import Submission
from missions_core.domain.uploads import UPLOAD, UPLOAD_MS
from missions_core.errors import InvalidInput, NotFound
from missions_core.files import PlayerFiles, UploadForm, evidence_key
from missions_core.storage.evidence import Evidence
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class Proof:
    """What a player hands in: JSON of its type, of an upload what the file will be."""

    type: str
    content: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """What tells it from any other."""
        return blake2b(json.dumps([self.type, self.content], sort_keys=True).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Evidence as it was taken; for an upload, the form to send it with until `upload_until`."""

    mission: str
    submission: Submission
    upload: UploadForm | None = None

    @property
    def upload_until(self) -> int:
        """When the form expires."""
        return self.submission.at + UPLOAD_MS


def submit_evidence(stores: Stores, files: PlayerFiles, player: str, wanted: str, proof: Proof, *, request: str, now: int) -> Receipt:
    """Hand in evidence for a mission. Repeating the same `request` returns the first answer, with a form as long as one is of use.

    Errors: `domain.evidence.asked`; InvalidInput `content_type_not_taken`, `upload_too_large`; Conflict `insufficient_balance`.
    """

    def run(draft: Draft) -> Receipt:
        require_registered(draft)
        command = f"evidence:{wanted}:{proof.digest}"
        number = int(once(draft, request, command, lambda: str(_hand_in(stores, draft, wanted, proof, f"{request} {command}"))))
        submission = evidence.find_submission(draft.state, wanted, number) or _remembered(stores, player, wanted, number)
        return Receipt(wanted, submission, _form(files, player, wanted, submission, proof, now=draft.now))

    return change(stores, player, run, now=now)


def _remembered(stores: Stores, player: str, wanted: str, number: int) -> Submission:
    """Evidence that the state has forgotten with its mission: a repeated request may come after that settled."""
    held = stores.evidence.load(player, wanted, number)
    if held is None:
        raise NotFound("mission_not_found", f"no mission {wanted!r} on this player's boards")
    return Submission(number, held.type, held.decision.status if held.decision else "checking", held.submitted_at)


def _hand_in(stores: Stores, draft: Draft, wanted: str, proof: Proof, request: str) -> int:
    given = evidence.asked(draft.state, draft.catalog, wanted, proof.type, now=draft.now)
    if proof.type == UPLOAD:
        _check_promise(given.rule, proof.content)
    stores.ledger.require(draft.state.account, given.price)  # or whoever has nothing leaves a row with each request
    kept = stores.evidence.add(
        Evidence(
            player=draft.state.player,
            mission=wanted,
            number=0,
            template=given.template.key,
            version=given.template.version,
            type=proof.type,
            content=proof.content,
            request=blake2b(request.encode(), digest_size=16).hexdigest(),
            submitted_at=draft.now,
            began_at=given.began_at,
        )
    )
    draft.state.active_at = max(draft.state.active_at, draft.now)
    draft.write(evidence.submit(draft.state, given, proof.type, kept.number, now=draft.now))
    draft.buy(f"purchase:evidence:{wanted}:{kept.number}", given.price)
    return kept.number


def _check_promise(rule: EvidenceRule, content: Mapping[str, Any]) -> None:
    if content["content_type"] not in rule.content_types:
        raise InvalidInput("content_type_not_taken", f"this mission takes {', '.join(rule.content_types)}", field="content_type")
    if content["size"] > rule.max_bytes:
        raise InvalidInput("upload_too_large", f"this mission takes at most {rule.max_bytes} bytes", field="size")


def _form(files: PlayerFiles, player: str, wanted: str, submission: Submission, proof: Proof, *, now: int) -> UploadForm | None:
    seconds = (submission.at + UPLOAD_MS - now) // 1000
    if submission.status != "uploading" or seconds <= 0:
        return None
    key = evidence_key(player, wanted, submission.number)
    return files.upload_form(key, content_type=proof.content["content_type"], size=proof.content["size"], seconds=seconds)
