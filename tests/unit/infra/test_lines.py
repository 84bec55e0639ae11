"""Reading files of lines."""

import gzip
from pathlib import Path

import pytest

from infra.errors import ToolError
from infra.lines import Line, read_lines

CONTENT = b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"b": "\xff"}'
LINES = [Line(1, '{"a": 1}'), Line(4, '{"b": "\ufffd"}')]


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_blank_lines_are_skipped_and_numbers_kept_whatever_the_files_name(tmp_path: Path, compress: type[bytes]) -> None:
    (tmp_path / "events").write_bytes(compress(CONTENT))

    assert list(read_lines(tmp_path / "events")) == LINES


def test_a_damaged_gzip_file_is_one_clear_error(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ToolError, match=r"cut\.gz is a damaged gzip file"):
        list(read_lines(tmp_path / "cut.gz"))
