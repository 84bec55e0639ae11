"""Errors as problem documents."""

from typing import Any

import pytest

from missions_core import errors
from missions_core.errors import CatalogInvalid, Conflict, Gone, InvalidInput, MissionsError, NotAuthenticated, RateLimited
from missions_core.http.problems import STATUS_OF, headers_of, invalid_request, problem_of, status_of

NOON = 1_795_262_400_000


def subclasses(kind: type[MissionsError]) -> set[type[MissionsError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_kind_of_error_has_a_status() -> None:
    kinds = subclasses(MissionsError) - {MissionsError}
    assert kinds >= {error for error in vars(errors).values() if isinstance(error, type) and error not in (MissionsError,)}
    assert {kind for kind in kinds if not any(base in STATUS_OF for base in kind.__mro__)} == set()


def test_a_problem_document_has_its_standard_members_ours_and_the_details() -> None:
    error = Conflict("already_checked_in", "already checked in for this day", next_at=NOON, streak=3)
    assert problem_of(error) == {
        "type": "urn:missions:problem:already_checked_in",
        "title": "Conflict",
        "status": 409,
        "detail": "already checked in for this day",
        "code": "already_checked_in",
        "field": None,
        "next_at": "2026-11-21T12:00:00.000Z",
        "streak": 3,
    }


def test_details_never_replace_standard_members() -> None:
    assert problem_of(Gone("mission_expired", "over", status="expired"))["status"] == 410


def test_instants_are_timestamps_and_other_numbers_stay() -> None:
    problem = problem_of(Conflict("c", "m", until=NOON, claimed_at=None, retry_after_seconds=3))
    assert (problem["until"], problem["claimed_at"], problem["retry_after_seconds"]) == ("2026-11-21T12:00:00.000Z", None, 3)


@pytest.mark.parametrize(("code", "status"), [("body_too_large", 413), ("batch_too_large", 413), ("anything_else", 400)])
def test_what_is_malformed_by_size_has_a_status_of_its_own(code: str, status: int) -> None:
    assert status_of(InvalidInput(code, "m")) == status


def test_a_subclass_has_its_parents_status() -> None:
    assert status_of(CatalogInvalid(["a: b: c"])) == 400


def test_those_who_may_come_back_are_told_when() -> None:
    assert headers_of(RateLimited("rate_limited", "m", retry_after_seconds=6)) == {"retry-after": "6"}
    assert headers_of(errors.Contention("contention", "m")) == {"retry-after": "1"}
    assert headers_of(NotAuthenticated("token_expired", "m")) == {"www-authenticate": "Bearer"}
    assert headers_of(Conflict("c", "m")) == {}


def test_findings_become_one_error_naming_the_first_field_and_listing_all() -> None:
    error = invalid_request(
        [
            {"loc": ("body", "nickname"), "type": "extra_forbidden", "msg": "Extra inputs are not permitted"},
            {"loc": ("body", "categories", 0), "type": "string_type", "msg": "Input should be a valid string"},
        ]
    )
    assert (error.code, error.field) == ("invalid_request", "nickname")
    listed: Any = error.details["errors"]
    assert [entry["field"] for entry in listed] == ["nickname", "categories.0"]
    assert "nickname" in error.message


def test_findings_of_one_kind_keep_their_code() -> None:
    assert invalid_request([{"loc": ("query", "limit"), "type": "int_parsing", "msg": "m"}]).code == "invalid_field"
    assert invalid_request([{"loc": ("body",), "type": "missing", "msg": "m"}]).field == "body"
