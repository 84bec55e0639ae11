"""A player of catalog/forum in the middle of a day, and what they do next."""

from datetime import UTC, datetime

from bench.month import FORUM
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog, Snapshot
from missions_core.domain.progress import apply
from missions_core.domain.roll import new_player, welcome
from missions_core.domain.state import PlayerState

TYPES = ("post.created", "reaction.added", "tip.sent", "reaction.received")
NOW = int(datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp() * 1000)


def snapshot() -> Snapshot:
    """The forum's catalog without missions that claim themselves: nobody runs a ledger here, and grants would wait for it."""
    compiled = compile_catalog(load_catalog(FORUM).source)
    for template in compiled["templates"]:
        template["auto_claim"] = False
    return compiled


def player(catalog: Catalog, name: str = "player") -> PlayerState:
    """A player with twenty actions behind them."""
    state = new_player(name, "account", catalog, now=NOW, zone="Europe/Berlin")
    welcome(state, catalog, now=NOW)
    for number in range(20):
        apply(state, catalog, action(number))
    return state


def action(number: int, *, at: int = NOW) -> Action:
    """One of a varied stream of actions."""
    data = {"amount": 12, "forum_id": f"f{number % 5}", "length": 240, "recipient": f"p{number % 9}"}
    return Action("bench", str(number), TYPES[number % len(TYPES)], "player", at, at, data, f"{number:012x}")
