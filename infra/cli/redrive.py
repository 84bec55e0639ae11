"""`missions redrive`: what was given up, back to where it came from."""

import json
from dataclasses import dataclass
from typing import Literal

import boto3
import click

from infra.cli.progress import progress_bar
from infra.errors import ToolError
from infra.local.stack import STACK_NAME, load_stack, local_session
from infra.redriving import redrive as move_back
from infra.redriving import waiting
from infra.republishing import kept, publisher, republish


@dataclass(frozen=True, slots=True)
class _Stack:
    """A deployment of template.yaml, and the way to it."""

    name: str
    session: boto3.Session
    endpoint_url: str | None

    def output(self, key: str) -> str:
        """One of the stack's outputs."""
        found = self.session.client("cloudformation", endpoint_url=self.endpoint_url).describe_stacks(StackName=self.name)["Stacks"][0]
        values = [output["OutputValue"] for output in found.get("Outputs", []) if output["OutputKey"] == key]
        if not values:
            raise ToolError(f"the stack {self.name} has no output {key!r}: is it a deployment of template.yaml?")
        return values[0]

    def resource(self, logical_id: str) -> str:
        """The name of one of the stack's resources."""
        cloudformation = self.session.client("cloudformation", endpoint_url=self.endpoint_url)
        found = cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return found["StackResourceDetail"]["PhysicalResourceId"]


@click.command()
@click.option(
    "--queue",
    type=click.Choice(
        ["actions", "rewards", "standings", "evidence", "notifications", "erasure", "integration-events", "webhook", "outbox"]
    ),
    default="actions",
    show_default=True,
    help="Whose dead letters.",
)
@click.option("--limit", type=click.IntRange(1), help="Move only so many.")
@click.option("--stack", "stack_name", metavar="NAME", help="A CloudFormation stack on AWS, instead of the local one.")
@click.option("--profile", help="The AWS profile to use with --stack.")
@click.option("--json", "as_json", is_flag=True, help='Print {"moved", "left"}.')
def redrive(
    queue: Literal["actions", "rewards", "standings", "evidence", "notifications", "erasure", "integration-events", "webhook", "outbox"],
    limit: int | None,
    stack_name: str | None,
    profile: str | None,
    *,
    as_json: bool,
) -> None:
    """Send dead letters back to the queue they came from, once the cause of their failure is gone.

    The outbox's are batches of the table's stream that could not be published: they are published now, record by record where a batch
    fails; what still cannot be stays kept.

    Always safe: an action that was applied, a grant that was paid, a score that was merged, a notification that was written, or a
    neighbour's event is a duplicate now and changes nothing; who gets the webhook drops what it has. Only how rare achievements are said to
    be may count one twice. A score comes too late for a leaderboard that has closed.
    """
    if profile and not stack_name:
        raise click.UsageError("--profile needs --stack: which stack's dead letters?")
    stack = _Stack(stack_name, boto3.Session(profile_name=profile), None) if stack_name else _local()
    moved, left, refused = _publish_again(stack, limit, quiet=as_json) if queue == "outbox" else _move(stack, queue, limit, quiet=as_json)
    for key, reason in refused.items():
        click.echo(f"{key}: {reason}", err=True)
    done = "batch(es) of the outbox published" if queue == "outbox" else f"moved back to the {queue} queue"
    click.echo(json.dumps({"moved": moved, "left": left}) if as_json else f"{moved} {done}, {left} left")
    if refused:
        raise click.exceptions.Exit(1)


def _local() -> _Stack:
    return _Stack(STACK_NAME, local_session(), load_stack().endpoint_url)


def _move(stack: _Stack, queue: str, limit: int | None, *, quiet: bool) -> tuple[int, int, dict[str, str]]:
    sqs = stack.session.client("sqs", endpoint_url=stack.endpoint_url)
    name = queue.title().replace("-", "")
    source, dead_letters = stack.output(f"{name}QueueUrl"), stack.output(f"{name}DeadLetterQueueUrl")
    with progress_bar("Moving", quiet=quiet, total=waiting(sqs, dead_letters)) as show:
        moved = move_back(sqs, dead_letters, source, limit=limit, on_progress=show)
    return moved, waiting(sqs, dead_letters), {}


def _publish_again(stack: _Stack, limit: int | None, *, quiet: bool) -> tuple[int, int, dict[str, str]]:
    s3 = stack.session.client("s3", endpoint_url=stack.endpoint_url)
    bucket = stack.resource("OutboxFailuresBucket")
    publish = publisher(stack.session.client("lambda", endpoint_url=stack.endpoint_url), stack.resource("PublishOutboxFunction"))
    with progress_bar("Publishing", quiet=quiet, total=limit) as show:
        done = republish(s3, bucket, publish, limit=limit, on_progress=show)
    return done.moved, len(kept(s3, bucket)), done.refused
