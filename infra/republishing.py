"""Publishing what the table's stream gave up on. Whatever is published twice counts once: receivers know events by id, grants by cause.

Lambda keeps each batch as an object `aws/lambda/{mapping}/{shard}/{date}/{time}-{random}`: JSON whose `payload` is the function's event.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client

KEPT = "aws/lambda/"

Records = list[dict[str, Any]]
Publish = Callable[[Records], str | None]  # why a batch was not published; None: it was


@dataclass(slots=True)
class Republished:
    """How many kept batches were published, and why others were not, or not wholly: by key."""

    moved: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def republish(s3: "S3Client", bucket: str, publish: Publish, *, limit: int | None, on_progress: Callable[[int], None]) -> Republished:
    """Publish up to `limit` kept batches, the oldest first. What cannot be published stays kept, and holds up nothing else."""
    done = Republished()
    for number, key in enumerate(kept(s3, bucket)[:limit], start=1):
        reason = _republish_one(s3, bucket, key, publish)
        if reason is None:
            done.moved += 1
        else:
            done.refused[key] = reason
        on_progress(number)
    return done


def kept(s3: "S3Client", bucket: str) -> list[str]:
    """The keys of all kept batches, the oldest first."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=KEPT)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return sorted(keys, key=lambda key: key.rpartition("/")[2])


def publisher(lambda_: "LambdaClient", function: str) -> Publish:
    """Publishing by the deployed publish_outbox."""

    def publish(records: Records) -> str | None:
        response = lambda_.invoke(FunctionName=function, Payload=json.dumps({"Records": records}).encode())
        answer = json.loads(response["Payload"].read())
        return f"{function} failed: {answer.get('errorMessage')}" if response.get("FunctionError") else refusal(answer)

    return publish


def refusal(answer: dict[str, Any]) -> str | None:
    """Why publish_outbox wants records delivered again, if it does."""
    if not answer["batchItemFailures"]:
        return None
    return f"record {answer['batchItemFailures'][0]['itemIdentifier']} is not taken; the function's log says why"


def _republish_one(s3: "S3Client", bucket: str, key: str, publish: Publish) -> str | None:
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        document = json.loads(content)
        records = json.loads(document["payload"])["Records"]
    except (KeyError, TypeError, ValueError):
        return "this is not what Lambda keeps of a failed batch"
    left, reason = _unpublished(records, publish)
    if reason is None:
        s3.delete_object(Bucket=bucket, Key=key)
    elif len(left) < len(records):
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({**document, "payload": json.dumps({"Records": left})}).encode())
    return reason


def _unpublished(records: Records, publish: Publish) -> tuple[Records, str | None]:
    """What cannot be published, and why. Where a batch fails each record goes alone, so that a poison one is the only one left."""
    reason = publish(records)
    if reason is None:
        return [], None
    if len(records) == 1:
        return records, reason
    refused = [(record, told) for record in records if (told := publish([record])) is not None]
    return [record for record, _ in refused], next((told for _, told in refused), None)
