"""Catalogs: published wholly or not at all, kept while warm, with retired versions for the missions that still name them."""

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.inprocess import Deliver, InProcessAws, Request
from missions_core.domain.catalog import Snapshot
from missions_core.domain.periods import DayClock, Period
from missions_core.domain.requirements import complete
from missions_core.domain.snapshots import catalog_from_snapshot
from missions_core.domain.state import Board, Mission, PlayerState
from missions_core.errors import Conflict, MisconfiguredError
from missions_core.storage import catalogs as catalogs_module
from missions_core.storage.catalogs import Catalogs
from missions_core.storage.table import StorageError
from tests.support.catalogs import mission, snapshot
from tests.support.faults import lose_answer, on, refuse


@pytest.fixture
def catalogs(table_name: str) -> Catalogs:
    return Catalogs(table_name, recheck_seconds=0)


def first() -> Snapshot:
    return snapshot(mission("post"), mission("tip", {"tip.sent": 1}))


def second(**fields: Any) -> Snapshot:
    """`post` changed, `tip` removed."""
    return snapshot(mission("post", {"post.created": 5}, **fields), previous=first())


def state(*missions: Mission, catalog_version: int = 1) -> PlayerState:
    board = Board(Period("daily", "2026-11-21", 0, 1, DayClock("UTC")), list(missions), 2)
    return PlayerState("ada", "account", 0, 0, 0, boards=[board], catalog_version=catalog_version)


def test_without_a_catalog_the_command_to_publish_one_is_named(catalogs: Catalogs) -> None:
    assert catalogs.published() is None
    with pytest.raises(MisconfiguredError, match="missions catalog apply DIR"):
        catalogs.current()


def test_a_published_catalog_is_current(catalogs: Catalogs) -> None:
    catalogs.publish(first())

    assert catalogs.published() == first()
    assert catalogs.current() == catalog_from_snapshot(first())


