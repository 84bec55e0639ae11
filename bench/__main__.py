"""`make bench`: what things cost, as ratios of two things measured in the same run; absolute numbers speak of this machine only."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench import clients, cold_starts, cost, engine, growth, handling, real_activity, scores
from bench.meter import Uses
from bench.month import measured
from bench.naive.system import Naive
from bench.product import Product
from bench.table import Row, budgeted, show
from missions_core.settings import Settings, Variable

NOWHERE = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}  # nothing can be reached


def main() -> None:
    """Measure everything and print one table, or write the page that is the same everywhere."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and players")
    parser.add_argument("--write", type=Path, metavar="FILE", help="measure units only and write them, as docs/cost.md")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    os.environ |= NOWHERE
    if options.write:
        options.write.write_text(cost.document(measured(Product), measured(Naive), scores.measured()))
    else:
        rows = list(_rows(quick=options.quick))
        print(show(rows))
        sys.exit(any(row.exceeded for row in rows))


def _rows(*, quick: bool) -> Iterator[Row]:
    yield from engine.rows()
    yield from handling.rows()
    yield from _imports(rounds=3 if quick else 9)
    yield from _systems(measured(Product), measured(Naive))
    yield from real_activity.rows()
    yield from growth.rows(quick=quick)
    yield from clients.rows(quick=quick)


def _imports(*, rounds: int) -> Iterator[Row]:
    wanted = [variable.name for variable in vars(Settings).values() if type(variable) is Variable]
    with_names = dict.fromkeys(wanted, "https://example.invalid/x") | {"TABLE_NAME": "missions", "STAGE": "dev"}
    os.environ |= with_names | {"POWERTOOLS_SERVICE_NAME": "missions", "POWERTOOLS_METRICS_NAMESPACE": "Missions"}
    for function, budget in cold_starts.BUDGETS.items():
        ratio = median(cold_starts.one_round([function])[function] for _ in range(rounds))
        yield budgeted(f"CPU: import {function} ÷ boto3 + client", ratio, most=budget)


def _systems(product: Mapping[str, Uses], naive: Mapping[str, Uses]) -> Iterator[Row]:
    for kind in ("action", "claim", "check-in", "settle"):
        ours, theirs = product[kind], naive[kind]
        cpu = theirs.percentile("cpu_seconds", 50) / ours.percentile("cpu_seconds", 50)
        writes = theirs.mean("write_units") / ours.mean("write_units")
        yield Row(f"{kind}: write units (docs/cost.md)", f"{ours.mean('write_units'):.2f}")
        yield Row(f"{kind}: the common way ÷ the product, write units and CPU", f"{writes:.1f}, {cpu:.1f}")


if __name__ == "__main__":
    main()
