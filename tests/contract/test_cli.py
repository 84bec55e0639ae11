"""The command line: its documentation, its help, and how it fails."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from infra.cli import COMMANDS, main
from infra.cli.reference import PAGE, rendered


def paths(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that call it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from paths(child, (*path, name))


def test_the_reference_is_what_the_commands_say() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == rendered(page), "run: .venv/bin/python -m infra.cli.reference"


@pytest.mark.parametrize("path", list(paths()), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*path, "--help"])

    assert done.exit_code == 0
    assert "Usage: " in done.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_a_command_does(name: str) -> None:
    assert COMMANDS[name][1] in " ".join(CliRunner().invoke(main, ["--help"]).output.split())


@pytest.mark.parametrize("arguments", [["nonsense"], ["send"], ["send", "nowhere.jsonl"], ["redrive", "--profile", "p"]])
def test_wrong_usage_has_its_own_exit_code(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2
