"""A recorded history sent to the local stack: once, twice, and back from the dead letters."""

import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.inspection import load_item
from infra.lines import read_lines
from infra.local import emulator
from infra.local.lifecycle import up
from infra.local.stack import ROOT, STACK_NAME, LocalStack, local_session
from infra.polling import wait_for
from infra.receipts import receipts_queue
from infra.retiming import into_last
from infra.sending import attributes_with
from missions_core.domain.catalog import DAY_MS
from tests.e2e.conftest import Finished, run_missions

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Missions = Callable[..., Finished]

ACTIONS = 300
PLAYERS = [f"dev-{number}" for number in range(25)]
SPAN = "24h"


@pytest.fixture(scope="module")
def git_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("git")


@pytest.fixture(scope="module")
def git_stack(git_dir: Path) -> Iterator[LocalStack]:
    """A stack of its own, with the catalog for repositories."""
    try:
        yield up(git_dir, emulator.free_port(), None, ROOT / "catalog" / "git", lambda _: nullcontext())
    finally:
        emulator.stop(git_dir)


@pytest.fixture(scope="module")
def git(git_dir: Path, git_stack: LocalStack) -> Missions:
    return partial(run_missions, git_dir)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Years of commits and merges, in order; a few players do most of it, as everywhere."""
    chance = random.Random(20261121)
    moments = sorted(datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(3_000_000)) for _ in range(ACTIONS))
    path = tmp_path_factory.mktemp("history") / "history.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(commit(n, at, chance)) for n, at in enumerate(moments)).encode()))
    return path


def commit(number: int, at: datetime, chance: random.Random) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{number:012x}",
        "source": "git/history",
        "type": chance.choice(["commit.pushed", "commit.pushed", "pull_request.merged"]),
        "subject": PLAYERS[int(len(PLAYERS) * chance.random() ** 3)],
        "time": at.isoformat(),
        "data": {"files": 1, "insertions": chance.randrange(200), "deletions": 0},
    }


@pytest.fixture(scope="module")
def sent(git: Missions, history: Path) -> Finished:
    """The history, sent for the first time."""
    return git("send", str(history), "--into-last", SPAN, "--wait", "--json")


def versions(stack: LocalStack) -> dict[str, int]:
    """Every player's state version: nothing of a player changes without it."""
    dynamodb = local_session().client("dynamodb", endpoint_url=stack.endpoint_url)
    items = {player: load_item(dynamodb, stack.table, player) for player in PLAYERS}
    return {player: item.version for player, item in items.items() if item}


def wallets(stack: LocalStack) -> list[str]:
    """Every row that money or goods are kept in, and every grant."""
    dynamodb = local_session().client("dynamodb", endpoint_url=stack.endpoint_url)
    pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table, ConsistentRead=True)
    rows = (item for page in pages for item in page["Items"])
    return sorted(json.dumps(row, sort_keys=True) for row in rows if row["PK"]["S"].startswith(("WALLET", "LEDGER")))


