"""Checks of what things pay: known currencies only, each good named once."""

from collections.abc import Iterable, Sequence

from missions_core.authoring.findings import Finding, Findings, Path
from missions_core.authoring.reward_models import RewardsModel

MAX_GOODS = 30  # the grant is one transaction of at most 100 writes; a check-in can pay three rewards at once


def rewards_findings(rewards: RewardsModel, currencies: Sequence[str] | None, path: Path) -> Findings:
    """Mistakes in one reward."""
    yield from currency_findings(rewards.amounts, currencies, path)
    yield from currency_findings(rewards.boost, currencies, (*path, "boost"))
    for currency, boost in rewards.boost.items():
        if boost.multiply <= 1:
            yield Finding((*path, "boost", currency, "multiply"), f"{boost.multiply} boosts nothing; write more than 1")
    goods = {"items": [item.id for item in rewards.items], "badges": rewards.badges, "titles": rewards.titles, "frames": rewards.frames}
    for kind, names in goods.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                advice = "add up its quantity in one entry" if kind == "items" else "write it once"
                yield Finding((*path, kind, index), f'"{name}" is there twice; {advice}')
    total = sum(len(names) for names in goods.values())
    if total > MAX_GOODS:
        yield Finding(path, f"pays {total} different goods at once; write at most {MAX_GOODS}")


def currency_findings(names: Iterable[str], currencies: Sequence[str] | None, path: Path) -> Findings:
    """Currencies nobody declared; None: the declarations themselves are faulty."""
    for name in names:
        if currencies is not None and name not in currencies:
            known = f"write one of {' '.join(currencies)}, or add {name} to rules.currencies"
            yield Finding((*path, name), f"is an unknown reward or currency; {known}")
