"""template.yaml as CloudFormation gets it: SAM's shorthand expanded."""

from functools import cache
from pathlib import Path
from typing import Any

from infra.local.deploy import LOCAL_PARAMETERS, read_template, translate
from infra.local.stack import ROOT

Resource = dict[str, Any]


@cache
def expanded_resources() -> dict[str, Resource]:
    """Logical id → resource."""
    resources: dict[str, Resource] = translate(read_template(ROOT), ROOT, LOCAL_PARAMETERS, lambda _: "s3://bucket/key")["Resources"]
    return resources


@cache
def functions() -> dict[str, str]:
    """Logical id → folder of every function."""
    declared = read_template(ROOT)["Resources"].items()
    return {name: Path(item["Properties"]["CodeUri"]).name for name, item in declared if item["Type"] == "AWS::Serverless::Function"}


def expanded(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties of every resource of one type."""
    return {name: resource.get("Properties", {}) for name, resource in expanded_resources().items() if resource["Type"] == kind}
