"""Claiming what an achievement pays, where it does not claim itself."""

from dataclasses import dataclass

from missions_core.domain import achievements, fraud
from missions_core.domain.catalog import Template, Tier
from missions_core.use_cases.changes import Draft, change, require_registered, review
from missions_core.use_cases.devices import check_device
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.read import PlayerView, read_player
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class ClaimedTiers:
    """Tiers of an achievement that a command claimed, with the state they belong to."""

    view: PlayerView
    template: Template
    tiers: tuple[Tier, ...]


def claim_achievement(stores: Stores, player: str, key: str, *, request: str, now: int, device: str | None = None) -> ClaimedTiers:
    """Claim every tier of an achievement that waits. Repeating the same `request` returns the first answer.

    NotFound `achievement_not_found`, Conflict `achievement_locked` or `already_claimed`.
    """

    def run(draft: Draft) -> ClaimedTiers:
        require_registered(draft)
        review(draft)  # what the player was shown as unlocked may not be written yet

        def first() -> str:
            achievements.find_claimable(draft.state, draft.catalog, key)
            check_device(stores, draft, device)
            return claim_tiers(draft, key)

        return claimed_tiers(stores, draft, once(draft, request, f"claim_achievement:{key}", first))

    return change(stores, player, run, now=now)


def claim_tiers(draft: Draft, key: str) -> str:
    """Claim what waits; say what that was, for `claimed_tiers`."""
    state = draft.state
    held = achievements.find_claimable(state, draft.catalog, key)
    first, versions = held.claimed, ",".join(map(str, held.versions))
    draft.write(fraud.check_claim_of_tiers(state, draft.catalog, now=draft.now))
    draft.write(achievements.claim(state, draft.catalog, key, at=draft.now))
    state.active_at = max(state.active_at, draft.now)
    return f"{key}:{versions}:{first}:{held.claimed}"


def claimed_tiers(stores: Stores, draft: Draft, claimed: str) -> ClaimedTiers:
    """What was claimed, as it was promised."""
    key, promised, first, last = claimed.split(":")
    versions = [int(version) for version in promised.split(",")]
    if len(versions) == 1:  # also for several tiers: until each had its own, one stood for all
        versions *= int(last) - int(first)
    stores.catalogs.bring(draft.catalog, {(key, version) for version in versions})
    tiers = achievements.tiers_of(draft.catalog, key, int(first), versions)
    template = draft.catalog.template(key, versions[-1])
    return ClaimedTiers(PlayerView(draft.state, draft.catalog, draft.now), template, tuple(tiers))


def read_achievements(stores: Stores, player: str, *, now: int) -> PlayerView:
    """As `read_player`, with what the player unlocked and the catalog no longer has."""
    view = read_player(stores, player, now=now)
    stores.catalogs.bring(view.catalog, set(achievements.withdrawn(view.state, view.catalog)), to_show=True)
    return view
