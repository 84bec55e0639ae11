"""`missions clock`: time travel for the local stack."""

import re

import click

from infra.local.clock import set_clock
from infra.local.stack import load_stack

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PART = re.compile(r"(\d+)([smhd])")


class Offset(click.ParamType[int]):
    """`now`, or an advance such as `+1d`, `+36h`, `+1d12h`; in seconds."""

    name = "offset"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "now":
            return 0
        text = str(value)
        if not re.fullmatch(rf"\+({PART.pattern})+", text):
            self.fail(f"{text!r} is neither `now` nor an advance such as +1d, +36h or +1d12h", param, ctx)
        return sum(int(amount) * SECONDS[unit] for amount, unit in PART.findall(text))


@click.group()
def clock() -> None:
    """Move the local stack's clock, to see a night pass."""


@clock.command("set")
@click.argument("offset", type=Offset(), metavar="+SPAN|now")
def set_command(offset: int) -> None:
    """Put the stack's clock SPAN ahead of the real time (+1d, +36h, +1d12h), or back to `now`.

    SPAN is counted from the real time: for a second night, set +2d. A player's own time never runs backwards.
    """
    moved = set_clock(load_stack(), offset)
    click.echo(f"the stack's clock shows {moved:%Y-%m-%d %H:%M:%S} UTC")
