"""The reference in docs/cli.md, written from the commands' own help: `python -m infra.cli.reference`."""

from collections.abc import Iterator

import click

from infra.cli import main
from infra.local.stack import ROOT

PAGE = ROOT / "docs" / "cli.md"
MARK = "<!-- From here on written by `python -m infra.cli.reference`. -->\n"
WIDTH = 110


def rendered(page: str) -> str:
    """The page with its reference as it must be now; what is written above the mark stays."""
    return page.partition(MARK)[0] + MARK + "".join(_sections(main, None, "missions"))


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, parent, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH, **command.context_settings)
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None, "a listed command exists"
            yield from _sections(found, context, child)


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
