"""Checks of the rules that need more than one field at a time."""

from collections.abc import Collection, Sequence
from fractions import Fraction

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.fraud_models import FraudModel
from missions_core.authoring.requirement_checks import where_findings
from missions_core.authoring.reward_checks import currency_findings, rewards_findings
from missions_core.authoring.rule_models import CheckInModel, DailyRotation, Multipliers, RewardRulesModel, RulesModel
from missions_core.domain.facts import FACTS

RESERVED_CURRENCIES = ("items", "badges", "titles", "frames", "boost")


def rules_findings(rules: RulesModel) -> Findings:
    """Mistakes in the rules, paths from `rules` down."""
    currencies = rules.known_currencies
    yield from _currency_name_findings(rules.currencies)
    yield from _derivation_findings(rules)
    yield from _fact_findings(rules)
    for kind, rotation in (("daily", rules.rotation.daily), ("weekly", rules.rotation.weekly), ("monthly", rules.rotation.monthly)):
        yield from _rotation_findings(rotation, ("rotation", kind))
    for kind, streak in (("daily", rules.streaks.daily), ("weekly", rules.streaks.weekly)):
        if streak.freezes.start > streak.freezes.max:
            path = ("streaks", kind, "freezes", "start")
            yield Finding(path, f"{streak.freezes.start} is above max {streak.freezes.max}; write at most {streak.freezes.max}")
    if rules.history.veteran_days < rules.history.new_days:
        yield Finding(("history", "veteran_days"), f"is below new_days; write at least {rules.history.new_days}")
    yield from _levels_findings(rules.levels)
    yield from _reward_rule_findings(rules.rewards, currencies)
    yield from currency_findings(rules.reroll.price, currencies, ("reroll", "price"))
    yield from currency_findings(rules.freeze_price or {}, currencies, ("freeze_price",))
    if rules.check_in:
        yield from (finding.below(("check_in",)) for finding in _check_in_findings(rules.check_in, currencies))
    if rules.fraud:
        yield from _fraud_findings(rules.fraud, rules.known_actions)
    if rules.referral:
        yield from rewards_findings(rules.referral.inviter, currencies, ("referral", "inviter"))
        yield from rewards_findings(rules.referral.invitee, currencies, ("referral", "invitee"))


def rules_notices(rules: RulesModel) -> Findings:
    """What is valid and has no effect."""
    for name, action in rules.actions.items():
        if action.per_minute is not None and not action.client:
            yield Finding(("actions", name, "per_minute"), "limits only what players send themselves; write client: true, or remove it")


def _fraud_findings(fraud: FraudModel, known_actions: Collection[str]) -> Findings:
    keys = [rule.key for rule in fraud.impossible]
    for index, rule in enumerate(fraud.impossible):
        path: Path = ("fraud", "impossible", index)
        if rule.key in keys[:index]:
            yield Finding((*path, "key"), f'"{rule.key}" is there twice; write another name')
        if rule.action not in known_actions:
            yield Finding((*path, "action"), f'"{rule.action}" is not known here; add it to rules.actions')
        yield from where_findings(rule.where, path)


def _currency_name_findings(currencies: Sequence[str]) -> Findings:
    for index, name in enumerate(currencies):
        if name in RESERVED_CURRENCIES:
            yield Finding(("currencies", index), f'"{name}" is a member of rewards; write another name')
        if name in currencies[:index]:
            yield Finding(("currencies", index), f'"{name}" is there twice; write it once')


def _fact_findings(rules: RulesModel) -> Findings:
    """Facts of the game come from the game alone."""
    written: list[tuple[Path, str]] = [(("actions", name), name) for name in rules.actions]
    written += [(("derive", index, "as"), derivation.produces) for index, derivation in enumerate(rules.derive)]
    for path, name in written:
        if name in FACTS:
            yield Finding(path, f'"{name}" is a fact of the game, which nobody sends or derives; write another action type')


