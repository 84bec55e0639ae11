"""Mutation score (`make mutation`): mutmut changes the modules named in pyproject.toml one line at a time; the tests must notice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "mutants"
ENOUGH = 0.9
WORKERS = "2"
SURVIVED, UNTESTED, UNCHECKED = 0, 33, None  # mutmut's exit codes; every other one is a test that failed, crashed or ran out of time


def main() -> int:
    """Run, print the table, and tell whether every module's tests are good enough."""
    subprocess.run([sys.executable, "-m", "mutmut", "run", "--max-children", WORKERS], cwd=ROOT, check=True)
    scores = {path.relative_to(RESULTS / "src").with_suffix("").as_posix(): _counted(path) for path in RESULTS.glob("src/**/*.meta")}
    table = Table("module", "killed", "survived", "score")
    for module, (killed, survived) in sorted(scores.items()):
        if killed + survived:
            table.add_row(module, str(killed), str(survived), f"{killed / (killed + survived):.1%}")
    Console().print(table)
    Console().print("mutmut results; mutmut show NAME: what survived and how it looks")
    return int(any(killed < ENOUGH * (killed + survived) for killed, survived in scores.values()))


def _counted(result: Path) -> tuple[int, int]:
    codes = Counter(json.loads(result.read_text())["exit_code_by_key"].values())
    survived = codes[SURVIVED] + codes[UNTESTED] + codes[UNCHECKED]
    return codes.total() - survived, survived


if __name__ == "__main__":
    sys.exit(main())
