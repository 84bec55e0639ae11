"""What a function finds in an otherwise empty system: every mission dealt, and one player with money and a busy hour behind them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infra.activity import busy_day
from missions_core.authoring.compiler import CatalogSource, compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.authoring.rule_models import RotationRules
from missions_core.domain.actions import Action, parse_action
from missions_core.domain.catalog import HOUR_MS, Rewards
from missions_core.domain.state import PendingGrant
from missions_core.use_cases.erase import erase
from missions_core.use_cases.stores import stores_of
from missions_core.use_cases.track import track

ERASED_PLAYER = "44444444-4444-4444-8444-444444444444"
SAMPLE_PLAYER = "11111111-1111-4111-8111-111111111111"  # where the event itself names nobody

# A rotation so wide that whatever a player may have is dealt: a sample need not know the draw.
EVERYTHING = RotationRules.model_validate({kind: {"min": 50, "max": 50} for kind in ("daily", "weekly", "monthly")})


def seed(table_name: str, catalog_dir: Path, player: str, *, at: int) -> None:
    """Publish a catalog and let the player act, an hour before the given time. Another one was erased just now."""
    stores = stores_of(table_name)
    source = load_catalog(catalog_dir).source
    generous = CatalogSource(source.rules.model_copy(update={"rotation": EVERYTHING}), source.templates)
    stores.catalogs.publish(compile_catalog(generous))
    track(stores, list(_actions(player, at - HOUR_MS)), now=at - HOUR_MS)
    erase(stores, ERASED_PLAYER, now=at)
    stored = stores.players.load(player)
    assert stored is not None
    savings = Rewards(dict.fromkeys(source.rules.known_currencies, 1000))
    stores.ledger.grant(stored.state.account, PendingGrant("seed:savings", at - HOUR_MS, savings))


def _actions(player: str, at: int) -> Iterator[Action]:
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    for number, act in enumerate(busy_day()):
        event = {"specversion": "1.0", "id": str(number), "source": "missions/seed", "subject": player, "time": time, **act._asdict()}
        yield parse_action(json.dumps(event))
