"""Evidence from the player's hand to the decision: handed in or uploaded, checked, reviewed, paid, whatever is delivered twice or fails."""

import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from infra.inprocess import InProcessAws, Interceptor, Request
from missions_core import clock
from missions_core.domain.catalog import DAY_MS
from missions_core.domain.state import Submission
from missions_core.domain.uploads import UPLOAD_MS
from missions_core.errors import MisconfiguredError, MissionsError, Unreachable
from missions_core.outbound import Answer as EndpointAnswer
from missions_core.outbound import Endpoint
from missions_core.storage.audit import Audit
from missions_core.storage.evidence import Decision, EvidenceStore
from missions_core.storage.ledger import Ledger
from missions_core.use_cases import moderation, reviews
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.reviews import review_id
from tests.component.http.conftest import NOW, Answer, Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import lose_answer, on, refuse
from tests.support.world import World, post

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
GIF = b"GIF89a" + bytes(102)
UPLOAD = {"type": "uploaded_content", "content_type": "image/png", "size": len(PNG)}
PAGE = {"type": "url", "url": "https://example.org/my/post"}
WHY = {"reason": "looked at it"}
TODAY = "2026-11-21"
PROVEN, SHOWN, BOTH, PLAIN = f"proven:{TODAY}", f"shown:{TODAY}", f"both:{TODAY}", f"plain:{TODAY}"
AUTO = {"types": ["url", "watch_duration", "invite_code", "click_data"], "review": "auto", "attempts": 2, "hosts": ["example.org"]}
MANUAL = {"types": ["uploaded_content", "url"], "review": "manual", "content_types": ["image/png"], "price": {"gold": 5}}
RULES: dict[str, Any] = {"rotation": {"daily": {"min": 9, "max": 9}, "weekly": {"min": 0, "max": 0}, "monthly": {"min": 0, "max": 0}}}