def test_publishing_the_current_catalog_again_changes_nothing(catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    aws.calls.clear()

    catalogs.publish(first())

    assert aws.write_units() == 0


def test_a_large_catalog_is_stored_in_parts(catalogs: Catalogs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs_module, "CHUNK_BYTES", 100)

    catalogs.publish(first())

    assert catalogs.published() == first()


@pytest.mark.parametrize("puts", range(4))
def test_a_publication_that_breaks_off_stays_invisible_and_can_be_repeated(catalogs: Catalogs, aws: InProcessAws, puts: int) -> None:
    catalogs.publish(first())
    fails = on("PutItem", refuse("AccessDeniedException"), times=1)
    done = iter(range(puts))
    aws.intercept = lambda request, deliver: (
        deliver(request) if request.operation != "PutItem" or next(done, None) is not None else fails(request, deliver)
    )

    with pytest.raises(StorageError):
        catalogs.publish(second())

    assert catalogs.published() == first()
    assert catalogs.current().version == 1
    catalogs.publish(second())
    assert catalogs.current().version == 2


def test_a_publication_whose_answer_was_lost_is_published(catalogs: Catalogs, aws: InProcessAws) -> None:
    aws.intercept = on("PutItem", lose_answer, times=2)

    catalogs.publish(first())

    assert catalogs.current().version == 1


def test_of_two_publishers_the_second_must_start_over_and_leaves_no_trace(catalogs: Catalogs) -> None:
    catalogs.publish(first())
    theirs, ours = second(), second(name="Another name")
    catalogs.publish(theirs)

    with pytest.raises(Conflict) as refused:
        catalogs.publish(ours)

    assert refused.value.code == "catalog_changed"
    assert catalogs.published() == theirs


def test_publishers_who_write_at_the_same_time_do_not_mix(table_name: str, catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    theirs, ours = second(), second(name="Another name")
    pointer_writes = 0

    def let_them_win(request: Request, deliver: Deliver) -> AWSResponse:
        nonlocal pointer_writes
        pointer_writes += b"CURRENT" in bytes(str(request.prepared.body).encode()) and request.operation == "PutItem"
        if pointer_writes == 1:
            pointer_writes += 1
            Catalogs(table_name).publish(theirs)
        return deliver(request)

    aws.intercept = let_them_win
    with pytest.raises(Conflict):
        catalogs.publish(ours)

    assert catalogs.published() == theirs
    catalogs.publish(snapshot(mission("other"), previous=theirs))
    assert (
        catalogs.for_state(state(Mission("post", 2, [None]))).template("post", 2).name
        == catalog_from_snapshot(theirs).templates["post"].name
    )


def test_a_catalog_that_skips_a_version_is_refused(catalogs: Catalogs) -> None:
    with pytest.raises(Conflict):
        catalogs.publish(second())


def test_retired_versions_come_with_the_states_that_name_them(catalogs: Catalogs) -> None:
    catalogs.publish(first())
    catalogs.publish(second())

    catalog = catalogs.for_state(state(Mission("post", 1, [None]), Mission("tip", 1, [None]), Mission("post", 2, [None])))

    old = catalog_from_snapshot(first())
    assert catalog.template("post", 1) == old.templates["post"]
    assert catalog.template("tip", 1) == old.templates["tip"]
    assert catalog.template("post", 2) is catalog.templates["post"]


def test_retired_versions_are_loaded_once_and_outlive_a_new_catalog(catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    catalogs.publish(second())
    wants = state(Mission("tip", 1, [None]))
    catalogs.for_state(wants)
    catalogs.publish(snapshot(mission("other"), previous=second()))
    aws.calls.clear()

    assert catalogs.for_state(wants).template("tip", 1).key == "tip"

    assert "BatchGetItem" not in [call.operation for call in aws.calls]


def test_a_version_the_table_lost_is_named_and_nothing_is_written_without_it(catalogs: Catalogs) -> None:
    catalogs.publish(first())

    with pytest.raises(MisconfiguredError, match="gone version 3"):
        catalogs.for_state(state(Mission("gone", 3, [None])))


def test_to_show_a_version_the_table_lost_a_placeholder_stands_in(catalogs: Catalogs, caplog: pytest.LogCaptureFixture) -> None:
    catalogs.publish(first())

    lost = catalogs.for_state(state(Mission("gone", 3, [None])), to_show=True).template("gone", 3)

    assert lost.is_lost
    assert not complete(lost, [None], settling=True)
    assert not lost.rewards
    assert [(record.message, vars(record)["template"], vars(record)["version"]) for record in caplog.records] == [
        ("template missing", "gone", 3)
    ]


def test_a_version_that_is_back_is_found_again(catalogs: Catalogs) -> None:
    catalogs.publish(first())
    catalogs.publish(second())
    table = boto3.resource("dynamodb").Table("missions")
    key = {"PK": "CATALOG", "SK": "TEMPLATE#tip#1"}
    row = table.get_item(Key=key)["Item"]
    table.delete_item(Key=key)
    assert catalogs.for_state(state(Mission("tip", 1, [None])), to_show=True).template("tip", 1).is_lost

    table.put_item(Item=row)

    assert not catalogs.for_state(state(Mission("tip", 1, [None]))).template("tip", 1).is_lost


def test_during_an_outage_a_placeholder_is_shown_but_nothing_is_written_by_it(catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    catalogs.publish(second())
    wants = state(Mission("tip", 1, [None]))
    catalogs.current()
    aws.intercept = on("BatchGetItem", refuse("ThrottlingException"), times=99)

    with pytest.raises(StorageError):
        catalogs.for_state(wants)
    assert catalogs.for_state(wants, to_show=True).template("tip", 1).is_lost

    aws.intercept = lambda request, deliver: deliver(request)
    assert not catalogs.for_state(wants).template("tip", 1).is_lost


def test_a_warm_catalog_is_not_looked_up_again(table_name: str, catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    warm = Catalogs(table_name)
    compiled = warm.current()
    aws.calls.clear()

    assert warm.current() is compiled
    assert warm.for_state(state()) is compiled
    assert aws.calls == []


def test_an_unchanged_catalog_is_checked_by_its_pointer_only(catalogs: Catalogs, aws: InProcessAws) -> None:
    catalogs.publish(first())
    compiled = catalogs.current()
    aws.calls.clear()

    assert catalogs.current() is compiled
    assert [(call.operation, call.units) for call in aws.calls] == [("GetItem", 1)]


def test_a_state_of_a_newer_catalog_refreshes_a_warm_one(table_name: str, catalogs: Catalogs) -> None:
    catalogs.publish(first())
    warm = Catalogs(table_name)
    warm.current()
    catalogs.publish(second())

    assert warm.current().version == 1
    assert warm.for_state(state(catalog_version=2)).version == 2


def test_a_state_of_a_catalog_the_table_never_had_is_an_operators_problem(catalogs: Catalogs) -> None:
    catalogs.publish(first())

    with pytest.raises(MisconfiguredError, match="catalog 7"):
        catalogs.for_state(state(catalog_version=7))
