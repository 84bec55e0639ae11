"""Estimates the largest state one player can reach with a catalog, in compressed bytes (DynamoDB bills and limits items by size)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from missions_core.domain.catalog import DAY_MS, DRAWN_KINDS, Catalog, FraudRules, Leaf, Rewards, Template
from missions_core.domain.facts import COUNTED, REACHED
from missions_core.domain.fraud import MAX_DEVICES, MAX_FLAGS
from missions_core.domain.settlement import MOST_UNPROVEN

LIMIT_BYTES = 32 * 1024
# 64 recent action ids, results of 8 free commands and 16 purchases, pending grants, streaks, check-in months, preferences, daily summaries
FIXED_BYTES = 6 * 1024
MISSION_BYTES = 48  # template, version, status, times, and the amounts fixed at completion
BOARD_BYTES = 60  # label, bounds, settling, day clock
INSTANT_BYTES = 8
SCORE_BYTES = 10  # that it is one, and when it was reached
COMPLETION_BYTES = 14  # count and last time of one template
RUN_BYTES = 24  # of a quest's last run: number, status, end, claim
UNLOCKED_BYTES = 6  # how many tiers are paid, and by which version each of the others will be
FLAG_BYTES = 90  # rule, sentence with its numbers, times, count
OTHER_RULES = 4  # that are no shadow: two of devices, two of claims
DEVICE_BYTES = 18
LIMITED_BYTES = 24  # when an action counted last, and how many that day
SUBMISSION_BYTES = 30  # number, type, status, when, and what it cost
REASON_BYTES = 200  # why the last one was rejected: 300 characters, compressed
UNPROVEN_BYTES = 80  # a settled mission that waits for a decision: id, version, what it is worth, its evidence
COUNT_BYTES, SUM_BYTES, LAST_BYTES, HASH_BYTES = 4, 20, 30, 9
WINDOW_BUCKETS = 24
PERIOD_DAYS = {"daily": 2, "weekly": 9, "monthly": 33}
LATEST_DAYS = 14  # no older action is taken, so an endless board needs no finer memory than this
ENDLESS_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one part of the catalog adds to the worst case."""

    what: str
    size: int


@dataclass(frozen=True, slots=True)
class StateSize:
    """The worst case, biggest contribution first."""

    contributions: tuple[Contribution, ...]

    @property
    def total(self) -> int:
        """Bytes altogether."""
        return sum(contribution.size for contribution in self.contributions)

    def biggest(self, count: int = 5) -> str:
        """The biggest contributions, for an author who must save some."""
        return ", ".join(f"{part.what} {part.size} B" for part in self.contributions[:count])


def worst_case_state(catalog: Catalog) -> StateSize:
    """Two full boards of each drawn kind with their largest templates, everything else that can be open at once, all counters."""
    parts = [Contribution("what every player has", FIXED_BYTES), *_drawn(catalog), *_specials(catalog)]
    parts += [_mission(template, boards=2) for template in catalog.missions("perpetual")]
    parts += [_mission(template, boards=1) for template in catalog.missions("quest")]
    parts += [_achievement(template) for template in catalog.achievements]
    asked = [leaf for leaves in catalog.lifetime_leaves.values() for leaf in leaves if leaf.action not in REACHED]
    plain = {*catalog.known_actions, *COUNTED}  # counted whether or not anybody asks
    parts += [_counter(leaf) for leaf in asked if leaf.counter not in plain]
    counts = sum(_named(type_) + COUNT_BYTES for type_ in catalog.known_actions) + len(COUNTED) * COUNT_BYTES
    parts.append(Contribution("lifetime counts", counts))
    runs = sum(_named(quest.key) + RUN_BYTES + sum(_named(step.key) for step in quest.steps) for quest in catalog.missions("quest"))
    parts.append(Contribution("last runs of quests", runs))
    parts.append(Contribution("badges earned", HASH_BYTES * len(set(_badges(catalog)))))
    completions = sum(_named(key) + COMPLETION_BYTES for key in catalog.templates)
    parts.append(Contribution("completion counts of templates", completions))
    parts += _suspicion(catalog)
    parts += _unproven(catalog)
    return StateSize(tuple(sorted(parts, key=lambda part: -part.size)))


def _badges(catalog: Catalog) -> Iterator[str]:
    """All that can be earned, kept whether or not a collection asks for them."""
    rules = catalog.rules
    paid = [rewards for template in catalog.templates.values() for rewards in _pays(template)]
    if rules.check_in is not None:
        paid += [rules.check_in.base, *rules.check_in.milestones.values(), rules.check_in.monthly_reward]
    if rules.referral is not None:
        paid += [rules.referral.inviter, rules.referral.invitee]
    return (badge for rewards in paid for badge in rewards.badges)