def evidence_mission(key: str, rule: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A mission that asks for evidence alone."""
    return mission(key, evidence=rule, auto_claim=True, **fields) | {"requirements": None}


CATALOG = snapshot(
    evidence_mission("proven", AUTO, rewards={"gold": 40}),
    evidence_mission("shown", MANUAL, rewards={"gold": 70}),
    mission("both", evidence={**AUTO, "review": "manual"}, rewards={"gold": 30}, auto_claim=True),
    mission("plain", {"tip.sent": 1}, rewards={"gold": 20}, auto_claim=True),
    **RULES,
)


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    """A day with four missions, three of which ask for evidence."""
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(CATALOG)
    return world


@pytest.fixture
def ann(world: World) -> Client:
    """A player with 20 gold."""
    ann = Client(world, "ann")
    world.ingest(post("tip", "2026-11-21T12:00:00Z", type_="tip.sent"))
    world.pay()
    return ann


@pytest.fixture
def moderator(world: World) -> Client:
    return Client(world, "mona", "moderator")


def submit(client: Client, mission_id: str, body: object, **headers: str) -> Answer:
    return client.post(f"/v1/me/missions/{mission_id}/evidence", body, **headers)


def check(world: World) -> None:
    """Let effects leave, and check what has arrived."""
    world.publish()
    for answer in world.deliver("EVIDENCE_QUEUE_URL", "moderate_evidence"):
        assert answer == {"batchItemFailures": []}


def upload(world: World, answer: Answer, content: bytes, *, key: str | None = None) -> int:
    """Send a file with the form of an answer, as a browser does; the status S3 answers."""
    form = answer.body["upload"]
    fields = form["fields"] | ({"key": key} if key else {})
    return send_form(world.aws, form["url"], fields, content)


def send_form(aws: InProcessAws, url: str, fields: Mapping[str, str], content: bytes) -> int:
    boundary = uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode() + content + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    headers = HTTPHeaders.from_dict({"content-type": f"multipart/form-data; boundary={boundary}"})
    sent = AWSPreparedRequest("POST", url, headers, body, stream_output=False)
    return aws.deliver(Request("s3", "PostObject", sent)).status_code


def arrived(world: World, answer: Answer) -> str:
    """The message EventBridge puts into the queue once the file is there."""
    key = answer.body["upload"]["fields"]["key"]
    detail = {"bucket": {"name": "player-files"}, "object": {"key": key, "size": len(PNG)}}
    return json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})


def deliver(world: World, *bodies: str) -> list[Any]:
    """Deliver messages by hand."""
    records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
    failures: list[Any] = world.invoke("moderate_evidence", {"Records": records})["batchItemFailures"]
    return failures


def uploaded(world: World, client: Client, mission_id: str = SHOWN, content: bytes = PNG, **body: Any) -> Answer:
    """An upload that has arrived and been checked."""
    answer = submit(client, mission_id, UPLOAD | body)
    assert answer.status == 200, answer.text
    assert upload(world, answer, content) == 204
    deliver(world, arrived(world, answer))
    check(world)
    return answer


def mission_of(client: Client, mission_id: str) -> Any:
    return client.get(f"/v1/me/missions/{mission_id}").body


def submissions(client: Client, mission_id: str) -> list[Any]:
    handed: list[Any] = mission_of(client, mission_id)["evidence"]["submissions"]
    return handed


def status(client: Client, mission_id: str) -> tuple[str, str]:
    """Of the mission, and of the last evidence for it."""
    return mission_of(client, mission_id)["status"], submissions(client, mission_id)[-1]["status"]


def gold(world: World, player: str = "ann") -> int:
    world.pay()
    return Ledger("missions").wallet(world.state(player).account).get("gold", 0)


def causes(world: World, player: str = "ann") -> list[str]:
    grants, _ = Ledger("missions").grants(world.state(player).account, limit=50, cursor=None)
    return [grant.cause for grant in grants]


def waiting(moderator: Client) -> list[Any]:
    items: list[Any] = moderator.get("/v1/admin/reviews").body["items"]
    return items


def decide(moderator: Client, verdict: str, id_: str | None = None) -> Answer:
    id_ = id_ or waiting(moderator)[0]["id"]
    return moderator.post(f"/v1/admin/reviews/{id_}/{verdict}", WHY)


@contextmanager
def faulty(world: World, fault: Interceptor) -> Iterator[None]:
    """What AWS does for a while; the stream is observed as ever."""
    working = world.aws.intercept
    world.aws.intercept = lambda request, deliver: fault(request, lambda again: working(again, deliver))
    try:
        yield
    finally:
        world.aws.intercept = working


def test_a_mission_that_asks_for_evidence_alone_is_open_until_it_is_approved(world: World, ann: Client) -> None:
    before = mission_of(ann, PROVEN)
    answer = submit(ann, PROVEN, PAGE)
    under_way = status(ann, PROVEN)
    check(world)

    assert (before["percent"], before["status"], before["evidence"]["attempts_left"]) == (0, "active", 2)
    assert (answer.status, answer.body["status"], answer.body["upload"]) == (200, "checking", None)
    assert under_way == ("active", "checking")
    assert mission_of(ann, PROVEN)["percent"] == 100
    assert status(ann, PROVEN) == ("claimed", "approved")
    assert gold(world) == 60


def test_an_upload_is_charged_sent_with_the_form_and_waits_for_a_moderator(world: World, ann: Client, moderator: Client) -> None:
    answer = uploaded(world, ann)

    assert (answer.body["status"], answer.body["number"], gold(world)) == ("uploading", 1, 15)
    assert status(ann, SHOWN) == ("active", "in_review")
    [found] = waiting(moderator)
    shown = moderator.get(f"/v1/admin/reviews/{found['id']}").body
    assert (shown["player"], shown["mission"], shown["upload"]["is_changed"]) == ("ann", SHOWN, False)
    assert {check["check"]: check["problem"] for check in shown["checks"]} == dict.fromkeys(("size", "content_type", "checksum", "unused"))

    decided = decide(moderator, "approve")

    assert (decided.status, decided.body["decision"]["by"]) == (200, "mona")
    assert status(ann, SHOWN) == ("claimed", "approved")
    assert (waiting(moderator), gold(world)) == ([], 85)


def test_s3_refuses_another_size_type_or_key_than_was_announced(world: World, ann: Client) -> None:
    answer = submit(ann, SHOWN, UPLOAD)
    form = answer.body["upload"]

    assert upload(world, answer, PNG + b"x") >= 400
    assert upload(world, answer, PNG[:-1]) >= 400
    assert upload(world, answer, PNG, key="evidence/elsewhere") >= 400
    assert send_form(world.aws, form["url"], form["fields"] | {"Content-Type": "text/html"}, PNG) >= 400
    assert upload(world, answer, PNG) == 204


@pytest.mark.parametrize(
    ("mission_id", "body", "problem"),
    [
        ("nothing:2026-11-21", PAGE, (404, "mission_not_found", None)),
        (PLAIN, PAGE, (409, "evidence_not_asked", None)),
        (PROVEN, UPLOAD, (400, "evidence_type_not_taken", "type")),
        (SHOWN, UPLOAD | {"content_type": "image/gif"}, (400, "content_type_not_taken", "content_type")),
        (SHOWN, UPLOAD | {"size": 10_485_761}, (400, "upload_too_large", "size")),
        (SHOWN, UPLOAD | {"size": 0}, (400, "invalid_field", "uploaded_content.size")),
        (PROVEN, {"type": "url"}, (400, "missing_field", "url.url")),
        (PROVEN, PAGE | {"url": "http://example.org/x"}, (400, "invalid_field", "url.url")),
        (PROVEN, PAGE | {"more": 1}, (400, "unknown_field", "url.more")),
        (PROVEN, {"type": "rumour"}, (400, "invalid_field", "body")),
        (PROVEN, {"type": "click_data", "clicks": [{"at": 1}] * 201}, (400, "invalid_field", "click_data.clicks")),
    ],
)
def test_what_cannot_be_taken_is_refused(ann: Client, mission_id: str, body: Any, problem: Any) -> None:
    assert submit(ann, mission_id, body).problem == problem


def test_requirements_and_evidence_are_both_needed_in_whichever_order(world: World, ann: Client, moderator: Client) -> None:
    """Half of the way is done with either."""
    submit(ann, BOTH, PAGE)
    check(world)
    decide(moderator, "approve")
    approved = (mission_of(ann, BOTH)["percent"], mission_of(ann, BOTH)["status"])
    world.ingest(post("p", "2026-11-21T12:00:00Z"))
    bob = Client(world, "bob")
    world.ingest(post("q", "2026-11-21T12:00:00Z", player="bob"))
    done_first = (mission_of(bob, BOTH)["percent"], mission_of(bob, BOTH)["status"])
    submit(bob, BOTH, PAGE | {"url": "https://www.example.org/bob"})
    check(world)
    decide(moderator, "approve")

    assert approved == done_first == (50, "active")
    assert mission_of(ann, BOTH)["status"] == mission_of(bob, BOTH)["status"] == "claimed"
    assert (gold(world), gold(world, "bob")) == (50, 30)


def test_a_failed_check_rejects_with_a_sentence_and_leaves_the_other_attempts(world: World, ann: Client) -> None:
    for number in (1, 2):
        assert submit(ann, PROVEN, PAGE | {"url": f"https://elsewhere.net/{number}"}).status == 200
        check(world)
    used_up = submit(ann, PROVEN, PAGE)

    assert mission_of(ann, PROVEN)["status"] == "active"
    assert [(each["number"], each["status"], each["reason"]) for each in submissions(ann, PROVEN)] == [
        (1, "rejected", None),
        (2, "rejected", "The address must be on example.org."),
    ]
    assert used_up.problem == (409, "attempts_used_up", None)


def test_what_was_rejected_may_be_handed_in_again_for_the_same_mission(world: World, ann: Client, moderator: Client) -> None:
    for verdict in ("reject", "approve"):
        submit(ann, SHOWN, PAGE)
        check(world)
        decide(moderator, verdict)

    assert status(ann, SHOWN) == ("claimed", "approved")


def test_a_day_that_is_over_takes_no_evidence_but_what_it_took_is_still_decided(world: World, ann: Client, moderator: Client) -> None:
    submit(ann, SHOWN, PAGE)
    check(world)
    world.now += DAY_MS
    too_late = submit(ann, PROVEN, PAGE)
    decide(moderator, "approve")

    assert too_late.problem == (410, "mission_over", None)
    assert status(ann, SHOWN) == ("claimed", "approved")


def test_one_at_a_time_and_none_after_approval(world: World, ann: Client) -> None:
    submit(ann, PROVEN, PAGE)
    second = submit(ann, PROVEN, PAGE)
    check(world)
    third = submit(ann, PROVEN, PAGE)

    assert (second.problem, second.body["submission_status"]) == ((409, "evidence_under_review", None), "checking")
    assert third.problem == (409, "evidence_approved", None)


def test_what_somebody_handed_in_is_taken_from_nobody_else(world: World, ann: Client) -> None:
    bob = Client(world, "bob")
    for client, url in ((ann, "https://example.org/My/post/"), (bob, "https://EXAMPLE.org:443/My/post#top")):
        assert submit(client, PROVEN, PAGE | {"url": url}).status == 200
        check(world)

    assert status(ann, PROVEN) == ("claimed", "approved")
    assert submissions(bob, PROVEN)[0]["reason"] == "This was handed in before."


def test_an_invite_code_serves_many_players_and_each_once(world: World, ann: Client) -> None:
    code = {"type": "invite_code", "code": "WELCOME"}
    bob = Client(world, "bob")
    for client in (ann, bob):
        submit(client, PROVEN, code)
        check(world)
    world.now += DAY_MS
    submit(ann, "proven:2026-11-22", code)
    check(world)

    assert status(ann, PROVEN)[0] == status(bob, PROVEN)[0] == "claimed"
    assert status(ann, "proven:2026-11-22") == ("active", "rejected")


def test_a_file_that_is_not_what_it_says_is_rejected_and_its_price_given_back_once(world: World, ann: Client) -> None:
    answer = uploaded(world, ann, content=GIF)
    for _ in range(2):
        deliver(world, arrived(world, answer), json.dumps({"player": "ann", "mission": SHOWN, "number": 1}))

    assert status(ann, SHOWN) == ("active", "rejected")
    assert gold(world) == 20
    assert causes(world).count(f"refund:{SHOWN}:1") == 1


def test_a_damaged_file_is_rejected(world: World, ann: Client) -> None:
    uploaded(world, ann, sha256="0" * 64)

    assert submissions(ann, SHOWN)[0]["reason"] == "The file did not arrive as it was announced; upload it again."


def test_a_rejection_by_a_moderator_gives_the_price_back(world: World, ann: Client, moderator: Client) -> None:
    uploaded(world, ann)
    decided = decide(moderator, "reject")
    again = decide(moderator, "reject", decided.body["id"])

    assert (decided.status, again.status) == (200, 200)
    assert submissions(ann, SHOWN)[0]["reason"] == WHY["reason"]
    assert (gold(world), causes(world).count(f"refund:{SHOWN}:1")) == (20, 1)


def test_the_first_decision_stands_and_names_who_and_when(world: World, ann: Client, moderator: Client) -> None:
    uploaded(world, ann)
    id_ = waiting(moderator)[0]["id"]
    other = Client(world, "root", "admin")

    first, second = decide(moderator, "approve", id_), decide(other, "reject", id_)

    assert first.status == 200
    assert second.problem == (409, "already_decided", None)
    assert (second.body["decided_by"], second.body["decided_at"]) == ("mona", first.body["decision"]["at"])
    assert status(ann, SHOWN) == ("claimed", "approved")
    assert gold(world) == 85


def test_a_file_that_was_replaced_after_the_checks_cannot_be_approved(world: World, ann: Client, moderator: Client) -> None:
    answer = uploaded(world, ann)
    upload(world, answer, PNG[:-1] + b"x")
    id_ = waiting(moderator)[0]["id"]

    assert moderator.get(f"/v1/admin/reviews/{id_}").body["upload"]["is_changed"] is True
    assert decide(moderator, "approve").problem == (409, "evidence_changed", None)
    assert decide(moderator, "reject").status == 200


def test_an_upload_that_never_came_makes_room_once_its_form_expired(world: World, ann: Client) -> None:
    submit(ann, SHOWN, UPLOAD)
    world.now += UPLOAD_MS - 1
    too_early = submit(ann, SHOWN, UPLOAD)
    world.now += 1
    second = submit(ann, SHOWN, UPLOAD)

    assert too_early.problem == (409, "evidence_under_review", None)
    assert (second.status, second.body["number"]) == (200, 2)
    assert mission_of(ann, SHOWN)["evidence"]["attempts_left"] == 2


def test_an_upload_takes_over_what_an_unused_one_paid_so_the_last_points_buy_one_and_not_none(
    world: World, ann: Client, moderator: Client
) -> None:
    rule, dear = MANUAL | {"price": {"gold": 20}}, "dear:always-0"
    world.publish_catalog(snapshot(evidence_mission("dear", rule, period="perpetual"), previous=CATALOG, **RULES))
    submit(ann, dear, UPLOAD)
    world.now += UPLOAD_MS
    second = uploaded(world, ann, dear)
    spent = (gold(world), causes(world).count(f"purchase:evidence:{dear}:1"), causes(world).count(f"purchase:evidence:{dear}:2"))
    decide(moderator, "reject")

    assert (second.body["number"], spent) == (2, (0, 1, 0))
    assert (gold(world), causes(world).count(f"refund:{dear}:2"), causes(world).count(f"refund:{dear}:1")) == (20, 1, 0)


def test_an_unused_upload_is_no_attempt_and_does_not_keep_its_mission(world: World, ann: Client) -> None:
    """Swapping the mission gives back what was paid for it."""
    world.publish_catalog(snapshot(mission("other"), previous=CATALOG, **RULES))
    submit(ann, SHOWN, UPLOAD)
    world.now += UPLOAD_MS
    left = mission_of(ann, SHOWN)["evidence"]["attempts_left"]
    swapped = ann.post(f"/v1/me/missions/{SHOWN}/reroll")

    assert (left, swapped.status) == (3, 200)
    assert (gold(world), causes(world).count(f"refund:{SHOWN}:1")) == (20, 1)


def test_a_repeated_request_hears_the_same_and_is_charged_once(world: World, ann: Client) -> None:
    first = submit(ann, SHOWN, UPLOAD, idempotency_key="k")
    world.now += 60_000
    second = submit(ann, SHOWN, UPLOAD, idempotency_key="k")
    reused = submit(ann, SHOWN, UPLOAD | {"size": 5}, idempotency_key="k")

    assert [answer.body["number"] for answer in (first, second)] == [1, 1]
    assert upload(world, second, PNG) == 204
    assert reused.problem == (409, "idempotency_key_reused", None)
    assert gold(world) == 15


def test_whoever_cannot_pay_hands_in_nothing(world: World) -> None:
    bob = Client(world, "bob")
    refused = [submit(bob, SHOWN, UPLOAD) for _ in range(3)]

    assert {answer.problem for answer in refused} == {(409, "insufficient_balance", None)}
    assert (refused[0].body["price"], refused[0].body["balances"]) == ({"gold": 5}, {"gold": 0})
    assert submissions(bob, SHOWN) == []
    assert EvidenceStore("missions").load("bob", SHOWN, 1) is None


def test_a_repeated_request_hears_the_same_when_its_mission_has_settled(world: World, ann: Client) -> None:
    """The state has forgotten the evidence, its row has not."""
    world.publish_catalog(snapshot(evidence_mission("again", AUTO, period="perpetual"), previous=CATALOG, **RULES))
    first = submit(ann, "again:always-0", PAGE, idempotency_key="k")
    check(world)
    submit(ann, "again:always-1", PAGE | {"url": "https://example.org/another"})
    check(world)
    again = submit(ann, "again:always-0", PAGE, idempotency_key="k")

    assert ann.get("/v1/me/missions/again:always-0").status == 404
    assert (first.status, again.status) == (200, 200)
    assert (again.body["number"], again.body["status"], again.body["at"]) == (1, "approved", first.body["at"])


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_handing_in_survives_a_lost_answer(world: World, ann: Client, operation: str) -> None:
    with faulty(world, on(operation, lose_answer, times=1)):
        first = submit(ann, SHOWN, UPLOAD, idempotency_key="k")
    again = submit(ann, SHOWN, UPLOAD, idempotency_key="k")

    assert {answer.status for answer in (first, again)} <= {200}
    assert again.body["number"] == submissions(ann, SHOWN)[0]["number"]
    assert len(submissions(ann, SHOWN)) == 1
    assert gold(world) == 15


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem", "GetObject"])
@pytest.mark.parametrize("fault", [refuse("AccessDeniedException"), lose_answer])
@pytest.mark.parametrize("mission_id", [PROVEN, SHOWN])
def test_a_check_that_failed_anywhere_is_finished_by_the_next_delivery(
    world: World, ann: Client, moderator: Client, operation: str, fault: Any, mission_id: str
) -> None:
    answer = submit(ann, mission_id, PAGE if mission_id == PROVEN else UPLOAD)
    if mission_id == SHOWN:
        upload(world, answer, PNG)
        with faulty(world, on(operation, fault, times=1)):
            deliver(world, arrived(world, answer))
        assert deliver(world, arrived(world, answer)) == []
    message = json.dumps({"player": "ann", "mission": mission_id, "number": 1})
    with faulty(world, on(operation, fault, times=1)):
        deliver(world, message)
    assert deliver(world, message, message) == []

    if mission_id == PROVEN:
        assert status(ann, PROVEN) == ("claimed", "approved")
        assert gold(world) == 60
    else:
        assert status(ann, SHOWN) == ("active", "in_review")
        assert len(waiting(moderator)) == 1


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
@pytest.mark.parametrize("skipped", [0, 1])
@pytest.mark.parametrize(("verdict", "worth"), [("approve", 85), ("reject", 20)])
def test_a_decision_that_failed_anywhere_is_finished_by_repeating_it(
    world: World, ann: Client, moderator: Client, operation: str, skipped: int, verdict: str, worth: int
) -> None:
    """It stays in the queue until the player's state knows of it."""
    uploaded(world, ann)
    id_ = waiting(moderator)[0]["id"]
    with faulty(world, after(skipped, operation)), pytest.raises(Exception, match="injected"):
        decide(moderator, verdict, id_)
    left = [each["id"] for each in waiting(moderator)]
    decided = decide(moderator, verdict, id_)
    other = decide(moderator, "reject" if verdict == "approve" else "approve", id_)

    assert left == [id_]
    assert (decided.status, other.status) == (200, 409)
    assert (waiting(moderator), gold(world)) == ([], worth)


def after(skipped: int, operation: str) -> Any:
    """The service refuses the request of this kind that comes after some others."""
    left = [skipped]
    refused = refuse("AccessDeniedException")

    def intercept(request: Request, deliver: Any) -> Any:
        if request.operation != operation:
            return deliver(request)
        left[0] -= 1
        return refused(request, deliver) if left[0] == -1 else deliver(request)

    return intercept


@pytest.mark.parametrize(("verdict", "worth"), [("approve", 85), ("reject", 20)])
def test_what_is_decided_after_the_board_settled_is_still_paid_once(
    world: World, ann: Client, moderator: Client, verdict: str, worth: int
) -> None:
    uploaded(world, ann)
    id_ = waiting(moderator)[0]["id"]
    for _ in range(3):
        world.now += DAY_MS
        world.night()
    kept = world.state("ann").unproven
    first, again = decide(moderator, verdict, id_), decide(moderator, verdict, id_)

    assert list(kept) == [SHOWN]
    assert (first.status, again.status) == (200, 200)
    assert world.state("ann").unproven == {}
    assert gold(world) == worth
    assert causes(world).count(f"mission:{SHOWN}") == (verdict == "approve")


def test_an_upload_under_way_when_its_board_settles_is_paid_back(world: World, ann: Client) -> None:
    answer = submit(ann, SHOWN, UPLOAD)
    for _ in range(3):
        world.now += DAY_MS
        world.night()
    upload(world, answer, PNG)
    deliver(world, arrived(world, answer))

    assert world.state("ann").unproven == {}
    assert gold(world) == 20


def test_the_world_is_told_of_a_decision(world: World, ann: Client) -> None:
    """The bus gets it with the sentence for the player."""
    told = world.environment["QUARANTINE_QUEUE_URL"]
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.put_rule(Name="all", EventBusName="missions", EventPattern=json.dumps({"source": ["missions"]}))
    arn = sqs.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule="all", EventBusName="missions", Targets=[{"Id": "queue", "Arn": arn}])
    submit(ann, PROVEN, PAGE | {"url": "https://elsewhere.net/1"})
    check(world)
    world.publish()

    [detail] = [body["detail"]["data"] for body in world.bodies("QUARANTINE_QUEUE_URL") if body["detail-type"] == "EvidenceDecided"]
    assert (detail["mission"], detail["number"], detail["status"]) == (PROVEN, 1, "rejected")
    assert detail["reason"] == "The address must be on example.org."


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        '{"player": "ann", "mission": "m", "number": "1"}',
        '{"source": "aws.s3", "detail": {"object": {"key": "evidence/../1"}}}',
        '{"source": "aws.s3", "detail": {"object": {"key": "exports/YW5u/bQ/1"}}}',
        '{"source": "aws.s3", "detail": {"object": {"key": "evidence/YW5u/bQ/01"}}}',
    ],
)
def test_what_is_no_evidence_message_goes_to_quarantine_and_holds_nothing_up(world: World, ann: Client, body: str) -> None:
    submit(ann, PROVEN, PAGE)
    assert deliver(world, body, json.dumps({"player": "ann", "mission": PROVEN, "number": 1})) == []

    [kept] = world.bodies("QUARANTINE_QUEUE_URL")
    assert (kept["origin"], kept["reason"], kept["body"]) == ("evidence", "malformed_evidence", body)
    assert status(ann, PROVEN) == ("claimed", "approved")


