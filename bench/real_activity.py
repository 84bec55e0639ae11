"""The recorded history of a real project, replayed in memory: how large states become, and what each write would cost."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from bench.table import Row, budgeted
from infra.catalogs import read_catalog
from infra.lines import read_lines
from infra.memory import MemoryPlayers
from infra.player_files import read_players
from infra.replay import replay
from missions_core.domain.actions import parse_action
from missions_core.domain.events import Event
from missions_core.domain.state import PlayerState
from missions_core.storage import keys, outbox

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
EVENTS = DATA / "git-activity.events.jsonl.gz"
PLAYERS = DATA / "git-activity.players.jsonl"
NAMES = len("PKSKversionstate")
NUMBER = 9  # bytes of a number of this size, at most
INDEX = len("due_sharddue_at") + len("DUE#00") + NUMBER
MOST_UNITS = {50: 1, 95: 2}  # by percentile
UNIT = 1024


class WeighingPlayers(MemoryPlayers):
    """Players that remember how large each written item was."""

    states: list[int]
    units: list[int]
    _items_before: dict[str, int]

    def save(self, state: PlayerState, *, version: int | None, events: Sequence[Event], due_at: int | None) -> None:
        """Save, and weigh the item as DynamoDB does: names and values."""
        super().save(state, version=version, events=events, due_at=due_at)
        stored = len(self._items[state.player][0])
        effects = len("outbox") + len(outbox.encode(state, events)) if events else 0
        item = NAMES + sum(map(len, keys.state(state.player))) + NUMBER + stored + effects + (INDEX if due_at is not None else 0)
        self.states.append(stored)
        self.units.append(-(-max(item, self._items_before.get(state.player, 0)) // UNIT))
        self._items_before[state.player] = item


def rows() -> Iterator[Row]:
    """Percentiles over every state write of the history."""
    if not EVENTS.exists():
        yield Row("real activity: skipped, ../shared/data/git-activity.* is not beside this checkout", "-")
        return
    WeighingPlayers.states, WeighingPlayers.units, WeighingPlayers._items_before = [], [], {}
    actions = [parse_action(line.text) for line in read_lines(EVENTS)]
    with patch("infra.replay.MemoryPlayers", WeighingPlayers):
        replay(actions, read_catalog(ROOT / "catalog" / "git"), read_players(PLAYERS), refused={}, until=None, progress=iter)
    for percent in (50, 95, 100):
        name = "largest" if percent == 100 else f"p{percent}"
        state, units = (_percentile(figures, percent) for figures in (WeighingPlayers.states, WeighingPlayers.units))
        yield Row(f"real activity, {len(WeighingPlayers.units):,} state writes, {name}: bytes of state", str(state))
        what = f"real activity, {name}: write units, without the index"
        yield budgeted(what, units, most=MOST_UNITS[percent], digits=0) if percent in MOST_UNITS else Row(what, str(units))


def _percentile(figures: list[int], percent: int) -> int:
    return sorted(figures)[-(-len(figures) * percent // 100) - 1]
