"""What the functions' roles allow, as the template says once it is expanded."""

import json
import re
from typing import Any

from tests.support.expansion import expanded, expanded_resources, functions

Statement = dict[str, Any]

RETRIES_BATCHES = "sqs:SendMessageBatch"  # infra.local.roles adds it for the emulator; on AWS it is no permission of its own


def listed(value: Any) -> list[Any]:
    """A policy's lists may be single values."""
    return value if isinstance(value, list) else [value]


def references(value: Any) -> set[str]:
    """Logical ids named anywhere in a value."""
    return set(re.findall(r"\w+", json.dumps(value))) & expanded_resources().keys()


def statements(role: str) -> list[Statement]:
    """Everything a role's policies say, on whatever stage."""
    properties = expanded("AWS::IAM::Role")[role]
    shared = [expanded("AWS::IAM::ManagedPolicy")[attached["Ref"]] for attached in properties.get("ManagedPolicyArns", [])]
    written = [statement for policy in [*properties["Policies"], *shared] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in written]


def actions(statement: Statement) -> set[str]:
    """What a statement is about."""
    return set(listed(statement["Action"])) - {RETRIES_BATCHES}


def leading_keys(statement: Statement) -> set[str]:
    """The patterns of partition keys a statement is limited to."""
    conditions: dict[str, dict[str, list[str]]] = statement.get("Condition", {})
    return {key for operator in conditions.values() for key in operator["dynamodb:LeadingKeys"]}


def logical_id(function: str) -> str:
    """What the template calls the function of a folder."""
    return next(name for name, folder in functions().items() if folder == function)


def role_of(function: str) -> str:
    """The logical id of a function's role."""
    role: str = expanded("AWS::Lambda::Function")[logical_id(function)]["Role"]["Fn::GetAtt"][0]
    return role


def allowed(function: str) -> list[Statement]:
    """What a function may do."""
    return [statement for statement in statements(role_of(function)) if statement["Effect"] == "Allow"]
