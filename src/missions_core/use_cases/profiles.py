"""The profile row: what players and their host say of a person. Nobody's word is lost to who writes at the same time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from missions_core.storage.players import Profile
from missions_core.use_cases.retrying import until_first
from missions_core.use_cases.stores import Stores

LANGUAGE = "language"


def save_members(stores: Stores, player: str, members: Mapping[str, str], *, said_at: int) -> None:
    """Set members of a profile by request: after whatever was said before, though services' clocks may be ahead of ours."""

    def change(held: Profile) -> Profile:
        changed = replace(held, members={**held.members, **members})
        if LANGUAGE not in members:
            return changed
        is_so = members[LANGUAGE] == held.members.get(LANGUAGE)  # as for a request that is repeated
        before = held.language_at or 0
        return replace(changed, language_at=max(said_at, before if is_so else before + 1))

    _change(stores, player, change)


def hear_language(stores: Stores, player: str, language: str, *, said_at: int) -> bool:
    """Set the language by an event; False: something newer was said of it. Of the same instant the greater text counts."""

    def change(held: Profile) -> Profile:
        before = (-1 if held.language_at is None else held.language_at, json.dumps(held.members.get(LANGUAGE)))
        if (said_at, json.dumps(language)) <= before:
            return held
        return replace(held, members={**held.members, LANGUAGE: language}, language_at=said_at)

    return _change(stores, player, change)


def complete(stores: Stores, player: str, members: Mapping[str, str]) -> None:
    """Set the members nobody has said anything of."""
    _change(stores, player, lambda held: replace(held, members={**members, **held.members}))


def _change(stores: Stores, player: str, change: Callable[[Profile], Profile]) -> bool:
    """Whether the change was one. Contention when others keep winning."""

    def attempt() -> bool:
        held = stores.players.load_profile(player)
        changed = change(held)
        if changed == held:
            return False
        stores.players.save_profile(player, changed)
        return True

    return until_first(attempt, about="profile")
