"""Capacity: the units and round trips that every use may cost, on the forum's catalog, as the emulator counts them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bench import scores
from bench.cost import document
from bench.meter import Meter, Uses
from bench.month import DAY, DAYS, FORUM, measured
from bench.naive.system import Naive
from bench.product import Product
from infra.activity import busy_day
from infra.inprocess import InProcessAws
from infra.local.stack import ROOT
from missions_core import clock
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.claim import claim_all
from missions_core.use_cases.stores import stores_of
from tests.support.game import ms
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"
NOW = ms("2026-11-21T12:00:10")
READ_UNIT_BYTES = 4096
# Neither Scan nor anything that reads more than it was asked for.
OPERATIONS = {"GetItem", "PutItem", "UpdateItem", "BatchGetItem", "TransactWriteItems", "Query"}
FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


def figures(page: str) -> list[float]:
    """Every number on a page."""
    return [float(figure.replace(",", "")) for figure in FIGURE.findall(page)]


@pytest.fixture(scope="module")
def month() -> dict[str, Uses]:
    """What four weeks of a typical player cost."""
    return measured(Product)


@pytest.fixture(scope="module")
def common_way() -> dict[str, Uses]:
    """What the same four weeks cost where an item is kept for each mission."""
    return measured(Naive)


@pytest.fixture(scope="module")
def merges() -> dict[int, Uses]:
    """What merging scores costs, by how many there are at once."""
    return scores.measured()


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """The forum, and ann, who was here before."""
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(compile_catalog(load_catalog(FORUM).source))
    world.ingest(*(post(f"before-{player}", NOON, player=player) for player in ("ann", "bob", "eve")))
    world.publish()
    return world


@pytest.fixture
def meter(world: World) -> Meter:
    return Meter(world.aws)


def acts(k: int) -> Iterator[dict[str, Any]]:
    """So many different actions of ann."""
    lively = list(busy_day())
    for number in range(k):
        act = lively[number % len(lively)]
        yield post(number, NOON, type_=act.type, **act.data)


# A typical player's month -----------------------------------------------------------------------------------------------


def test_an_action_is_one_read_and_one_write_whatever_the_player_did_before(month: dict[str, Uses]) -> None:
    puts = sorted(call.units for use in month["action"] for call in use.calls if call.operation == "PutItem")
    gets = [call.units for use in month["action"] for call in use.calls if call.operation == "GetItem"]

    assert len(puts) == len(gets) == len(month["action"])
    assert set(gets) == {1}
    assert puts[len(puts) // 2] == 1
    assert puts[len(puts) * 95 // 100] <= 2
    assert puts[-1] <= 3


def test_keeping_the_ids_of_an_hour_costs_a_unit_per_hour_in_which_the_player_acts(month: dict[str, Uses]) -> None:
    spilled = [call.units for use in month["action"] for call in use.calls if call.operation == "UpdateItem"]

    assert set(spilled) == {1}
    assert len(spilled) <= DAYS * len(DAY)


@pytest.mark.parametrize("kind", ["action", "claim", "check-in", "settle"])
def test_a_state_is_read_for_one_unit_as_aws_counts_it(month: dict[str, Uses], kind: str) -> None:
    assert all(0 < use.largest_read <= READ_UNIT_BYTES for use in month[kind][1:])


@pytest.mark.parametrize("command", ["claim", "check-in"])
def test_a_command_is_one_read_and_one_write_of_two_units_at_most(month: dict[str, Uses], command: str) -> None:
    for use in month[command]:
        assert use.operations() == ["GetItem", "PutItem"]
        assert use.read_units == 1
        assert use.write_units <= 2


def test_a_grant_is_one_transaction_of_four_units_and_two_per_stack_of_goods(month: dict[str, Uses]) -> None:
    assert {tuple(use.operations()) for use in month["grant"]} == {("TransactWriteItems",)}
    assert {use.write_units for use in month["grant"]} == {4, 6}
    assert {use.read_units for use in month["grant"]} == {0}


def test_a_night_writes_four_units_and_one_per_board_that_settled(month: dict[str, Uses]) -> None:
    settled = 0
    for use in month["settle"][1:]:
        *boards, state = [(call.operation, call.units) for call in use.calls if call.write_units]
        assert set(boards) <= {("PutItem", 1)}
        assert (state[0], state[1] <= 2 + 2) == ("PutItem", True)  # the index moves, too
        settled += len(boards)
    assert settled <= DAYS + DAYS // 7 + 2  # of days, of weeks, of a month and of a special mission


def test_a_night_reads_the_state_and_looks_once_for_each_grant(month: dict[str, Uses]) -> None:
    for use in month["settle"]:
        assert [call.units for call in use.calls if call.operation == "GetItem"] == [1]
        assert use.operations().count("BatchGetItem") <= 1
    looked_for = sum(use.batch_rows for use in month["settle"])
    assert 0 < looked_for <= len(month["grant"])


def test_nothing_scans_the_table(month: dict[str, Uses]) -> None:
    assert {operation for uses in month.values() for use in uses for operation in use.operations()} <= OPERATIONS


def test_the_common_way_decides_the_same_and_writes_thrice_as_much_for_an_action(
    month: dict[str, Uses], common_way: dict[str, Uses]
) -> None:
    assert [len(common_way[kind]) for kind in ("action", "claim", "check-in", "settle")] == [
        len(month[kind]) for kind in ("action", "claim", "check-in", "settle")
    ]
    assert common_way["action"].mean("write_units") > 3 * month["action"].mean("write_units")


def test_a_score_costs_little_more_than_its_own_row_where_thirty_five_are_merged_at_once(merges: dict[int, Uses]) -> None:
    writes = {size: uses.mean("write_units") / size for size, uses in merges.items()}

    assert [size for size, units in writes.items() if units <= 1.2] == [35, 100]
    assert writes[1] <= 8


def test_the_cost_page_says_what_is_measured(month: dict[str, Uses], common_way: dict[str, Uses], merges: dict[int, Uses]) -> None:
    written, measured_now = (ROOT / "docs" / "cost.md").read_text(), document(month, common_way, merges)
    assert FIGURE.sub("", written) == FIGURE.sub("", measured_now), "the page changed: make cost-doc"
    # Another zlib packs states a little differently.
    assert figures(written) == pytest.approx(figures(measured_now), rel=0.05, abs=0.05), "units changed: make cost-doc"


# One use ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, 100])
def test_any_number_of_actions_of_a_player_in_a_batch_is_one_read_and_one_write(world: World, meter: Meter, k: int) -> None:
    with meter.use("batch"):
        assert world.ingest(*acts(k)) == []

    [use] = meter.uses["batch"]
    assert use.operations() == ["GetItem", "PutItem"]
    assert use.read_units == 1
    assert use.write_units <= 2
    assert use.largest_read <= READ_UNIT_BYTES
    assert use.operations("s3") == ["PutObject"]


def test_a_batch_of_many_players_is_a_read_and_a_write_for_each(world: World, meter: Meter) -> None:
    with meter.use("batch"):
        world.ingest(*(post(f"{player}-{n}", NOON, player=player) for n in range(5) for player in ("ann", "bob", "eve")))

    [use] = meter.uses["batch"]
    assert use.operations() == ["GetItem", "PutItem"] * 3
    assert use.operations("s3") == ["PutObject"]


def test_the_first_write_of_a_day_also_moves_the_index_and_keeps_the_board_that_settled(world: World, meter: Meter) -> None:
    for day in (1, 2):
        world.now = NOW + day * DAY_MS
        with meter.use("first"):
            world.ingest(post(f"day-{day}", f"2026-11-{21 + day}T12:00:00Z"))

    for use in meter.uses["first"]:
        *rows, (operation, units) = [(call.operation, call.units) for call in use.calls if call.service == "dynamodb" and call.write_units]
        assert (operation, units <= 2 + 2) == ("PutItem", True)
        assert {units for _, units in rows} == {1}  # ids that leave the state, and boards


def test_an_action_that_comes_again_writes_nothing(world: World, meter: Meter) -> None:
    with meter.use("again"):
        world.ingest(post("before-ann", NOON))

    assert meter.uses["again"][0].operations() == ["GetItem"]


def test_an_old_action_reads_its_hours_ids_and_no_others(world: World, meter: Meter) -> None:
    world.now += 5 * HOUR_MS
    world.ingest(post("later", "2026-11-21T17:00:00Z"))
    with meter.use("old"):
        world.ingest(post("before-ann", NOON))

    [use] = meter.uses["old"]
    assert use.operations() == ["GetItem", "BatchGetItem"]
    assert use.batch_rows == 1


def test_effects_leave_in_batches_and_touch_no_row(world: World, meter: Meter) -> None:
    world.ingest(*acts(37))
    claim_all(stores_of("missions"), "ann", request="r", now=world.now)
    with meter.use("publish"):
        world.publish()

    [use] = meter.uses["publish"]
    assert use.operations() == []
    assert {call.operation for call in use.calls} == {"PutEvents", "SendMessageBatch"}


def test_a_payment_that_comes_again_applies_nothing_in_one_round_trip(world: World, meter: Meter) -> None:
    world.ingest(*acts(37))
    claim_all(stores_of("missions"), "ann", request="r", now=world.now)
    world.publish()
    message = world.take("REWARDS_QUEUE_URL")[0][0]
    account = world.state("ann").account
    for _ in range(2):
        with meter.use("pay"):
            assert world.invoke("grant_rewards", {"Records": [message]})["batchItemFailures"] == []

    paid, again = meter.uses["pay"]
    assert paid.operations() == again.operations() == ["TransactWriteItems"]
    assert paid.write_units >= 4
    assert again.write_units == 0
    assert len(Ledger("missions").grants(account, limit=10, cursor=None)[0]) == 1


@pytest.mark.parametrize(
    ("path", "reads"),
    [(path, 1) for path in ("missions", "quests", "achievements", "streaks", "check-ins", "stats")]
    + [(path, 2) for path in ("hub", "wallet", "profile")],
)
def test_a_look_is_one_read_of_the_state_and_one_of_the_wallet_or_profile(world: World, meter: Meter, path: str, reads: int) -> None:
    sample = json.loads((ROOT / "events" / "player_queries.json").read_text())
    sample["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = "ann"
    sample |= {"rawPath": f"/v1/me/{path}", "rawQueryString": "", "queryStringParameters": {}}
    for later in (0, 0, 3 * DAY_MS):  # the first look loads the catalog
        world.now = NOW + later
        with meter.use("look"):
            assert world.invoke("player_queries", sample)["statusCode"] == 200

    for use in meter.uses["look"][1:]:
        assert set(use.operations()) == {"GetItem"}
        assert use.read_units == len(use.calls) == reads
        assert use.largest_read <= READ_UNIT_BYTES


def test_a_night_asks_each_shard_once_for_who_is_due_and_once_whether_anyone_is_left(world: World, meter: Meter) -> None:
    world.now += DAY_MS
    world.invoke("nightly_reset", {})
    batches = world.take("SETTLE_QUEUE_URL")
    with meter.use("night"):
        for batch in batches:
            world.invoke("settle_players", {"Records": batch})

    [use] = meter.uses["night"]
    queries = [call for call in use.calls if call.operation == "Query" and call.units == 0.5]
    assert len(queries) <= 64 + 3
    assert use.operations().count("GetItem") <= 3 + 2  # three players; the catalog's pointer and its first load
