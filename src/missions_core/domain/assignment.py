"""Which missions a player is dealt: deterministic in (player, period, catalog, settled facts), so a roll can be repeated anywhere.

Only settled facts count: whatever a late action could still change (completions and xp on unsettled boards) must not steer a deal,
or the order of delivery would. A template that may not be completed twice in a row is therefore held back while an unsettled board has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from math import log

from missions_core.domain import leaderboards
from missions_core.domain.catalog import DAY_MS, DIFFICULTIES, Catalog, Difficulty, Rotation, Rules, Template
from missions_core.domain.facts import FACTS
from missions_core.domain.periods import DayClock, Period, period_containing
from missions_core.domain.rewards import settled_level
from missions_core.domain.state import Board, PlayerState

# How far taste and habit bend the draw: factors on a template's weight.
FAVOURED_CATEGORY = 1.5
TOO_LONG_FOR_THE_DAY = 0.5
SUITS_COMPLETION_RATE = 1.25
AGAINST_COMPLETION_RATE = 0.8
HIGH_COMPLETION_RATE = 0.8
LOW_COMPLETION_RATE = 0.3

SURMOUNTABLE = frozenset({"level_too_low", "vip_only", "prerequisite_missing"})  # reasons that playing on may take away


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a template was dealt or not: `reason` is None where it is eligible, else a stable code."""

    template: str
    reason: str | None
    dealt: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    level: int
    unsettled: dict[str, int]  # template -> on how many unsettled boards, or waiting for a decision about its evidence
    completed: frozenset[str]  # templates completed on settled boards, or where there is no end to wait for
    history: str  # new | active | veteran
    known_actions: frozenset[str]


def draw(state: PlayerState, catalog: Catalog, period: Period, *, avoid: Iterable[str] = ()) -> list[Template]:
    """The templates of a drawn board (daily, weekly, monthly) in the order they are listed; `avoid` come last."""
    rotation = catalog.rules.rotation.get(period.kind)
    if rotation is None:
        return []
    wanted = rotation.min + _hash(state.player, period.kind, period.label) % (rotation.max - rotation.min + 1)
    ranked = _ranked(state, catalog, period)
    dealt = _pick(ranked, _slots(rotation, wanted), frozenset(avoid), state.preferences.blocked)
    return sorted(dealt, key=ranked.index)


def contests(state: PlayerState, catalog: Catalog, period: Period) -> list[Template]:
    """The competitive templates of a drawn board: whoever may have them has them, beside what is drawn. None for more time than others
    have: a change of zone would win.
    """
    if leaderboards.is_longer(period):
        return []
    facts = _facts(state, catalog, period.start)
    return [t for t in catalog.missions(period.kind) if t.is_competitive and _why_not(t, state, facts, period.start) is None]


def standing(state: PlayerState, catalog: Catalog, at: int) -> list[Template]:
    """Special and perpetual templates, and quests that start by themselves, that are active for the player at an instant and stand on
    no unsettled board yet.

    A special mission comes once per opening, even if its window is moved after it settled: its id would come twice. Further runs of a
    quest begin at the player's wish only.
    """
    facts = _facts(state, catalog, at)
    specials = [t for t in catalog.missions("special") if state.specials.get(t.key) != special_label(t)]
    templates = [*specials, *catalog.missions("perpetual"), *_quests_to_come(state, catalog)]
    on_boards = {mission.template for _, mission in state.missions()}
    return [t for t in templates if t.key not in on_boards and _why_not(t, state, facts, at) is None]


def opening(state: PlayerState, catalog: Catalog) -> Iterator[Template]:
    """What stands from the instant on at which its window opens."""
    yield from catalog.missions("special")
    yield from _quests_to_come(state, catalog)


def special_label(template: Template) -> str | None:
    """The label of a special mission's board: the UTC date on which its window opens."""
    return None if template.active_from is None else period_containing("daily", template.active_from, DayClock("UTC")).label


def may_repeat(state: PlayerState, catalog: Catalog, template: Template, at: int) -> bool:
    """Whether the next ordinal of a perpetual mission opens now that one is complete."""
    current = catalog.templates.get(template.key)
    return current is not None and current.repeats and _why_not(current, state, _facts(state, catalog, at), at) is None


