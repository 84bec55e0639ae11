"""Achievements: unlocked once, by what a player ever did and where they stand.

They have no board and no progress of their own: they read the lifetime counters. Every counter is a commutative fold and is fed once with
every write, so the same actions in any order end with the same tiers unlocked (invariant 5).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from missions_core.domain import assignment, counters, facts
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog, Template, Tier
from missions_core.domain.completion import pay_out
from missions_core.domain.events import AchievementUnlocked, Event
from missions_core.domain.requirements import gather, tree_holds
from missions_core.domain.state import PlayerState, Progress, Unlocked
from missions_core.errors import Conflict, NotFound


def review(state: PlayerState, catalog: Catalog, events: Sequence[Event], *, now: int) -> list[Event]:
    """Count what a write's events say, and unlock whatever is reached by now; again while that reaches more.

    For each write once, with all its events: what is given twice is counted twice.
    """
    unlocked: list[Event] = []
    while True:
        _count(state, catalog, events)
        reached = facts.reached(state, catalog)
        events = [event for template in catalog.achievements for event in _unlock(state, catalog, template, reached, now=now)]
        if not events:
            return unlocked
        unlocked += events


def find(state: PlayerState, catalog: Catalog, key: str) -> Template:
    """The achievement of that key. NotFound `achievement_not_found`: there is none, or none the player may know of."""
    template = catalog.templates.get(key)
    if template is None or template.kind != "achievement" or is_hidden(state, template):
        raise NotFound("achievement_not_found", f"no achievement {key!r}")
    return template


def promised(state: PlayerState, catalog: Catalog, key: str) -> Template:
    """The achievement as it promised what waits to be claimed, whatever became of it since; else as `find` has it."""
    held = state.achievements.get(key)
    return catalog.template(key, held.version) if held is not None and is_waiting(held) else find(state, catalog, key)


def is_waiting(held: Unlocked) -> bool:
    """Whether tiers are reached and not paid."""
    return held.claimed < len(held.tiers)


def is_hidden(state: PlayerState, template: Template) -> bool:
    """Whether the player may not know of it yet."""
    return template.is_secret and template.key not in state.achievements


def find_claimable(state: PlayerState, template: Template) -> Unlocked:
    """An achievement of which tiers wait. Conflict `achievement_locked` or `already_claimed`."""
    held = state.achievements.get(template.key)
    if held is None:
        raise Conflict("achievement_locked", "this achievement is not unlocked yet")
    if not waiting(state, template):
        raise Conflict("already_claimed", "this achievement's reward was claimed before")
    return held


def claim(state: PlayerState, template: Template, *, at: int) -> list[Event]:
    """Pay every tier that waits. Errors: `find_claimable`."""
    return _pay(state, template, find_claimable(state, template), at=at)


def waiting(state: PlayerState, template: Template) -> Sequence[Tier]:
    """The tiers that are reached and not paid."""
    held = state.achievements.get(template.key)
    return template.tiers[held.claimed : len(held.tiers)] if held else ()


def reached_tier(state: PlayerState, template: Template, name: str | None) -> tuple[Tier, int]:
    """The tier of that name, the highest if none is given, and when it was reached. NotFound `badge_not_found`: it was not."""
    held = state.achievements.get(template.key)
    reached = list(zip(template.tiers, held.tiers, strict=False)) if held else []
    for tier, at in reversed(reached):
        if name in (None, tier.name):
            return tier, at
    raise NotFound("badge_not_found", "this achievement, or this tier of it, is not unlocked")


def claimable(state: PlayerState) -> list[str]:
    """The keys of all achievements whose reward waits."""
    return [key for key, held in state.achievements.items() if is_waiting(held)]


def cause_of(template: Template, tier: Tier) -> str:
    """Why a tier is paid: the key of its grant."""
    return f"achievement:{template.key}" if tier.name is None else f"achievement:{template.key}:{tier.name}"


def progress_of(state: PlayerState, template: Template, reached: Mapping[str, Action]) -> list[Progress]:
    """How far the player is with each of its requirements; `reached`: where they stand (`facts.reached`)."""
    return [
        gather(leaf, None, reached[leaf.action], 0) if leaf.action in reached else state.lifetime.get(leaf.counter or "")
        for leaf in template.leaves
    ]


def _count(state: PlayerState, catalog: Catalog, events: Sequence[Event]) -> None:
    for event in events:
        for fact in facts.counted(event, catalog):
            counters.count(state, catalog, fact.type, fact)


def _unlock(state: PlayerState, catalog: Catalog, template: Template, reached: Mapping[str, Action], *, now: int) -> Iterator[Event]:
    held = state.achievements.get(template.key)
    following = template.tiers[len(held.tiers) :] if held else template.tiers
    if not following:
        return
    progress = progress_of(state, template, reached)
    tiers = list(takewhile(lambda tier: tree_holds(template.tree, tier.leaves, progress, settling=False), following))
    if not tiers or assignment.why_not(state, catalog, template, now) is not None:
        return
    held = state.achievements.setdefault(template.key, Unlocked([]))
    held.tiers += [now] * len(tiers)
    for tier in tiers:
        yield AchievementUnlocked(template.key, tier.name, template.achievement_type or "", tier.rewards, now)
    if template.auto_claim:
        yield from _pay(state, template, held, at=now)
    else:
        held.version = template.version


def _pay(state: PlayerState, template: Template, held: Unlocked, *, at: int) -> list[Event]:
    tiers = waiting(state, template)
    held.claimed = len(held.tiers)
    return [event for tier in tiers if tier.rewards for event in pay_out(state, cause_of(template, tier), tier.rewards, at=at)]
