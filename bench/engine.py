"""The pure engine, without storage."""

from collections.abc import Iterator

from bench.player import action, player, snapshot
from bench.table import Row, budgeted, cpu_seconds
from missions_core.domain import codec
from missions_core.domain.progress import apply
from missions_core.domain.snapshots import catalog_from_snapshot


def rows() -> Iterator[Row]:
    """Its speed, and the state it was measured on."""
    catalog = catalog_from_snapshot(snapshot())
    actions = [action(number) for number in range(5_000)]
    state = player(catalog)

    def run() -> None:
        for each in actions:
            apply(state, catalog, each)
            state.pending.clear()

    a_second = len(actions) / min(cpu_seconds(run) for _ in range(5))
    yield budgeted("engine: actions/s on one core (this machine)", a_second, least=20_000, digits=0)
    yield Row("engine: missions on that player's boards", str(sum(1 for _ in state.missions())))
    yield Row("engine: bytes of that player's state", str(len(codec.encode(state))))
