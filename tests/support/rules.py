"""The template's rules on the in-process bus: what an event must look like to reach a queue is the template's word."""

import json

import boto3

from tests.support.expansion import expanded
from tests.support.world import World


def set_rule(world: World, logical_id: str, queue: str) -> None:
    """Let the bus do for one queue what the template says."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    arn = sqs.get_queue_attributes(QueueUrl=world.environment[queue], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    where = {"EventBusName": world.environment["EVENT_BUS_NAME"]}
    events.put_rule(Name=logical_id, EventPattern=json.dumps(expanded("AWS::Events::Rule")[logical_id]["EventPattern"]), **where)
    events.put_targets(Rule=logical_id, Targets=[{"Id": "queue", "Arn": arn}], **where)