def explain(state: PlayerState, catalog: Catalog, period: Period, *, avoid: Iterable[str] = ()) -> list[Explanation]:
    """For every mission template of the period's kind, why it would be dealt or not."""
    facts = _facts(state, catalog, period.start)
    dealt = {template.key for template in (*draw(state, catalog, period, avoid=avoid), *contests(state, catalog, period))}
    return [
        Explanation(template.key, _why_not(template, state, facts, period.start), template.key in dealt)
        for template in catalog.missions(period.kind)
    ]


def why_not(state: PlayerState, catalog: Catalog, template: Template, at: int) -> str | None:
    """The first reason why the player may not have a template now, None if they may.

    Players read it: neither a segment, the host's own mark, is named nor a template they may not know of.
    """
    reason = _why_not(template, state, _facts(state, catalog, at), at)
    code, _, named = (reason or "").partition(":")
    if code == "prerequisite_missing":
        wanted = catalog.templates.get(named)
        return reason if wanted is not None and may_know(state, catalog, wanted, at) else code
    return code if code == "segment_missing" else reason


def may_know(state: PlayerState, catalog: Catalog, template: Template, at: int) -> bool:
    """Whether the player may learn of a template: they may have it, have it, or come to it by playing on; of a secret they must hold it."""
    if template.kind == "achievement":
        return not template.is_secret or template.key in state.achievements
    facts = _facts(state, catalog, at)
    if template.key in state.quests or template.key in facts.unsettled:
        return True
    reason = _why_not(template, state, facts, at)
    return reason is None or reason.partition(":")[0] in SURMOUNTABLE


def replacement(state: PlayerState, catalog: Catalog, period: Period, *, present: Iterable[str], rerolls: int) -> Template | None:
    """The template a reroll brings: the best-ranked eligible one that is not on the board; later rerolls draw anew."""
    ranked = _ranked(state, catalog, period, present=frozenset(present), turn=str(rerolls + 1))
    return next(iter(_pick(ranked, [None], frozenset(), state.preferences.blocked)), None)


def redraw(
    state: PlayerState, catalog: Catalog, board: Board, slots: Sequence[Difficulty | None], *, avoid: Iterable[str], turn: int
) -> list[Template]:
    """Templates that fill up a board some of whose missions were taken off, one per slot; `avoid` come last, later turns draw anew."""
    present = frozenset(mission.template for mission in board.missions)
    ranked = _ranked(state, catalog, board.period, present=present, turn=f"redraw-{turn}")
    return _pick(ranked, slots, frozenset(avoid), state.preferences.blocked)


def _ranked(
    state: PlayerState, catalog: Catalog, period: Period, *, present: frozenset[str] = frozenset(), turn: str = ""
) -> list[Template]:
    """What a drawn board could have besides what is present, best first."""
    facts = _facts(state, catalog, period.start)
    candidates = (t for t in catalog.missions(period.kind) if not t.is_competitive and t.key not in present)
    pool = [t for t in candidates if _why_not(t, state, facts, period.start) is None]
    return sorted(pool, key=lambda template: _rank(template, state, period, turn))


def _quests_to_come(state: PlayerState, catalog: Catalog) -> Iterator[Template]:
    """Quests that start by themselves and never did."""
    return (t for t in catalog.missions("quest") if not t.requires_start and t.key not in state.quests)


def _facts(state: PlayerState, catalog: Catalog, at: int) -> _Facts:
    unsettled: dict[str, int] = {}
    for template in (*(mission.template for _, mission in state.missions()), *(kept.template for kept in state.unproven.values())):
        unsettled[template] = unsettled.get(template, 0) + 1
    endless = {m.template for b, m in state.missions() if b.period.kind in ("perpetual", "quest") and m.completed_at is not None}
    completed = frozenset(state.completions) | frozenset(state.achievements) | endless
    return _Facts(settled_level(state, catalog.rules), unsettled, completed, _history(state, catalog.rules, at), catalog.known_actions)


def _history(state: PlayerState, rules: Rules, at: int) -> str:
    age_ms = at - state.created_at
    if age_ms < rules.new_days * DAY_MS:
        return "new"
    return "veteran" if age_ms >= rules.veteran_days * DAY_MS else "active"


def _why_not(template: Template, state: PlayerState, facts: _Facts, at: int) -> str | None:
    """The first reason against a template, None if it is eligible."""
    return _closed(template, at) or _unsuitable(template, state, facts) or _spent(template, state, facts, at)


def _closed(template: Template, at: int) -> str | None:
    if template.paused:
        return "paused"
    if template.active_from is not None and at < template.active_from:
        return "not_yet_active"
    if template.active_until is not None and at >= template.active_until:
        return "no_longer_active"
    return None