@pytest.mark.parametrize("known", [True, False])
def test_messages_about_what_is_not_there_change_nothing(world: World, ann: Client, known: bool) -> None:
    player = "ann" if known else "nobody"
    assert deliver(world, json.dumps({"player": player, "mission": SHOWN, "number": 7})) == []
    assert world.players.load("nobody") is None


def test_moderators_see_the_longest_waiting_first_page_by_page(world: World, ann: Client, moderator: Client) -> None:
    for player in ("bob", "cat", "dan"):
        world.now += 1000
        submit(Client(world, player), BOTH, PAGE | {"url": f"https://example.org/{player}"})
        check(world)
    first = moderator.get("/v1/admin/reviews", limit=2).body
    second = moderator.get("/v1/admin/reviews", limit=2, cursor=first["next_cursor"]).body

    assert [each["player"] for each in first["items"] + second["items"]] == ["bob", "cat", "dan"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("role", [None, "service"])
def test_only_moderators_review(world: World, ann: Client, moderator: Client, role: str | None) -> None:
    uploaded(world, ann)
    id_ = waiting(moderator)[0]["id"]
    ann.claims = Client(world, "ann", *([role] if role else [])).claims

    asked = [ann.get("/v1/admin/reviews"), ann.get(f"/v1/admin/reviews/{id_}"), decide(ann, "approve", id_), decide(ann, "reject", id_)]
    assert {answer.problem for answer in asked} == {(403, "missing_role", None)}
    assert status(ann, SHOWN) == ("active", "in_review")


def test_nobody_decides_about_their_own(world: World, ann: Client, moderator: Client) -> None:
    uploaded(world, ann)
    id_ = waiting(moderator)[0]["id"]

    for verdict in ("approve", "reject"):
        assert decide(Client(world, "ann", "moderator"), verdict, id_).problem == (403, "own_case", None)

    assert status(ann, SHOWN) == ("active", "in_review")
    assert decide(moderator, "approve", id_).status == 200


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "id_",
    [
        "x",
        "W10",
        "WyJhbm4iLCJzaG93biIsMV0",
        "WyJhbm4iLCAibSIsICJ4Il0",
        "%20",
        "é",
        encoded('["p","m",Infinity]'),
        encoded('["p","m",true]'),
        encoded('["p","m",-1]'),
        encoded('["p","m",1e400]'),
        encoded('["p","m",' + "1" * 4000 + "]"),
        encoded('["p","m",' + "1" * 5000 + "]"),
        encoded('["p","\\ud800",1]'),
        encoded('["","",1]'),
        encoded('["' + "p" * 2100 + '","m",1]'),
        encoded("[" * 700),
        encoded("[" * 3000),
        encoded("{}"),
        encoded("null"),
    ],
)
def test_what_waits_for_no_moderator_is_not_found(world: World, ann: Client, moderator: Client, id_: str) -> None:
    assert moderator.get(f"/v1/admin/reviews/{id_}").problem == (404, "review_not_found", None)
    assert decide(moderator, "approve", id_).problem == (404, "review_not_found", None)