def heard(sqs: "SQSClient", url: str, count: int) -> list[str]:
    """The outcomes of so many messages."""
    outcomes: dict[str, str] = {}

    def listen() -> int:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", []):
            receipt = json.loads(message["Body"])
            outcomes[receipt["message_id"]] = receipt["outcome"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(outcomes)

    wait_for(listen, lambda found: found == count, f"{count} receipts")
    return list(outcomes.values())


def test_everything_sent_is_applied_or_late(sent: Finished) -> None:
    assert sent.code == 0, sent.errors
    assert sent.facts["sent"] == sent.facts["applied"] + sent.facts["late"] == ACTIONS
    assert sent.facts["missing"] == sent.facts["duplicate"] == sent.facts["quarantined"] == 0


def test_the_same_file_again_is_all_duplicates_and_changes_nothing(
    git: Missions, git_stack: LocalStack, history: Path, sent: Finished
) -> None:
    before = versions(git_stack), wallets(git_stack)

    again = git("send", str(history), "--into-last", SPAN, "--wait", "--json")

    assert again.code == 0, again.errors
    assert again.facts == {"sent": ACTIONS, "applied": 0, "duplicate": ACTIONS, "late": 0, "quarantined": 0, "missing": 0}
    assert (versions(git_stack), wallets(git_stack)) == before


def test_redriven_dead_letters_are_all_duplicates(
    git: Missions, git_dir: Path, git_stack: LocalStack, history: Path, sent: Finished
) -> None:
    before = versions(git_stack), wallets(git_stack)
    sqs = local_session().client("sqs", endpoint_url=git_stack.endpoint_url)
    now = time.time_ns() // 1_000_000
    retiming = into_last(DAY_MS, history, None, now=now, notes=git_dir / "sent.json", data=git_stack.user_pool_id)
    bodies = [line.text for line in retiming.lines(read_lines(history))]

    with receipts_queue(sqs) as receipts:
        for body in bodies:
            sqs.send_message(
                QueueUrl=git_stack.actions_dead_letter_queue_url, MessageBody=body, MessageAttributes=attributes_with(receipts)
            )
        redriven = git("redrive", "--queue", "actions", "--json")
        outcomes = heard(sqs, receipts, len(bodies))

    assert redriven.facts == {"moved": len(bodies), "left": 0}
    assert outcomes == ["duplicate"] * len(bodies)
    assert (versions(git_stack), wallets(git_stack)) == before


def test_a_stack_on_aws_is_found_by_its_name(git: Missions, git_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", git_stack.endpoint_url)  # plays AWS: nothing of the local stack's run directory is used
    monkeypatch.setenv("AWS_DEFAULT_REGION", git_stack.region)
    local_session().client("sqs", endpoint_url=git_stack.endpoint_url).send_message(
        QueueUrl=git_stack.rewards_dead_letter_queue_url, MessageBody="{"
    )

    assert git("redrive", "--queue", "rewards", "--stack", STACK_NAME, "--json").facts == {"moved": 1, "left": 0}


def test_kept_outboxes_are_published_around_a_poison_one(git: Missions, git_stack: LocalStack) -> None:
    s3 = local_session().client("s3", endpoint_url=git_stack.endpoint_url)
    cloudformation = local_session().client("cloudformation", endpoint_url=git_stack.endpoint_url)
    failures = cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="OutboxFailuresBucket")
    bucket = failures["StackResourceDetail"]["PhysicalResourceId"]
    [good] = json.loads((ROOT / "events" / "publish_outbox.json").read_text())["Records"]
    poison = {**good, "dynamodb": {**good["dynamodb"], "NewImage": {"outbox": {"B": "Y28="}}}}
    for name, records in {"2026-11-21T12.00.00-good": [good, good], "2026-11-21T12.00.01-mixed": [poison, good]}.items():
        document = json.dumps({"version": "1.0", "payload": json.dumps({"Records": records})})
        s3.put_object(Bucket=bucket, Key=f"aws/lambda/mapping/shard/2026/11/21/{name}", Body=document.encode())

    done = git("redrive", "--queue", "outbox", "--json")

    assert (done.code, done.facts) == (1, {"moved": 1, "left": 1})
    assert "2026-11-21T12.00.01-mixed: record" in done.errors
    [left] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    kept = json.loads(s3.get_object(Bucket=bucket, Key=left["Key"])["Body"].read())
    assert json.loads(kept["payload"]) == {"Records": [poison]}


def test_malformed_lines_are_sent_and_end_in_quarantine(git: Missions, tmp_path: Path) -> None:
    good = commit(10**6, datetime.now(UTC), random.Random(1))
    (tmp_path / "mixed.jsonl").write_text(
        "\n".join(["{", json.dumps(good), json.dumps(good | {"id": "old", "time": "2001-01-01T00:00:00Z"})])
    )

    done = git("send", str(tmp_path / "mixed.jsonl"), "--wait", "--json", "--rate", "20")

    assert done.code == 0, done.errors
    assert (done.facts["sent"], done.facts["applied"], done.facts["quarantined"]) == (3, 1, 2)


def test_without_waiting_nothing_is_claimed_to_be_known(git: Missions, history: Path) -> None:
    done = git("send", str(history), "--limit", "5", "--json")

    assert done.facts == {"sent": 5, "applied": None, "duplicate": None, "late": None, "quarantined": None, "missing": None}


def test_without_a_stack_there_is_one_line_saying_what_to_do(tmp_path: Path, history: Path) -> None:
    done = run_missions(tmp_path, "send", str(history))

    assert done.code == 1
    assert done.errors == "Error: no local stack is running: start one with `missions local up --detach`\n"
