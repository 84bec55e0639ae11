"""What commands accept besides plain text: spans of time, instants, files of lines."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PART = re.compile(r"(\d+)([smhd])")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class Span(click.ParamType[int]):
    """A length of time such as `24h`, `90m` or `1d12h`; in milliseconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value)
        if not re.fullmatch(rf"({PART.pattern})+", text):
            self.fail(f"{text!r} is not a length of time such as 24h, 90m or 1d12h", param, ctx)
        return 1000 * sum(int(amount) * SECONDS[unit] for amount, unit in PART.findall(text))


class Instant(click.ParamType[int]):
    """An ISO 8601 date or time, UTC unless it says otherwise; in epoch milliseconds."""

    name = "iso"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an ISO 8601 time such as 2026-11-21 or 2026-11-21T10:00:00Z", param, ctx)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
