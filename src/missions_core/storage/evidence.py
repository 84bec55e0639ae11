"""Evidence: what players handed in, what was found about it and who decided; whose content it was first; the moderators' queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from missions_core.errors import Contention
from missions_core.storage import keys
from missions_core.storage.table import EvidenceRow, OwnerRow, bind, connect, find
from missions_core.storage.work import waiting

# Rules out that two submissions sent at once, with different contents, meet in one row.
IS_NEW = EvidenceRow.pk.does_not_exist()
# Rules out a second opinion: the first decision stands.
IS_UNDECIDED = EvidenceRow.pk.exists() & EvidenceRow.decision.does_not_exist()
# Rules out bringing back what was erased meanwhile.
EXISTS = EvidenceRow.pk.exists()
# Rules out taking content from whoever handed it in first.
IS_UNOWNED = OwnerRow.pk.does_not_exist()

REFUSED = "ConditionalCheckFailedException"
TRIES = 5
REPEATED_MS = 60_000


@dataclass(frozen=True, slots=True)
class Decision:
    """Who approved or rejected evidence, when, and why: for the player where it was rejected."""

    status: str  # approved | rejected
    by: str  # a moderator's id | checks | endpoint
    at: int
    reason: str

    @property
    def is_automatic(self) -> bool:
        """Whether no moderator made it."""
        return self.by in ("checks", "endpoint")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a player handed in. `content` is JSON, of an upload what the file was said to be."""

    player: str
    mission: str
    number: int
    template: str
    version: int
    type: str
    content: Mapping[str, Any]
    request: str  # which request handed it in
    submitted_at: int
    began_at: int  # since when the player can have worked on it
    checks: Sequence[Mapping[str, Any]] = ()  # {check, problem}
    verdict: Mapping[str, Any] | None = None  # of the endpoint: {verdict, reason}
    etag: str | None = None  # of the upload that was checked
    sha256: str | None = None
    decision: Decision | None = None
    waits: bool = False  # in the moderators' queue
    key: keys.Key = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", keys.evidence(self.player, self.mission, self.number))


class EvidenceStore:
    """The evidence of one table."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)
        self._rows = bind(EvidenceRow, table_name)
        self._owners = bind(OwnerRow, table_name)

    def add(self, evidence: Evidence) -> Evidence:
        """Keep new evidence under its mission's next number, the same request's under the one it has. Contention: too many at once."""
        for _ in range(TRIES):
            latest = self._latest(evidence.player, evidence.mission)
            if latest is not None and _is_same(latest, evidence):
                return latest
            numbered = replace(evidence, number=latest.number + 1 if latest else 1)
            try:
                self._row(numbered).save(IS_NEW)
            except PutError as error:
                _unless_refused(error)
                continue
            return numbered
        raise Contention("contention", "evidence for this mission is being handed in by many at once; send the same request again")

    def load(self, player: str, mission: str, number: int) -> Evidence | None:
        """Evidence, strongly read."""
        row = find(self._rows, keys.evidence(player, mission, number))
        return None if row is None else _evidence(row)

    def record(self, evidence: Evidence, *, waits: bool, now: int) -> bool:
        """Keep what was found, and where it waits put it into the moderators' queue; False: it was decided meanwhile."""
        actions = [
            EvidenceRow.checks.set([dict(check) for check in evidence.checks]),
            *([EvidenceRow.verdict.set(dict(evidence.verdict))] if evidence.verdict else []),
            *([EvidenceRow.etag.set(evidence.etag)] if evidence.etag else []),
            *([EvidenceRow.sha256.set(evidence.sha256)] if evidence.sha256 else []),
            *([EvidenceRow.work_queue.set(keys.REVIEW), EvidenceRow.work_at.set(now)] if waits else []),
        ]
        return self._update(evidence.key, actions, IS_UNDECIDED)

    def decide(self, evidence: Evidence, decision: Decision) -> Decision:
        """Decide, unless somebody did before; the decision that stands."""
        told = {"status": decision.status, "by": decision.by, "at": decision.at, "reason": decision.reason}
        if self._update(evidence.key, [EvidenceRow.decision.set(told)], IS_UNDECIDED):
            return decision
        stands = self.load(evidence.player, evidence.mission, evidence.number)
        return decision if stands is None or stands.decision is None else stands.decision

    def finish(self, evidence: Evidence) -> None:
        """Take decided evidence out of the queue, once the player's state knows."""
        self._update(evidence.key, [EvidenceRow.work_queue.remove(), EvidenceRow.work_at.remove()], EXISTS)

    def claim(self, fingerprint: str, account: str, mission: str) -> bool:
        """Make content this mission's own; False: it is another's. For the same mission it may come again."""
        row = self._owners(*keys.owner(fingerprint), account=account, mission=mission)
        try:
            row.save(IS_UNOWNED)
        except PutError as error:
            _unless_refused(error)
            held = find(self._owners, keys.owner(fingerprint))
            return held is not None and (held.account, held.mission) == (account, mission)
        return True

    def waiting(self, *, limit: int, cursor: str | None) -> tuple[list[Evidence], str | None]:
        """Evidence that waits for a moderator, the longest first, and the cursor of the next page. Eventually consistent."""
        found, next_cursor = waiting(self._connection, keys.REVIEW, limit=limit, cursor=cursor)
        rows = {row.key: _evidence(row) for row in self._rows.batch_get(found)}
        return [rows[key] for key in found if key in rows and rows[key].waits], next_cursor

    def _latest(self, player: str, mission: str) -> Evidence | None:
        newest = self._rows.query(
            keys.player(player),
            EvidenceRow.sk.startswith(keys.evidence_of_mission(mission)),
            scan_index_forward=False,
            limit=1,
            consistent_read=True,
        )
        return next(map(_evidence, newest), None)

    def _update(self, key: keys.Key, actions: Sequence[Action], condition: Condition) -> bool:
        try:
            self._connection.update_item(*key, actions=actions, condition=condition)
        except UpdateError as error:
            _unless_refused(error)
            return False
        return True

    def _row(self, evidence: Evidence) -> EvidenceRow:
        return self._rows(
            *evidence.key,
            template=evidence.template,
            version=evidence.version,
            type=evidence.type,
            content=dict(evidence.content),
            request=evidence.request,
            submitted_at=evidence.submitted_at,
            began_at=evidence.began_at,
        )


def _evidence(row: EvidenceRow) -> Evidence:
    player, mission, number = keys.evidence_of(row.key)
    return Evidence(
        player=player,
        mission=mission,
        number=number,
        template=row.template,
        version=row.version,
        type=row.type,
        content=row.content,
        request=row.request,
        submitted_at=row.submitted_at,
        began_at=row.began_at,
        checks=row.checks or (),
        verdict=row.verdict,
        etag=row.etag,
        sha256=row.sha256,
        decision=None if row.decision is None else Decision(**row.decision),
        waits=row.work_queue is not None,
    )


def _is_same(latest: Evidence, evidence: Evidence) -> bool:
    """Whether the same request kept it just now, and then did not get as far as the state."""
    is_fresh = evidence.submitted_at - latest.submitted_at < REPEATED_MS
    return is_fresh and latest.request == evidence.request and latest.decision is None


def _unless_refused(error: PutError | UpdateError) -> None:
    if error.cause_response_code != REFUSED:
        raise error
