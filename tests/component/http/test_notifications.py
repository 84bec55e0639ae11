"""A player's notifications: newest first, named in their language, read up to a mark that never moves back."""

import pytest

from infra.inprocess import InProcessAws
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.storage.notifications import Notification, Notifications
from tests.component.http.conftest import NOW, Client, Post
from tests.support.faults import on, refuse
from tests.support.game import ms
from tests.support.rules import set_rule
from tests.support.world import World

LIST, READ = "/v1/me/notifications", "/v1/me/notifications/read"


def tell(ann: Client, *hours: int, template: str | None = "one_post") -> list[str]:
    """Notifications of so many hours ago; their ids."""
    notes = [Notification(NOW - each * HOUR_MS, f"{each:032x}", "mission.completed", template, {"hours": each}) for each in hours]
    for note in notes:
        Notifications("missions").write(ann.player, note)
    return [note.id for note in notes]


def unread(ann: Client) -> list[int]:
    """How many hours ago was what is shown as unread."""
    return [item["data"]["hours"] for item in ann.get(LIST).body["items"] if not item["read"]]


def test_what_happened_shows_up_in_the_players_language(world: World, ann: Client, post: Post) -> None:
    set_rule(world, "NotificationsRule", "NOTIFICATIONS_QUEUE_URL")
    post()
    world.notify()

    body = ann.get(LIST, lang="de").body

    assert (body["unread"], body["next_cursor"]) == (2, None)
    (completed,) = [item for item in body["items"] if item["type"] == "mission.completed"]
    assert completed["id"].startswith(str(ms("2026-11-21T12:00:00")))
    assert (completed["at"], completed["read"], completed["title"]) == ("2026-11-21T12:00:00.000Z", False, "Morgenbeitrag")
    assert completed["data"]["mission"] == "one_post:2026-11-21"
    assert completed["data"]["rewards"] == {"amounts": {"xp": 50, "gold": 5}}
    assert {item["title"] for item in ann.get(LIST).body["items"]} == {"Morning post", "regular"}


def test_pages_follow_one_another_newest_first(ann: Client) -> None:
    ids = tell(ann, *range(5))

    first = ann.get(LIST, limit=3).body
    second = ann.get(LIST, limit=3, cursor=first["next_cursor"]).body

    assert [item["id"] for item in first["items"] + second["items"]] == ids
    assert second["next_cursor"] is None
    assert ann.get(LIST, cursor="bm90aGluZw").problem == (400, "invalid_cursor", "cursor")


def test_a_template_that_is_gone_leaves_no_title(world: World, ann: Client) -> None:
    tell(ann, 1)
    tell(ann, 2, template=None)
    tell(ann, 3, template="never_was")
    assert [item["title"] for item in ann.get(LIST).body["items"]] == ["Morning post", None, None]


def test_reading_up_to_one_reads_what_is_older_too(ann: Client) -> None:
    ids = tell(ann, 1, 2, 3)

    answer = ann.post(READ, {"until": ids[1]})

    assert answer.body == {"read_until": "2026-11-21T10:00:10.000Z", "unread": 1}
    assert unread(ann) == [1]


def test_the_mark_never_moves_back(ann: Client, world: World) -> None:
    ids = tell(ann, 1, 2, 3)
    ann.post(READ, {"until": ids[0]})
    version = world.players.load(ann.player).version  # type: ignore[union-attr]

    assert ann.post(READ, {"until": ids[2]}).body == {"read_until": "2026-11-21T11:00:10.000Z", "unread": 0}
    assert unread(ann) == []
    assert world.players.load(ann.player).version == version, "nothing to write"  # type: ignore[union-attr]


def test_without_a_notification_all_there_are_is_meant(ann: Client) -> None:
    assert ann.post(READ, {}).body == {"read_until": None, "unread": 0}
    tell(ann, 5, 3)
    assert ann.post(READ, {}).body == {"read_until": "2026-11-21T09:00:10.000Z", "unread": 0}

    tell(ann, 2)
    assert unread(ann) == [2], "what happened after the newest there was is news however soon it follows"


def test_one_that_arrives_late_is_news_only_if_it_happened_after_the_mark(ann: Client) -> None:
    tell(ann, 2)
    ann.post(READ, {})

    tell(ann, 3, 1)

    assert [(item["data"]["hours"], item["read"]) for item in ann.get(LIST).body["items"]] == [(1, False), (2, True), (3, True)]


def test_nobody_reads_what_is_still_to_happen(ann: Client, world: World) -> None:
    assert ann.post(READ, {"until": f"9999999999999-{0:032x}"}).body["read_until"] == "2026-11-21T12:00:10.000Z"
    world.now += DAY_MS
    tell(ann, -1)
    assert unread(ann) == [-1]


@pytest.mark.parametrize(
    "until", ["x", "1795262410000", "1795262410000-", "179526241000a-e1", "１７９５２６２４１００００-e1", "-795262410000-e1"]
)
def test_what_is_no_notification_marks_nothing(ann: Client, until: str) -> None:
    tell(ann, 1)
    assert ann.post(READ, {"until": until}).problem == (400, "invalid_notification", "until")
    assert unread(ann) == [1]


@pytest.mark.parametrize("body", [{"until": None}, {"until": 7}, {"all": True}])
def test_a_mark_that_is_misspelt_is_refused(ann: Client, body: object) -> None:
    assert ann.post(READ, body).status == 400


def test_unread_counts_to_ninety_nine(ann: Client) -> None:
    tell(ann, *range(98))
    assert ann.get(LIST, limit=1).body["unread"] == 98
    tell(ann, *range(98, 120))
    assert ann.get(LIST, limit=1).body["unread"] == 99


def test_what_has_expired_is_gone_even_while_its_row_is_there(ann: Client) -> None:
    tell(ann, 1, 90 * 24 - 1, 90 * 24, 90 * 24 + 5)

    body = ann.get(LIST).body
    assert [item["data"]["hours"] for item in body["items"]] == [1, 90 * 24 - 1]
    assert body["unread"] == 2
    page = ann.get(LIST, limit=3).body
    assert (len(page["items"]), page["next_cursor"]) == (2, None)


def test_each_player_has_their_own(ann: Client, bob: Client) -> None:
    ids = tell(ann, 1)
    assert bob.get(LIST).body == {"items": [], "next_cursor": None, "unread": 0}
    bob.post(READ, {"until": ids[0]})
    assert unread(ann) == [1]


def test_the_list_is_shown_even_if_the_unread_cannot_be_counted(aws: InProcessAws, world: World, ann: Client) -> None:
    tell(ann, 1)
    aws.intercept = on("Query", refuse("ThrottlingException"), times=99, about='"Select": "COUNT"')

    body = ann.get(LIST).body
    assert len(body["items"]) == 1
    assert body["unread"] is None


def test_a_list_costs_three_reads_and_a_mark_one_write(aws: InProcessAws, ann: Client) -> None:
    tell(ann, *range(30))
    ann.post(READ, {"until": f"{NOW - HOUR_MS}-x"})
    ann.get(LIST)
    aws.calls.clear()
    ann.get(LIST)
    assert [call.operation for call in aws.calls] == ["GetItem", "Query", "Query"]
    assert aws.read_units() <= 6

    aws.calls.clear()
    ann.post(READ, {})
    assert [call.operation for call in aws.calls] == ["Query", "GetItem", "PutItem", "Query"]
