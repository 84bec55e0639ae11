"""The sample events of the HTTP functions, one after the other: together they are a player's first minutes."""

import json
from typing import Any

from infra.inprocess import InProcessAws
from infra.local.stack import ROOT
from missions_core import clock
from tests.support.catalogs import mission, snapshot
from tests.support.world import World

NOW = 1_795_255_200_000


def test_the_samples_work_on_the_real_handlers(aws: InProcessAws, environment: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    world = World(aws, environment, NOW)
    world.publish_catalog(snapshot(mission("daily_first_post"), check_in={"base": {"gold": 10}}))

    def send(function: str) -> tuple[int, Any]:
        answer = world.invoke(function, json.loads((ROOT / "events" / f"{function}.json").read_text()))
        return answer["statusCode"], json.loads(answer["body"])

    assert send("health")[0] == 200
    assert send("admin_api")[1]["zone"] == "Europe/Berlin"
    assert send("post_actions")[1]["outcome"] == "counted"
    assert send("player_queries")[1]["items"][0]["status"] == "completed"
    assert send("claim_reward")[1]["mission"]["status"] == "claimed"
    assert send("check_in")[1]["streak_days"] == 1
    assert send("player_commands")[1]["daily_minutes"] == 20
