"""Requirements: what a leaf gathers from actions, and whether a tree of leaves holds.

Everything gathered is a commutative fold (counts, sums of non-negative values, greatest value, value of the latest action time, sets),
so any delivery order ends in the same progress (invariant 5).
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Any, cast

from missions_core.domain.actions import MAX_AGE_MS, Action
from missions_core.domain.catalog import Condition, Group, Leaf, Template
from missions_core.domain.state import Progress

WINDOW_BUCKETS = 24
MET = "0"  # the only bucket of a window that was full enough once; no action is as old as the epoch
LARGEST = Decimal(10) ** 18  # values beyond this, or finer than 18 decimals, are not amounts: they are filtered
FINEST_EXPONENT = -18
EXACT = Context(prec=60)  # sums of such values never round


def gather(leaf: Leaf, progress: Progress, action: Action, day: int) -> Progress:
    """Return the leaf's progress with one more action of its type, None if the leaf does not want it.

    `day` is the index of the action's local day within the board (for `days`).
    """
    if not all(holds_where(condition, action.data) for condition in leaf.where):
        return None
    match leaf.aggregate:
        case "count":
            return _in_window(leaf, progress, action.time, Decimal(1)) if leaf.within_ms else cast(int, progress or 0) + 1
        case "days":
            return cast(int, progress or 0) | 1 << day
        case "distinct":
            return _distinct(leaf, cast(list[int | str], progress or []), action.data)
        case aggregate:
            value = number(action.data.get(cast(str, leaf.field)))
            if value is None:
                return None
            if aggregate == "sum":
                return _sum(leaf, progress, action.time, value)
            return _greatest(progress, value) if aggregate == "max" else _latest(progress, action, value)


def value_of(leaf: Leaf, progress: Progress) -> Decimal | None:
    """What a leaf's progress amounts to, comparable with its target; None: nothing gathered that could be compared."""
    match leaf.aggregate:
        case "count" | "sum" | "collected":
            return _best_window(progress) if isinstance(progress, dict) else Decimal(cast(int | str, progress or 0))
        case "days":
            return Decimal(longest_run(cast(int, progress or 0)))
        case "distinct":
            return Decimal(len(cast(list[str], progress or [])))
        case "max":
            return None if progress is None else Decimal(cast(str, progress))
        case _:
            return None if progress is None else Decimal(cast(str, cast(list[int | str], progress)[2]))


def shown_value(leaf: Leaf, progress: Progress) -> Decimal:
    """What players are shown: 0 for nothing yet, and never more than a target that is met by reaching it."""
    value = value_of(leaf, progress) or Decimal(0)
    return min(value, leaf.target) if leaf.op == ">=" else value


def holds(leaf: Leaf, progress: Progress, *, settling: bool) -> bool:
    """Whether a leaf's requirement is met; those only the end can tell are met at settlement alone."""
    value = value_of(leaf, progress)
    if value is None or (leaf.decided_at_settle and not settling):
        return False
    match leaf.op:
        case ">=":
            return value >= leaf.target
        case ">":
            return value > leaf.target
        case "==":
            return value == leaf.target
        case "<=":
            return value <= leaf.target
        case "<":
            return value < leaf.target
        case _:
            return leaf.target <= value <= cast(Decimal, leaf.target2)


def complete(template: Template, progress: list[Progress], *, settling: bool) -> bool:
    """Whether the template's whole tree holds."""
    return tree_holds(template.tree, template.leaves, progress, settling=settling)


def tree_holds(tree: Group, leaves: Sequence[Leaf], progress: Sequence[Progress], *, settling: bool) -> bool:
    """Whether a tree over these leaves holds; a group of nothing asks for nothing. A plain loop: every write asks this of many trees."""
    for child in tree.children:
        if isinstance(child, int):
            met = holds(leaves[child], progress[child], settling=settling)
        else:
            met = tree_holds(child, leaves, progress, settling=settling)
        if met is not tree.every:
            return met  # the first that fails decides for all of them, the first that holds for any
    return tree.every


def consume(template: Template, progress: list[Progress]) -> list[Progress]:
    """Take one completion out of a repeating perpetual mission's progress; what is over counts for the next one."""
    left = list(progress)

    def take(group: Group) -> bool:
        if group.every:
            return all([take_child(child) for child in group.children])
        return any(take_child(child) for child in group.children)  # the first child that holds pays alone

    def take_child(child: int | Group) -> bool:
        if isinstance(child, Group):
            return holds_group(child) and take(child)
        leaf = template.leaves[child]
        if not holds(leaf, left[child], settling=False):
            return False
        rest = cast(Decimal, value_of(leaf, left[child])) - leaf.target
        left[child] = int(rest) if leaf.aggregate == "count" else _plain(rest)
        return True

    def holds_group(group: Group) -> bool:
        results = (
            holds_group(child) if isinstance(child, Group) else holds(template.leaves[child], left[child], settling=False)
            for child in group.children
        )
        return all(results) if group.every else any(results)

    take(template.tree)
    return left


def percent(tree: Group, leaves: Sequence[Leaf], progress: Sequence[Progress], *, proven: bool | None = None) -> int:
    """Progress of a tree, 0-100, rounded down: the mean of an `all` group, the best of an `any` group.

    `proven`: whether evidence was approved, which is one more thing to do where evidence is asked for.
    """

    def share(child: int | Group) -> Decimal:
        if isinstance(child, int):
            return _leaf_share(leaves[child], progress[child])
        shares = [share(grandchild) for grandchild in child.children]
        return _mean(shares) if child.every else max(shares, default=Decimal(0))

    if proven is None:
        return int(share(tree) * 100)
    parts = [share(child) for child in tree.children] if tree.every else [share(tree)]
    return int(_mean([*parts, Decimal(proven)]) * 100)


