"""GET /v1/leaderboards/{key}: the best, the caller, friends, other periods, and what is not one."""

from dataclasses import replace
from typing import Any

import pytest

from infra.inprocess import InProcessAws
from missions_core import clock
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.events import ScoreChanged
from missions_core.messaging import Queue
from missions_core.settings import settings
from missions_core.use_cases.merging import Timer
from missions_core.use_cases.quarantine import QueueMessage
from missions_core.use_cases.standings import standings_body, update_standings
from missions_core.use_cases.stores import stores_of
from tests.component.http.conftest import NOW, Client
from tests.support.catalogs import mission, snapshot
from tests.support.faults import on, refuse
from tests.support.game import account_of, ms
from tests.support.world import World, post

CLOSES = ms("2026-11-24T12:00")
PRIZES = [{"from": 1, "to": 1, "rewards": {"gold": 100, "badges": ["champion"]}}, {"from": 2, "to": 3, "rewards": {"gold": 10}}]
WINDOW = {"from": "2026-11-21T11:30:00Z", "until": "2026-11-22T18:00:00Z"}


@pytest.fixture
def world(aws: InProcessAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(aws, environment, NOW)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    world.publish_catalog(
        snapshot(
            mission("race", {"post.created": 3}, type="competitive", period="weekly", prizes=PRIZES, name={"en": "Race", "de": "Rennen"}),
            mission("rush", {"tip.sent": 9}, type="competitive", period="special", active=WINDOW),
            mission("daily", {"tip.sent": 9}, type="competitive"),
            mission("ordinary"),
        )
    )
    return world


@pytest.fixture
def ann(world: World) -> Client:
    return Client(world, "ann")


def told(player: str, score: ScoreChanged) -> str:
    return standings_body(player, account_of(player), [score], at=NOW) or ""


def update(messages: list[QueueMessage]) -> list[str]:
    timer = Timer(NOW, lambda _: None)
    return update_standings(stores_of("missions"), Queue(settings.quarantine_queue_url), messages, timer, erasure_delay_ms=HOUR_MS)


def stand(*scores: tuple[str, int], board: str = "race", label: str = "2026-W47", closes_at: int = CLOSES) -> None:
    """Let players have scores, the later ones reached later."""
    messages = [
        QueueMessage(
            str(n),
            told(player, ScoreChanged(board, label, str(score), NOW - 1000 + n, closes_at, 1)),
        )
        for n, (player, score) in enumerate(scores)
    ]
    assert update(messages) == []


def crowd(number: int) -> None:
    """Players 1 to `number`, each with their number as score."""
    stand(*((f"player-{n}", n) for n in range(1, number + 1)))


def ranks(body: Any, member: str = "items") -> list[tuple[int | None, str]]:
    return [(standing["rank"], standing["player"]) for standing in body[member]]


# What is shown --------------------------------------------------------------------------------------------------------


def test_actions_of_many_players_are_ranked_and_shown(world: World, ann: Client) -> None:
    for player, times in (("ann", 2), ("bob", 4), ("eve", 4)):
        at = "2026-11-21T11:00:0{}Z" if player == "bob" else "2026-11-21T10:00:0{}Z"
        world.ingest(*(post(f"{player}-{n}", at.format(n), player=player) for n in range(times)))
    world.compete()

    shown = ann.get("/v1/leaderboards/race", lang="de").body

    assert ranks(shown) == [(1, "eve"), (2, "bob"), (3, "ann")]  # bob had as many an hour later
    at = {"reached_at": "2026-11-21T10:00:03.000Z", "estimated": False}
    assert shown["items"][0] == {"rank": 1, "player": "eve", "name": None, "avatar": None, "score": 4} | at
    assert shown["me"] == shown["items"][2]
    assert (shown["key"], shown["name"], shown["status"], shown["participants"]) == ("race", "Rennen", "provisional", 3)
    assert shown["period"] == {"kind": "weekly", "label": "2026-W47", "closes_at": "2026-11-24T12:00:00.000Z"}
    assert shown["prizes"] == [
        {"from": 1, "to": 1, "rewards": {"amounts": {"gold": 100}, "badges": ["champion"]}},
        {"from": 2, "to": 3, "rewards": {"amounts": {"gold": 10}}},
    ]
    assert (shown["next_cursor"], shown["players"]) == (None, [])


def test_of_equals_at_the_same_instant_the_lesser_name_is_ahead(ann: Client) -> None:
    update([QueueMessage(player, told(player, ScoreChanged("race", "2026-W47", "7", NOW, CLOSES, 1))) for player in ("eve", "ann", "bob")])

    assert ranks(ann.get("/v1/leaderboards/race").body) == [(1, "ann"), (2, "bob"), (3, "eve")]


def test_before_anybody_scored_it_is_empty(ann: Client) -> None:
    shown = ann.get("/v1/leaderboards/race", around="me", players="bob").body

    assert (shown["items"], shown["me"], shown["participants"], shown["status"]) == ([], None, 0, "provisional")
    nowhere = {"rank": None, "score": None, "reached_at": None, "estimated": False}
    assert shown["players"] == [{"player": "bob", "name": None, "avatar": None} | nowhere]
    assert shown["period"]["closes_at"] == "2026-11-24T12:00:00.000Z"


def test_fractions_are_shown_as_such(ann: Client) -> None:
    update([QueueMessage("1", told("ann", ScoreChanged("race", "2026-W47", "12.5", NOW, CLOSES, 1)))])

    assert ann.get("/v1/leaderboards/race").body["me"]["score"] == 12.5


# Pages ----------------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_down_to_the_last_that_is_kept(ann: Client) -> None:
    crowd(150)

    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = ann.get("/v1/leaderboards/race", limit=50, **({"cursor": cursor} if cursor else {})).body
        seen, cursor, pages = seen + ranks(page), page["next_cursor"], pages + 1

    assert seen == [(rank, f"player-{151 - rank}") for rank in range(1, 129)]
    assert pages == 3


@pytest.mark.parametrize(
    ("path", "query"),
    [("race", {"period": "previous"}), ("race", {"period": "2026-W40"}), ("daily", {}), ("rush", {})],
)
def test_a_cursor_of_another_leaderboard_is_refused(ann: Client, path: str, query: dict[str, str]) -> None:
    crowd(30)
    cursor = ann.get("/v1/leaderboards/race").body["next_cursor"]

    assert ann.get(f"/v1/leaderboards/{path}", cursor=cursor, **query).problem == (400, "invalid_cursor", "cursor")


def test_around_me_are_those_ahead_and_those_behind(world: World) -> None:
    crowd(40)

    def around(number: int, limit: int) -> list[tuple[int | None, str]]:
        return ranks(Client(world, f"player-{number}").get("/v1/leaderboards/race", around="me", limit=limit).body)

    assert around(20, 5) == [(19, "player-22"), (20, "player-21"), (21, "player-20"), (22, "player-19"), (23, "player-18")]
    assert around(40, 3) == [(1, "player-40"), (2, "player-39"), (3, "player-38")]
    assert around(1, 3) == [(38, "player-3"), (39, "player-2"), (40, "player-1")]
    assert around(20, 1) == [(21, "player-20")]
    assert len(around(20, 100)) == 40


def test_the_page_after_those_around_me_goes_on_below(world: World) -> None:
    crowd(40)
    someone = Client(world, "player-20")

    page = someone.get("/v1/leaderboards/race", around="me", limit=5).body
    below = someone.get("/v1/leaderboards/race", around="me", limit=2, cursor=page["next_cursor"]).body

    assert ranks(below) == [(24, "player-17"), (25, "player-16")]


# Further down ---------------------------------------------------------------------------------------------------------


def test_a_rank_below_those_kept_is_an_estimate_and_shown_alone(world: World) -> None:
    crowd(300)
    someone = Client(world, "player-150")

    shown = someone.get("/v1/leaderboards/race", around="me").body

    assert shown["items"] == [shown["me"]]
    assert (shown["me"]["estimated"], shown["me"]["score"], shown["next_cursor"]) == (True, 150, None)
    assert abs(shown["me"]["rank"] - 151) <= 2  # evenly spread scores are estimated well
    assert shown["participants"] == 300


def test_the_last_that_is_kept_is_exact_and_the_next_is_not_before_it(world: World, ann: Client) -> None:
    crowd(300)

    shown = ann.get("/v1/leaderboards/race", players="player-173,player-172,player-1").body["players"]

    assert [each["estimated"] for each in shown] == [False, True, True]
    assert shown[0]["rank"] == 128
    assert 128 < shown[1]["rank"] < shown[2]["rank"] == 300


def test_friends_are_answered_in_the_order_asked_and_once(ann: Client) -> None:
    crowd(5)

    shown = ann.get("/v1/leaderboards/race", players="player-2,nobody,player-5,player-2").body

    assert ranks(shown, "players") == [(4, "player-2"), (None, "nobody"), (1, "player-5")]


def test_a_hundred_friends_can_be_asked_for(ann: Client) -> None:
    crowd(300)

    shown = ann.get("/v1/leaderboards/race", players=",".join(f"player-{n}" for n in range(1, 101))).body

    assert len(shown["players"]) == 100
    assert all(128 < each["rank"] <= 300 for each in shown["players"])


# Periods --------------------------------------------------------------------------------------------------------------


def test_current_and_previous_are_the_callers_own_periods(world: World) -> None:
    world.now = ms("2026-11-22T23:30")  # Sunday in UTC, Monday in Tokyo
    host = Client(world, "service-1", "service")
    assert host.send("PUT", "/v1/players/yuki", {"zone": "Asia/Tokyo"}).status == 200

    def labels(player: str, board: str) -> list[str]:
        answers = [Client(world, player).get(f"/v1/leaderboards/{board}", period=period) for period in ("current", "previous")]
        return [answer.body["period"]["label"] for answer in answers]

    assert labels("yuki", "race") == ["2026-W48", "2026-W47"]
    assert labels("ann", "race") == ["2026-W47", "2026-W46"]
    assert labels("yuki", "daily") == ["2026-11-23", "2026-11-22"]


def test_players_of_all_zones_meet_under_a_label(world: World, ann: Client) -> None:
    host = Client(world, "service-1", "service")
    for player, zone, at in (("kiri", "Pacific/Kiritimati", "2026-11-20T11:00:00Z"), ("niue", "Pacific/Niue", "2026-11-22T10:00:00Z")):
        host.send("PUT", f"/v1/players/{player}", {"zone": zone})
        world.now = ms(at[:16]) + 1000
        world.ingest(post(f"{player}-1", at, player=player, type_="tip.sent"))
    world.compete()

    assert ranks(ann.get("/v1/leaderboards/daily", period="2026-11-21").body) == [(1, "kiri"), (2, "niue")]


def test_a_period_long_ago_is_final_though_nobody_scored(world: World, ann: Client) -> None:
    assert ann.get("/v1/leaderboards/race", period="2026-W40").body["status"] == "final"
    assert ann.get("/v1/leaderboards/race", period="2030-W01").body["status"] == "provisional"


def test_a_special_missions_leaderboard_is_that_of_its_window(world: World, ann: Client) -> None:
    world.ingest(post(1, "2026-11-21T11:45:00Z", type_="tip.sent"))
    world.compete()

    for query in ({}, {"period": "2026-11-21"}):
        shown = ann.get("/v1/leaderboards/rush", **query).body
        assert ranks(shown) == [(1, "ann")]
        assert shown["period"] == {"kind": "special", "label": "2026-11-21", "closes_at": "2026-11-23T18:00:00.000Z"}


def test_a_special_missions_last_window_is_the_previous_one_once_it_opened_again(world: World) -> None:
    world.ingest(post(1, "2026-11-21T11:45:00Z", type_="tip.sent"))
    world.compete()
    world.now += 10 * DAY_MS
    world.ingest(post(2, "2026-12-01T11:45:00Z"))
    again = {"from": "2026-12-01T11:30:00Z", "until": "2026-12-02T18:00:00Z"}
    before = stores_of("missions").catalogs.published()
    world.publish_catalog(snapshot(mission("rush", {"tip.sent": 9}, type="competitive", period="special", active=again), previous=before))
    ann = Client(World(world.aws, world.environment, world.now), "ann")  # cold starts, which know the new catalog

    assert ann.get("/v1/leaderboards/rush").body["period"]["label"] == "2026-12-01"
    assert ranks(ann.get("/v1/leaderboards/rush", period="previous").body) == [(1, "ann")]


# Withdrawn ------------------------------------------------------------------------------------------------------------


def published_since(world: World, *templates: dict[str, Any]) -> Client:
    """A player of a stack whose functions started after the catalog changed."""
    world.publish_catalog(snapshot(*templates, mission("ordinary"), previous=stores_of("missions").catalogs.published()))
    return Client(World(world.aws, world.environment, world.now), "ann")


@pytest.mark.parametrize("left", [[], [mission("race", period="weekly")]])
def test_a_contest_that_was_withdrawn_is_shown_as_long_as_it_has_scores(world: World, ann: Client, left: list[dict[str, Any]]) -> None:
    stand(("ann", 3), ("bob", 4))
    stand(("bob", 2), label="2026-W46", closes_at=CLOSES - 7 * DAY_MS)
    before = ann.get("/v1/leaderboards/race", lang="de").body
    ann = published_since(world, *left)

    assert ann.get("/v1/leaderboards/race", lang="de").body == before
    assert ranks(ann.get("/v1/leaderboards/race", period="previous").body) == [(1, "bob")]
    for period in ("2026-W45", "2026-W48"):
        assert ann.get("/v1/leaderboards/race", period=period).problem == (404, "leaderboard_not_found", None)
    assert ann.get("/v1/leaderboards/rush").problem == (404, "leaderboard_not_found", None)
    assert ann.get("/v1/leaderboards/race", period="next").problem == (400, "invalid_period", "period")


def test_the_prizes_of_a_withdrawn_contest_are_those_it_was_dealt_with(world: World) -> None:
    stand(("ann", 3))
    cheaper = mission("race", {"post.created": 3}, type="competitive", period="weekly", prizes=[])
    shown = published_since(world, cheaper).get("/v1/leaderboards/race").body
    assert shown["prizes"] == []

    shown = published_since(world).get("/v1/leaderboards/race").body

    assert [prize["rewards"]["amounts"] for prize in shown["prizes"]] == [{"gold": 100}, {"gold": 10}]


def test_the_prizes_of_a_closed_leaderboard_are_those_that_were_paid(world: World, ann: Client) -> None:
    stand(("ann", 3))
    scores = stores_of("missions").scores
    held = scores.load("race", "2026-W47", consistent=True)
    assert held is not None
    scores.save(replace(held, closed_at=CLOSES, version=2))
    cheaper = mission("race", {"post.created": 3}, type="competitive", period="weekly", prizes=[])

    shown = published_since(world, cheaper).get("/v1/leaderboards/race").body

    assert (shown["status"], len(shown["prizes"])) == ("final", 2)


def test_ranks_below_those_that_are_kept_are_done_without_while_they_cannot_be_read(world: World, ann: Client) -> None:
    crowd(150)
    world.aws.intercept = on("BatchGetItem", refuse("ThrottlingException"), times=99, about="SCORES#")

    shown = ann.get("/v1/leaderboards/race", players="player-1,player-150").body

    assert len(shown["items"]) == 20
    assert ranks(shown, "players") == [(None, "player-1"), (1, "player-150")]


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["nothing", "ordinary", "RACE", "race%23"])
def test_what_is_no_competitive_mission_has_no_leaderboard(ann: Client, key: str) -> None:
    assert ann.get(f"/v1/leaderboards/{key}").problem == (404, "leaderboard_not_found", None)


