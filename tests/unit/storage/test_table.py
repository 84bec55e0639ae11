"""The connection: built once per table, from the environment, with bounded patience."""

from typing import Any

import pytest

from missions_core.storage.ledger import Ledger
from missions_core.storage.players import Players
from missions_core.storage.table import GrantRow, ItemRow, bind, connect


def test_the_endpoint_and_region_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    client = connect("another-table").connection.client

    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:1", "eu-central-1")


def test_a_call_gives_up_long_before_a_function_times_out() -> None:
    config: Any = connect("table").connection.client.meta.config

    assert (config.connect_timeout, config.read_timeout, config.retries) == (1, 2, {"total_max_attempts": 3, "mode": "standard"})


def test_all_stores_of_a_table_share_one_client() -> None:
    Players("table")
    Ledger("table")

    assert bind(GrantRow, "table")._connection is bind(ItemRow, "table")._connection is connect("table")


def test_binding_leaves_the_model_itself_unbound() -> None:
    assert bind(GrantRow, "one").Meta.table_name == "one"
    assert bind(GrantRow, "two").Meta.table_name == "two"
    assert not hasattr(GrantRow, "Meta")
