"""`make simulate SEEDS=1000 SEED_BASE=0 [BUG=name]`: run seeds; a failing one is shortened and printed. Exit 1 if any failed.

`make -s trace SEED_BASE=785 [BUG=name]`: the shortened trace of one that fails, and nothing else: as it is kept in `regressions`.
"""

import argparse
import os
import sys
import time

from tests.simulation.planted import BUGS
from tests.simulation.runner import report, run_seeds, shrink
from tests.simulation.trace import to_json


def main() -> int:
    """Run the seeds the command line names."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--seed-base", type=int, default=0, help="the first")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant this bug")
    parser.add_argument("--trace", action="store_true", help="print the trace of the first that fails, as JSON")
    options = parser.parse_args()
    began = time.monotonic()
    failures = run_seeds(range(options.seed_base, options.seed_base + options.seeds), options.bug)
    if options.trace:
        print(*(to_json(shrink(failure, options.bug).trace) for failure in failures[:1]))  # noqa: T201
        return 0 if failures else 1
    for failure in failures[:3]:
        print(report(shrink(failure, options.bug), options.bug), end="\n\n")  # noqa: T201  # this is its purpose
    seconds = time.monotonic() - began
    print(f"{options.seeds} seeds from {options.seed_base}: {len(failures)} failed ({seconds:.0f} s on {os.cpu_count()} cores)")  # noqa: T201
    if len(failures) > 3:
        print("others: " + " ".join(str(failure.trace.seed) for failure in failures[3:]))  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
