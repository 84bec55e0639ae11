"""`missions token`: sign in to the local stack."""

import json

import click

from infra.local.stack import load_stack
from infra.local.tokens import ROLES, Role, issue_token


@click.command()
@click.argument("player")
@click.option("--role", type=click.Choice(ROLES), help="Give the user this role too; it keeps it.")
@click.option("--json", "as_json", is_flag=True, help='Print {"token", "player"}.')
def token(player: str, role: Role | None, *, as_json: bool) -> None:
    """Print an access token for PLAYER, a name in the local user pool; a new one is created.

    The player's id everywhere else is the token's `sub`.
    """
    issued = issue_token(load_stack(), player, role)
    click.echo(json.dumps(issued._asdict()) if as_json else issued.token)
