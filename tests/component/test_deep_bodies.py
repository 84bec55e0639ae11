"""A body of a hundred kilobytes of brackets is well-formed JSON, and deeper than Python reads: no queue may stumble over it.

Actions: tests/unit/domain/test_actions.py.
"""

import pytest

from infra.inprocess import InProcessAws
from tests.support.game import ms
from tests.support.world import World

DEEP = '{"detail":' + "[" * 50_000 + "]" * 50_000 + "}"


@pytest.mark.parametrize(
    "function",
    [
        "consume_events",
        "deliver_webhooks",
        "erase_players",
        "grant_rewards",
        "moderate_evidence",
        "update_standings",
        "write_notifications",
    ],
)
def test_a_message_too_deep_to_read_is_quarantined(
    aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "https://partner.example/")
    world = World(aws, environment, ms("2026-11-21T12:00"))

    assert world.invoke(function, {"Records": [{"messageId": "1", "body": DEEP}]}) == {"batchItemFailures": []}

    assert [each["body"] for each in world.bodies("QUARANTINE_QUEUE_URL")] == [DEEP]
