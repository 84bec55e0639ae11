"""What is read from an event and a response before and after a handler runs."""

from typing import Any

import pytest

from infra.invocation import event_time, failure, names
from tests.support.game import ms

AT = ms("2026-11-21T10:00")


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": {"timeEpoch": AT}},
        {"Records": [{"attributes": {"SentTimestamp": str(AT - 5)}}, {"attributes": {"SentTimestamp": str(AT)}}]},
        {"time": "2026-11-21T10:00:00Z", "source": "aws.scheduler"},
        {"Records": [{"dynamodb": {"ApproximateCreationDateTime": AT / 1000}}]},
    ],
)
def test_every_event_says_when_it_happened(event: dict[str, Any]) -> None:
    assert event_time(event) == AT


def test_an_event_that_does_not_say_when_is_no_error() -> None:
    assert event_time({"Records": [{}]}) is None


@pytest.mark.parametrize("response", [None, {"statusCode": 404}, {"batchItemFailures": []}, {"shards": 64}])
def test_responses_of_work_done(response: Any) -> None:
    assert failure(response) is None


def test_responses_of_work_not_done() -> None:
    assert failure({"statusCode": 500}) == "it answered 500"
    assert failure({"batchItemFailures": [{"itemIdentifier": "m-1"}]}) == "it wants 1 record(s) delivered again: m-1"


def test_functions_are_known_by_their_folders() -> None:
    assert {"ingest_actions", "claim_reward", "health"} <= set(names())