def _unsuitable(template: Template, state: PlayerState, facts: _Facts) -> str | None:
    if facts.level < template.level_min:
        return "level_too_low"
    if template.level_max is not None and facts.level > template.level_max:
        return "level_too_high"
    if template.vip and not state.vip:
        return "vip_only"
    if template.history not in ("any", facts.history):
        return f"only_for:{template.history}"
    if missing := [tag for tag in template.segments if tag not in state.segments]:
        return f"segment_missing:{missing[0]}"
    if unknown := [leaf.action for leaf in template.leaves if leaf.action not in facts.known_actions and leaf.action not in FACTS]:
        return f"unknown_action:{unknown[0]}"
    return None


def _spent(template: Template, state: PlayerState, facts: _Facts, at: int) -> str | None:
    if missing := [key for key in template.prerequisites if key not in facts.completed]:
        return f"prerequisite_missing:{missing[0]}"
    done = state.completions.get(template.key)
    unsettled = facts.unsettled.get(template.key, 0)
    allowed = template.completions_allowed
    if allowed is not None and (done.count if done else 0) + unsettled >= allowed:
        return "completed_often_enough"
    if template.cooldown_ms and (unsettled or (done and at < done.last_at + template.cooldown_ms)):
        return "cooldown"
    return None


def _slots(rotation: Rotation, wanted: int) -> list[Difficulty | None]:
    """One difficulty per mission by largest remainder, ties to the easier; None: any."""
    if not rotation.difficulty:
        return [None] * wanted
    shares = {level: rotation.difficulty.get(level, Fraction(0)) * wanted for level in DIFFICULTIES}
    counts = {level: int(share) for level, share in shares.items()}
    by_remainder = sorted(DIFFICULTIES, key=lambda level: counts[level] - shares[level])  # stable: the easier first
    for level in by_remainder[: wanted - sum(counts.values())]:
        counts[level] += 1
    return [level for level in DIFFICULTIES for _ in range(counts[level])]


def _pick(ranked: list[Template], slots: Sequence[Difficulty | None], avoid: frozenset[str], blocked: Sequence[str]) -> list[Template]:
    """One template per slot: of blocked categories last of all, fresh ones before those of the previous board, then the nearest
    difficulty, then rank. Nothing is excluded: a wish must not make a board smaller, which would be easier to complete.
    """
    left = list(ranked)
    picked: list[Template] = []
    for slot in slots[: len(ranked)]:
        best = min(left, key=lambda template: (template.category in blocked, template.key in avoid, _distance(template, slot)))
        left.remove(best)
        picked.append(best)
    return picked


def _distance(template: Template, slot: Difficulty | None) -> tuple[int, bool]:
    if slot is None:
        return (0, False)
    steps = DIFFICULTIES.index(template.difficulty) - DIFFICULTIES.index(slot)
    return (abs(steps), steps > 0)


def _rank(template: Template, state: PlayerState, period: Period, turn: str) -> tuple[bool, int, float, str]:
    """Featured, then priority, then a weighted draw without replacement: u^(1/w) is largest first, as -log(u)/w smallest first."""
    salt = (state.player, period.kind, period.label, template.key, *([turn] if turn else []))
    uniform = (_hash(*salt) + 1) / (2**64 + 1)
    weight = max(template.weight, 0.001) * _fit(template, state)
    return (not template.featured, -template.priority, -log(uniform) / weight, template.key)


def _fit(template: Template, state: PlayerState) -> float:
    fit = 1.0
    wishes = state.preferences
    if template.category in wishes.categories:
        fit *= FAVOURED_CATEGORY
    if wishes.daily_minutes and template.typical_minutes and template.typical_minutes > wishes.daily_minutes:
        fit *= TOO_LONG_FOR_THE_DAY
    return fit * _habit(template, state)


def _habit(template: Template, state: PlayerState) -> float:
    dealt = sum(day[0] for day in state.recent_days)
    if not dealt or template.difficulty == "intermediate":
        return 1.0
    rate = sum(day[1] for day in state.recent_days) / dealt
    if LOW_COMPLETION_RATE < rate < HIGH_COMPLETION_RATE:
        return 1.0
    suits = (rate >= HIGH_COMPLETION_RATE) is (template.difficulty == "advanced")
    return SUITS_COMPLETION_RATE if suits else AGAINST_COMPLETION_RATE


def _hash(*parts: str) -> int:
    return int.from_bytes(blake2b("|".join(parts).encode(), digest_size=8).digest(), "big")
