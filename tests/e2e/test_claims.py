"""Many claims at once: one of them wins, and the money moves once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.actors import Json, Player
from infra.local.api import Answer
from infra.local.stack import LocalStack
from infra.polling import wait_for
from infra.stage import Stage

AT_ONCE = 50


@pytest.fixture(scope="module")
def stage(stack: LocalStack) -> Stage:
    return Stage(stack)


@pytest.fixture
def winner(stage: Stage, request: pytest.FixtureRequest) -> tuple[Player, Json]:
    """A player with a completed mission that pays."""
    player = stage.enter(request.node.name)
    stage.play_day(player)
    missions = wait_for(player.missions, lambda missions: any(mission["can_claim"] for mission in missions), "a mission to claim")
    return player, next(mission for mission in missions if mission["can_claim"])


def claims(player: Player, mission: Json, **headers: str) -> list[Answer]:
    """Fifty claims of one mission, sent at once."""
    api = player.api
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = [pool.submit(api.post, f"/v1/me/missions/{mission['id']}/claim", None, **headers) for _ in range(AT_ONCE)]
        return [call.result() for call in calls]


def paid_once(player: Player, grant: Json) -> bool:
    """Whether the ledger has one row and the wallet exactly its amounts."""
    amounts = {currency: amount for currency, amount in grant["rewards"]["amounts"].items() if amount}
    wait_for(player.balances, lambda held: any(held.values()), "the reward in the wallet")
    rows = player.expect(player.api.get("/v1/me/grants"))["items"]
    held = {currency: amount for currency, amount in player.balances().items() if amount}
    return [row["cause"] for row in rows] == [grant["id"]] and held == amounts


def statuses(answers: list[Answer]) -> dict[int, int]:
    return {status: sum(answer.status == status for answer in answers) for status in {answer.status for answer in answers}}


def test_without_a_key_one_claim_succeeds_and_the_others_conflict(winner: tuple[Player, Json]) -> None:
    answers = claims(*winner)

    assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"already_claimed"}
    assert paid_once(winner[0], next(answer.body["grant"] for answer in answers if answer.status == 200))


def test_with_one_key_every_claim_gets_the_first_answer(winner: tuple[Player, Json]) -> None:
    answers = claims(*winner, idempotency_key="the-same-key")

    assert statuses(answers) == {200: AT_ONCE}
    assert len({json.dumps(answer.body, sort_keys=True) for answer in answers}) == 1
    assert paid_once(winner[0], answers[0].body["grant"])
