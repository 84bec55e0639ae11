"""Achievements as players see them; of secret ones nothing before they are unlocked."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from missions_core.domain import achievements, facts
from missions_core.domain.catalog import Template
from missions_core.domain.catalog import Tier as TierValues
from missions_core.domain.requirements import percent
from missions_core.domain.state import PlayerState
from missions_core.http.languages import localised
from missions_core.http.representations.achievements import (
    Achievement,
    AchievementClaim,
    AchievementStatus,
    NextTier,
    SecretAchievement,
    Tier,
)
from missions_core.http.views.missions import pending_grant_view, plain_number, requirements_view, rewards_view
from missions_core.instants import timestamp
from missions_core.use_cases.achievements import ClaimedTiers
from missions_core.use_cases.read import PlayerView

Shares = Mapping[str, float]  # of all players, who hold an achievement, by its key


def achievement_list(view: PlayerView, shares: Shares, languages: Sequence[str]) -> list[Achievement | SecretAchievement]:
    """All achievements; the secret ones at the end, in an order that does not tell which of them is which."""
    known = sorted(achievements.shown(view.state, view.catalog), key=lambda template: _listed_at(view, template))
    hidden = [template for template in view.catalog.achievements if achievements.is_hidden(view.state, template)]
    secrets = [_placeholder(view.state, template) for template in hidden]
    return [
        *(achievement_view(view, template, shares, languages) for template in known),
        *sorted(secrets, key=lambda secret: secret["id"]),
    ]


def achievement_view(view: PlayerView, template: Template, shares: Shares, languages: Sequence[str]) -> Achievement:
    """An achievement the player may know of."""
    held = view.state.achievements.get(template.key)
    reached = template.tiers[: len(held.tiers)] if held else ()
    following = None if _is_withdrawn(view, template) else next(iter(template.tiers[len(reached) :]), None)
    return {
        "key": template.key,
        "secret": template.is_secret,
        "name": localised(template.name, languages),
        "description": localised(template.description, languages),
        "category": template.category,
        "type": template.achievement_type or "",
        "difficulty": template.difficulty,
        "status": status_of(view.state, template),
        "tiers": [_tier(view, template, index) for index in range(len(template.tiers))],
        "tier": reached[-1].name if reached else None,
        "next": None if following is None else _next_tier(view, template, following, languages),
        "can_claim": held is not None and bool(held.versions),
        "rarity": shares.get(template.key),
    }


def achievement_claim(claimed: ClaimedTiers, languages: Sequence[str]) -> AchievementClaim:
    """What a claim started. How rare the achievement is, is not looked up for it."""
    template = claimed.template
    grants = [
        pending_grant_view(claimed.view, achievements.cause_of(template.key, tier), tier.rewards) for tier in claimed.tiers if tier.rewards
    ]
    return {"achievement": achievement_view(claimed.view, template, {}, languages), "grants": grants}


def status_of(state: PlayerState, template: Template) -> AchievementStatus:
    """Whether any of its tiers is reached."""
    return "unlocked" if template.key in state.achievements else "locked"


def _is_withdrawn(view: PlayerView, template: Template) -> bool:
    return template.key in view.catalog.withdrawn


def _listed_at(view: PlayerView, template: Template) -> tuple[bool, bool, int]:
    """Featured ones first, and last what is withdrawn."""
    return _is_withdrawn(view, template), not template.featured, -template.priority


def _tier(view: PlayerView, template: Template, index: int) -> Tier:
    held = view.state.achievements.get(template.key)
    tier = achievements.promised_tier(view.state, view.catalog, template, index)
    return {
        "name": tier.name,
        "target": plain_number(tier.leaves[0].target),
        "rewards": rewards_view(tier.rewards),
        "unlocked_at": timestamp(held.tiers[index]) if held and index < len(held.tiers) else None,
        "claimed": held is not None and index < held.claimed,
    }


def _next_tier(view: PlayerView, template: Template, tier: TierValues, languages: Sequence[str]) -> NextTier:
    progress = achievements.progress_of(view.state, template, facts.reached(view.state, view.catalog))
    return {
        "name": tier.name,
        "percent": percent(template.tree, tier.leaves, progress),
        "requirements": requirements_view(tier.leaves, progress, languages),
    }


def _placeholder(state: PlayerState, template: Template) -> SecretAchievement:
    digest = blake2b(template.key.encode(), digest_size=8, key=state.account.encode(), person=b"secret").hexdigest()
    return {"id": digest, "secret": True, "status": "locked"}
