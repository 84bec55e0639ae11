"""docs/cost.md: what a million of everything costs, from measured units. The same on every machine: no times in it."""

import math
from collections.abc import Mapping

from bench import prices
from bench.meter import Uses
from bench.month import DAY, DAYS
from missions_core.domain.leaderboards import KEPT
from missions_core.storage.keys import DUE_SHARDS
from missions_core.use_cases.merging import REST_MS
from missions_core.use_cases.reset import PAGE

MILLION = 1_000_000
RUNS_A_DAY = 96  # template.yaml: every 15 minutes
REST_SECONDS = REST_MS / 1000
KB_PER_READ_UNIT = 4  # the emulator counts every row that is read as a small one
# Kind of use, whether it comes over HTTP, and how it reads.
KINDS = (
    ("action", False, "actions, each a message of its own"),
    ("claim", True, "claims"),
    ("check-in", True, "check-ins"),
    ("grant", False, "payments (of claims, check-ins and missions that claim themselves)"),
    ("settle", False, "nights of a player"),
)

HEAD = """# What it costs

Written by `make cost-doc`; a test measures again and compares. Units and calls are counted by the local AWS, for one typical player of
[`catalog/forum`](../catalog/forum) over {days} days: {visits} visits and {acts} actions a day, a check-in, every reward claimed. Actions
are delivered one at a time, which is the dearest way: any number of one player's in a batch costs what one does.

Dollars are prices of us-east-1 on demand ([`bench/prices.py`](../bench/prices.py)). Times, and ratios of times, vary by machine:
`make bench` measures them.

## Units

| | reads, mean | writes, mean | writes, p50 | writes, p95 | calls |
|---|---|---|---|---|---|
"""

DOLLARS = """
## Dollars per million

DynamoDB follows from the units above. The rest is **estimated**: calls as counted, {batch} messages of different players in a batch,
{ms:.0f} ms of Lambda at {mb:.0f} MB each. Left out: data transfer, logs and metrics, storage.

| A million | DynamoDB, measured units | other services, estimated |
|---|---|---|
"""

NIGHTS = """
Whoever plays, the reset job asks each of {shards} shards who is due, {runs} times a day: {units:,.0f} read units, ${dollars:.4f} a day,
and half a unit per {page} players due.
"""

SCORES = """
## Scores

What a score of a competitive mission costs beside the action that raised it: its own row, and its share of the leaderboard's
merged row, which is written once for all scores that are merged at once, every {rest:.0f} seconds at most. On a full leaderboard ({kept}
entries of players whose ids are UUIDs) that row is {row:.0f} write units, and {reads} read units to look at first. Alone, a score
pays all of it:

| scores merged at once | a second, where the row is written every {rest:.0f} | writes, per score | $ DynamoDB writes per million scores |
|---|---|---|---|
"""

BESIDE = """
A batch that finds the row younger than {rest:.0f} seconds waits for it: a million of such waits are at most ${wait:.2f} of Lambda.

## Beside the common way

[`bench/naive`](../bench/naive) decides the same with the same engine and stores it as is usual: Powertools' idempotency around every
message and request, an item per mission, a write per mission that changed, payments and events after the writes. The same player, the
same month:

| | writes | common way | ratio | calls | common way | $ DynamoDB per million | common way |
|---|---|---|---|---|---|---|---|
"""

TAIL = """
The common way's claim includes its payment, so the product's does too. The product's units also buy what the common way lacks: effects
that cannot be lost between two writes, payments that exist once, settled boards kept whole, and repeats recognised without a record each.
"""


def document(product: Mapping[str, Uses], naive: Mapping[str, Uses], scores: Mapping[int, Uses]) -> str:
    """The page. `scores`: merges, by how many scores each merges."""
    head = HEAD.format(days=DAYS, visits=len(DAY), acts=sum(len(acts) for _, acts in DAY))
    dollars = DOLLARS.format(batch=prices.MESSAGES_PER_BATCH, ms=prices.REQUEST_SECONDS * 1000, mb=prices.LAMBDA_GB * 1024)
    night_units = DUE_SHARDS * RUNS_A_DAY * 0.5  # a query that finds nothing, eventually consistent
    nights = NIGHTS.format(shards=DUE_SHARDS, runs=RUNS_A_DAY, page=PAGE, units=night_units, dollars=night_units * prices.READ_UNIT)
    return "".join([
        head,
        *(_units(kind, product[kind]) for kind, _, _ in KINDS),
        dollars,
        *(_dollars(name, product[kind], over_http) for kind, over_http, name in KINDS),
        nights,
        _scores_head(scores),
        *(_scores(size, uses) for size, uses in scores.items()),
        BESIDE.format(rest=REST_SECONDS, wait=REST_SECONDS * prices.LAMBDA_GB * prices.LAMBDA_GB_SECOND * MILLION),
        *(_beside(kind, product, naive) for kind in ("action", "claim", "check-in", "settle")),
        TAIL,
    ])  # fmt: skip


def _units(kind: str, uses: Uses) -> str:
    figures = [f"{uses.mean('read_units'):.2f}", f"{uses.mean('write_units'):.2f}"]
    figures += [f"{uses.percentile('write_units', percent):.0f}" for percent in (50, 95)]
    calls = ", ".join(f"{count:.2f} {operation}" for operation, count in uses.calls().items())
    return _row(kind, *figures, calls)


def _dollars(name: str, uses: Uses, over_http: bool) -> str:
    return _row(name, f"${prices.dynamodb(uses) * MILLION:.2f}", f"${prices.others(uses, over_http=over_http) * MILLION:.2f}")


def _scores_head(scores: Mapping[int, Uses]) -> str:
    row = scores[1].percentile("write_units", 50) - 1  # one is the score's own; the rest is of the merged row, a unit for each kilobyte
    return SCORES.format(rest=REST_SECONDS, kept=KEPT, row=row, reads=math.ceil(row / KB_PER_READ_UNIT))


def _scores(size: int, uses: Uses) -> str:
    writes = _writes(uses) / size
    return _row(f"{size}", f"{size / REST_SECONDS:.1f}", f"{writes:.2f}", f"${writes * prices.WRITE_UNIT * MILLION:.2f}")


def _beside(kind: str, product: Mapping[str, Uses], naive: Mapping[str, Uses]) -> str:
    paid = [product["grant"]] if kind in ("claim", "check-in") else []
    ours = [product[kind], *paid]
    writes, calls, cost = (sum(figure(uses) for uses in ours) for figure in (_writes, _calls, prices.dynamodb))
    theirs = naive[kind]
    figures = [f"{writes:.2f}", f"{_writes(theirs):.2f}", f"{_writes(theirs) / writes:.1f}", f"{calls:.2f}", f"{_calls(theirs):.2f}"]
    return _row(kind + (", paid" if paid else ""), *figures, *(f"${each * MILLION:.2f}" for each in (cost, prices.dynamodb(theirs))))


def _writes(uses: Uses) -> float:
    return uses.mean("write_units")


def _calls(uses: Uses) -> float:
    return sum(uses.calls().values())


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"
