"""Actions in: CloudEvents are checked field by field, and the server's clock decides."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from missions_core.domain.actions import Action, accept, accept_own, parse_action
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.errors import InvalidInput
from tests.support.game import ms

NOW = ms("2026-11-21T10:00")
KNOWN = frozenset({"post.created"})
EVENT = {
    "specversion": "1.0",
    "source": "forum",
    "id": "a-1",
    "type": "post.created",
    "subject": "p1",
    "time": "2026-11-21T10:00:00Z",
    "data": {"length": 120},
}
GONE = object()


def body(**changes: object) -> str:
    return json.dumps({name: value for name, value in (EVENT | changes).items() if value is not GONE})


def parsed(**changes: object) -> Action:
    return parse_action(body(**changes))


def test_a_cloud_event_becomes_an_action() -> None:
    act = parsed()

    assert (act.source, act.id, act.type, act.player, act.data) == ("forum", "a-1", "post.created", "p1", {"length": 120})
    assert act.time == act.filed_at == NOW


@pytest.mark.parametrize(
    ("time", "instant"),
    [
        ("2026-11-21T10:00:00Z", NOW),
        ("2026-11-21t10:00:00z", NOW),
        ("2026-11-21T11:30:00+01:30", NOW),
        ("2026-11-20T23:00:00-11:00", NOW),
        ("2026-11-21T10:00:00.5Z", NOW + 500),
        ("2026-11-21T10:00:00.001Z", NOW + 1),
        ("2026-11-21T10:00:00.123456789Z", NOW + 123),
        ("2026-11-21T10:00:00.999999Z", NOW + 999),
    ],
)
def test_a_time_is_read_to_the_millisecond_whatever_its_offset(time: str, instant: int) -> None:
    assert parsed(time=time).time == instant


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"specversion": GONE}, "wrong_specversion", "specversion"),
        ({"specversion": "0.3"}, "wrong_specversion", "specversion"),
        ({"specversion": 1.0}, "wrong_specversion", "specversion"),
        *[
            case
            for field in ("source", "id", "type", "subject")
            for case in (
                ({field: GONE}, f"missing_{field}", field),
                ({field: None}, f"missing_{field}", field),
                ({field: ""}, f"invalid_{field}", field),
                ({field: 7}, f"invalid_{field}", field),
                ({field: ["x"]}, f"invalid_{field}", field),
                ({field: "a\nb"}, f"invalid_{field}", field),
                ({field: "a\0b"}, f"invalid_{field}", field),
                ({field: "\ud800"}, f"invalid_{field}", field),
                ({field: "x" * 257}, f"oversized_{field}", field),
            )
        ],
        ({"time": GONE}, "missing_time", "time"),
        ({"time": None}, "missing_time", "time"),
        *[
            ({"time": time}, "invalid_time", "time")
            for time in (
                "",
                "yesterday",
                "2026-11-21",
                "2026-11-21T10:00:00",  # whose ten o'clock?
                "2026-11-21 10:00:00Z",
                "2026-11-21T10:00Z",
                "2026-02-30T10:00:00Z",
                "2026-11-21T24:00:00Z",
                "2026-11-21T10:00:60Z",
                "2026-11-21T10:00:00+25:00",
                "0001-01-01T00:00:00+01:00",
                "٢٠٢٦-11-21T10:00:00Z",
                "2026-11-21T10:00:00Z\n",
                NOW,
            )
        ],
        ({"data": []}, "invalid_data", "data"),
        ({"data": "text"}, "invalid_data", "data"),
        ({"data": 0}, "invalid_data", "data"),
        ({"data": {"text": "x" * 8200}}, "oversized_data", "data"),
        ({"data": {"text": "ü" * 4200}}, "oversized_data", "data"),  # bytes, not characters
    ],
)
def test_a_malformed_action_is_refused_with_a_stable_code_naming_the_field(changes: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parsed(**changes)

    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize("text", ["", "{", "nope", '{"a": NaN}', '{"a": Infinity}', "[" * 50_000, '{"a": 1' + "0" * 5000 + "}"])
def test_a_body_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_action(text)

    assert refused.value.code == "malformed_json"


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', "[{}]"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_action(text)

    assert refused.value.code == "not_an_object"


@pytest.mark.parametrize("depth", [10, 500, *range(960, 1000), 5000])
def test_data_of_any_depth_is_read_or_refused_as_invalid(depth: int) -> None:
    text = body(data=GONE)[:-1] + ', "data": {"a": ' + "[" * depth + "]" * depth + "}}"

    assert came_to(text) in ("read", "malformed_json", "invalid_data", "oversized_data")  # as deep as this process happens to recurse


def came_to(text: str) -> str:
    try:
        parse_action(text)
    except InvalidInput as refused:
        return refused.code
    return "read"


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1e99999999999999999999", "1e-99999999999999999999"])
def test_a_number_beyond_all_exponents_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_action(body(data=GONE)[:-1] + f', "data": {{"amount": {number}}}}}')

    assert refused.value.code == "malformed_json"


@pytest.mark.parametrize("data", [GONE, None, {}])
def test_an_action_may_come_without_data(data: object) -> None:
    assert parsed(data=data).data == {}


def test_text_of_exactly_the_greatest_length_and_data_of_exactly_the_greatest_size_are_taken() -> None:
    act = parsed(subject="ü" * 256, data={"text": "x" * (8192 - len('{"text": ""}'))})

    assert len(act.player) == 256


def test_fractions_stay_exact() -> None:
    assert parse_action(body(data=GONE)[:-1] + ', "data": {"amount": 0.1}}').data["amount"] == Decimal("0.1")


PART = st.text("ab:|", min_size=1, max_size=4)


@given(PART, PART, PART, PART)
@example("ab", "a", "a", "ba")
@settings(max_examples=100)
def test_the_duplicate_key_is_that_of_source_and_id_alone(source: str, id_: str, other_source: str, other_id: str) -> None:
    one = parsed(source=source, id=id_)
    other = parsed(source=other_source, id=other_id, subject="another", data={"x": 1}, time="2026-11-21T09:00:00Z")

    assert (one.key == other.key) is ((source, id_) == (other_source, other_id))


@pytest.mark.parametrize(
    ("offset_ms", "counts_at"),
    [(-14 * DAY_MS, -14 * DAY_MS), (-HOUR_MS, -HOUR_MS), (0, 0), (1, 0), (60_000, 0)],
)
def test_a_trusted_senders_time_counts_but_is_never_later_than_now(offset_ms: int, counts_at: int) -> None:
    act = accept(at(NOW + offset_ms), now=NOW, known=KNOWN)

    assert act.time == NOW + counts_at
    assert act.filed_at == NOW + offset_ms  # looked up under what the sender wrote, on every delivery


@pytest.mark.parametrize(("offset_ms", "code"), [(60_001, "future"), (-14 * DAY_MS - 1, "too_old")])
def test_a_trusted_senders_incredible_time_is_refused(offset_ms: int, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accept(at(NOW + offset_ms), now=NOW, known=KNOWN)

    assert (refused.value.code, refused.value.field) == (code, "time")


@pytest.mark.parametrize("offset_ms", [-14 * DAY_MS, -DAY_MS, 0, 60_001, DAY_MS])
def test_a_players_own_action_counts_now_and_is_filed_under_what_the_device_wrote(offset_ms: int) -> None:
    act = accept_own(at(NOW + offset_ms), now=NOW, known=KNOWN)

    assert (act.time, act.filed_at) == (NOW, NOW + offset_ms)


@pytest.mark.parametrize(("offset_ms", "code"), [(DAY_MS + 1, "future"), (-14 * DAY_MS - 1, "too_old")])
def test_a_device_whose_clock_is_far_off_is_told_so(offset_ms: int, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accept_own(at(NOW + offset_ms), now=NOW, known=KNOWN)

    assert (refused.value.code, refused.value.field) == (code, "time")


@pytest.mark.parametrize("take", [accept, accept_own])
def test_an_unknown_action_type_is_refused(take: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        take(at(NOW), now=NOW, known=frozenset({"tip.sent"}))

    assert (refused.value.code, refused.value.field) == ("unknown_action_type", "type")


def at(time: int) -> Action:
    return Action("forum", "a-1", "post.created", "p1", time, time, {}, "0" * 12)
