"""Actions: CloudEvents 1.0 JSON objects, checked by hand (this is the hot path) and reduced to what the engine needs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

from missions_core.domain.catalog import DAY_MS
from missions_core.errors import InvalidInput

MAX_TEXT = 256  # characters of id, source, type and subject
MAX_DATA_BYTES = 8 * 1024
MAX_FUTURE_MS = 60_000
MAX_AGE_MS = 14 * DAY_MS
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)  # RFC 3339: the offset is required


@dataclass(frozen=True, slots=True)
class Action:
    """Something a player did, when in epoch milliseconds.

    `key` is the hash under which duplicates are recognised, `filed_at` the time under which it is looked for: what the sender wrote,
    the same on every delivery, while `time` may be moved to the server's clock.
    """

    source: str
    id: str
    type: str
    player: str
    time: int
    filed_at: int
    data: Mapping[str, Any]
    key: str


def parse_action(body: str) -> Action:
    """Read one CloudEvents JSON text. InvalidInput names the field and the fix."""
    try:
        event = json.loads(body, parse_float=Decimal, parse_constant=_not_json)
    except (ValueError, RecursionError, InvalidOperation) as error:  # the last: an exponent no Decimal can hold
        raise InvalidInput("malformed_json", f"the body is not JSON: {error}") from None
    return read_action(event)


def read_action(event: object) -> Action:
    """Check one CloudEvents object (floats as Decimal). InvalidInput names the field and the fix."""
    if not isinstance(event, dict):
        raise InvalidInput("not_an_object", "an action is a JSON object (a CloudEvents 1.0 event)")
    if event.get("specversion") != "1.0":
        raise InvalidInput("wrong_specversion", 'specversion must be "1.0"', field="specversion")
    source, id_ = _text(event, "source"), _text(event, "id")
    time = _time(event.get("time"))
    return Action(
        source=source,
        id=id_,
        type=_text(event, "type"),
        player=_text(event, "subject"),
        time=time,
        filed_at=time,
        data=_data(event.get("data", {})),
        key=blake2b(f"{source}\0{id_}".encode(), digest_size=6).hexdigest(),
    )


def accept(action: Action, *, now: int, known: frozenset[str]) -> Action:
    """Apply the server's clock and the catalog to a trusted sender's action: its time is never later than now."""
    _check_type(action, known)
    if action.time > now + MAX_FUTURE_MS:
        raise InvalidInput("future", "time is more than 60 seconds ahead of the server's clock", field="time")
    _check_age(action, now)
    return action if action.time <= now else replace(action, time=now)


def accept_own(action: Action, *, now: int, known: frozenset[str]) -> Action:
    """Apply the server's clock to what a player sent about themselves: it counts now; its time only files it against duplicates.

    A device's clock may be wrong, by up to a day ahead and two weeks behind.
    """
    _check_type(action, known)
    if action.filed_at > now + DAY_MS:
        raise InvalidInput("future", "time is more than a day ahead of the server's clock: set the device's clock", field="time")
    _check_age(action, now)
    return replace(action, time=now)


def _check_age(action: Action, now: int) -> None:
    if action.filed_at < now - MAX_AGE_MS:
        raise InvalidInput("too_old", "time is more than 14 days ago; duplicates could no longer be recognised", field="time")


def _check_type(action: Action, known: frozenset[str]) -> None:
    if action.type not in known:
        message = f"{action.type!r} is not an action type of the catalog; add it to rules.actions"
        raise InvalidInput("unknown_action_type", message, field="type")


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if value is None:
        raise InvalidInput(f"missing_{name}", f"{name} is required", field=name)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"invalid_{name}", f"{name} must be a non-empty string", field=name)
    if len(value) > MAX_TEXT:
        raise InvalidInput(f"oversized_{name}", f"{name} must have at most {MAX_TEXT} characters", field=name)
    if not value.isprintable():
        raise InvalidInput(f"invalid_{name}", f"{name} must not contain control characters", field=name)
    return value


def _time(value: object) -> int:
    if value is None:
        raise InvalidInput("missing_time", "time is required: when it happened, e.g. 2026-11-21T10:00:00Z", field="time")
    if isinstance(value, str) and TIME.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
            return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
        except (ValueError, OverflowError):
            pass  # well formed, but no such moment: fall through to the same advice
    raise InvalidInput("invalid_time", "time must be an RFC 3339 timestamp with an offset, e.g. 2026-11-21T10:00:00Z", field="time")


def _data(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput("invalid_data", "data must be a JSON object", field="data")
    if value and _size(value) > MAX_DATA_BYTES:
        raise InvalidInput("oversized_data", f"data must be at most {MAX_DATA_BYTES} bytes of JSON", field="data")
    return value


def _size(value: dict[str, Any]) -> int:
    try:
        return len(json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except RecursionError:
        raise InvalidInput("invalid_data", "data is nested too deeply", field="data") from None


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")
