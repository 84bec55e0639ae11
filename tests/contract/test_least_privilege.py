"""Roles: each function may do what it does, on what it does it with, and nothing else. Read from the template as CloudFormation gets it."""

import re
from collections.abc import Iterator

import pytest

from infra.local.stack import ROOT
from tests.support.expansion import expanded, expanded_resources, functions
from tests.support.roles import actions, allowed, leading_keys, listed, logical_id, references, role_of, statements

Permission = tuple[str, str]  # an action, and the logical id of what it is done to

READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
DELETES = {"dynamodb:DeleteItem"}
STREAM_READS = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
# What using something through the code needs, by its type; rows of the table are another matter.
USE = {"AWS::SQS::Queue": {"sqs:SendMessage"}, "AWS::Events::EventBus": {"events:PutEvents"}, "AWS::S3::Bucket": {"s3:PutObject"}}
USE["AWS::DynamoDB::Table"] = set()
# What each function does with players' files; to other buckets they only add.
FILES = {
    "player_commands": {"s3:PutObject", "s3:GetObject", "s3:ListBucket"},  # takes uploads and keeps exports; shows both
    "admin_api": {"s3:GetObject", "s3:ListBucket"},  # with it S3 says that a file is missing, without it that it is forbidden
    "moderate_evidence": {"s3:GetObject", "s3:ListBucket", "s3:DeleteObject"},  # uploads that end after their players were removed
    "erase_players": {"s3:ListBucket", "s3:DeleteObject"},
}
# What Lambda itself does with the function's role.
CONSUME = {"AWS::SQS::Queue": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, "AWS::DynamoDB::Table": STREAM_READS}
FAIL_TO = {"AWS::SQS::Queue": {"sqs:SendMessage"}, "AWS::S3::Bucket": {"s3:PutObject", "s3:ListBucket"}}

BADGE_KEY = {"Ref": "BadgeKeyArn"}  # a parameter: the key belongs to whoever vouches for badges
VARIABLES = next(iter(expanded("AWS::Lambda::Function").values()))["Environment"]["Variables"]
SECRETS = {name.lower(): value for name, value in VARIABLES.items() if name.endswith("_SECRET_ARN")}  # parameters, too
OUTSIDE = [BADGE_KEY, *SECRETS.values()]

MOVES_MONEY = ("grant_rewards", "player_commands")  # pays; takes what is bought, in the transaction that saves what it buys

ROLES = sorted(expanded("AWS::IAM::Role"))
FUNCTIONS = sorted(functions().values())


def type_of(resource: str) -> str:
    kind: str = expanded_resources()[resource]["Type"]
    return kind


def on_rows(function: str) -> set[tuple[str, str]]:
    """Which action a function may take on rows under which partition key."""
    return {(action, key) for statement in allowed(function) for key in leading_keys(statement) for action in actions(statement)}


def on_resources(function: str) -> set[Permission]:
    """What a function may do to everything but the table's rows."""
    named = [statement for statement in allowed(function) if not actions(statement) <= READS | WRITES | DELETES]
    return {(action, resource) for each in named for action in actions(each) for resource in references(each["Resource"])}


def needed(function: str) -> Iterator[Permission]:
    """What a function's code, event sources, destinations and log ask for."""
    properties = expanded("AWS::Lambda::Function")[logical_id(function)]
    variables = properties["Environment"]["Variables"]
    used = re.findall(r"settings\.(\w+)", (ROOT / "functions" / function / "app.py").read_text())
    for name in used:
        resources = references(variables[name.upper()])
        yield from _each(USE if name != "player_files_bucket" else {"AWS::S3::Bucket": FILES[function]}, resources)
    for kind in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig"):
        for configured in expanded(kind).values():
            if configured["FunctionName"] == {"Ref": logical_id(function)}:
                yield from _each(CONSUME, references(configured.get("EventSourceArn")))
                yield from _each(FAIL_TO, references(configured.get("DestinationConfig")))
    for log in references(properties["LoggingConfig"]):
        yield from (("logs:CreateLogStream", log), ("logs:PutLogEvents", log))


def _each(permissions: dict[str, set[str]], resources: set[str]) -> Iterator[Permission]:
    yield from ((action, resource) for resource in resources for action in permissions[type_of(resource)])


