"""The spine: actions in, missions progressed, rewards out; on the real handlers."""

import gzip
import json

import boto3
import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.errors import Conflict, Gone
from missions_core.storage.ledger import Ledger
from missions_core.use_cases.check_in import check_in
from missions_core.use_cases.claim import claim
from missions_core.use_cases.stores import stores_of
from tests.support.catalogs import mission, snapshot
from tests.support.faults import lose_answer, on, refuse
from tests.support.game import ms
from tests.support.world import World, post

NOON = "2026-11-21T12:00:00Z"
NOW = ms("2026-11-21T12:00:10")


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(
        snapshot(
            mission("one_post", {"post.created": 1}, rewards={"xp": 50, "gold": 5}),
            mission("three_posts", {"post.created": 3}),
            mission("gift", {"tip.sent": 1}, auto_claim=True, rewards={"gold": 7}),
            mission("feast", {"tip.sent": 2}, period="special", active={"from": "2026-11-21T11:30:00Z", "until": "2026-11-21T18:00:00Z"}),
        )
    )
    return world


def outcomes(world: World) -> list[tuple[str, str]]:
    """What the action log says became of each action."""
    s3 = boto3.client("s3")
    lines: list[str] = []
    for entry in s3.list_objects_v2(Bucket="action-log").get("Contents", []):
        lines += gzip.decompress(s3.get_object(Bucket="action-log", Key=entry["Key"])["Body"].read()).decode().splitlines()
    return sorted((record["id"], record["outcome"]) for record in map(json.loads, lines))


def test_actions_complete_a_mission_whose_claim_pays_the_wallet_once(world: World) -> None:
    assert world.ingest(post(1, NOON)) == []

    stores = stores_of("missions")
    claimed = claim(stores, "ann", "one_post:2026-11-21", request="r1", now=world.now)
    assert claimed.mission.status == "claimed"
    world.pay()
    world.pay()

    account = world.state("ann").account
    assert Ledger("missions").wallet(account) == {"xp": 50, "gold": 5}
    grants, _ = Ledger("missions").grants(account, limit=10, cursor=None)
    assert [grant.cause for grant in grants] == ["mission:one_post:2026-11-21"]


def test_a_whole_batch_of_one_player_is_one_read_and_one_write(world: World) -> None:
    world.ingest(post(0, NOON))
    world.aws.calls.clear()

    world.ingest(*(post(n, NOON) for n in range(1, 100)))

    calls = [(call.operation, call.units) for call in world.aws.calls if call.service == "dynamodb"]
    assert [operation for operation, _ in calls] == ["GetItem", "PutItem"]
    assert world.aws.read_units() == 1
    assert world.aws.write_units() <= 2


def test_a_redelivered_action_changes_nothing_and_writes_nothing(world: World) -> None:
    world.ingest(post(1, NOON))
    before = world.players.load("ann")
    world.aws.calls.clear()

    world.ingest(post(1, NOON))
    world.now += 3 * HOUR_MS
    world.ingest(post(2, "2026-11-21T15:00:00Z"))  # spills the first id
    world.ingest(post(1, NOON))

    after = world.players.load("ann")
    assert before is not None
    assert after is not None
    assert after.state.lifetime["post.created"] == 2
    assert after.version == before.version + 1
    assert outcomes(world)[0] in (("1", "counted"), ("1", "duplicate"))


def test_the_same_action_twice_in_one_batch_counts_once(world: World) -> None:
    world.ingest(post(1, NOON), post(1, NOON), post(1, NOON))

    assert world.state("ann").lifetime["post.created"] == 1


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ("{", "malformed_json", None),
        ("[]", "not_an_object", None),
        (post(1, NOON) | {"specversion": "0.3"}, "wrong_specversion", "specversion"),
        ({k: v for k, v in post(1, NOON).items() if k != "id"}, "missing_id", "id"),
        (post("x" * 257, NOON), "oversized_id", "id"),
        (post(1, NOON) | {"source": 7}, "invalid_source", "source"),
        (post(1, NOON) | {"subject": None}, "missing_subject", "subject"),
        (post(1, NOON, text="x" * 9000), "oversized_data", "data"),
        (post(1, NOON) | {"data": [1]}, "invalid_data", "data"),
        (post(1, NOON, type_="cake.eaten"), "unknown_action_type", "type"),
        ({k: v for k, v in post(1, NOON).items() if k != "time"}, "missing_time", "time"),
        (post(1, "yesterday"), "invalid_time", "time"),
        (post(1, "2026-11-21T12:00:00"), "invalid_time", "time"),
        (post(1, "2026-02-30T12:00:00Z"), "invalid_time", "time"),
        (post(1, "2026-11-21T12:01:20Z"), "future", "time"),
        (post(1, "2026-11-07T12:00:00Z"), "too_old", "time"),
    ],
)
def test_what_cannot_be_an_action_is_quarantined_with_its_reason_and_its_neighbours_count(
    world: World, body: dict[str, object] | str, reason: str, field: str | None
) -> None:
    assert world.ingest(post("a", NOON), body, post("b", NOON, player="bob")) == []

    [quarantined] = world.bodies("QUARANTINE_QUEUE_URL")
    assert (quarantined["reason"], quarantined["field"], quarantined["origin"]) == (reason, field, "actions")
    assert quarantined["body"] == (body if isinstance(body, str) else json.dumps(body))
    assert [world.state(player).lifetime["post.created"] for player in ("ann", "bob")] == [1, 1]


