"""Loading compiled catalogs from their JSON snapshots, as `authoring` writes them; without pydantic, every member is there."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from missions_core.domain.catalog import (
    ActionRule,
    ActiveHours,
    Boost,
    Catalog,
    CheckInRule,
    CheckInTier,
    ClaimRule,
    Condition,
    Derivation,
    DeviceRule,
    EvidenceRule,
    FraudRules,
    Group,
    ImpossibleValue,
    ItemReward,
    Leaf,
    Limits,
    Prize,
    ReferralRule,
    RewardRules,
    Rewards,
    Rotation,
    Rules,
    Snapshot,
    SpeedBonus,
    Step,
    StreakRule,
    StreakStep,
    Template,
    Tier,
)


def catalog_from_snapshot(snapshot: Snapshot) -> Catalog:
    """Load a compiled catalog: `{"version", "rules", "templates": [...]}` as written by `authoring.compiler`."""
    templates = {raw["key"]: template_from_snapshot(raw) for raw in sorted(snapshot["templates"], key=lambda raw: str(raw["key"]))}
    rules = _rules(snapshot["rules"])
    return Catalog(
        version=snapshot["version"],
        rules=rules,
        templates=templates,
        lifetime_leaves=_lifetime_leaves(templates),
        known_actions=frozenset(rules.actions) | {derivation.produces for derivation in rules.derive},
        published_at=snapshot.get("published_at", 0),
        withdrawn=snapshot.get("retired", {}),
        withdrawn_contests={key: contest["version"] for key, contest in snapshot.get("retired_contests", {}).items()},
    )


def template_from_snapshot(raw: Snapshot) -> Template:
    """Load one compiled template; every member is present (the compiler fills defaults)."""
    leaves: list[Leaf] = []
    steps = tuple(_step(step, leaves) for step in raw.get("steps", ()))
    repeats = raw["kind"] == "mission" and raw["period"] == "perpetual" and raw["type"] != "unique" and raw["max_completions"] != 1
    tree = _group(raw["requirements"], leaves, repeats=repeats)
    hours = raw["active_hours"]
    wanted: dict[str, tuple[int, ...]] = {}
    for index, leaf in enumerate(leaves):
        wanted[leaf.action] = (*wanted.get(leaf.action, ()), index)
    return Template(
        key=raw["key"],
        version=raw["version"],
        kind=raw["kind"],
        name=raw["name"],
        description=raw["description"],
        category=raw["category"],
        type=raw["type"],
        period="quest" if raw["kind"] == "quest" else raw["period"],
        difficulty=raw["difficulty"],
        leaves=tuple(leaves),
        tree=tree,
        rewards=rewards_from_snapshot(raw["rewards"]),
        auto_claim=raw["auto_claim"],
        requires_start=raw["requires_start"],
        weight=raw["weight"],
        priority=raw["priority"],
        paused=raw["paused"],
        featured=raw["featured"],
        level_min=raw["level"]["min"],
        level_max=raw["level"]["max"],
        vip=raw["vip"],
        prerequisites=tuple(raw["prerequisites"]),
        cooldown_ms=raw["cooldown_ms"],
        max_completions=raw["max_completions"],
        active_from=raw["active_from"],
        active_until=raw["active_until"],
        active_hours=ActiveHours(hours["from"], hours["to"], hours["zone"]) if hours else None,
        history=raw["history"],
        segments=tuple(raw["segments"]),
        time_limit_ms=raw["time_limit_ms"],
        typical_minutes=raw["typical_minutes"],
        evidence=_evidence(raw["evidence"]) if raw["evidence"] else None,
        limits=_limits(raw["limits"]) if "limits" in raw else None,
        metadata=raw["metadata"],
        leaves_of=wanted,
        steps=steps,
        tiers=_tiers(raw, leaves) if raw["kind"] == "achievement" else (),
        achievement_type=raw.get("achievement_type"),
        prizes=tuple(Prize(each["from"], each["to"], rewards_from_snapshot(each["rewards"])) for each in raw.get("prizes", ())),
    )


def rewards_from_snapshot(raw: Snapshot) -> Rewards:
    """Load rewards: `{"amounts": {currency: int}, "items", "badges", "titles", "frames", "boost"}`, empty members left out."""
    return Rewards(
        amounts=raw.get("amounts", {}),
        items=tuple(ItemReward(**item) for item in raw.get("items", ())),
        badges=tuple(raw.get("badges", ())),
        titles=tuple(raw.get("titles", ())),
        frames=tuple(raw.get("frames", ())),
        boost={currency: Boost(Fraction(each["multiply"]), each["hours"]) for currency, each in raw.get("boost", {}).items()},
    )


def _evidence(raw: Snapshot) -> EvidenceRule:
    return EvidenceRule(
        types=tuple(raw["types"]),
        review=raw["review"],
        attempts=raw["attempts"],
        price=raw["price"],
        content_types=tuple(raw["content_types"]),
        max_bytes=raw["max_bytes"],
        min_seconds=raw["min_seconds"],
        min_clicks=raw["min_clicks"],
        hosts=tuple(raw["hosts"]),
    )


def _limits(raw: Snapshot) -> Limits:
    return Limits(raw["cooldown_ms"], raw["per_day"], raw["shadow"])


def _step(raw: Snapshot, leaves: list[Leaf]) -> Step:
    """A step, whose leaves join those of the steps before it."""
    first = len(leaves)
    tree = _group(raw["requirements"], leaves, repeats=False)
    return Step(
        key=raw["key"],
        name=raw["name"],
        leaves=range(first, len(leaves)),
        tree=tree,
        rewards=rewards_from_snapshot(raw["rewards"]),
        optional=raw["optional"],
        manual=raw.get("manual", False),
    )


def _tiers(raw: Snapshot, leaves: list[Leaf]) -> tuple[Tier, ...]:
    rewards = rewards_from_snapshot(raw["rewards"])
    if not raw["tiers"]:
        return (Tier(None, tuple(leaves), rewards),)
    first, *rest = leaves
    return tuple(
        Tier(
            tier["name"],
            (replace(first, target=Decimal(tier["target"])), *rest),
            rewards_from_snapshot(tier["rewards"]) if "rewards" in tier else rewards,
        )
        for tier in raw["tiers"]
    )


def _group(raw: Snapshot, leaves: list[Leaf], *, repeats: bool) -> Group:
    every = "all" in raw
    children: list[int | Group] = []
    for child in raw["all" if every else "any"]:
        if "key" in child:
            leaves.append(_leaf(child, repeats=repeats))
            children.append(len(leaves) - 1)
        else:
            children.append(_group(child, leaves, repeats=repeats))
    return Group(every, tuple(children))


def _leaf(raw: Snapshot, *, repeats: bool) -> Leaf:
    return Leaf(
        key=raw["key"],
        action=raw["action"],
        aggregate=raw["aggregate"],
        field=raw["field"],
        where=_conditions(raw["where"]),
        op=raw["op"],
        target=Decimal(raw["target"]),
        target2=None if raw["target2"] is None else Decimal(raw["target2"]),
        within_ms=raw["within_ms"],
        lifetime=raw["scope"] == "lifetime",
        counter=raw["counter"],
        repeats=repeats,
        label=raw["label"],
    )


def _conditions(raw: list[Snapshot]) -> tuple[Condition, ...]:
    return tuple(Condition(clause["field"], clause["op"], clause["value"]) for clause in raw)


def _fractions(raw: Mapping[str, str]) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in raw.items()}


def _rules(raw: Snapshot) -> Rules:
    rewards, speed, check_in = raw["rewards"], raw["rewards"]["speed_bonus"], raw["check_in"]
    return Rules(
        reset=raw["reset"],
        day_start_hour=raw["day_start_hour"],
        unknown_players=raw["unknown_players"],
        default_zone_by_language=raw["default_zone_by_language"],
        claim_days=raw["claim_days"],
        new_days=raw["history"]["new_days"],
        veteran_days=raw["history"]["veteran_days"],
        currencies=tuple(raw["currencies"]),
        actions={name: ActionRule(rule["client"], rule["per_minute"]) for name, rule in raw["actions"].items()},
        derive=tuple(Derivation(rule["when"], _conditions(rule["where"]), rule["as"]) for rule in raw["derive"]),
        rotation={kind: Rotation(rule["min"], rule["max"], _fractions(rule["difficulty"])) for kind, rule in raw["rotation"].items()},
        rewards=RewardRules(
            defaults=rewards["defaults"],
            period_multiplier={currency: _fractions(by_kind) for currency, by_kind in rewards["period_multiplier"].items()},
            streak_multiplier=tuple(StreakStep(step["from"], _fractions(step["multiply"])) for step in rewards["streak_multiplier"]),
            speed_bonus=SpeedBonus(Fraction(speed["under"]), _fractions(speed["multiply"])) if speed else None,
            perfect_bonus=_fractions(rewards["perfect_bonus"]["multiply"]) if rewards["perfect_bonus"] else {},
        ),
        streaks={
            kind: StreakRule(rule["counts"], rule["freezes"]["start"], rule["freezes"]["max"], rule["freezes"]["earn_every"])
            for kind, rule in raw["streaks"].items()
        },
        check_in=_check_in(check_in) if check_in else None,
        rerolls_per_day=raw["reroll"]["per_day"],
        reroll_price=raw["reroll"]["price"],
        freeze_price=raw["freeze_price"],
        pause_max_days=raw["pause"]["max_days"],
        levels=tuple(raw["levels"]),
        fraud=_fraud(raw["fraud"]) if "fraud" in raw else FraudRules(),
        referral=_referral(raw["referral"]) if "referral" in raw else None,
    )


def _fraud(raw: Snapshot) -> FraudRules:
    rate, devices, claims = raw["rate"], raw["devices"], raw["claims"]
    return FraudRules(
        hold=raw["hold"],
        per_minute=rate["per_minute"] if rate else None,
        rate_shadow=bool(rate and rate["shadow"]),
        devices=DeviceRule(devices["max_players"], devices["new"], devices["shadow"]) if devices else None,
        impossible=tuple(
            ImpossibleValue(rule["key"], rule["action"], _conditions(rule["where"]), rule["shadow"]) for rule in raw["impossible"]
        ),
        claims=_claim_rule(claims) if claims else None,
    )


def _claim_rule(raw: Snapshot) -> ClaimRule:
    share = raw["faster_than"]
    return ClaimRule(None if share is None else Fraction(share), raw["per_hour"], raw["shadow"])


def _referral(raw: Snapshot) -> ReferralRule:
    return ReferralRule(rewards_from_snapshot(raw["inviter"]), rewards_from_snapshot(raw["invitee"]))


def _check_in(raw: Snapshot) -> CheckInRule:
    monthly = raw["monthly"]
    return CheckInRule(
        base=rewards_from_snapshot(raw["base"]),
        tiers=tuple(CheckInTier(tier["min_days"], tier["max_days"], Fraction(tier["bonus_percent"])) for tier in raw["tiers"]),
        milestones={step["days"]: rewards_from_snapshot(step["reward"]) for step in raw["milestones"]},
        monthly_days=monthly["days"] if monthly else None,
        monthly_reward=rewards_from_snapshot(monthly["reward"]) if monthly else Rewards(),
    )


def _lifetime_leaves(templates: Mapping[str, Template]) -> dict[str, tuple[Leaf, ...]]:
    sets = [leaves for template in templates.values() for leaves in (template.leaves, *(tier.leaves for tier in template.tiers))]
    leaves = [leaf for each in sets for leaf in each if leaf.counter is not None]
    # Leaves share a counter whatever their target; `distinct` remembers as many values as the largest of them asks for.
    by_counter = {leaf.counter: leaf for leaf in sorted(leaves, key=lambda leaf: max(leaf.target, leaf.target2 or leaf.target))}
    by_action: dict[str, tuple[Leaf, ...]] = {}
    for _counter, leaf in sorted(by_counter.items(), key=lambda pair: str(pair[0])):
        by_action[leaf.action] = (*by_action.get(leaf.action, ()), leaf)
    return by_action