def test_every_function_has_a_role_of_its_own() -> None:
    assert len({role_of(function) for function in FUNCTIONS}) == len(FUNCTIONS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_taken_by_whom_it_is_for(role: str) -> None:
    (trusted,) = expanded("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
    is_functions = role in {role_of(function) for function in FUNCTIONS}
    assert listed(trusted["Principal"]["Service"]) == ["lambda.amazonaws.com" if is_functions else "scheduler.amazonaws.com"]
    assert listed(trusted["Action"]) == ["sts:AssumeRole"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_policy_of_somebody_else(role: str) -> None:
    attached = expanded("AWS::IAM::Role")[role].get("ManagedPolicyArns", [])
    assert all(isinstance(policy, dict) and policy["Ref"] in expanded("AWS::IAM::ManagedPolicy") for policy in attached), "AWS's allow `*`"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_its_actions_and_resources(role: str) -> None:
    for statement in statements(role):
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}, "whatever is not listed would be allowed"
        assert not any("*" in action or action == "dynamodb:Scan" for action in actions(statement))
        for resource in listed(statement["Resource"]):
            assert references(resource) or resource in OUTSIDE or "${AWS::StackName}-receipts-" in resource["Fn::Sub"]
        if statement["Resource"] == {"Fn::GetAtt": ["Table", "Arn"]}:
            assert leading_keys(statement), "access to the table is always for some keys"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_it_needs_and_nothing_else(function: str) -> None:
    assert on_resources(function) == set(needed(function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_functions_with_the_tables_name_may_touch_its_rows(function: str) -> None:
    source = (ROOT / "functions" / function / "app.py").read_text()
    assert bool(on_rows(function)) == ("settings.table_name" in source)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_payments_and_purchases_write_ledger_and_wallets_and_nobody_rewrites_the_ledger(function: str) -> None:
    money = {(action, key) for action, key in on_rows(function) if action not in READS and key in {"LEDGER#*", "WALLET#*"}}
    may_pay = {("dynamodb:PutItem", "LEDGER#*"), ("dynamodb:UpdateItem", "WALLET#*")}
    assert money == (may_pay if function in MOVES_MONEY else set())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_rows_are_deleted_by_erasure_alone_and_never_those_of_accounts(function: str) -> None:
    deleted = {(action, key) for action, key in on_rows(function) if "Delete" in action or action == "dynamodb:BatchWriteItem"}
    may_delete = {("dynamodb:DeleteItem", "PLAYER#*"), ("dynamodb:DeleteItem", "SCORES#*")}
    assert deleted == (may_delete if function == "erase_players" else set())


def test_a_later_mistake_in_the_allowed_actions_still_cannot_rewrite_the_ledger() -> None:
    denied = {role: statement for role in ROLES for statement in statements(role) if statement["Effect"] == "Deny"}
    assert denied.keys() == {role_of(function) for function in MOVES_MONEY}
    for statement in denied.values():
        assert actions(statement) >= {"dynamodb:UpdateItem", "dynamodb:DeleteItem"}
        assert leading_keys(statement) == {"LEDGER#*"}


@pytest.mark.parametrize("function", ["player_queries", "health"])
def test_functions_that_only_show_cannot_write(function: str) -> None:
    assert {action for action, _ in on_rows(function)} <= READS


def test_only_badges_are_signed_and_only_where_there_is_a_key_for_them() -> None:
    signing = {role for role in ROLES for statement in statements(role) if any(action.startswith("kms:") for action in actions(statement))}
    assert signing == {role_of("player_queries")}
    (own,) = expanded("AWS::IAM::Role")["PlayerQueriesRole"]["Policies"]
    conditional = {each["Fn::If"][0]: each["Fn::If"][1] for each in own["PolicyDocument"]["Statement"] if "Fn::If" in each}
    assert conditional["HasBadgeKey"]["Resource"] == BADGE_KEY
    assert set(conditional["HasBadgeKey"]["Action"]) == {"kms:Sign", "kms:GetPublicKey"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_secret_is_read_by_the_function_that_signs_with_it_and_only_where_there_is_one(function: str) -> None:
    source = (ROOT / "functions" / function / "app.py").read_text()
    (own,) = expanded("AWS::IAM::Role")[role_of(function)]["Policies"]
    conditional = [statement["Fn::If"] for statement in own["PolicyDocument"]["Statement"] if "Fn::If" in statement]
    readable = [then["Resource"] for _, then, _ in conditional if "secretsmanager:GetSecretValue" in listed(then["Action"])]
    everything = [listed(each["Resource"]) for each in allowed(function) if "secretsmanager:GetSecretValue" in actions(each)]
    assert readable == [value for name, value in SECRETS.items() if f"settings.{name}" in source]
    assert [[each] for each in readable] == everything


def test_only_stages_other_than_production_may_send_receipts() -> None:
    (own,) = expanded("AWS::IAM::Role")["IngestActionsRole"]["Policies"]
    conditional = [statement["Fn::If"] for statement in own["PolicyDocument"]["Statement"] if "Fn::If" in statement]
    assert [(condition, then["Sid"]) for condition, then, _ in conditional] == [("IsNotProd", "SendReceipts")]
