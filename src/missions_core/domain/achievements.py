"""Achievements: unlocked once, by what a player ever did and where they stand.

They have no board and no progress of their own: they read the lifetime counters, and collections what was completed and earned. These are
commutative folds, fed once with every write, so the same actions in any order end with the same tiers unlocked (invariant 5).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from missions_core.domain import assignment, counters, facts
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog, Leaf, Template, Tier
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


def shown(state: PlayerState, catalog: Catalog) -> list[Template]:
    """All the player may know of, in key order; behind them what they hold and the catalog no longer has, as far as it was loaded."""
    current = [template for template in catalog.achievements if not is_hidden(state, template)]
    kept = [catalog.retired[version] for version in withdrawn(state, catalog) if version in catalog.retired]
    return current + [template for template in kept if template.kind == "achievement" or template.is_lost]


def withdrawn(state: PlayerState, catalog: Catalog) -> list[tuple[str, int]]:
    """The last versions of what the player unlocked and the catalog no longer has."""
    return [(key, catalog.withdrawn[key]) for key in sorted(state.achievements) if key in catalog.withdrawn]


def find(state: PlayerState, catalog: Catalog, key: str) -> Template:
    """The achievement of that key. NotFound `achievement_not_found`: there is none, or none the player may know of."""
    for template in shown(state, catalog):
        if template.key == key:
            return template
    raise NotFound("achievement_not_found", f"no achievement {key!r}")


def is_hidden(state: PlayerState, template: Template) -> bool:
    """Whether the player may not know of it yet."""
    return template.is_secret and template.key not in state.achievements


def known_counters(state: PlayerState, catalog: Catalog) -> dict[str, Progress]:
    """The lifetime counters but for those whose names would tell what a secret asks for: of requirements (`|`), unless something else asks
    for the same now (what nothing asks for any more may have been a secret), and of action types that are derived for secrets alone.
    """
    hidden = [leaf for template in catalog.achievements if is_hidden(state, template) for leaf in template.leaves]
    open_ = [leaf for template in catalog.templates.values() if not is_hidden(state, template) for leaf in template.leaves]
    asked = {name for leaf in open_ for name in (leaf.action, leaf.counter)}
    derived = {leaf.action for leaf in hidden} - asked - catalog.rules.actions.keys() - facts.COUNTED.keys()
    return {name: each for name, each in state.lifetime.items() if name in asked or not ("|" in name or name in derived)}


def find_claimable(state: PlayerState, catalog: Catalog, key: str) -> Unlocked:
    """What the player holds of an achievement of which tiers wait, be it withdrawn.

    NotFound `achievement_not_found`; Conflict `achievement_locked` or `already_claimed`.
    """
    held = state.achievements.get(key)
    if held is None:
        find(state, catalog, key)
        raise Conflict("achievement_locked", "this achievement is not unlocked yet")
    if not held.versions:
        raise Conflict("already_claimed", "this achievement's reward was claimed before")
    return held


def claim(state: PlayerState, catalog: Catalog, key: str, *, at: int) -> list[Event]:
    """Pay every tier that waits. Errors: `find_claimable`."""
    return _pay(state, catalog, key, find_claimable(state, catalog, key), at=at)


def tiers_of(catalog: Catalog, key: str, first: int, versions: Iterable[int]) -> list[Tier]:
    """The tiers from a place on, each as the version of it promised it."""
    return [catalog.template(key, version).tiers[place] for place, version in enumerate(versions, first)]


def promised_tier(state: PlayerState, catalog: Catalog, template: Template, place: int) -> Tier:
    """The tier at a place: as it was promised while it waits to be paid, else as the template has it."""
    held = state.achievements.get(template.key)
    promises = dict(enumerate(held.versions, held.claimed)) if held else {}
    dealt = catalog.template(template.key, promises[place]) if place in promises else template
    return template.tiers[place] if dealt.is_lost else dealt.tiers[place]


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
    return [key for key, held in state.achievements.items() if held.versions]


def cause_of(key: str, tier: Tier) -> str:
    """Why a tier is paid: the key of its grant."""
    return f"achievement:{key}" if tier.name is None else f"achievement:{key}:{tier.name}"


def progress_of(state: PlayerState, template: Template, reached: Mapping[str, Action]) -> list[Progress]:
    """How far the player is with each of its requirements; `reached`: where they stand (`facts.reached`)."""
    return [_progress(state, leaf, reached) for leaf in template.leaves]


def _progress(state: PlayerState, leaf: Leaf, reached: Mapping[str, Action]) -> Progress:
    if leaf.aggregate == "collected":
        return facts.collected(state, leaf)
    return gather(leaf, None, reached[leaf.action], 0) if leaf.action in reached else state.lifetime.get(leaf.counter or "")


def _count(state: PlayerState, catalog: Catalog, events: Sequence[Event]) -> None:
    for event in events:
        for fact in facts.counted(event, catalog):
            counters.count(state, catalog, fact.type, fact)
            if fact.type == "game.badge.earned":
                state.badges.add(facts.mark_of_badge(fact.data["badge"]))


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
    held.versions += [template.version] * len(tiers)
    for tier in tiers:
        yield AchievementUnlocked(template.key, tier.name, template.achievement_type or "", tier.rewards, now)
    if template.auto_claim:
        yield from _pay(state, catalog, template.key, held, at=now)


def _pay(state: PlayerState, catalog: Catalog, key: str, held: Unlocked, *, at: int) -> list[Event]:
    tiers = tiers_of(catalog, key, held.claimed, held.versions)
    held.claimed, held.versions = len(held.tiers), []
    return [event for tier in tiers if tier.rewards for event in pay_out(state, cause_of(key, tier), tier.rewards, at=at)]
