"""What the host says about its players: who they are and where, on request or as events that may come late, twice or out of order.

Each attribute has an instant of its own, that of the word it comes from, so whatever the order, the same words make the same player.
"""

import json
from typing import Any

from missions_core.domain.catalog import Catalog
from missions_core.domain.neighbours import PlayerAttributes, Registration
from missions_core.domain.roll import welcome
from missions_core.domain.state import GUESSED_ZONE, PlayerState
from missions_core.use_cases import profiles
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.command import instant_of_request, move_to, set_zone
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores

REGISTERED = -1  # the instant of what a registration says: before everything else, however late it is told


def put_player(stores: Stores, player: str, attributes: PlayerAttributes, *, now: int) -> PlayerView:
    """Register or update a player as the host knows them: whatever was said before. Does not count as the player being here."""

    def run(draft: Draft) -> PlayerView:
        said = _said(attributes)
        instants = {name: instant_of_request(draft, name, is_so=_held(draft.state, name) == value) for name, value in said.items()}
        _apply(draft, said, instants)
        _guess_zone(draft, attributes.locale, said_at=draft.now)
        _deal_first(draft)
        draft.write()
        return PlayerView(draft.state, draft.catalog, draft.now)

    view = change(stores, player, run, now=now, present=False)
    if attributes.locale is not None:
        profiles.save_members(stores, player, {profiles.LANGUAGE: attributes.locale}, said_at=now)
    return view


def update_player(stores: Stores, player: str, attributes: PlayerAttributes, *, said_at: int, now: int) -> bool:
    """The same by an event of `said_at`; False: something newer was said of all it names, and nothing changed."""

    def run(draft: Draft) -> bool:
        news = {name: value for name, value in _said(attributes).items() if _is_news(draft.state, name, value, said_at)}
        _apply(draft, news, dict.fromkeys(news, said_at))
        has_guessed = _guess_zone(draft, attributes.locale, said_at=said_at)
        if is_changed := bool(news) or has_guessed or draft.is_new:
            _deal_first(draft)
            draft.write()
        return is_changed

    is_changed = change(stores, player, run, now=now, present=False)
    if attributes.locale is not None:
        is_changed |= profiles.hear_language(stores, player, attributes.locale, said_at=said_at)
    return is_changed


def register_player(stores: Stores, player: str, told: Registration, *, now: int) -> None:
    """Make a player known, their first boards dealt. What anybody said before stays: registering comes first, however late it is told."""

    def run(draft: Draft) -> None:
        if told.zone is not None and (draft.state.zone is None or GUESSED_ZONE in draft.state.attributes_at):
            set_zone(draft, told.zone, said_at=REGISTERED)
            draft.write()
        if _guess_zone(draft, told.locale, said_at=REGISTERED) or draft.is_new:
            draft.write()
        _deal_first(draft)

    change(stores, player, run, now=now, present=False)
    profiles.complete(stores, player, told.profile)


def _said(attributes: PlayerAttributes) -> dict[str, Any]:
    """What is said of the state's attributes, by name."""
    segments = None if attributes.segments is None else sorted(set(attributes.segments))
    members = {"zone": attributes.zone, "level": attributes.level, "vip": attributes.vip, "segments": segments}
    return {name: value for name, value in members.items() if value is not None}


def _is_news(state: PlayerState, name: str, value: object, said_at: int) -> bool:
    """Whether it was said after what the state has. Of the same instant the greater text counts, whichever comes first."""
    held_at = state.attributes_at.get(name)
    return held_at is None or (said_at, json.dumps(value)) > (held_at, json.dumps(_held(state, name)))


def _held(state: PlayerState, name: str) -> object:
    return {"zone": state.zone, "level": state.level_base, "vip": state.vip, "segments": state.segments}[name]


def _apply(draft: Draft, news: dict[str, Any], instants: dict[str, int]) -> None:
    state = draft.state
    if "zone" in news:
        set_zone(draft, news["zone"], said_at=instants["zone"])
    state.level_base = news.get("level", state.level_base)
    state.vip = news.get("vip", state.vip)
    state.segments = news.get("segments", state.segments)
    state.attributes_at |= instants


def _guess_zone(draft: Draft, locale: str | None, *, said_at: int) -> bool:
    """Until somebody says the zone, take the catalog's for the first language said that has one; False: nothing changed."""
    state = draft.state
    zone = _zone_of_language(draft.catalog, locale)
    guessed_at = state.attributes_at.get(GUESSED_ZONE)
    is_known = state.zone is not None and (guessed_at is None or (guessed_at, state.zone) <= (said_at, zone or ""))
    if zone is None or is_known:
        return False
    move_to(draft, zone)
    state.attributes_at[GUESSED_ZONE] = said_at
    return True


def _deal_first(draft: Draft) -> None:
    if draft.is_new or not draft.state.boards:
        draft.absorb(welcome(draft.state, draft.catalog, now=draft.now))


def _zone_of_language(catalog: Catalog, locale: str | None) -> str | None:
    """The catalog's default zone for a language like `de` or `de-AT`."""
    if locale is None:
        return None
    zones = catalog.rules.default_zone_by_language
    return zones.get(locale) or zones.get(locale.replace("_", "-").split("-")[0].lower())
