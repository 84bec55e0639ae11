"""Which table a command works on: the local stack's unless told otherwise."""

from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
import click

from infra.local.stack import LocalStack, load_stack, local_session


class Target(NamedTuple):
    """A table and the way to it; `stack` where it is the local stack's."""

    table: str
    endpoint_url: str | None
    profile: str | None
    stack: LocalStack | None = None

    @property
    def session(self) -> boto3.Session:
        """Credentials for it: made-up ones for an emulator."""
        return local_session() if self.endpoint_url else boto3.Session(profile_name=self.profile)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--table, --profile and --endpoint."""
    for option in (
        click.option("--endpoint", metavar="URL", help="An emulator at this address, instead of the local stack."),
        click.option("--profile", help="AWS with this profile's credentials, instead of the local stack."),
        click.option("--table", help="The table: the stack's output TableName.  [default: the local stack's]"),
    ):
        command = option(command)
    return command


def find_target(table: str | None, profile: str | None, endpoint: str | None) -> Target:
    """What the options mean; a table alone is on AWS, as the environment says."""
    if profile and endpoint:
        raise click.UsageError("--profile means AWS and --endpoint an emulator: give one of them")
    if table:
        return Target(table, endpoint, profile)
    if profile or endpoint:
        raise click.UsageError("name the table: --table NAME (the stack's output TableName)")
    stack = load_stack()
    return Target(stack.table, stack.endpoint_url, None, stack)
