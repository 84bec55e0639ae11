"""AWS emulated in a process of its own, whose CPU is not ours."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from infra.local import emulator


@contextmanager
def emulated_aws() -> Iterator[None]:
    """An empty AWS account, to which every client created meanwhile talks."""
    port = emulator.free_port()
    with tempfile.TemporaryDirectory() as folder:
        try:
            emulator.start(Path(folder), port, None)
            with patch.dict(os.environ, {"AWS_ENDPOINT_URL": emulator.endpoint_url(port)}):
                yield
        finally:
            emulator.stop(Path(folder))
