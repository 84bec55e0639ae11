"""Catalog folders as authors write them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from missions_core.authoring.loader import LoadedCatalog, load_catalog
from missions_core.errors import CatalogInvalid

RULES = "rules: {currencies: [xp, dgt], actions: {post.created: {}, tip.sent: {}}}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder from file texts; `rules` is a small valid one unless given."""

    def _write(rules: str = RULES, **files: str) -> Path:
        for name, text in {"rules": rules, **files}.items():
            (tmp_path / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
        return tmp_path

    return _write


@pytest.fixture
def load(write: Callable[..., Path]) -> Callable[..., LoadedCatalog]:
    """Load a folder from file texts."""
    return lambda **files: load_catalog(write(**files))


@pytest.fixture
def problems(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """What is wrong with a folder, without the folder's own path."""

    def _problems(**files: str) -> list[str]:
        folder = write(**files)
        with pytest.raises(CatalogInvalid) as caught:
            load_catalog(folder)
        return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]

    return _problems
