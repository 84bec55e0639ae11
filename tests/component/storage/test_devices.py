"""Devices and the accounts seen on them: counted once each, as far as it matters."""

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core.storage.devices import KEPT_SECONDS, Devices
from missions_core.storage.table import StorageError
from tests.support.faults import on, refuse

NOW = 1_795_000_000_000


@pytest.fixture
def devices(table_name: str) -> Devices:
    return Devices(table_name)


def join(devices: Devices, *accounts: str, at_most: int = 3) -> list[int]:
    return [devices.join("d", account, at_most=at_most, now=NOW) for account in accounts]


def test_accounts_are_counted_once_each(devices: Devices) -> None:
    assert join(devices, "a", "b", "a", "b", "c") == [1, 2, 2, 2, 3]


def test_more_than_matter_are_not_kept(devices: Devices) -> None:
    assert join(devices, "a", "b", "c", "d", "e", "d", "a") == [1, 2, 3, 4, 4, 4, 3]

    [row] = boto3.client("dynamodb").scan(TableName="missions")["Items"]
    assert len(row["accounts"]["BS"]) == 3
    assert row["ttl"]["N"] == str(NOW // 1000 + KEPT_SECONDS)


def test_no_account_can_be_read_from_a_row(devices: Devices) -> None:
    join(devices, "1f0c2a54-0000-4000-8000-000000000000")

    [row] = boto3.client("dynamodb").scan(TableName="missions")["Items"]
    assert "1f0c2a54" not in repr(row)


def test_an_outage_is_not_taken_for_a_crowd(devices: Devices, aws: InProcessAws) -> None:
    aws.intercept = on("UpdateItem", refuse("AccessDeniedException"), times=9)
    with pytest.raises(StorageError):
        join(devices, "a")