def number(value: Any) -> Decimal | None:
    """A field's value as an exact amount, None if it is none."""
    if type(value) is int:  # most are
        return Decimal(value) if -LARGEST < value < LARGEST else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite() or not -LARGEST < exact < LARGEST or cast(int, exact.as_tuple().exponent) < FINEST_EXPONENT:
        return None
    return exact or Decimal(0)  # -0.0 is zero


def mark_of(value: str | int | float | Decimal) -> str:
    """What is remembered of a value where different ones are counted: a hash, the same for the same amount however it is written."""
    amount = number(value)
    text = f"#{_plain(amount)}" if amount is not None else f"{type(value).__name__}={value}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def holds_where(condition: Condition, data: Mapping[str, Any]) -> bool:
    """Whether one `where` clause holds on an action's data; a missing or non-comparable field does not."""
    value = data.get(condition.field)
    if condition.op == "exists":
        return (value is not None) is condition.value
    if value is None:
        return False
    if condition.op in ("==", "!="):
        return _same(value, condition.value) is (condition.op == "==")
    if condition.op == "in":
        return any(_same(value, candidate) for candidate in condition.value)
    return _compares(condition, number(value))


def longest_run(bits: int) -> int:
    """The longest run of set bits."""
    run = 0
    while bits:
        bits &= bits << 1
        run += 1
    return run


def _same(value: Any, expected: Any) -> bool:
    left, right = number(value), number(expected)
    if left is not None and right is not None:
        return left == right
    return type(value) is type(expected) and bool(value == expected)


def _compares(condition: Condition, value: Decimal | None) -> bool:
    if value is None:
        return False
    if condition.op == "between":
        low, high = (Decimal(str(bound)) for bound in condition.value)
        return low <= value <= high
    bound = Decimal(str(condition.value))
    return {">=": value >= bound, ">": value > bound, "<=": value <= bound, "<": value < bound}[condition.op]


def _sum(leaf: Leaf, progress: Progress, time: int, value: Decimal) -> Progress:
    if value < 0:
        return None  # a sum that could fall again would depend on the order of delivery
    if leaf.within_ms:
        return _in_window(leaf, progress, time, value)
    if leaf.repeats:
        value = min(value, leaf.target)
    return _plain(EXACT.add(Decimal(cast(str, progress or 0)), value))


def _in_window(leaf: Leaf, progress: Progress, time: int, value: Decimal) -> Progress:
    buckets = dict(cast(dict[str, int | str], progress or {}))
    if MET in buckets:
        return progress
    number_of_bucket = str(time * WINDOW_BUCKETS // cast(int, leaf.within_ms))
    total = EXACT.add(Decimal(buckets.get(number_of_bucket, 0)), value)
    buckets[number_of_bucket] = _amount(leaf, total)
    if leaf.op == ">=" and _best_window(buckets) >= leaf.target:
        return {MET: _amount(leaf, leaf.target)}  # met for good: which buckets did it depends on the order of delivery
    newest = max(map(int, buckets))
    kept = newest - WINDOW_BUCKETS * (1 + MAX_AGE_MS // cast(int, leaf.within_ms) + 1)  # accepted actions reach no further back
    return {bucket: amount for bucket, amount in sorted(buckets.items()) if int(bucket) >= kept}


def _amount(leaf: Leaf, amount: Decimal) -> int | str:
    return int(amount) if leaf.aggregate == "count" else _plain(amount)


def _best_window(buckets: dict[str, int | str]) -> Decimal:
    amounts = sorted((int(bucket), Decimal(amount)) for bucket, amount in buckets.items())
    best = total = Decimal(0)
    oldest = 0
    for bucket, amount in amounts:
        total = EXACT.add(total, amount)
        while amounts[oldest][0] <= bucket - WINDOW_BUCKETS:
            total = EXACT.subtract(total, amounts[oldest][1])
            oldest += 1
        best = max(best, total)
    return best


def _distinct(leaf: Leaf, seen: list[int | str], data: Mapping[str, Any]) -> Progress:
    value = data.get(cast(str, leaf.field))
    if value is None or isinstance(value, dict | list):
        return None
    keep = int(max(leaf.target, leaf.target2 or leaf.target)) + 1
    marks: list[int | str] = [*sorted({*cast(list[str], seen), mark_of(value)})[:keep]]
    return marks  # the smallest hashes: the same ones in any order


def _greatest(progress: Progress, value: Decimal) -> Progress:
    return _plain(value if progress is None else max(value, Decimal(cast(str, progress))))


def _latest(progress: Progress, action: Action, value: Decimal) -> Progress:
    candidate: list[int | str] = [action.time, action.key, _plain(value)]
    if progress is None:
        return candidate
    kept = cast(list[int | str], progress)
    return candidate if (candidate[0], candidate[1]) > (kept[0], kept[1]) else kept


def _plain(value: Decimal) -> str:
    return format(value.normalize(EXACT), "f")


def _mean(shares: Sequence[Decimal]) -> Decimal:
    return sum(shares, Decimal(0)) / len(shares) if shares else Decimal(1)


def _leaf_share(leaf: Leaf, progress: Progress) -> Decimal:
    value = value_of(leaf, progress)
    if value is None or value <= 0:
        return Decimal(holds(leaf, progress, settling=True))
    if leaf.decided_at_settle or leaf.target <= 0:
        return Decimal(holds(leaf, progress, settling=True))
    return min(Decimal(1), value / leaf.target)
