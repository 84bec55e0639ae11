"""Checks of missions: what their type and period rule out, and what a leaderboard needs."""

from collections.abc import Sequence

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.models import EvidenceModel, Mission
from missions_core.authoring.requirement_checks import endless_findings
from missions_core.authoring.requirements import GroupAt, LeafAt
from missions_core.authoring.reward_checks import currency_findings, rewards_findings

LONGEST_RUN = {"daily": 1, "weekly": 7, "monthly": 31}
SCORES = ("count", "sum", "max")
LAST_PAID_RANK = 100  # as many as a leaderboard keeps in order


def mission_findings(mission: Mission, tree: GroupAt, currencies: Sequence[str] | None) -> Findings:
    """Mistakes in a mission, paths from it down."""
    if mission.type == "timebound" and mission.time_limit_hours is None:
        yield Finding(("time_limit_hours",), "is missing; a timebound mission needs it: write time_limit_hours: 4, for example")
    if mission.type == "unique" and mission.max_completions not in (None, 1):
        yield Finding(("max_completions",), "contradicts type: unique, which is once ever; remove it or choose another type")
    if mission.period == "special" and (mission.active is None or mission.active.start is None or mission.active.until is None):
        example = "{from: 2026-12-20T00:00:00Z, until: 2026-12-28T00:00:00Z}"
        yield Finding(("active",), f"must say from and until for a special mission; write active: {example}")
    if repeats(mission) and mission.cooldown_hours:
        text = "does not go with a repeating perpetual mission, whose next one opens at once; write 0, or make it daily or weekly"
        yield Finding(("cooldown_hours",), text)
    if mission.requirements is None and (mission.evidence is None or mission.type == "competitive"):
        yield Finding(("requirements",), "is missing; write what the mission asks for, such as {post.created: 5}")
        return
    if mission.evidence:
        yield from _evidence_findings(mission.evidence, currencies)
    yield from _period_findings(mission, tree)
    if mission.type == "competitive":
        if mission.evidence:
            yield Finding(("evidence",), "does not go with a score, which every action changes; remove it")
        yield from _score_findings(mission, tree)
        yield from _prize_findings(mission, currencies)
    elif mission.prizes:
        yield Finding(("prizes",), "are for the leaderboards of competitive missions; remove them or write type: competitive")


def _evidence_findings(evidence: EvidenceModel, currencies: Sequence[str] | None) -> Findings:
    yield from currency_findings(evidence.price, currencies, ("evidence", "price"))
    for index, type_ in enumerate(evidence.types):
        if type_ in evidence.types[:index]:
            yield Finding(("evidence", "types", index), f'"{type_}" is there twice; write it once')
    if evidence.price and "uploaded_content" not in evidence.types:
        yield Finding(
            ("evidence", "price"), "is for uploads, which this mission does not take; remove it, or add uploaded_content to types"
        )


def repeats(mission: Mission) -> bool:
    """Whether it is a perpetual mission that starts over at each completion."""
    return mission.period == "perpetual" and mission.type != "unique" and mission.max_completions != 1


def _period_findings(mission: Mission, tree: GroupAt) -> Findings:
    longest = LONGEST_RUN.get(mission.period)
    for leaf in tree.leaves():
        if longest and leaf.aggregate == "days" and not leaf.lifetime and leaf.op != "<=" and leaf.target > longest:
            text = f"{leaf.target:f} days never fit into a {mission.period} period; write at most {longest}"
            yield Finding(leaf.member("target"), text)
        if mission.period == "perpetual":
            yield from endless_findings(leaf, "a perpetual mission")
            if repeats(mission):
                yield from _repeating_findings(leaf)


def _repeating_findings(leaf: LeafAt) -> Findings:
    """Each completion takes its share out of the sum of all progress, which must therefore be a sum."""
    once = "or max_completions: 1 if it is done once"
    reason = "adds progress up across completions"
    if leaf.aggregate not in ("count", "sum", "last"):  # last is ruled out for all endless boards
        text = f"{leaf.aggregate} does not go with a repeating perpetual mission, which {reason}; write count or sum, {once}"
        yield Finding(leaf.member("aggregate"), text)
    if leaf.within_ms is not None:
        yield Finding(leaf.member("within"), f"does not go with a repeating perpetual mission, which {reason}; remove it, {once}")
    if leaf.op == ">":
        yield Finding(leaf.member("op"), f'">" does not go with a repeating perpetual mission, which {reason}; write >=, {once}')
    if leaf.lifetime:
        text = f"lifetime does not go with a repeating perpetual mission, which would complete for ever; write scope: period, {once}"
        yield Finding(leaf.member("scope"), text)


def _score_findings(mission: Mission, tree: GroupAt) -> Findings:
    """One requirement is the score: comparable between players, and only ever rising until the period ends."""
    if mission.period == "perpetual":
        yield Finding(("period",), "perpetual has no end at which a leaderboard could close; write daily, weekly, monthly or special")
    score, *others = tree.leaves()
    for leaf in others:
        yield Finding(leaf.path, "is one too many: a competitive mission has one requirement, its score; remove it")
    if score.aggregate not in SCORES:
        yield Finding(
            score.member("aggregate"), f"{score.aggregate} makes no score that rises with every bit done; write one of {' '.join(SCORES)}"
        )
    if score.op != ">=":
        yield Finding(score.member("op"), f'"{score.op}" does not go with a score, of which more is better; write >=')
    if score.within_ms is not None:
        yield Finding(score.member("within"), "does not go with a score, which counts the whole period; remove it")
    if score.lifetime:
        yield Finding(score.member("scope"), "lifetime does not go with a score, which begins anew each period; write scope: period")


def _prize_findings(mission: Mission, currencies: Sequence[str] | None) -> Findings:
    last = 0
    for index, prize in enumerate(mission.prizes):
        path: Path = ("prizes", index)
        if prize.first <= last:
            yield Finding((*path, "from"), f"{prize.first} is not after the prize before; write at least {last + 1}")
        if prize.to < prize.first:
            yield Finding((*path, "to"), f"{prize.to} is before from; write at least {prize.first}")
        if prize.to > LAST_PAID_RANK:
            yield Finding((*path, "to"), f"{prize.to} is too far down to be paid; write at most {LAST_PAID_RANK}")
        yield from rewards_findings(prize.rewards, currencies, (*path, "rewards"))
        last = max(last, prize.to)
