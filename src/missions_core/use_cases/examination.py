"""What is found about evidence: by our own checks, then by the host's moderation endpoint."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

from missions_core.domain.catalog import EvidenceRule
from missions_core.domain.evidence_checks import File, Finding, check_content, check_file, fingerprint
from missions_core.domain.uploads import UPLOAD
from missions_core.errors import MisconfiguredError, NotFound, Unreachable
from missions_core.files import PlayerFiles, evidence_key
from missions_core.observability import create_logger
from missions_core.outbound import Endpoint
from missions_core.storage.evidence import Evidence, EvidenceStore

logger = create_logger()

VERDICTS = ("approve", "reject", "review")
MAX_REASON = 300  # characters a player is shown
LINK_SECONDS = 900  # how long the endpoint may take to look at an upload


@dataclass(frozen=True, slots=True)
class Tools:
    """What evidence is examined with; without an endpoint nobody is asked."""

    store: EvidenceStore
    files: PlayerFiles
    endpoint: Endpoint | None


def examine(tools: Tools, held: Evidence, rule: EvidenceRule, account: str) -> Evidence:
    """The evidence with what the checks found. Only what holds up to the others makes its content its own."""
    file, etag, findings = None, None, []
    if held.type == UPLOAD:
        try:
            upload = tools.files.inspect(evidence_key(held.player, held.mission, held.number))
        except NotFound:
            findings = [Finding("upload", "The file is no longer there; upload it again.")]
        else:
            file = File(upload.size, upload.sha256, upload.beginning, held.content["content_type"], held.content.get("sha256"))
            etag, findings = upload.etag, check_file(rule, file)
    else:
        findings = check_content(rule, held.type, held.content, possible_ms=held.submitted_at - held.began_at)
    if not any(finding.problem for finding in findings):
        mark = fingerprint(held.type, held.content, file, account=account)
        is_own = mark is None or tools.store.claim(mark, account, held.mission)
        findings.append(Finding("unused", None if is_own else "This was handed in before."))
    return replace(held, checks=[asdict(finding) for finding in findings], etag=etag, sha256=file.sha256 if file else None)


def ask(tools: Tools, held: Evidence, now: int) -> dict[str, str] | None:
    """What the host's endpoint says; None: nothing that can be understood, so a moderator decides."""
    assert tools.endpoint is not None
    id_ = blake2b(json.dumps([held.player, held.mission, held.number]).encode(), digest_size=16).hexdigest()
    question: dict[str, Any] = {"id": id_, "mission": held.mission, "type": held.type, "content": dict(held.content)}
    if held.type == UPLOAD:
        question["url"] = tools.files.link(evidence_key(held.player, held.mission, held.number), seconds=LINK_SECONDS)
    try:
        answer = tools.endpoint.post(json.dumps(question), id=id_, now=now)
    except (Unreachable, MisconfiguredError) as error:
        logger.warning("moderation endpoint not asked", reason=error.code)
        return None
    return _verdict(answer.body) if answer.is_success else None


def _verdict(body: bytes) -> dict[str, str] | None:
    try:
        raw = json.loads(body)
        verdict, reason = raw["verdict"], raw.get("reason") or ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if verdict not in VERDICTS or not isinstance(reason, str):
        return None
    return {"verdict": verdict, "reason": reason[:MAX_REASON]}
