"""POST /v1/me/missions/{mission_id}/evidence: hand in what a mission asks for as a proof, or begin to upload it."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from missions_core import clock
from missions_core.http.evidence_requests import EvidenceRequest
from missions_core.http.representations.evidence import EvidenceReceipt
from missions_core.http.routes.player_commands import logger, routes
from missions_core.http.views.evidence import receipt_view
from missions_core.use_cases.evidence import Proof, submit_evidence


@routes.post("/v1/me/missions/<mission_id>/evidence", summary="Hand in evidence for a mission, or begin to upload it", tags=["evidence"])
def post_evidence(mission_id: str, given: Annotated[EvidenceRequest, Body()]) -> EvidenceReceipt:
    logger.append_keys(mission=mission_id, type=given.type)
    proof = Proof(given.type, given.model_dump(exclude={"type"}, exclude_none=True))
    receipt = submit_evidence(
        routes.stores, routes.files, routes.caller.player, mission_id, proof, request=routes.request_id, now=clock.now()
    )
    return receipt_view(receipt)
