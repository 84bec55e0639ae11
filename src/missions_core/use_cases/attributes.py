"""What the host says about its players: who they are and where, on request or as events that may come late, twice or out of order."""

from missions_core.domain.catalog import Catalog
from missions_core.domain.neighbours import PlayerAttributes, Registration
from missions_core.domain.roll import welcome
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.command import save_profile, set_zone
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


def put_player(stores: Stores, player: str, attributes: PlayerAttributes, *, now: int) -> PlayerView:
    """Register or update a player as the host knows them. Does not count as the player being here."""

    def run(draft: Draft) -> PlayerView:
        _apply(draft, attributes, said_at=draft.now)
        return PlayerView(draft.state, draft.catalog, draft.now)

    view = change(stores, player, run, now=now, present=False)
    if attributes.locale is not None:
        save_profile(stores, player, {"language": attributes.locale})
    return view


def update_player(stores: Stores, player: str, attributes: PlayerAttributes, *, said_at: int, now: int) -> bool:
    """The same by an event of `said_at`; False: it came after something newer, and nothing changed."""

    def run(draft: Draft) -> bool:
        is_newest = said_at >= draft.state.attributes_at
        if is_newest:
            _apply(draft, attributes, said_at=said_at)
        return is_newest

    is_newest = change(stores, player, run, now=now, present=False)
    if is_newest and attributes.locale is not None:
        save_profile(stores, player, {"language": attributes.locale})
    return is_newest


def register_player(stores: Stores, player: str, told: Registration, *, said_at: int, now: int) -> None:
    """Make a player known, their first boards dealt. What anybody said before stays: registering comes first, however late it is told."""

    def run(draft: Draft) -> None:
        state = draft.state
        zone = told.zone or _zone_of_language(draft.catalog, told.locale)
        is_first = state.zone is None and zone is not None
        if is_first and zone is not None:
            set_zone(draft, zone)
        if draft.is_new or is_first or state.attributes_at < said_at:
            _deal_first(draft)
            state.attributes_at = max(state.attributes_at, said_at)
            draft.write()

    change(stores, player, run, now=now, present=False)
    known = stores.players.profile(player) or {}
    complete = told.profile | known
    if complete != known:
        stores.players.save_profile(player, complete)


def _apply(draft: Draft, attributes: PlayerAttributes, *, said_at: int) -> None:
    state = draft.state
    zone = attributes.zone or (None if state.zone else _zone_of_language(draft.catalog, attributes.locale))
    if zone is not None:
        set_zone(draft, zone)
    if attributes.level is not None:
        state.level_base = attributes.level
    if attributes.vip is not None:
        state.vip = attributes.vip
    if attributes.segments is not None:
        state.segments = sorted(set(attributes.segments))
    _deal_first(draft)
    state.attributes_at = max(state.attributes_at, said_at)
    draft.write()


def _deal_first(draft: Draft) -> None:
    if draft.is_new or not draft.state.boards:
        draft.absorb(welcome(draft.state, draft.catalog, now=draft.now))


def _zone_of_language(catalog: Catalog, locale: str | None) -> str | None:
    """The catalog's default zone for a language like `de` or `de-AT`."""
    if locale is None:
        return None
    zones = catalog.rules.default_zone_by_language
    return zones.get(locale) or zones.get(locale.replace("_", "-").split("-")[0].lower())