def _derivation_findings(rules: RulesModel) -> Findings:
    produced_later = {derivation.produces for derivation in rules.derive}
    ancestors: dict[str, set[str]] = {name: set() for name in rules.actions}
    for index, derivation in enumerate(rules.derive):
        path: Path = ("derive", index)
        if derivation.when not in ancestors:
            fix = "move this entry below the one that derives it" if derivation.when in produced_later else "add it to rules.actions"
            yield Finding((*path, "when"), f'"{derivation.when}" is not known here; {fix}')
        origins = ancestors.get(derivation.when, set()) | {derivation.when}
        if derivation.produces in origins:
            yield Finding((*path, "as"), f'"{derivation.produces}" would be derived from itself; write another action type')
        ancestors.setdefault(derivation.produces, set()).update(origins)
        yield from where_findings(derivation.where, path)


def _rotation_findings(rotation: DailyRotation, path: Path) -> Findings:
    if rotation.min > rotation.max:
        yield Finding((*path, "min"), f"{rotation.min} is above max {rotation.max}; write at most {rotation.max}")
    total = sum(rotation.difficulty.values(), Fraction(0))
    if rotation.difficulty and total != 1:
        text = f'shares add up to {total}, not 1; change one of them (exact thirds are written "1/3")'
        yield Finding((*path, "difficulty"), text)


def _levels_findings(levels: Sequence[int]) -> Findings:
    if len(levels) < 2 or levels[0] != 0:
        yield Finding(("levels",), "must begin with 0 and name at least one more level; write [0, 100, 300], for example")
    for index in range(1, len(levels)):
        if levels[index] <= levels[index - 1]:
            yield Finding(("levels", index), f"{levels[index]} is not above {levels[index - 1]}; write the levels in ascending order")


def _reward_rule_findings(rules: RewardRulesModel, currencies: Sequence[str]) -> Findings:
    for kind, amounts in rules.defaults.items():
        yield from currency_findings(amounts, currencies, ("rewards", "defaults", kind))
    yield from currency_findings(rules.period_multiplier, currencies, ("rewards", "period_multiplier"))
    multipliers: list[tuple[Path, Multipliers]] = []
    for index, step in enumerate(rules.streak_multiplier):
        multipliers.append((("streak_multiplier", index, "multiply"), step.multiply))
        if index and step.start <= rules.streak_multiplier[index - 1].start:
            text = f"{step.start} is not above the step before; write the steps in ascending order, each length once"
            yield Finding(("rewards", "streak_multiplier", index, "from"), text)
    if rules.speed_bonus:
        multipliers.append((("speed_bonus", "multiply"), rules.speed_bonus.multiply))
    if rules.perfect_bonus:
        multipliers.append((("perfect_bonus", "multiply"), rules.perfect_bonus.multiply))
    for path, multiply in multipliers:
        yield from currency_findings(multiply, currencies, ("rewards", *path))


def _check_in_findings(check_in: CheckInModel, currencies: Sequence[str]) -> Findings:
    yield from rewards_findings(check_in.base, currencies, ("base",))
    previous_max: int | None = 0
    for index, tier in enumerate(check_in.tiers):
        path: Path = ("tiers", index)
        if tier.max_days is not None and tier.max_days < tier.min_days:
            yield Finding((*path, "max_days"), f"{tier.max_days} is below min_days {tier.min_days}; write at least {tier.min_days}")
        if previous_max is None:
            yield Finding(path, "follows a tier without max_days, which never ends; give that one a max_days")
        elif tier.min_days <= previous_max:
            text = f"{tier.min_days} overlaps the tier before; write the tiers in ascending order, here at least {previous_max + 1}"
            yield Finding((*path, "min_days"), text)
        previous_max = tier.max_days
    for index, milestone in enumerate(check_in.milestones):
        yield from rewards_findings(milestone.reward, currencies, ("milestones", index, "reward"))
        if index and milestone.days <= check_in.milestones[index - 1].days:
            text = f"{milestone.days} is not above the milestone before; write them in ascending order, each length once"
            yield Finding(("milestones", index, "days"), text)
    if check_in.monthly:
        yield from rewards_findings(check_in.monthly.reward, currencies, ("monthly", "reward"))
