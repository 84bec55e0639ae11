"""Conformance: what the product relies on from AWS, asked of whatever stands in for it; no code of ours in between."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.inprocess import create_table, running

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TABLE = "missions"


@pytest.fixture(autouse=True)
def services(socket_disabled: None) -> Iterator[None]:
    """Empty services in this process."""
    with running():
        yield


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    """A client of a DynamoDB that has the product's table."""
    create_table(TABLE)
    return boto3.client("dynamodb")


def refused(call: Callable[..., Any], **members: Any) -> dict[str, Any]:
    """The error answer to a call, which must be one."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    answer: Any = caught.value.response
    return {"Code": answer["Error"]["Code"]} | answer
