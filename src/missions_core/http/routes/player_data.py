"""GET /v1/me/export, DELETE /v1/me: what is kept of a player, to take along and to be forgotten."""

from collections.abc import Mapping

from missions_core import clock
from missions_core.domain.state import PlayerState
from missions_core.errors import Erased as ErasedError
from missions_core.files import name_of
from missions_core.http.representations.player_data import Erased, Export, File
from missions_core.http.routes.player_commands import logger, routes
from missions_core.http.views.export import SECTIONS, row_records, state_records
from missions_core.instants import timestamp
from missions_core.use_cases.erase import erase
from missions_core.use_cases.export import Records, export

LINK_SECONDS = 900


@routes.get("/v1/me/export", summary="What is kept under the player and their account, machine-readable", tags=["player"])
def get_export() -> Export:
    player, now = routes.caller.player, clock.now()
    state = _state(player)
    made = export(routes.files, player, _records(state), now=now)
    logger.append_keys(pages=len(made.pages))
    return {
        "player": player,
        "generated_at": timestamp(made.made_at),
        "sections": None if made.sections is None else {name: made.sections.get(name, []) for name in (*SECTIONS, *made.sections)},
        "files": _files(made.pages, now=now) if made.sections is None else None,
        "uploads": _files({} if state is None else routes.files.uploads(player), now=now),
    }


@routes.delete("/v1/me", summary="Erase the player, for good", tags=["player"])
def delete_me() -> Erased:
    return {"erased_at": timestamp(erase(routes.stores, routes.caller.player, now=clock.now()))}


def _state(player: str) -> PlayerState | None:
    """None: nobody knows the player, or they are erased. What is left of those is on its way out, and shown to nobody."""
    try:
        stored = routes.stores.players.load(player)
    except ErasedError:
        return None
    return None if stored is None else stored.state


def _records(state: PlayerState | None) -> Records:
    """Everything but files."""
    if state is not None:
        yield from state_records(state, routes.stores.catalogs.current())
        yield from row_records(routes.rows.rows(state.player, state.account))


def _files(sizes: Mapping[str, int], *, now: int) -> list[File]:
    until = timestamp(now + LINK_SECONDS * 1000)
    return [
        {"name": name_of(key), "bytes": size, "url": routes.files.link(key, seconds=LINK_SECONDS), "until": until}
        for key, size in sizes.items()
    ]
