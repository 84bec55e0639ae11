"""Integration events in, and the page that documents both directions: models, examples, the template's rule and the page agree."""

import json
import re

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from missions_core.contracts.incoming import INCOMING_MODELS, IncomingEvent, parse_event
from missions_core.contracts.integration import CloudEvent
from missions_core.contracts.reference import INCOMING_EXAMPLES, PAGE, rendered
from missions_core.use_cases.integration import SOURCE

EXAMPLES = {path.stem: json.loads(path.read_text()) for path in INCOMING_EXAMPLES.glob("*.json")}
RULES = {name: rule["Properties"] for name, rule in read_template(ROOT)["Resources"].items() if rule["Type"] == "AWS::Events::Rule"}


def test_every_event_that_is_read_has_an_example() -> None:
    assert EXAMPLES.keys() == INCOMING_MODELS.keys()


@pytest.mark.parametrize("type_", sorted(EXAMPLES))
def test_an_example_is_read(type_: str) -> None:
    members = EXAMPLES[type_]["data"].keys()
    read = parse_event(json.dumps({"detail-type": type_, "detail": EXAMPLES[type_]}))
    assert type(read).__name__ == type_
    assert members <= INCOMING_MODELS[type_].model_fields.keys()


def test_the_rule_lets_in_what_is_read_and_nothing_of_ours() -> None:
    pattern = RULES["IntegrationEventsRule"]["EventPattern"]
    assert pattern["source"] == [{"anything-but": [SOURCE]}]
    assert sorted(pattern["detail-type"]) == sorted(INCOMING_MODELS)


def test_the_webhook_is_told_everything_of_ours_and_nothing_else() -> None:
    assert RULES["WebhookRule"]["EventPattern"] == {"source": [SOURCE]}


def test_the_page_is_what_the_contracts_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered(page), "run: .venv/bin/python -m missions_core.contracts.reference"


@pytest.mark.parametrize("envelope", [CloudEvent, IncomingEvent])
def test_an_envelope_is_a_cloud_event(envelope: type[CloudEvent] | type[IncomingEvent]) -> None:
    """Required attributes, and names as version 1.0 of the specification spells them."""
    assert {"specversion", "id", "source", "type"} <= set(envelope.model_json_schema()["required"])
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in envelope.model_fields)