def test_unknown_players_are_quarantined_where_the_rules_say_so(world: World) -> None:
    world.publish_catalog(snapshot(mission("m"), unknown_players="quarantine") | {"version": 2})

    world.ingest(post(1, NOON, player="stranger"))

    [quarantined] = world.bodies("QUARANTINE_QUEUE_URL")
    assert quarantined["reason"] == "unknown_player"
    assert world.players.load("stranger") is None


def test_a_quarantine_that_takes_nothing_makes_the_message_come_back(world: World) -> None:
    world.aws.intercept = on("SendMessageBatch", refuse("InternalError"), times=99)

    assert world.ingest(post("a", NOON), "{") == ["1"]


def test_an_action_is_not_acknowledged_before_the_log_is_written(world: World) -> None:
    world.aws.intercept = on("PutObject", refuse("InternalError"), times=99)

    with pytest.raises(Exception, match="PutObject"):
        world.ingest(post("a", NOON))


def test_one_players_trouble_does_not_hold_back_the_others(world: World) -> None:
    world.ingest(post(1, NOON, player="ann"), post(1, NOON, player="bob"))
    table = boto3.resource("dynamodb").Table("missions")
    table.update_item(
        Key={"PK": "PLAYER#ann", "SK": "STATE"},
        UpdateExpression="SET #s = :x",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":x": b"\x63broken"},
    )

    assert world.ingest(post(2, NOON, player="ann"), post(2, NOON, player="bob")) == ["0"]
    assert world.state("bob").lifetime["post.created"] == 2


def test_a_lost_acknowledgement_of_the_state_write_counts_once(world: World) -> None:
    world.ingest(post(1, NOON))
    world.aws.intercept = on("PutItem", lose_answer, times=1)

    assert world.ingest(post(2, NOON)) == []
    assert world.state("ann").lifetime["post.created"] == 2


def test_a_mission_that_claims_itself_is_paid_without_a_claim(world: World) -> None:
    world.ingest(post(1, NOON, type_="tip.sent"))
    world.pay()

    assert Ledger("missions").wallet(world.state("ann").account) == {"gold": 7}


def test_the_outbox_reaches_bus_and_queue_and_a_refused_entry_is_published_again(world: World) -> None:
    world.ingest(post(1, NOON, type_="tip.sent"))
    plain = world.aws.intercept
    refused = on("PutEvents", refuse("InternalFailure"), times=9)
    world.aws.intercept = lambda request, deliver: (
        refused(request, deliver) if request.service == "eventbridge" else plain(request, deliver)
    )
    assert world.publish() != []

    world.aws.intercept = plain
    assert world.publish() == []
    assert len(world.bodies("REWARDS_QUEUE_URL")) == 2  # sent twice: the ledger knows the cause


