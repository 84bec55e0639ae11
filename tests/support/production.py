"""template.yaml as production gets it, every condition decided: what `make lint-security` has checked."""

import json
import sys
from typing import Any

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from tests.support.expansion import expanded_resources

CHOSEN = {
    "Stage": "prod",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:000000000000:alarms",
    "WebhookUrl": "https://example.com/events",
    "WebhookSecretArn": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:webhook",
}


def decided(value: Any, conditions: dict[str, bool]) -> Any:
    """A value without `Fn::If`; without what `AWS::NoValue` leaves out."""
    match value:
        case {"Fn::If": [condition, then, otherwise]}:
            return decided(then if conditions[condition] else otherwise, conditions)
        case dict():
            members = {name: decided(member, conditions) for name, member in value.items()}
            return {name: member for name, member in members.items() if member != {"Ref": "AWS::NoValue"}}
        case list():
            return [member for each in value if (member := decided(each, conditions)) != {"Ref": "AWS::NoValue"}]
        case _:
            return value


def holds(condition: Any, parameters: dict[str, Any]) -> bool:
    """Whether a condition of the kinds the template uses holds."""
    match condition:
        case {"Fn::Equals": [{"Ref": parameter}, value]}:
            return bool(parameters[parameter] == value)
        case {"Fn::Not": [inner]}:
            return not holds(inner, parameters)
    raise ValueError(f"a new kind of condition: {condition}")


def production() -> dict[str, Any]:
    """The template, of resources only."""
    template = read_template(ROOT)
    parameters = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()} | CHOSEN
    conditions = {name: holds(condition, parameters) for name, condition in template["Conditions"].items()}
    there = {name: each for name, each in expanded_resources().items() if conditions.get(each.get("Condition", ""), True)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": decided(there, conditions)}


if __name__ == "__main__":
    json.dump(production(), sys.stdout)
