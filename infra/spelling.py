"""How progress and money read in a terminal."""

from collections.abc import Mapping


def bar(percent: int, width: int = 20) -> str:
    """A share as a line of blocks."""
    done = percent * width // 100
    return "█" * done + "░" * (width - done)


def spelled(amounts: Mapping[str, int]) -> str:
    """Amounts by currency, `50 xp, 5 dgt`."""
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items() if amount) or "nothing"
