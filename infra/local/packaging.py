"""What the emulator is given to run: one small zip per function and a marker in place of the dependency layer."""

import hashlib
import io
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # one timestamp for every file, so that equal contents make equal zips


def zip_directory(directory: Path) -> bytes:
    """A reproducible zip of the files below `directory`, without caches."""
    files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in _source_files(directory)}
    return _zip(files)


def core_marker(source: Path) -> bytes:
    """A layer that names the version of `source` instead of carrying it.

    The emulator's workers run in this virtual environment, which has the dependencies and `missions_core`. They import it once: only a
    new layer version makes them start again, so it changes when a source file does.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in _source_files(source):
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())
    return _zip({"missions_core.version": digest.hexdigest().encode()})


def _source_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return buffer.getvalue()
