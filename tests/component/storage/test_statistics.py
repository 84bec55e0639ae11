"""Approximate counts: added up over all rows, read at most once a minute."""

import random
from types import SimpleNamespace

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core.storage import keys, statistics
from missions_core.storage.statistics import Statistics


@pytest.fixture
def counters(table_name: str, monkeypatch: pytest.MonkeyPatch) -> Statistics:
    monkeypatch.setattr(statistics, "random", random.Random(1))
    return Statistics(table_name)


def rows() -> int:
    found = [
        boto3.resource("dynamodb").Table("missions").get_item(Key=dict(zip(("PK", "SK"), keys.statistics(n), strict=True)))
        for n in range(8)
    ]
    return sum("Item" in answer for answer in found)


def test_nobody_is_nothing(counters: Statistics) -> None:
    assert counters.shares() == {}


def test_holders_without_known_players_have_no_share(counters: Statistics) -> None:
    counters.count(players=0, holders={"prolific": 3})

    assert counters.shares() == {}


def test_shares_add_up_over_all_rows(counters: Statistics) -> None:
    for _ in range(20):
        counters.count(players=2, holders={"prolific": 1, "players": 1})
    counters.count(players=0, holders={"rare": 1})

    assert rows() == 8
    assert counters.shares() == {"prolific": 0.5, "players": 0.5, "rare": 1 / 40}


def test_what_was_counted_twice_is_still_a_share(counters: Statistics) -> None:
    counters.count(players=1, holders={"prolific": 3})

    assert counters.shares() == {"prolific": 1.0}


def test_a_batch_is_one_write_of_one_unit(counters: Statistics, aws: InProcessAws) -> None:
    counters.count(players=5, holders={f"achievement_{n}": n for n in range(20)})

    assert [(call.operation, call.units) for call in aws.calls] == [("UpdateItem", 1)]


def test_more_counters_than_fit_into_one_update_are_counted_in_several(counters: Statistics) -> None:
    counters.count(players=4, holders={f"achievement_{n}": 1 for n in range(250)})

    assert set(counters.shares().values()) == {0.25}
    assert len(counters.shares()) == 250


def test_nothing_to_count_writes_nothing(counters: Statistics, aws: InProcessAws) -> None:
    counters.count(players=0, holders={"prolific": 0})

    assert aws.calls == []


def test_shares_are_read_at_most_once_a_minute(counters: Statistics, aws: InProcessAws, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(statistics, "time", clock)
    now = 100.0
    counters.count(players=1, holders={"prolific": 1})
    assert counters.shares() == {"prolific": 1.0}
    counters.count(players=1, holders={})

    now += 59
    assert counters.shares() == {"prolific": 1.0}
    now += 1
    assert counters.shares() == {"prolific": 0.5}
    assert [call.operation for call in aws.calls].count("BatchGetItem") == 2
