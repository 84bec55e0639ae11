"""Errors as the client sees them: RFC 9457 problem documents. The one place where error kinds meet HTTP status codes."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from missions_core.errors import (
    Conflict,
    Contention,
    Gone,
    InvalidInput,
    MisconfiguredError,
    MissionsError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
    Unavailable,
    Unreachable,
    VersionConflict,
)
from missions_core.instants import end_of

PROBLEM_JSON = "application/problem+json"
Problem = dict[str, Any]

STATUS_OF: Mapping[type[MissionsError], HTTPStatus] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotPermitted: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Contention: HTTPStatus.SERVICE_UNAVAILABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Unreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    VersionConflict: HTTPStatus.SERVICE_UNAVAILABLE,
    MisconfiguredError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# Malformed by sheer size: HTTP has a status of its own for it.
TOO_LARGE = frozenset({"body_too_large", "batch_too_large"})
DEFAULT_RETRY_SECONDS = 1
RETRYABLE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# pydantic's error types, as codes of ours where ours say more.
CODES = {"extra_forbidden": "unknown_field", "missing": "missing_field"}


def status_of(error: MissionsError) -> HTTPStatus:
    """The status of an error's nearest kind."""
    if error.code in TOO_LARGE:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem_of(error: MissionsError) -> Problem:
    """The problem document: standard members, then ours, then the error's details with instants as timestamps."""
    status = status_of(error)
    problem: Problem = {
        "type": f"urn:missions:problem:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": error.message,
        "code": error.code,
        "field": error.field,
    }
    details = {name: _shown(name, value) for name, value in error.details.items() if name not in problem}
    return problem | details


def headers_of(error: MissionsError) -> dict[str, str]:
    """When to come back, where coming back helps; how to authenticate, where that is missing."""
    status = status_of(error)
    if status in RETRYABLE:
        return {"retry-after": str(error.details.get("retry_after_seconds", DEFAULT_RETRY_SECONDS))}
    return {"www-authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}


def invalid_request(findings: Sequence[Mapping[str, Any]]) -> InvalidInput:
    """One error out of pydantic's findings: it names the first field, `errors` names them all."""
    errors = [{"field": _field(finding["loc"]), "code": _code(finding["type"]), "detail": _detail(finding)} for finding in findings]
    codes = {error["code"] for error in errors}
    code = codes.pop() if len(codes) == 1 else "invalid_request"
    detail = "; ".join(f"{error['field']}: {error['detail']}" for error in errors)
    return InvalidInput(code, detail, field=errors[0]["field"], errors=errors)


def _detail(finding: Mapping[str, Any]) -> str:
    return "not a member of this request; leave it out" if finding["type"] == "extra_forbidden" else str(finding["msg"])


def _code(kind: str) -> str:
    return CODES.get(kind, "invalid_field")


def _field(location: Sequence[str | int]) -> str:
    """`categories.0` for ("body", "categories", 0)."""
    within = location[1:] or location  # without the part of the request: body, query, path
    return ".".join(str(step) for step in within)


def _shown(name: str, value: object) -> object:
    is_instant = name == "until" or name.endswith(("_at", "_until"))
    return end_of(value) if is_instant and isinstance(value, int) else value
