"""POST /v1/actions: outcomes, who may send what, and what malformed actions get."""

import base64
import json
from typing import Any

import pytest

from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.storage.catalogs import Catalogs
from missions_core.use_cases import retrying
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.world import World

NOW = ms("2026-11-21T12:00:10")
WATCHED = {"specversion": "1.0", "id": "w1", "source": "app", "type": "video.watched", "time": "2026-11-21T12:00:00Z"}


def test_a_services_action_counts_and_says_for_what(post: Any) -> None:
    answer = post()
    assert answer.body["accepted"] is True
    assert answer.body["outcome"] == "counted"
    counted = {outcome["mission"]: outcome for outcome in answer.body["outcomes"]}
    assert counted["one_post:2026-11-21"] == {
        "mission": "one_post:2026-11-21",
        "requirement": "post.created",
        "outcome": "counted",
        "before": 0,
        "after": 1,
    }


def test_the_same_action_again_is_a_duplicate_and_still_200(host: Any, post: Any) -> None:
    event = post.event()
    assert host.post("/v1/actions", event).body["outcome"] == "counted"
    again = host.post("/v1/actions", event)
    assert (again.status, again.body["accepted"], again.body["outcome"]) == (200, False, "duplicate")


def test_an_action_too_late_for_any_board_is_late_and_still_200(host: Any, post: Any) -> None:
    answer = host.post("/v1/actions", post.event(time="2026-11-08T12:00:00Z", type="tip.sent"))
    assert (answer.status, answer.body["outcome"]) == (200, "late")


def test_players_send_their_own_actions_without_naming_themselves(ann: Any) -> None:
    mine = ann.get("/v1/me/missions").body["items"]
    watcher = next(each["id"] for each in mine if each["template"] == "watcher")
    assert ann.post(f"/v1/me/missions/{watcher}/start").status == 200
    answer = ann.post("/v1/actions", WATCHED)
    assert (answer.status, answer.body["outcome"]) == (200, "counted")


@pytest.mark.parametrize("time", ["2026-11-08T00:00:00Z", "2026-11-22T11:00:00Z"])
def test_a_players_action_counts_now_whatever_its_devices_clock_says(ann: Any, world: World, time: str) -> None:
    answer = ann.post("/v1/actions", WATCHED | {"time": time})
    assert answer.status == 200
    assert world.state(ann.player).active_at == world.now


@pytest.mark.parametrize(
    ("time", "code"), [(None, "missing_time"), ("2020-01-01T00:00:00Z", "too_old"), ("2026-11-23T00:00:00Z", "future")]
)
def test_a_players_action_needs_a_time_by_which_a_repeat_can_be_recognised(ann: Any, time: str | None, code: str) -> None:
    event = {name: value for name, value in WATCHED.items() if name != "time"} | ({"time": time} if time else {})
    assert ann.post("/v1/actions", event).problem == (400, code, "time")


def test_a_players_retry_hours_later_is_a_duplicate_by_the_time_it_was_sent_with(ann: Any, world: World) -> None:
    event = WATCHED | {"time": "2026-11-21T11:59:59Z"}
    assert ann.post("/v1/actions", event).body["outcome"] != "duplicate"
    for later in (HOUR_MS, 30 * HOUR_MS, 13 * DAY_MS):
        world.now = NOW + later
        assert ann.post("/v1/actions", event).body["outcome"] == "duplicate", later


@pytest.mark.parametrize(
    ("members", "code", "field"),
    [
        ({"subject": "22222222-2222-4222-8222-222222222222"}, "foreign_subject", "subject"),
        ({"type": "post.created"}, "action_not_client", "type"),
    ],
)
def test_players_may_not_speak_for_others_nor_for_services(ann: Any, members: dict[str, str], code: str, field: str) -> None:
    assert ann.post("/v1/actions", WATCHED | members).problem == (403, code, field)


def test_players_are_rate_limited_per_type_and_told_when_to_come_back(ann: Any, world: World) -> None:
    answers = [ann.post("/v1/actions", WATCHED | {"id": f"w{n}"}) for n in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].problem == (429, "rate_limited", None)
    assert answers[-1].headers["retry-after"] == "6"
    world.now += 6_000
    assert ann.post("/v1/actions", WATCHED | {"id": "w10"}).status == 200


def test_services_are_not_rate_limited(host: Any, ann: Any, post: Any) -> None:
    events = [post.event(type="video.watched") for _ in range(20)]
    assert {item["status"] for item in host.post("/v1/actions", events).body["items"]} == {200}


MALFORMED = [
    ({"specversion": "0.3"}, "wrong_specversion", "specversion"),
    ({"specversion": None}, "wrong_specversion", "specversion"),
    ({"id": None}, "missing_id", "id"),
    ({"id": ""}, "invalid_id", "id"),
    ({"id": 7}, "invalid_id", "id"),
    ({"id": "x" * 257}, "oversized_id", "id"),
    ({"id": "a\nb"}, "invalid_id", "id"),
    ({"source": "s" * 257}, "oversized_source", "source"),
    ({"type": "t" * 257}, "oversized_type", "type"),
    ({"type": "unheard.of"}, "unknown_action_type", "type"),
    ({"subject": None}, "missing_subject", "subject"),
    ({"time": None}, "missing_time", "time"),
    ({"time": "yesterday"}, "invalid_time", "time"),
    ({"time": "2026-11-21T12:00:00"}, "invalid_time", "time"),
    ({"time": "2026-11-21T12:01:11Z"}, "future", "time"),
    ({"time": "2026-11-07T12:00:09Z"}, "too_old", "time"),
    ({"data": []}, "invalid_data", "data"),
    ({"data": {"text": "x" * 8193}}, "oversized_data", "data"),
]