def test_a_night_settles_yesterday_and_deals_new_missions(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += DAY_MS
    world.night()

    state = world.state("ann")
    assert [board.period.label for board in state.boards if board.period.kind == "daily"] == ["2026-11-21", "2026-11-22"]
    boards, _ = world.players.history("ann", limit=10, cursor=None)
    assert "2026-11-20" in [board.period.label for board in boards]


def test_a_night_that_runs_twice_changes_nothing_more(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += DAY_MS
    world.night()
    before = world.players.load("ann")
    world.night()

    assert world.players.load("ann") == before


def test_settling_a_player_costs_one_read_and_at_most_five_write_units(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += DAY_MS
    world.night()
    world.now += DAY_MS
    world.invoke("nightly_reset", {})
    world.aws.calls.clear()
    world.deliver("SETTLE_QUEUE_URL", "settle_players")

    writes = [call for call in world.aws.calls if call.write_units]
    reads = [call for call in world.aws.calls if call.operation == "GetItem"]
    assert len(reads) == 1
    assert sum(call.write_units for call in writes) <= 5


def test_a_grant_that_got_stuck_is_sent_again_by_the_night_and_paid_once(world: World) -> None:
    world.ingest(post(1, NOON, type_="tip.sent"))  # the stream never delivers it
    world.now += DAY_MS
    world.night()
    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")
    world.pay()  # the stream delivers after all

    assert Ledger("missions").wallet(world.state("ann").account) == {"gold": 7}
    world.now += DAY_MS
    world.night()
    assert world.state("ann").pending == []


def test_a_settler_that_runs_out_of_time_sends_its_shard_again(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += DAY_MS
    world.invoke("nightly_reset", {})
    shards = [message for batch in world.take("SETTLE_QUEUE_URL") for message in batch]

    for message in shards:
        world.invoke("settle_players", {"Records": [message]}, remaining_ms=1_000)

    assert len(world.bodies("SETTLE_QUEUE_URL")) == 1


def test_special_missions_are_announced_once_as_their_windows_open_and_close(world: World) -> None:
    assert world.invoke("rotate_missions", {}) == {"announced": 1, "closing": 0}
    assert world.invoke("rotate_missions", {}) == {"announced": 0, "closing": 0}
    world.now = ms("2026-11-21T18:00")
    assert world.invoke("rotate_missions", {}) == {"announced": 1, "closing": 0}


def test_receipts_tell_what_became_of_every_message(world: World) -> None:
    url = boto3.client("sqs").create_queue(QueueName="receipts")["QueueUrl"]
    world.environment["RECEIPTS"] = url

    world.ingest(post(1, NOON), post(1, NOON), "{", post(2, "2026-11-08T12:00:00Z"), receipts=url)

    receipts = {receipt["message_id"]: receipt["outcome"] for receipt in world.bodies("RECEIPTS")}
    assert receipts == {"0": "counted", "1": "duplicate", "2": "quarantined", "3": "late"}


def test_a_malformed_grant_message_is_quarantined(world: World) -> None:
    boto3.client("sqs").send_message(QueueUrl=world.environment["REWARDS_QUEUE_URL"], MessageBody='{"account": "a", "cause": "c"}')

    world.deliver("REWARDS_QUEUE_URL", "grant_rewards")

    [quarantined] = world.bodies("QUARANTINE_QUEUE_URL")
    assert (quarantined["reason"], quarantined["origin"]) == ("malformed_grant", "rewards")


def test_a_claim_costs_one_read_and_at_most_two_write_units(world: World) -> None:
    world.ingest(post(1, NOON))
    stores = stores_of("missions")
    stores.catalogs.current()
    world.aws.calls.clear()

    claim(stores, "ann", "one_post:2026-11-21", request="r1", now=world.now)

    assert [call.operation for call in world.aws.calls] == ["GetItem", "PutItem"]
    assert world.aws.read_units() == 1
    assert world.aws.write_units() <= 2


def test_a_check_in_is_paid_once_and_the_second_names_the_next_opening(world: World) -> None:
    world.publish_catalog(snapshot(mission("m"), check_in={"base": {"gold": 10}}) | {"version": 2})
    first = check_in(stores_of("missions"), "ann", request="r1", now=world.now)
    again = check_in(stores_of("missions"), "ann", request="r1", now=world.now)
    with pytest.raises(Conflict) as refused:
        check_in(stores_of("missions"), "ann", request="r2", now=world.now)
    world.pay()

    assert again == first
    assert (refused.value.code, refused.value.details) == ("already_checked_in", {"next_at": ms("2026-11-22T00:00")})
    assert Ledger("missions").wallet(world.state("ann").account) == {"gold": 10}


def test_a_claim_that_comes_too_late_is_told_so_also_before_the_night_has_passed(world: World) -> None:
    world.ingest(post(1, NOON))
    world.now += 2 * DAY_MS

    with pytest.raises(Gone) as refused:
        claim(stores_of("missions"), "ann", "one_post:2026-11-21", request="r1", now=world.now)

    assert refused.value.code == "mission_expired"


def test_a_claimed_mission_stays_claimed_after_its_board_has_settled(world: World) -> None:
    world.ingest(post(1, NOON))
    first = claim(stores_of("missions"), "ann", "one_post:2026-11-21", request="r1", now=world.now)
    world.now += 2 * DAY_MS
    world.night()

    with pytest.raises(Conflict) as refused:
        claim(stores_of("missions"), "ann", "one_post:2026-11-21", request="r2", now=world.now)

    assert refused.value.code == "already_claimed"
    assert first.mission.status == "claimed"