@pytest.mark.parametrize(
    ("key", "period"),
    [
        ("race", "next"),
        ("race", "2026-11-21"),
        ("race", "2026-W99"),
        ("daily", "2026-W47"),
        ("daily", "9999-12-30"),
        ("race", "9999-W51"),
        ("rush", "W47"),
        ("rush", "previous"),
    ],
)
def test_a_period_that_is_none_of_this_leaderboard_is_named(ann: Client, key: str, period: str) -> None:
    assert ann.get(f"/v1/leaderboards/{key}", period=period).problem == (400, "invalid_period", "period")


def test_a_special_mission_has_no_leaderboard_for_days_on_which_it_did_not_open(ann: Client) -> None:
    assert ann.get("/v1/leaderboards/rush", period="2026-11-20").problem == (404, "leaderboard_not_found", None)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"limit": 0}, (400, "invalid_field", "limit")),
        ({"limit": 101}, (400, "invalid_field", "limit")),
        ({"limit": "ten"}, (400, "invalid_field", "limit")),
        ({"around": "you"}, (400, "invalid_field", "around")),
        ({"period": "2026-11-21T00:00:00Z"}, (400, "invalid_field", "period")),
        ({"cursor": "nonsense"}, (400, "invalid_cursor", "cursor")),
        ({"players": "ann,,bob"}, (400, "invalid_player", "players")),
        ({"players": "a" * 129}, (400, "invalid_player", "players")),
        ({"players": ",".join(f"p{n}" for n in range(101))}, (400, "too_many_players", "players")),
    ],
)
def test_what_cannot_be_asked_is_named(ann: Client, query: dict[str, Any], problem: tuple[int, str, str]) -> None:
    assert ann.get("/v1/leaderboards/race", **query).problem == problem


def test_looking_writes_nothing(world: World, ann: Client) -> None:
    crowd(150)
    world.aws.calls.clear()

    ann.get("/v1/leaderboards/race", players="bob,player-1", around="me")

    assert world.aws.write_units() == 0
