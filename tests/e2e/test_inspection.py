"""Looking into the running stack: a player's state, a function run against its data."""

import json
from collections.abc import Callable

from infra.local.stack import LocalStack
from infra.stage import Stage
from tests.e2e.conftest import Finished

Missions = Callable[..., Finished]


def test_a_player_is_found_by_id_and_by_name(stack: LocalStack, missions: Missions) -> None:
    player = Stage(stack).enter("zoe")

    by_name, by_id = missions("player", "show", "zoe", "--json"), missions("player", "show", player.id, "--json")

    assert by_name.code == 0, by_name.errors
    assert by_name.facts == by_id.facts
    assert by_name.facts["player"] == player.id


def test_a_user_who_never_played_has_no_state(missions: Missions) -> None:
    missions("token", "yuri")

    assert missions("player", "show", "yuri").code == 1


def test_a_function_runs_against_the_stacks_data(stack: LocalStack, missions: Missions) -> None:
    done = missions("invoke", "player_queries", "events/player_queries.json", "--env", "local", "--json")

    assert done.code == 0, done.errors
    assert json.loads(done.facts["body"])["items"]


def test_a_published_catalog_can_be_published_again(missions: Missions) -> None:
    assert missions("catalog", "apply", "catalog/forum", "--json").facts["changed"] is False
