"""`missions send`: actions into the queue."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.cli.parameters import FILE, Span
from infra.cli.progress import progress_bar
from infra.lines import Line, read_lines
from infra.local.clock import clock_offset
from infra.local.stack import LocalStack, default_run_dir, load_stack, local_session
from infra.receipts import Receipts, receipts_queue
from infra.retiming import into_last
from infra.sending import Sender, Sent

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

COUNTED = ("applied", "duplicate", "late", "quarantined", "missing")


@click.command()
@click.argument("events", type=FILE, metavar="EVENTS.jsonl[.gz]")
@click.option("--limit", type=click.IntRange(1), help="Send only the first N lines.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Send at most this many a second.")
@click.option("--into-last", "span", type=Span(), help="Map the file's times into the last SPAN (24h), order kept.")
@click.option("--wait", is_flag=True, help="Wait until every action is accounted for.")
@click.option("--json", "as_json", is_flag=True, help='End with {"sent", "applied", "duplicate", "late", "quarantined", "missing"}.')
def send(events: Path, limit: int | None, rate: float | None, span: int | None, *, wait: bool, as_json: bool) -> None:
    """Send a file of actions (CloudEvents, one a line) to the local stack's queue.

    Lines that are no actions are sent too: they end in quarantine. A file sent again is the same actions again: duplicates. With --wait,
    fails if anything is missing; without it nothing is known of what becomes of them (null in the JSON).
    """
    started = time.monotonic()
    stack = load_stack()
    sqs = local_session().client("sqs", endpoint_url=stack.endpoint_url)
    lines: Iterator[Line] = islice(read_lines(events), limit)
    if span is not None:
        now = round(time.time() * 1000) + clock_offset(stack) * 1000
        lines = into_last(span, events, limit, now=now, notes=default_run_dir() / "sent.json", data=stack.user_pool_id).lines(lines)
    with receipts_queue(sqs) if wait else nullcontext() as receipts:
        sender = Sender(sqs, stack.actions_queue_url, receipts=receipts, rate=rate)
        with progress_bar("Sending", quiet=as_json, total=limit) as show:
            sent = sender.send(lines, show)
        counts = _await_receipts(sqs, receipts, stack, sent, quiet=as_json) if receipts else None
    for refusal in sent.refused:
        click.echo(f"{events}: {refusal}", err=True)
    click.echo(_json(sent, counts) if as_json else _text(sent, counts, time.monotonic() - started))
    if sent.refused or (counts and counts["missing"]):
        raise click.exceptions.Exit(1)


def _await_receipts(sqs: "SQSClient", receipts: str, stack: LocalStack, sent: Sent, *, quiet: bool) -> Counter[str]:
    with progress_bar("Accounted for", quiet=quiet, total=len(sent.message_ids)) as show:
        return Receipts(sqs, receipts, stack.actions_queue_url).collect(sent.message_ids, show)


def _json(sent: Sent, counts: Counter[str] | None) -> str:
    return json.dumps({"sent": sent.count, **{name: counts and counts[name] for name in COUNTED}})


def _text(sent: Sent, counts: Counter[str] | None, seconds: float) -> str:
    known = [f"{counts[name]} {name}" for name in COUNTED if counts[name] or name == "missing"] if counts is not None else []
    return f"{sent.count} sent in {seconds:.1f} s" + (f": {', '.join(known)}" if known else "; --wait tells what became of them")
