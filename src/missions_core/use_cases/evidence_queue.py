"""The evidence queue's messages: evidence to be checked, from the outbox, and uploads that arrived, from S3 by way of EventBridge."""

import json
from dataclasses import dataclass

from missions_core.domain.events import EvidenceSubmitted
from missions_core.errors import InvalidInput
from missions_core.files import evidence_of

S3 = "aws.s3"


@dataclass(frozen=True, slots=True)
class Case:
    """Which evidence a message is about; `has_arrived`: its upload did just now, else it is to be checked."""

    player: str
    mission: str
    number: int
    has_arrived: bool


def evidence_body(player: str, submitted: EvidenceSubmitted) -> str:
    """The message for evidence that can be checked."""
    return json.dumps({"player": player, "mission": submitted.mission, "number": submitted.number})


def read_case(body: str) -> Case:
    """What a message asks for. InvalidInput `malformed_evidence`."""
    try:
        raw = json.loads(body)
        if raw.get("source") == S3:
            return Case(*evidence_of(raw["detail"]["object"]["key"]), has_arrived=True)
        case = Case(raw["player"], raw["mission"], raw["number"], has_arrived=False)
        if [type(member) for member in (case.player, case.mission, case.number)] != [str, str, int]:
            raise ValueError("player and mission are strings, number is an integer")
    except (ValueError, KeyError, TypeError, AttributeError, InvalidInput, RecursionError) as error:
        raise InvalidInput("malformed_evidence", f"not an evidence message: {error!r}") from None
    return case
