"""Files of JSON lines, plain or gzipped, read one line at a time."""

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, cast

from infra.errors import ToolError

GZIP = b"\x1f\x8b"


class Line(NamedTuple):
    """One line of a file, without its end."""

    number: int
    text: str


def read_lines(path: Path) -> Iterator[Line]:
    """The lines that are not blank. Bytes that are no UTF-8 arrive as replacement characters: whoever parses the line will refuse it."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                text = line.decode("utf-8", "replace").strip("\r\n\ufeff")
                if text and not text.isspace():
                    yield Line(number, text)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ToolError(f"{path} is a damaged gzip file: {error}") from error


def _opened(path: Path) -> BufferedReader:
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
    return cast(BufferedReader, gzip.open(path)) if is_gzip else path.open("rb")