@pytest.mark.parametrize(("members", "code", "field"), MALFORMED)
def test_a_malformed_action_is_a_400_naming_the_field(host: Any, post: Any, members: dict[str, Any], code: str, field: str) -> None:
    assert host.post("/v1/actions", post.event(**members)).problem == (400, code, field)


@pytest.mark.parametrize("wrap", [lambda events: events, lambda events: {"actions": events}], ids=["array", "object"])
def test_neighbours_of_a_malformed_action_count(host: Any, post: Any, wrap: Any) -> None:
    good, bad, better = post.event(), post.event(time="soon"), post.event()
    items = host.post("/v1/actions", wrap([good, bad, "not an object", good, better])).body["items"]
    assert [item["status"] for item in items] == [200, 400, 400, 200, 200]
    assert [item.get("outcome") for item in items] == ["counted", None, None, "duplicate", "counted"]
    assert [item["id"] for item in items] == [good["id"], bad["id"], None, good["id"], better["id"]]
    assert items[1]["problem"]["field"] == "time"
    assert items[2]["problem"]["code"] == "not_an_object"


def test_a_batch_of_a_player_gets_each_its_own_status(ann: Any) -> None:
    events = [WATCHED | {"id": str(n)} for n in range(11)] + [WATCHED | {"type": "post.created"}]
    statuses = [item["status"] for item in ann.post("/v1/actions", events).body["items"]]
    assert sorted(statuses[:11]) == [200] * 10 + [429]
    assert statuses[11] == 403


def test_a_batch_has_at_most_100_actions(host: Any, post: Any) -> None:
    assert host.post("/v1/actions", [post.event() for _ in range(100)]).status == 200
    assert host.post("/v1/actions", [post.event() for _ in range(101)]).problem == (413, "batch_too_large", "actions")


def test_a_batch_of_one_player_is_one_read_and_one_write(host: Any, post: Any, world: World) -> None:
    post()
    world.aws.calls.clear()
    host.post("/v1/actions", [post.event() for _ in range(20)])
    assert [call.operation for call in world.aws.calls] == ["GetItem", "PutItem"]


@pytest.mark.parametrize("body", [{"actions": {}}, {"actions": [], "more": 1}])
def test_a_batch_is_a_list_and_nothing_else(host: Any, body: dict[str, Any]) -> None:
    status, _, field = host.post("/v1/actions", body).problem
    assert (status, field) == (400, "more" if "more" in body else "actions")


@pytest.mark.parametrize("text", ["{", "", "nul", '{"id": NaN}', "[" * 50_000, "\ud800"], ids=range(6))
def test_a_body_that_is_not_json_is_a_400(host: Any, text: str) -> None:
    status, code, _ = host.send("POST", "/v1/actions", text=text).problem
    assert (status, code) == (400, "missing_field" if text == "" else "malformed_json")


@pytest.mark.parametrize("text", ["7", '"action"', "null", "true"])
def test_a_body_that_is_no_object_and_no_list_is_a_400(host: Any, text: str) -> None:
    assert host.send("POST", "/v1/actions", text=text).status == 400


def test_a_body_over_64_kb_is_a_413(host: Any, post: Any) -> None:
    events = [post.event(data={"text": "x" * 8000}) for _ in range(9)]
    assert host.post("/v1/actions", events).problem == (413, "body_too_large", None)


@pytest.mark.parametrize("content_type", ["text/plain", "application/cloudevents+json; charset=utf-8", "application/x-www-form-urlencoded"])
def test_json_is_json_whatever_it_is_called(host: Any, post: Any, content_type: str) -> None:
    assert host.post("/v1/actions", post.event(), content_type=content_type).status == 200


def test_a_body_the_gateway_took_for_binary_is_decoded(host: Any, post: Any) -> None:
    encoded = base64.b64encode(json.dumps(post.event()).encode()).decode()
    assert host.send("POST", "/v1/actions", text=encoded, isBase64Encoded=True).status == 200
    no_text = base64.b64encode(b"\xff\xfe").decode()
    assert host.send("POST", "/v1/actions", text=no_text, isBase64Encoded=True).problem[1] == "malformed_json"


def test_fractions_are_exact(host: Any, post: Any) -> None:
    for _ in range(3):
        answer = host.post("/v1/actions", post.event(type="tip.sent", data={"amount": 0.1}))
    volume = next(outcome for outcome in answer.body["outcomes"] if outcome["requirement"] == "volume")
    assert volume["after"] == 0.3


def test_a_contended_player_is_a_503_worth_retrying(host: Any, post: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "LONGEST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(retrying, "FIRST_PAUSE_SECONDS", 0.001)
    world.aws.intercept = on("PutItem", refuse("ConditionalCheckFailedException"), times=99)
    answer = host.post("/v1/actions", post.event())
    assert answer.problem == (503, "contention", None)
    assert int(answer.headers["retry-after"]) >= 1


def test_an_unexpected_error_is_not_answered_but_raised(host: Any, post: Any, world: World) -> None:
    world.aws.intercept = on("PutItem", refuse("ValidationException"), times=1)
    with pytest.raises(Exception, match="injected"):
        host.post("/v1/actions", post.event())


def test_unknown_players_are_refused_where_the_rules_say_so(host: Any, post: Any, world: World) -> None:
    published = Catalogs("missions").published()
    world.publish_catalog(snapshot(mission("one_post"), previous=published, unknown_players="quarantine"))
    assert host.post("/v1/actions", post.event(subject="nobody")).problem == (400, "unknown_player", "subject")
