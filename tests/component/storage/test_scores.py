"""Score rows keep the best, the merged row loses nobody's write, and leaderboards that wait to be closed are found."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import boto3
import pytest
from pynamodb.exceptions import PutError

from infra.inprocess import InProcessAws
from missions_core.domain.leaderboards import EMPTY, KEPT, Entry, merged, moved
from missions_core.errors import VersionConflict
from missions_core.storage import keys
from missions_core.storage.scores import KEPT_SECONDS, Leaderboard, Scores
from tests.support.faults import lose_answer, on, refuse

BOARD = ("top", "2026-W47")
CLOSES = 1_795_521_600_000
ANN, BOB = Entry("ann", "account-a", Decimal("12.5"), 7), Entry("bob", "account-b", Decimal(3), 9)


@pytest.fixture
def scores(table_name: str) -> Scores:
    return Scores(table_name)


def improve(scores: Scores, entry: Entry) -> Any:
    return scores.improve(*BOARD, entry, closes_at=CLOSES)


def item(key: keys.Key) -> dict[str, Any]:
    found: dict[str, Any] = boto3.resource("dynamodb").Table("missions").get_item(Key={"PK": key[0], "SK": key[1]})["Item"]
    return found


def first(**members: Any) -> Leaderboard:
    return Leaderboard(*BOARD, closes_at=CLOSES, entries=merged((), [ANN, BOB]), version=1, **members)


# Score rows -----------------------------------------------------------------------------------------------------------


def test_a_score_is_kept_by_its_player_long_after_its_leaderboard_closed(scores: Scores) -> None:
    assert improve(scores, ANN) == (None, Decimal("12.5"))

    row = item(keys.score(*BOARD, "ann"))
    assert (row["SK"], row["account"], row["score"], row["reached_at"]) == ("ann", "account-a", Decimal("12.5"), 7)
    assert row["ttl"] == CLOSES // 1000 + KEPT_SECONDS


def test_a_better_score_says_what_it_replaced(scores: Scores) -> None:
    improve(scores, ANN)

    assert improve(scores, replace(ANN, score=Decimal(100))) == (Decimal("12.5"), Decimal(100))


@pytest.mark.parametrize(
    "worse", [ANN, replace(ANN, score=Decimal("12.4"), reached_at=1), replace(ANN, score=Decimal(9)), replace(ANN, reached_at=8)]
)
def test_what_is_no_better_changes_nothing(scores: Scores, worse: Entry) -> None:
    improve(scores, ANN)

    assert improve(scores, worse) is None
    assert scores.held(*BOARD, ["ann"]) == {"ann": ANN}


def test_the_same_score_reached_sooner_is_better(scores: Scores) -> None:
    improve(scores, ANN)

    assert improve(scores, replace(ANN, reached_at=6)) == (ANN.score, ANN.score)


def test_scores_are_compared_as_numbers_to_the_last_digit(scores: Scores) -> None:
    large, larger = Decimal("99999999999999999999.999999999999999998"), Decimal("99999999999999999999.999999999999999999")
    improve(scores, replace(ANN, score=large))

    assert improve(scores, replace(ANN, score=Decimal(100))) is None
    assert improve(scores, replace(ANN, score=larger)) == (large, larger)


def test_leaderboards_and_periods_do_not_meet(scores: Scores) -> None:
    improve(scores, ANN)

    assert scores.held("top", "2026-W46", ["ann"]) == scores.held("least", "2026-W47", ["ann"]) == {}


def test_who_has_no_score_is_left_out(scores: Scores) -> None:
    improve(scores, ANN)
    improve(scores, BOB)

    assert scores.held(*BOARD, ["bob", "eve", "ann"]) == {"ann": ANN, "bob": BOB}


def test_a_table_that_refuses_is_not_mistaken_for_a_worse_score(scores: Scores, aws: InProcessAws) -> None:
    aws.intercept = on("PutItem", refuse("AccessDeniedException"), times=9)

    with pytest.raises(PutError):
        improve(scores, ANN)
    with pytest.raises(PutError):
        scores.save(first())


# The merged row -------------------------------------------------------------------------------------------------------


def test_the_merged_row_comes_back_as_it_was_saved(scores: Scores) -> None:
    assert scores.load(*BOARD, consistent=True) is None
    saved = first(histogram=moved(EMPTY, [(None, ANN.score)]), template_version=3, merged_at=5)

    scores.save(saved)

    assert scores.load(*BOARD, consistent=True) == scores.load(*BOARD, consistent=False) == saved
    assert item(keys.top(*BOARD))["ttl"] == CLOSES // 1000 + KEPT_SECONDS


@pytest.mark.parametrize("version", [1, 2, 4])
def test_only_the_next_version_is_taken(scores: Scores, version: int) -> None:
    scores.save(first())
    scores.save(replace(first(), version=2))

    with pytest.raises(VersionConflict):
        scores.save(replace(first(), entries=(), version=version))
    held = scores.load(*BOARD, consistent=True)
    assert held is not None
    assert held.entries == (ANN, BOB)


def test_an_answer_that_is_lost_looks_like_a_conflict(scores: Scores, aws: InProcessAws) -> None:
    aws.intercept = on("PutItem", lose_answer, times=1)

    with pytest.raises(VersionConflict):
        scores.save(first())
    assert scores.load(*BOARD, consistent=True) == first()


# Waiting to be closed -------------------------------------------------------------------------------------------------


def test_a_leaderboard_is_found_from_its_end_on_until_its_prizes_are_paid(scores: Scores) -> None:
    scores.save(first())
    scores.save(replace(first(), board="later", closes_at=CLOSES + 1))

    assert scores.final(before=CLOSES - 1) == []
    assert scores.final(before=CLOSES + 1) == [BOARD, ("later", "2026-W47")]
    scores.save(replace(first(), closed_at=CLOSES + 5, version=2))
    assert scores.final(before=CLOSES) == [BOARD]
    scores.save(replace(first(), closed_at=CLOSES + 5, is_paid=True, version=3))
    assert scores.final(before=CLOSES) == []


def test_a_leaderboard_moves_in_the_index_only_when_it_comes_and_goes(scores: Scores, aws: InProcessAws) -> None:
    units = []
    for version in (1, 2, 3):
        aws.calls.clear()
        scores.save(replace(first(), version=version))
        units.append(aws.write_units())

    assert units == [2, 1, 1]


def test_a_row_is_packed(scores: Scores) -> None:
    entries = merged((), [Entry(f"{n:032x}", f"{n:08x}-0000-4000-8000-000000000000", Decimal(n), CLOSES - n) for n in range(128)])

    scores.save(replace(first(), entries=entries))

    plain = json.dumps([[each.player, each.account, str(each.score), each.reached_at] for each in entries])
    assert len(item(keys.top(*BOARD))["content"].value) < len(plain) / 4


def test_once_somebody_left_others_may_have_scored_who_are_not_kept(scores: Scores) -> None:
    entries = tuple(Entry(f"player-{n}", "account", Decimal(9), n) for n in range(KEPT - 1))
    histogram = moved(EMPTY, [(None, Decimal(9))] * 200)
    everybody = replace(first(), entries=entries, histogram=histogram)
    assert (everybody.is_complete, everybody.participants) == (True, KEPT - 1)

    scores.save(replace(everybody, left=1))

    held = scores.load(*BOARD, consistent=True)
    assert held is not None
    assert (held.left, held.is_complete, held.participants) == (1, False, 200)


def test_a_score_is_deleted_once(scores: Scores) -> None:
    scores.improve(*BOARD, Entry("ann", "account", Decimal("12.5"), 1), closes_at=CLOSES)

    assert scores.remove(*BOARD, "ann") == Decimal("12.5")
    assert scores.remove(*BOARD, "ann") is None
    assert scores.held(*BOARD, ["ann"]) == {}
