"""`make simulate SEEDS=1000 SEED_BASE=0 [BUG=name]`: run seeds; a failing one is shortened and printed. Exit 1 if any failed."""

import argparse
import os
import sys
import time

from tests.simulation.planted import BUGS
from tests.simulation.runner import report, run_seeds, shrink


def main() -> int:
    """Run the seeds the command line names."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--seed-base", type=int, default=0, help="the first")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant this bug")
    options = parser.parse_args()
    began = time.monotonic()
    failures = run_seeds(range(options.seed_base, options.seed_base + options.seeds), options.bug)
    for failure in failures[:3]:
        print(report(shrink(failure, options.bug), options.bug), end="\n\n")  # noqa: T201  # this is its purpose
    seconds = time.monotonic() - began
    print(f"{options.seeds} seeds from {options.seed_base}: {len(failures)} failed ({seconds:.0f} s on {os.cpu_count()} cores)")  # noqa: T201
    if len(failures) > 3:
        print("others: " + " ".join(str(failure.trace.seed) for failure in failures[3:]))  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
