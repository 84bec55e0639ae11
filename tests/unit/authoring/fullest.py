"""A player's state filled to the brim: everything a catalog can put into it at once, with values that compress badly."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from random import Random

from missions_core.domain.catalog import DAY_MS, DRAWN_KINDS, Catalog, Leaf, Rewards, Template
from missions_core.domain.facts import COUNTED, REACHED
from missions_core.domain.periods import FOREVER, DayClock, Period
from missions_core.domain.requirements import WINDOW_BUCKETS
from missions_core.domain.roll import new_player
from missions_core.domain.settlement import MOST_UNPROVEN
from missions_core.domain.state import Board, Completions, Mission, PlayerState, Progress, QuestEnd, Submission, Unlocked, Unproven

NOW = 1_795_000_000_000
YEARS_MS = 3000 * DAY_MS
DAYS = {"daily": 1, "weekly": 7, "monthly": 31, "special": 30, "perpetual": 3000, "quest": 3000}
WORDS = ("this", "photo", "shows", "somebody", "else", "blurred", "address", "handed", "before", "watch", "again", "bytes", "upload")
ZONE = DayClock("Europe/Berlin", 3)


def fullest(catalog: Catalog, chance: Random) -> PlayerState:
    """Such a state; `chance` picks the missions of drawn boards, and every number, hash and instant."""
    state = new_player("player", "account", catalog, now=NOW)
    for kind in DRAWN_KINDS:
        pool = [template for template in catalog.missions(kind) if not template.is_competitive]
        contests = [template for template in catalog.missions(kind) if template.is_competitive]
        for label in ("2026-11-20", "2026-11-21"):
            drawn = chance.sample(pool, min(len(pool), catalog.rules.rotation[kind].max))
            state.boards.append(_board(label, [*drawn, *contests], NOW + DAYS[kind] * DAY_MS, chance))
    for template in [*catalog.missions("special"), *catalog.missions("quest")]:
        state.boards.append(_board("2026-12-20", [template], NOW + YEARS_MS, chance))
    for template in catalog.missions("perpetual"):
        state.boards += [_board(f"always-{n}", [template], FOREVER, chance) for n in (1234, 1235)]
    state.lifetime = {name: chance.randrange(10**5) for name in (*catalog.known_actions, *COUNTED)}
    for leaf in (leaf for action, leaves in catalog.lifetime_leaves.items() for leaf in leaves if action not in REACHED):
        state.lifetime[leaf.counter or leaf.action] = _progress(leaf, 3000, chance)
    state.completions = {key: Completions(chance.randrange(1, 1000), _instant(chance)) for key in catalog.templates}
    state.badges = {f"{chance.getrandbits(48):012x}" for _ in _badges(catalog)}
    state.quests = {each.key: _ended(each, chance) for each in catalog.missions("quest")}
    state.unproven = _unproven(catalog, chance)
    for each in catalog.achievements:
        versions = [chance.randrange(1, 100) for _ in each.tiers]  # all wait, and each was promised by another version
        state.achievements[each.key] = Unlocked([_instant(chance) for _ in each.tiers], versions=versions)
    return state


def _badges(part: object) -> set[str]:
    """Whatever badges a part of the catalog can pay, wherever they stand in it."""
    if isinstance(part, Rewards):
        return set(part.badges)
    if is_dataclass(part):
        return _badges([getattr(part, each.name) for each in fields(part)])
    parts = part.values() if isinstance(part, Mapping) else part if isinstance(part, tuple | list) else ()
    return {badge for each in parts for badge in _badges(each)}


def _board(label: str, templates: list[Template], end: int, chance: Random) -> Board:
    start = _instant(chance)
    missions = [_mission(template, chance) for template in templates]
    kind = templates[0].period if templates else "daily"
    return Board(Period(kind, label, start, end, ZONE), missions, end, checked_in_at=_instant(chance), rerolls=1)


def _mission(template: Template, chance: Random) -> Mission:
    return Mission(
        template.key,
        chance.randrange(1, 100),
        [_progress(leaf, DAYS[template.period], chance) for leaf in template.leaves],
        "claimed",
        *(_instant(chance) for _ in range(5)),
        template.rewards,
        steps=[_instant(chance) for _ in template.steps],
        competitive=template.is_competitive,
        reached_at=_instant(chance) if template.is_competitive else None,
        evidence=_evidence(template, chance),
    )


def _evidence(template: Template, chance: Random) -> list[Submission]:
    """As often as may be, each rejected; why is kept of the last one."""
    rule = template.evidence
    if rule is None:
        return []
    handed = [Submission(n, chance.choice(rule.types), "rejected", _instant(chance), dict(rule.price)) for n in range(rule.attempts)]
    handed[-1].reason = " ".join(chance.choice(WORDS) for _ in range(60))[:300]
    return handed


def _unproven(catalog: Catalog, chance: Random) -> dict[str, Unproven]:
    templates = [t for t in catalog.templates.values() if t.evidence is not None and t.period != "perpetual"]
    picked = [chance.choice(templates) for _ in range(MOST_UNPROVEN)] if templates else []
    waiting = {f"{t.key}:2026-{n:02}-{chance.randrange(10, 29)}": t for n, t in enumerate(picked)}
    return {id_: Unproven(t.key, 7, t.rewards, Submission(1, "url", "in_review", _instant(chance))) for id_, t in waiting.items()}


def _ended(quest: Template, chance: Random) -> QuestEnd:
    return QuestEnd(chance.randrange(1, 1000), "claimed", _instant(chance), _instant(chance), [step.key for step in quest.steps])


def _progress(leaf: Leaf, days: int, chance: Random) -> Progress:
    if leaf.within_ms is not None:
        windows = min(days, 14) * DAY_MS // leaf.within_ms + 1
        buckets = chance.sample(range(windows * WINDOW_BUCKETS), windows * int(min(leaf.target, WINDOW_BUCKETS)))
        return {str(NOW // leaf.within_ms * WINDOW_BUCKETS + bucket): _amount(leaf, chance) for bucket in sorted(buckets)}
    match leaf.aggregate:
        case "distinct":
            return sorted(f"{chance.getrandbits(48):012x}" for _ in range(int(max(leaf.target, leaf.target2 or 0)) + 1))
        case "days":
            return chance.getrandbits(days + 1)
        case "last":
            return [_instant(chance), f"{chance.getrandbits(48):012x}", f"{chance.randrange(10**6)}.{chance.randrange(100)}"]
    return _amount(leaf, chance)


def _amount(leaf: Leaf, chance: Random) -> int | str:
    return chance.randrange(10**5) if leaf.aggregate == "count" else f"{chance.randrange(10**9)}.{chance.randrange(10**4)}"


def _instant(chance: Random) -> int:
    return NOW + chance.randrange(YEARS_MS)