def test_evidence_that_is_still_checked_cannot_be_decided(world: World, ann: Client, moderator: Client) -> None:
    submit(ann, PROVEN, PAGE)
    held = EvidenceStore("missions").load("ann", PROVEN, 1)
    assert held is not None
    assert decide(moderator, "approve", review_id(held)).problem == (404, "review_not_found", None)


def test_decisions_are_in_the_audit_trail(world: World, ann: Client, moderator: Client) -> None:
    uploaded(world, ann)
    decided = decide(moderator, "reject")
    decide(moderator, "reject", decided.body["id"])

    entries, _ = Audit("missions").month("2026-11", limit=10, cursor=None)
    assert [(each.actor, each.what, each.reason, dict(each.details)) for each in entries] == [
        ("mona", "evidence_rejected", WHY["reason"], {"mission": SHOWN, "number": 1})
    ]


def test_another_players_mission_is_nobodys(world: World, ann: Client) -> None:
    assert submit(Client(world, "bob"), "elsewhere:2026-11-21", PAGE).problem == (404, "mission_not_found", None)


def messages_of(world: World) -> list[QueueMessage]:
    world.publish()
    [batch] = world.take("EVIDENCE_QUEUE_URL")
    return [QueueMessage(record["messageId"], record["body"]) for record in batch]


