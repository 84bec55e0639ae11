"""Facts of the game that achievements may ask for like actions: what was completed, earned and reached. Nobody can send them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from missions_core.domain import rewards, streaks
from missions_core.domain.actions import Action
from missions_core.domain.catalog import Catalog, Leaf, Template
from missions_core.domain.events import AchievementUnlocked, CheckInCompleted, Event, GrantPending, MissionCompleted, QuestCompleted
from missions_core.domain.requirements import mark_of
from missions_core.domain.state import PlayerState

mark_of_badge = lru_cache(maxsize=1024)(mark_of)  # every write asks for the same few
# Fact -> the members of its data. Stored states keep the counts in this order: facts are only added at the end.
COUNTED: Mapping[str, tuple[str, ...]] = {
    "game.template.completed": ("template", "kind"),  # anything of the catalog, by its key
    "game.mission.completed": ("template", "category", "type", "period", "difficulty"),
    "game.quest.completed": ("template", "category", "difficulty"),
    "game.achievement.unlocked": ("template", "tier", "type"),
    "game.check_in.completed": ("streak",),
    "game.badge.earned": ("badge",),
}
# Where the player stands, as the state says: asked for by its maximum, and not kept a second time.
REACHED: Mapping[str, tuple[str, ...]] = {
    "game.streak.daily": ("length",),
    "game.streak.weekly": ("length",),
    "game.level": ("level",),
}
FACTS = COUNTED.keys() | REACHED.keys()


def counted(event: Event, catalog: Catalog) -> Iterator[Action]:
    """What an event adds to the counters."""
    match event:
        case MissionCompleted():
            yield from _completed("game.mission.completed", _template(catalog, event.template), event.completed_at)
        case QuestCompleted():
            yield from _completed("game.quest.completed", _template(catalog, event.template), event.completed_at)
        case AchievementUnlocked():
            yield from _unlocked(event, catalog.templates[event.achievement])
        case CheckInCompleted():
            yield _fact("game.check_in.completed", {"streak": event.streak_days}, event.checked_in_at)
        case GrantPending(kind="grant" | "release"):
            for badge in event.rewards.badges:
                yield _fact("game.badge.earned", {"badge": badge}, event.at)


def reached(state: PlayerState, catalog: Catalog) -> dict[str, Action]:
    """Where the player stands, by fact, as far as anything in the catalog asks.

    Of streaks the best, not the current one: whether a write falls into the days on which it stood must not matter.
    """
    found: dict[str, Action] = {}
    for kind in streaks.STREAK_KINDS:
        name = f"game.streak.{kind}"
        if name in catalog.lifetime_leaves:
            found[name] = _fact(name, {"length": streaks.shown(state, kind, catalog.rules.streaks[kind]).best}, state.updated_at)
    if "game.level" in catalog.lifetime_leaves:
        found["game.level"] = _fact("game.level", {"level": rewards.level(state, catalog.rules)}, state.updated_at)
    return found


def collected(state: PlayerState, leaf: Leaf) -> int:
    """How much of a collection a player has: by what the state knows of everybody, so that its list may change."""
    wanted = leaf.where[0].value
    if leaf.action == "game.badge.earned":
        return sum(mark_of_badge(badge) in state.badges for badge in wanted)
    on_boards = {mission.template for _, mission in state.missions() if mission.completed_at is not None}
    return sum(key in state.completions or key in state.achievements or key in on_boards for key in wanted)


def _completed(fact: str, template: Template, at: int) -> Iterator[Action]:
    yield _fact("game.template.completed", {"template": template.key, "kind": template.kind}, at)
    yield _fact(fact, {"template": template.key} | {name: getattr(template, name) for name in COUNTED[fact] if name != "template"}, at)


def _unlocked(event: AchievementUnlocked, template: Template) -> Iterator[Action]:
    if event.tier == template.tiers[0].name:
        yield _fact("game.template.completed", {"template": template.key, "kind": template.kind}, event.unlocked_at)
    members = {"template": template.key, "tier": event.tier, "type": template.achievement_type}
    yield _fact("game.achievement.unlocked", members, event.unlocked_at)


def _fact(name: str, members: Mapping[str, str | int | None], at: int) -> Action:
    return Action(source="game", id="", type=name, player="", time=at, filed_at=at, data=members, key="")


def _template(catalog: Catalog, key: str) -> Template:
    """The template by now, or its last version where it was taken out of the catalog."""
    versions = (template for (retired, _), template in catalog.retired.items() if retired == key)
    return catalog.templates.get(key) or max(versions, key=lambda template: template.version)
