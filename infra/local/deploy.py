"""Deploying template.yaml to the emulator: translated here, its routes expanded, its code packaged as the emulator runs it."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from infra.errors import ToolError
from infra.local.packaging import core_marker, zip_directory
from infra.local.roles import name_batch_sends
from infra.local.routes import declared_routes, expand_http_apis
from infra.local.stack import STACK_NAME, local_session

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

ARTIFACTS_BUCKET = "missions-local-artifacts"
DIGEST_TAG = "template-digest"
POLL_SECONDS = 0.2
DEPLOY_SECONDS = 180
HANDLER = "app.handler"
LOCAL_PARAMETERS = {"Stage": "local", "CorsAllowedOrigins": "*", "ErasureDelaySeconds": "0"}

Template = dict[str, Any]  # CloudFormation, as parsed YAML
Upload = Callable[[bytes], str]  # stores a zip and returns its s3:// address


def deploy(root: Path, endpoint_url: str, parameters: dict[str, str] | None = None) -> dict[str, str]:
    """Create or update the stack from `root`/template.yaml; return its outputs, with `ApiUrl` as the emulator serves it."""
    session = local_session()
    s3 = session.client("s3", endpoint_url=endpoint_url)
    cloudformation = session.client("cloudformation", endpoint_url=endpoint_url)
    s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    values = LOCAL_PARAMETERS | (parameters or {})
    template = translate(read_template(root), root, values, lambda content: _upload(s3, content))
    _create_or_update(cloudformation, s3, json.dumps(template), values)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in _describe(cloudformation).get("Outputs", [])}
    _enable_expiry(session.client("dynamodb", endpoint_url=endpoint_url), outputs["TableName"])
    api_id = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
    return outputs | {"ApiUrl": f"{endpoint_url}/_aws/execute-api/{api_id}/$default"}


def read_template(root: Path) -> Template:
    """The SAM template of the project at `root`."""
    template: Template = yaml_parse((root / "template.yaml").read_text())
    return template


def translate(template: Template, root: Path, parameters: dict[str, str], upload: Upload) -> Template:
    """A SAM template as plain CloudFormation the emulator understands, its code uploaded."""
    routes = declared_routes(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = upload(zip_directory(root / resource["Properties"]["CodeUri"]))
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = upload(core_marker(root / "src"))
    translator = Translator({}, Parser(), boto_session=local_session())
    translated: Template = translator.translate(template, dict(parameters))
    translator.metrics.publish()  # to nowhere; left out, it warns at exit
    name_batch_sends(translated["Resources"])
    expanded = expand_http_apis(translated)
    if expanded != routes:
        raise ToolError(f"template.yaml declares {routes} routes, its translation has {expanded}")
    return translated


def function_names(cloudformation: "CloudFormationClient") -> dict[str, str]:
    """Logical id → name of every function of the deployed stack."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    resources = (resource for page in pages for resource in page["StackResourceSummaries"])
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def restart_functions(endpoint_url: str) -> None:
    """Let every function start anew: a warm one looks for a newer catalog only every 30 seconds."""
    session = local_session()
    lambda_ = session.client("lambda", endpoint_url=endpoint_url)
    for name in function_names(session.client("cloudformation", endpoint_url=endpoint_url)).values():
        lambda_.update_function_configuration(FunctionName=name, Handler=HANDLER)  # unchanged, yet it ends the workers


def _upload(s3: "S3Client", content: bytes, suffix: str = "zip") -> str:
    key = f"{hashlib.blake2b(content, digest_size=16).hexdigest()}.{suffix}"  # same content, same key: an update sees no change
    s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=key, Body=content)
    return f"s3://{ARTIFACTS_BUCKET}/{key}"


def _create_or_update(cloudformation: "CloudFormationClient", s3: "S3Client", body: str, parameters: dict[str, str]) -> None:
    digest = hashlib.blake2b(f"{body}{parameters}".encode(), digest_size=16).hexdigest()
    current = _find(cloudformation)
    if current and _is_settled(current) and {"Key": DIGEST_TAG, "Value": digest} in current.get("Tags", []):
        return  # CloudFormation refuses an update that changes nothing
    (cloudformation.update_stack if current else cloudformation.create_stack)(
        StackName=STACK_NAME,
        TemplateURL=f"{s3.meta.endpoint_url}/{_upload(s3, body.encode(), 'json').removeprefix('s3://')}",  # too large to send inline
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": DIGEST_TAG, "Value": digest}],
    )
    _wait_until_settled(cloudformation)


def _enable_expiry(dynamodb: "DynamoDBClient", table: str) -> None:
    """The emulator's CloudFormation leaves out the table's TimeToLiveSpecification."""
    if dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"].get("TimeToLiveStatus") == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True})


def _find(cloudformation: "CloudFormationClient") -> "StackTypeDef | None":
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    return next((stack for page in pages for stack in page["Stacks"] if stack["StackName"] == STACK_NAME), None)


def _describe(cloudformation: "CloudFormationClient") -> "StackTypeDef":
    return cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]


def _is_settled(stack: "StackTypeDef") -> bool:
    return stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def _wait_until_settled(cloudformation: "CloudFormationClient") -> None:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while (stack := _describe(cloudformation))["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise ToolError(f"the stack did not deploy within {DEPLOY_SECONDS} s")
        time.sleep(POLL_SECONDS)
    if not _is_settled(stack):
        raise ToolError(f"the stack did not deploy: {_first_failure(cloudformation)}")


def _first_failure(cloudformation: "CloudFormationClient") -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]  # newest first; the oldest is the cause
    return f"{failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason')}" if failed else "no reason given"
