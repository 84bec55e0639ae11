"""Zips of what `sam build` left, one per function and one of the layer: equal contents make equal bytes, built anywhere at any time."""

import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can tell
MODE = 0o644 << 16


def bundle(built: Path, target: Path) -> None:
    """Zip every folder of `built` into `target`, which holds nothing else afterwards."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.zip"):
        old.unlink()
    for folder in sorted(path for path in built.iterdir() if path.is_dir()):
        with ZipFile(target / f"{folder.name}.zip", "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
                entry.external_attr = MODE
                archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED)


if __name__ == "__main__":
    bundle(*map(Path, sys.argv[1:]))