def _pays(template: Template) -> Iterator[Rewards]:
    yield template.rewards
    yield from (step.rewards for step in template.steps)
    yield from (tier.rewards for tier in template.tiers)
    yield from (prize.rewards for prize in template.prizes)


def _suspicion(catalog: Catalog) -> Iterator[Contribution]:
    rules = catalog.rules.fraud
    if rules != FraudRules() or any(template.limits for template in catalog.templates.values()):
        yield Contribution("flags", max(MAX_FLAGS, len(rules.impossible) + OTHER_RULES) * FLAG_BYTES)
    if rules.devices is not None:
        yield Contribution("devices", MAX_DEVICES * DEVICE_BYTES)


def _unproven(catalog: Catalog) -> Iterator[Contribution]:
    """Only what settles with its period can wait afterwards."""
    waiting = [_named(t.key) for t in catalog.templates.values() if t.evidence is not None and t.period != "perpetual"]
    if waiting:
        yield Contribution("missions whose evidence is looked at", MOST_UNPROVEN * (UNPROVEN_BYTES + max(waiting)))


def _drawn(catalog: Catalog) -> Iterator[Contribution]:
    """The largest that can be drawn, and the competitive ones, which everybody has beside those."""
    for kind in DRAWN_KINDS:
        drawn = [_mission(template, boards=2) for template in catalog.missions(kind) if not template.is_competitive]
        yield from sorted(drawn, key=lambda part: -part.size)[: catalog.rules.rotation[kind].max]
        yield from (_mission(template, boards=2) for template in catalog.missions(kind) if template.is_competitive)
        yield Contribution(f"{kind} boards", 2 * BOARD_BYTES)


def _specials(catalog: Catalog) -> Iterable[Contribution]:
    """Those of the fullest moment: each is kept from its window's start until it can no longer be claimed."""
    kept = [
        (template.active_from or 0, (template.active_until or 0) + catalog.rules.claim_days * DAY_MS, _mission(template, boards=1))
        for template in catalog.missions("special")
    ]
    moments = [[part for start, end, part in kept if start <= begin < end] for begin, _, _ in kept]
    return max(moments, key=lambda parts: sum(part.size for part in parts), default=[])


def _mission(template: Template, *, boards: int) -> Contribution:
    board = 0 if template.period in DRAWN_KINDS else BOARD_BYTES
    one = MISSION_BYTES + board + _named(template.key) + sum(_progress_bytes(leaf, _days(template)) for leaf in template.leaves)
    one += len(template.steps) * INSTANT_BYTES + template.is_competitive * SCORE_BYTES + (template.limits is not None) * LIMITED_BYTES
    if template.evidence is not None:
        one += template.evidence.attempts * SUBMISSION_BYTES + REASON_BYTES
    return Contribution(f"{template.key} (x{boards})" if boards > 1 else template.key, boards * one)


def _achievement(template: Template) -> Contribution:
    return Contribution(template.key, _named(template.key) + UNLOCKED_BYTES + len(template.tiers) * INSTANT_BYTES)


def _days(template: Template) -> int:
    if template.period == "special" and template.active_from is not None and template.active_until is not None:
        return (template.active_until - template.active_from) // DAY_MS + 2
    return PERIOD_DAYS.get(template.period, ENDLESS_DAYS)


def _counter(leaf: Leaf) -> Contribution:
    name = leaf.counter or leaf.action
    return Contribution(f"lifetime {leaf.aggregate} of {leaf.action}", _named(name) + _progress_bytes(leaf, ENDLESS_DAYS))


def _progress_bytes(leaf: Leaf, days: int) -> int:
    match leaf.aggregate:
        case "distinct":
            return HASH_BYTES * (int(max(leaf.target, leaf.target2 or leaf.target)) + 1)
        case "days":
            return COUNT_BYTES + days // 6  # a bitmap in decimal digits, compressed
        case "last":
            return LAST_BYTES
    one = COUNT_BYTES if leaf.aggregate == "count" else SUM_BYTES
    return one if leaf.within_ms is None else _buckets(leaf, days) * (one + 6)


def _buckets(leaf: Leaf, days: int) -> int:
    """Every bucket of the period that can be filled before the requirement holds and gathering stops."""
    windows = min(days, LATEST_DAYS) * DAY_MS // (leaf.within_ms or DAY_MS) + 1
    filled = min(WINDOW_BUCKETS, max(int(leaf.target), 1)) if leaf.aggregate == "count" else WINDOW_BUCKETS
    return windows * filled


def _named(name: str) -> int:
    return len(name.encode()) + 3  # quotes and a colon; names repeat little
