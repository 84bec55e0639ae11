"""The catalogs of a simulation: small, everything in them is dealt, and the model knows what each template asks and pays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from missions_core.domain.catalog import Snapshot
from tests.support.catalogs import mission, snapshot

BASE = {"gold": 10}
FREEZE_PRICE = {"gold": 4}
UPLOAD_PRICE = {"gold": 2}
FREEZES = {"start": 1, "max": 2, "earn_every": 3}
PAUSE_DAYS = 30
CLAIM_DAYS = 1


@dataclass(frozen=True, slots=True)
class Spec:
    """What the model knows of a template version."""

    period: str
    action: str
    aggregate: str
    target: int
    rewards: Mapping[str, Any]
    op: str = ">="
    auto_claim: bool = False
    prizes: Mapping[int, Mapping[str, int]] = field(default_factory=dict)  # by rank, of a competitive mission
    asks_evidence: bool = False  # which a moderator must approve

    def written(self, key: str, **fields: Any) -> dict[str, Any]:
        """As a catalog author writes it."""
        leaf = {"key": "leaf", "action": self.action, "aggregate": self.aggregate, "op": self.op, "target": self.target}
        if self.aggregate == "sum":
            leaf["field"] = "amount"
        members: dict[str, Any] = {"rewards": dict(self.rewards), "auto_claim": self.auto_claim, "period": self.period}
        if self.prizes:
            prizes = [{"from": rank, "to": rank, "rewards": dict(rewards)} for rank, rewards in self.prizes.items()]
            members |= {"type": "competitive", "prizes": prizes}
        if self.asks_evidence:
            members["evidence"] = {"types": ["url", "uploaded_content"], "review": "manual", "price": UPLOAD_PRICE, "attempts": 5}
        return mission(key, {"all": [leaf]}, **members, **fields)


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step of a quest: so many of an action, or the player's word."""

    rewards: Mapping[str, int]
    action: str | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class QuestSpec:
    """What the model knows of a quest."""

    steps: Mapping[str, StepSpec]
    rewards: Mapping[str, int]
    hours: int | None = None
    requires_start: bool = False

    def written(self, key: str) -> dict[str, Any]:
        """As a catalog author writes it."""
        steps = [
            {"key": name, "name": name, "rewards": dict(step.rewards)}
            | ({"requirements": {step.action: step.target}} if step.action else {"manual": True})
            for name, step in self.steps.items()
        ]
        members = {"time_limit_hours": self.hours, "requires_start": self.requires_start}
        return {"key": key, "kind": "quest", "name": key, "steps": steps, "rewards": dict(self.rewards), **members}


QUESTS = {
    "journey": QuestSpec(
        {
            "hello": StepSpec({"gold": 2}, "post.created", 3),
            "give": StepSpec({"gold": 3}, "tip.sent", 2),
            "look": StepSpec({}, "video.watched", 1),
        },
        {"xp": 5},
    ),
    "sprint": QuestSpec({"run": StepSpec({"gold": 1}, "post.created", 5)}, {"gold": 9}, hours=48),
    "hunt": QuestSpec({"tip": StepSpec({"gold": 4}, "tip.sent", 1), "word": StepSpec({"gold": 5})}, {"gold": 6}, requires_start=True),
}
# Achievement -> what it asks for, and its tiers: name, target and what it pays.
ACHIEVEMENTS: dict[str, tuple[dict[str, Any], dict[str | None, tuple[int, Mapping[str, int]]]]] = {
    "writer": ({"action": "post.created"}, {"bronze": (3, {"gold": 1}), "silver": (20, {"xp": 2})}),
    "busy": ({"action": "game.mission.completed"}, {None: (4, {"xp": 4})}),
    "regular": ({"action": "game.streak.daily", "aggregate": "max", "field": "length"}, {None: (2, {"gold": 8})}),
    "seeker": ({"action": "game.quest.completed"}, {None: (1, {"gold": 3})}),
}


def _achievement(key: str) -> dict[str, Any]:
    asked, tiers = ACHIEVEMENTS[key]
    first, rewards = next(iter(tiers.values()))
    written = {"key": key, "kind": "achievement", "name": key, "rewards": dict(rewards)}
    if None not in tiers:
        written["tiers"] = [{"name": name, "target": target, "rewards": dict(paid)} for name, (target, paid) in tiers.items()]
    return written | {"requirements": {"all": [{"key": "leaf", "target": first, **asked}]}}


FIRST = {
    "two_posts": Spec("daily", "post.created", "count", 2, {"xp": 10, "gold": 5}),
    "tipper": Spec("daily", "tip.sent", "sum", 12, {"gold": 7, "items": [{"id": "gem", "quantity": 2}]}, auto_claim=True),
    "watcher": Spec("daily", "video.watched", "count", 1, {"xp": 3}, auto_claim=True),
    "exactly_three": Spec("daily", "post.created", "count", 3, {"gold": 3, "badges": ["exact"]}, op="=="),
    "show": Spec("daily", "tip.sent", "count", 1, {"xp": 4, "gold": 2}, auto_claim=True, asks_evidence=True),
    "weekly_posts": Spec("weekly", "post.created", "count", 12, {"xp": 100}),
    "race": Spec("weekly", "post.created", "count", 5, {"gold": 1}, prizes={1: {"xp": 30, "gold": 10}, 2: {"gold": 20}}),
    "three_days": Spec("weekly", "post.created", "days", 3, {"gold": 50}, auto_claim=True),
    "monthly_tips": Spec("monthly", "tip.sent", "sum", 60, {"xp": 200}, auto_claim=True),
    "feast": Spec("special", "tip.sent", "count", 4, {"gold": 40}),
    "always": Spec("perpetual", "post.created", "count", 4, {"gold": 1}, auto_claim=True),
}
# The second catalog asks more for the same key, and adds a mission; the third takes one away.
SECOND = FIRST | {
    "two_posts": Spec("daily", "post.created", "count", 4, {"xp": 15, "gold": 6}),
    "early_tip": Spec("daily", "tip.sent", "count", 1, {"xp": 1}, auto_claim=True),
}
THIRD = {key: spec for key, spec in SECOND.items() if key != "watcher"}
VERSIONS = (FIRST, SECOND, THIRD)


@cache
def published(version: int, start_day: int, day_start_hour: int) -> tuple[Snapshot, dict[tuple[str, int], Spec]]:
    """The catalog of a version, and every template version up to it. The feast begins a day after the simulation's first UTC day."""
    window = {"from": _iso(start_day + 1), "until": _iso(start_day + 4)}
    previous, specs = published(version - 1, start_day, day_start_hour) if version > 1 else (None, {})
    templates = VERSIONS[version - 1]
    made = snapshot(
        *(spec.written(key, **({"active": window} if spec.period == "special" else {})) for key, spec in templates.items()),
        *(quest.written(key) for key, quest in QUESTS.items()),
        *map(_achievement, ACHIEVEMENTS),
        previous=previous,
        day_start_hour=day_start_hour,
        claim_days=CLAIM_DAYS,
        streaks={"daily": {"counts": "any", "freezes": FREEZES}},
        pause={"max_days": PAUSE_DAYS},
        check_in={"base": BASE},
        freeze_price=FREEZE_PRICE,
        actions={"post.created": {}, "tip.sent": {}, "video.watched": {"client": True}},
    )
    return made, specs | {(raw["key"], raw["version"]): templates[raw["key"]] for raw in made["templates"] if raw["key"] in templates}


def _iso(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).isoformat()
