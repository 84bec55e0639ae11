"""What functions leave in their logs: what happened and to whom by id; no token, no personal data, nothing anybody sent."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from tests.support.eventful import MARK

TEMPLATE = read_template(ROOT)
LOGGING = re.compile(r"logger\.(debug|info|warning|error|exception|critical)")
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
# Each is proof that the days were as eventful as they should be.
LOGGED = {
    "actions ingested",
    "actions not applied",
    "answered",
    "answered without a part",
    "badge not signed",
    "directory not asked",
    "directory not understood",
    "endpoint failed",
    "endpoint without secret",
    "event not applied",
    "event waits",
    "events consumed",
    "evidence approved",
    "evidence not checked",
    "evidence of an erased player removed",
    "evidence rejected",
    "evidence waits for review",
    "grant not paid",
    "grant held",
    "grant paid",
    "grant released",
    "grant revoked",
    "grant was paid before",
    "leaderboard closed",
    "leaderboard not merged",
    "message quarantined",
    "missions rotated",
    "moderation endpoint not asked",
    "no webhook is configured: nobody is told",
    "not ready",
    "not settled",
    "notification not written",
    "notifications not written",
    "notifications written",
    "outbox not readable",
    "outbox published",
    "player not removed",
    "player not settled",
    "player removed",
    "prize not awarded",
    "reset started",
    "scores not merged",
    "send_failed",
    "shard settled",
    "standings updated",
    "statistics not counted",
    "template missing",
    "unavailable",
    "unexpected error",
    "webhook not accepted",
    "webhook not delivered",
    "webhooks delivered",
}


def logged(level: str) -> list[str]:
    """Everything a process that lived through it all has written."""
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    given = {name: value for name, value in variables.items() if isinstance(value, str)} | {"LOG_LEVEL": level}
    command = [sys.executable, "-m", "tests.support.eventful"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]


def messages(lines: list[str]) -> set[str]:
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return {entry["message"] for entry in entries if "message" in entry}


def statements() -> set[str]:
    """What every log statement in the source says, as patterns: of a message that is put together, some parts may be anything."""
    calls = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {pattern for call in calls if LOGGING.fullmatch(ast.unparse(call.func)) for pattern in patterns(call.args[0])}


def patterns(message: ast.expr) -> list[str]:
    if isinstance(message, ast.IfExp):
        return [*patterns(message.body), *patterns(message.orelse)]
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    return ["".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts)]


def test_every_log_statement_is_among_those_that_are_reached() -> None:
    assert {each for each in statements() if not any(re.fullmatch(each, message) for message in LOGGED)} == set()


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_token_no_personal_data_and_nothing_sent_is_logged(level: str) -> None:
    lines = logged(level)
    assert messages(lines) == LOGGED
    assert [line for line in lines if MARK in line.lower()] == []


def test_the_access_log_has_no_address_no_token_and_no_query() -> None:
    template = TEMPLATE["Resources"]["HttpApi"]["Properties"]["AccessLogSettings"]["Format"]
    assert set(re.findall(r"\$context\.([\w.]+)", template)) == {
        "requestId",
        "routeKey",
        "status",
        "responseLatency",
        "integrationErrorMessage",
        "authorizer.error",
    }
