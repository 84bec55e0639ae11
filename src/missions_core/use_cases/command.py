"""What players change besides actions and claims: opt-ins, rerolls, pauses, profiles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from missions_core.domain import commands
from missions_core.domain.roll import welcome
from missions_core.domain.state import GUESSED_ZONE, Board, Mission, Preferences, mission_id
from missions_core.errors import InvalidInput
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.claim import Claimed
from missions_core.use_cases.idempotency import hashed, once
from missions_core.use_cases.profiles import save_members
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores

PERSONAL = ("name", "email", "avatar", "language")


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What a player changes about themselves; None leaves a member as it is."""

    zone: str | None = None
    categories: list[str] | None = None
    blocked_categories: list[str] | None = None
    daily_minutes: int | None = None
    name: str | None = None
    email: str | None = None
    avatar: str | None = None
    language: str | None = None


def start_mission(stores: Stores, player: str, wanted: str, *, request: str, now: int) -> Claimed:
    """Opt in to a mission that asks for it. Conflict `already_started`, `start_not_needed`; Gone `mission_over`."""

    def run(draft: Draft) -> tuple[Board, Mission]:
        def start() -> str:
            _, _, events = commands.start(draft.state, draft.catalog, wanted, now=draft.now)
            draft.write(events)
            return wanted

        return commands.find_mission(draft.state, once(draft, request, f"start:{wanted}", start))

    return _on_mission(stores, player, run, now=now)


def reroll(stores: Stores, player: str, wanted: str, *, request: str, now: int) -> Claimed:
    """Swap an unfinished mission for another one, at a price once the day's free rerolls are used up.

    Repeating `request` returns the first answer. Conflict `insufficient_balance`.
    """

    def run(draft: Draft) -> tuple[Board, Mission]:
        def swap() -> str:
            board, mission, events, price = commands.reroll(draft.state, draft.catalog, wanted, now=draft.now)
            draft.buy(f"purchase:reroll:{hashed(request)}", price)
            draft.write(events)
            return mission_id(board, mission)

        return commands.find_mission(draft.state, once(draft, request, f"reroll:{wanted}", swap))

    return _on_mission(stores, player, run, now=now)


def pause(stores: Stores, player: str, days: int, *, request: str, now: int) -> PlayerView:
    """Protect the player's streaks for some days from now; 0 ends a running pause. Repeating `request` changes nothing."""

    def run(draft: Draft) -> None:
        once(draft, request, f"pause:{days}", lambda: str(commands.pause(draft.state, draft.catalog, days, now=draft.now)))

    return _change_view(stores, player, run, now=now)


def update_profile(stores: Stores, player: str, wish: ProfileChange, *, now: int) -> PlayerView:
    """Change the player's own settings; personal data goes to the profile row, never into the state."""
    personal = {member: value for member in PERSONAL if (value := getattr(wish, member)) is not None}

    def run(draft: Draft) -> None:
        if wish.zone is not None:
            set_zone(draft, wish.zone, said_at=instant_of_request(draft, "zone", is_so=draft.state.zone == wish.zone))
        _set_tastes(draft.state.preferences, wish.categories, wish.blocked_categories)
        if wish.daily_minutes is not None:
            draft.state.preferences.daily_minutes = wish.daily_minutes

    view = _change_view(stores, player, run, now=now)
    if personal:
        save_members(stores, player, personal, said_at=now)
    return view


def instant_of_request(draft: Draft, attribute: str, *, is_so: bool) -> int:
    """When a request says what an attribute is: after whatever was said of it, though services' clocks may be ahead of ours.

    What is so already keeps its instant, so a repeated request changes nothing.
    """
    before = draft.state.attributes_at.get(attribute, 0)
    return max(draft.now, before if is_so else before + 1)


def set_zone(draft: Draft, zone: str, *, said_at: int) -> None:
    """Let a player live in the IANA zone somebody said; boards that this opens are dealt. InvalidInput `invalid_zone`."""
    move_to(draft, zone)
    draft.state.attributes_at["zone"] = said_at
    draft.state.attributes_at.pop(GUESSED_ZONE, None)


def move_to(draft: Draft, zone: str) -> None:
    """The same without a word who said so."""
    if zone not in _zones():
        raise InvalidInput("invalid_zone", f"{zone!r} is not an IANA time zone; write one like Europe/Berlin", field="zone")
    commands.set_zone(draft.state, zone)
    draft.absorb(welcome(draft.state, draft.catalog, now=draft.now))


def _on_mission(stores: Stores, player: str, run: Callable[[Draft], tuple[Board, Mission]], *, now: int) -> Claimed:
    def command(draft: Draft) -> Claimed:
        require_registered(draft)
        board, mission = run(draft)
        draft.state.active_at = max(draft.state.active_at, draft.now)
        draft.write()
        return Claimed(PlayerView(draft.state, draft.catalog, draft.now), board, mission)

    return change(stores, player, command, now=now)


def _change_view(stores: Stores, player: str, run: Callable[[Draft], object], *, now: int) -> PlayerView:
    def command(draft: Draft) -> PlayerView:
        require_registered(draft)
        run(draft)
        draft.state.active_at = max(draft.state.active_at, draft.now)
        draft.write()
        return PlayerView(draft.state, draft.catalog, draft.now)

    return change(stores, player, command, now=now)


def _set_tastes(preferences: Preferences, favoured: list[str] | None, blocked: list[str] | None) -> None:
    favoured, blocked = preferences.categories if favoured is None else favoured, preferences.blocked if blocked is None else blocked
    if both := sorted(set(favoured) & set(blocked)):
        raise InvalidInput("contradictory_categories", f"{both[0]!r} is favoured and blocked; keep one", field="blocked_categories")
    preferences.categories, preferences.blocked = list(favoured), list(blocked)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # it walks the zone files: 10 ms