def moderation_of(world: World) -> moderation.Moderation:
    """What the function checks with."""
    world.invoke("moderate_evidence", {"Records": []})
    found: moderation.Moderation = sys.modules["functions.moderate_evidence.app"].moderation
    return found


def die(*_: Any, **__: Any) -> None:
    raise RuntimeError("the process died here")


def test_a_check_that_was_overtaken_by_a_decision_follows_it(world: World, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two deliveries at once the endpoint lets one approve, which dies before the state knows, and sends the other to a moderator."""
    submit(ann, PROVEN, PAGE)
    messages, endpoint = messages_of(world), Says('{"verdict": "approve"}')
    ask(world, endpoint, monkeypatch)
    used = moderation_of(world)

    def overtaken(body: str, **members: Any) -> EndpointAnswer:
        monkeypatch.setattr(endpoint, "post", lambda *_, **__: EndpointAnswer(200, b'{"verdict": "approve"}'))
        with monkeypatch.context() as dying:
            dying.setattr(moderation, "carry_out", die)
            assert moderation.moderate(used, messages, now=world.now) == [messages[0].id]
        return EndpointAnswer(200, b'{"verdict": "review"}')

    monkeypatch.setattr(endpoint, "post", overtaken)
    assert moderation.moderate(used, messages, now=world.now) == []

    assert status(ann, PROVEN) == ("claimed", "approved")


def test_what_a_dead_check_decided_is_carried_out_although_another_left_it_to_a_moderator(
    world: World, ann: Client, moderator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(ann, BOTH, PAGE)
    messages, used = messages_of(world), moderation_of(world)
    moderation.moderate(used, messages, now=world.now)
    held = used.stores.evidence.load("ann", BOTH, 1)
    assert held is not None
    assert status(ann, BOTH) == ("active", "in_review")
    used.stores.evidence.decide(held, Decision("rejected", "endpoint", world.now, "Not yours."))
    moderation.moderate(used, messages, now=world.now)

    assert status(ann, BOTH) == ("active", "rejected")
    assert waiting(moderator) == []


def test_a_moderators_decision_is_audited_whoever_carries_it_out(world: World, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check dies before it tells the state that a moderator is needed, the moderator's request right after the decision."""
    submit(ann, SHOWN, PAGE)
    messages, used = messages_of(world), moderation_of(world)
    with monkeypatch.context() as dying:
        dying.setattr(moderation, "_leave_to_moderators", die)
        moderation.moderate(used, messages, now=world.now)
    [held], _ = used.stores.evidence.waiting(limit=5, cursor=None)
    with monkeypatch.context() as dying:
        dying.setattr(reviews, "carry_out", die)
        with pytest.raises(RuntimeError):
            reviews.decide(used.stores, used.tools.files, review_id(held), approve=True, by="mona", reason="fine", now=world.now)
    moderation.moderate(used, messages, now=world.now)

    assert status(ann, SHOWN) == ("claimed", "approved")
    entries, _ = Audit("missions").month("2026-11", limit=10, cursor=None)
    assert [(each.actor, each.what, each.reason) for each in entries] == [("mona", "evidence_approved", "fine")]


class Says(Endpoint):
    """A moderation endpoint that answers what a test wants."""

    def __init__(self, answer: str | MissionsError, status: int = 200) -> None:
        self.answer = answer
        self.status = status
        self.asked: list[Any] = []

    def post(self, body: str, *, id: str, now: int, content_type: str = "application/json") -> EndpointAnswer:
        self.asked.append(json.loads(body) | {"webhook-id": id})
        if isinstance(self.answer, MissionsError):
            raise self.answer
        return EndpointAnswer(self.status, self.answer.encode())


def ask(world: World, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function ask this endpoint."""
    world.invoke("moderate_evidence", {"Records": []})
    app = sys.modules["functions.moderate_evidence.app"]
    monkeypatch.setattr(app, "moderation", replace(app.moderation, tools=replace(app.moderation.tools, endpoint=endpoint)))


UNREACHABLE = Unreachable("endpoint_unreachable", "it did not answer")
REFUSED = MisconfiguredError("endpoint_refused", "it is not a host on the public internet")


@pytest.mark.parametrize(
    ("answer", "http_status", "expected"),
    [
        ('{"verdict": "approve"}', 200, "approved"),
        ('{"verdict": "reject", "reason": "Not yours."}', 200, "rejected"),
        ('{"verdict": "reject", "reason": null}', 200, "rejected"),
        ('{"verdict": "review", "reason": "unsure"}', 200, "in_review"),
        ('{"verdict": "approve", "reason": 5}', 200, "in_review"),
        ('{"verdict": ["approve"]}', 200, "in_review"),
        ('{"verdict": "maybe"}', 200, "in_review"),
        ("[]", 200, "in_review"),
        ("[" * 100_000, 200, "in_review"),
        ("approve", 200, "in_review"),
        ('{"verdict": "approve"}', 302, "in_review"),
        ('{"verdict": "approve"}', 404, "in_review"),
        (UNREACHABLE, 0, "in_review"),
        (REFUSED, 0, "in_review"),
    ],
)
def test_the_endpoint_decides_what_may_be_left_to_it_and_else_a_moderator_does(
    world: World, ann: Client, monkeypatch: pytest.MonkeyPatch, answer: Any, http_status: int, expected: str
) -> None:
    endpoint = Says(answer, http_status)
    ask(world, endpoint, monkeypatch)
    submit(ann, PROVEN, PAGE)
    check(world)

    assert status(ann, PROVEN)[1] == expected
    [asked] = endpoint.asked
    assert (asked["type"], asked["content"], asked["webhook-id"]) == ("url", {"url": PAGE["url"]}, asked["id"])
    assert "ann" not in json.dumps(asked)


def unfetchable() -> bytes:
    raise ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://moderation..example.org/", lambda: b"secret"),
        ("https://127.0.0.1/", lambda: b"secret"),
        ("https://moderation.example.org:0/", lambda: b"secret"),
        ("https://moderation.example.org/", "sécret".encode),
        ("https://moderation.example.org/", lambda: b"whsec_"),
        ("https://moderation.example.org/", unfetchable),
    ],
)
def test_where_the_endpoint_cannot_be_asked_a_moderator_decides(
    world: World, ann: Client, monkeypatch: pytest.MonkeyPatch, socket_enabled: None, url: str, secret: Callable[[], bytes]
) -> None:
    ask(world, Endpoint(url, secret=secret, timeout_seconds=1, attempts=1), monkeypatch)
    submit(ann, PROVEN, PAGE)
    check(world)

    assert status(ann, PROVEN)[1] == "in_review"


def test_the_endpoint_may_look_at_an_upload_but_not_approve_what_a_moderator_must(
    world: World, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Says('{"verdict": "approve"}')
    ask(world, endpoint, monkeypatch)
    uploaded(world, ann)

    assert status(ann, SHOWN) == ("active", "in_review")
    assert "X-Amz-Signature" in endpoint.asked[0]["url"]


@pytest.mark.parametrize(("replaced", "expected"), [(True, "in_review"), (False, "approved")])
def test_what_the_endpoint_approves_is_the_file_that_was_checked(
    world: World, ann: Client, moderator: Client, monkeypatch: pytest.MonkeyPatch, replaced: bool, expected: str
) -> None:
    rule = MANUAL | {"review": "auto", "price": {}}
    world.publish_catalog(snapshot(evidence_mission("filmed", rule, period="perpetual"), previous=CATALOG, **RULES))
    answer = submit(ann, "filmed:always-0", UPLOAD)
    endpoint = Says('{"verdict": "approve"}')

    def approve(body: str, **members: Any) -> EndpointAnswer:
        if replaced:
            upload(world, answer, PNG[:-1] + b"x")
        return EndpointAnswer(200, b'{"verdict": "approve"}')

    monkeypatch.setattr(endpoint, "post", approve)
    ask(world, endpoint, monkeypatch)
    upload(world, answer, PNG)
    deliver(world, arrived(world, answer))
    check(world)

    assert [each.status for _, each in handed(world)] == [expected]
    assert [decide(moderator, "approve", each["id"]).problem for each in waiting(moderator)] == [(409, "evidence_changed", None)] * replaced


def handed(world: World) -> list[tuple[str, Submission]]:
    """What ann's state knows of evidence, by mission."""
    return [(mission.template, each) for _, mission in world.state("ann").missions() for each in mission.evidence]


def test_the_endpoint_is_not_asked_about_what_the_checks_refuse(world: World, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Says('{"verdict": "approve"}')
    ask(world, endpoint, monkeypatch)
    submit(ann, PROVEN, PAGE | {"url": "https://elsewhere.net/1"})
    check(world)

    assert endpoint.asked == []
