"""The `missions` command; each sub-command is loaded when it is used, so that help answers at once."""

import importlib
from collections.abc import Mapping

import click

from infra.errors import ToolError
from missions_core.errors import MissionsError

# name: (module, what it does); the module has the command under the same name.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "local": ("infra.cli.local", "The whole system on this machine: start, stop, look."),
    "token": ("infra.cli.token", "An access token for a player of the local stack."),
    "clock": ("infra.cli.clock", "Move the local stack's clock, to see a night pass."),
    "catalog": ("infra.cli.catalog", "Check a folder of missions, and publish it."),
    "send": ("infra.cli.send", "Send a file of actions to the queue, and wait for what became of them."),
    "redrive": ("infra.cli.redrive", "Send dead letters back to where they came from."),
    "invoke": ("infra.cli.invoke", "Run one function on a sample event, in this process."),
    "replay": ("infra.cli.replay", "Replay recorded history in memory."),
    "player": ("infra.cli.player", "Look at a player's state."),
    "run": ("infra.cli.run", "Start everything, with demo players that act."),
    "demo": ("infra.cli.demo", "Show the whole loop, step by step."),
}


class LazyGroup(click.Group):
    """Finds its commands by name and turns expected errors into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        from botocore.exceptions import BotoCoreError, ClientError  # slow to import, and help does not come here

        try:
            return super().invoke(ctx)
        except (ToolError, MissionsError, BotoCoreError, ClientError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="missions")
def main() -> None:
    """Missions and rewards: run it, feed it, look inside. Exit codes: 0 done, 1 failed, 2 wrong usage."""
