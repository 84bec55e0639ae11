"""Integration events out: what the code produces, the contracts' models and the saved examples agree."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from missions_core.contracts.integration import DATA_MODELS, CloudEvent
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from missions_core.domain.check_ins import check_in
from missions_core.domain.events import EvidenceDecided, PlayerErased
from missions_core.domain.fraud import raise_flag
from missions_core.domain.leaderboards import Entry
from missions_core.messaging import BusEvent, EventBus
from missions_core.storage.outbox import event_id
from missions_core.storage.scores import Leaderboard
from missions_core.use_cases.closing import closing_announcement
from missions_core.use_cases.erasures import Erasure
from missions_core.use_cases.integration import announcement_of, bus_event, envelope
from missions_core.use_cases.rotate import rotate
from missions_core.use_cases.sweep import confirmation
from tests.support.catalogs import achievement, catalog, mission, quest, step
from tests.support.game import Game, action, ms

EXAMPLES = Path(__file__).parents[2] / "events" / "integration"
START = ms("2026-11-21T10:00")
PRIZE = {"xp": 50, "gold": 5, "badges": ["starter"], "items": [{"id": "hat", "quantity": 1, "expires_after_hours": 720}]}
WINDOW = {"from": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00Z"}
CATALOG = catalog(
    mission("daily_first_post", rewards=PRIZE),
    mission("feast", period="special", active=WINDOW),
    quest("first_tips", step("one_tip", {"tip.sent": 1}, rewards={"gold": 5}), rewards=PRIZE),
    quest("ten_tips", step("tips", {"tip.sent": 10}), time_limit_hours=24),
    achievement("prolific", tiers=[{"name": "bronze", "target": 1}], rewards=PRIZE),
    check_in={"base": {"gold": 10}, "tiers": [], "milestones": [{"days": 1, "reward": {"gold": 100}}]},
)


def samples() -> dict[str, dict[str, Any]]:
    """One event of each type, as a day and a missed day produce them."""
    game = Game(CATALOG, now=START)
    game.act(action(1, START))
    game.claim_all()
    game.review()
    game.events += check_in(game.state, CATALOG, now=START)[1]
    game.act(action(2, START + HOUR_MS, "tip.sent"))
    game.night_by_night(START + 4 * DAY_MS)
    game.events += raise_flag(game.state, "impossible:endless", "seconds 90000 (impossible: > 86400)", shadow=False, hold=True, now=START)
    game.events.append(EvidenceDecided("show_your_setup:always-0", 1, "rejected", "This was handed in before.", START + HOUR_MS))
    found = {}
    for event in game.events:
        if announcement := announcement_of(event, event_id("player", "account", event), "player"):
            found.setdefault(announcement.type, envelope(announcement))
    bus = Bus()
    open_windows = rotate(CATALOG, bus, open_before=frozenset(), now=ms("2026-11-22T01:00"))
    rotate(CATALOG, bus, open_before=open_windows, now=ms("2026-11-23T01:00"))
    bus.put([bus_event(confirmation(Erasure(event_id("player", "account", PlayerErased((), START)), "player", (), START)))])
    bus.put([bus_event(closing_announcement(closed_leaderboard(), [1]))])
    return found | {event.type: json.loads(event.detail) for event in bus.taken}


def closed_leaderboard() -> Leaderboard:
    """One on which the first of two players won a prize."""
    first, second = (Entry(player, f"account of {player}", Decimal(score), START) for player, score in (("player", "12.5"), ("other", 3)))
    closed_at = ms("2026-11-24T13:00")
    return Leaderboard("weekly_columnist", "2026-W47", closes_at=closed_at - HOUR_MS, entries=(first, second), closed_at=closed_at)


class Bus(EventBus):
    """Takes everything."""

    def __init__(self) -> None:
        self.taken: list[BusEvent] = []

    def put(self, events: Sequence[BusEvent]) -> list[int]:
        self.taken += events
        return []


@pytest.mark.parametrize("type_", sorted(DATA_MODELS))
def test_every_event_fits_its_contract_and_its_saved_example(type_: str) -> None:
    produced, saved = samples()[type_], json.loads((EXAMPLES / f"{type_}.json").read_text())

    assert CloudEvent.model_validate(produced).type == type_
    DATA_MODELS[type_].model_validate(produced["data"])
    assert json.loads(json.dumps(produced)) == saved


def test_there_is_a_contract_for_whatever_leaves() -> None:
    assert sorted(samples()) == sorted(DATA_MODELS) == sorted(path.stem for path in EXAMPLES.glob("*.json"))
