"""What handling an action may cost this process, in terms of the two bare calls it cannot do without."""

from statistics import median

import pytest

from bench.handling import BUDGET, ratios

FEWEST_ROUNDS = 8
MOST_ROUNDS = 40  # on a busy machine: few, for grants of many actions would wait for a ledger nobody runs here


def test_handling_an_action_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    seen: list[float] = []
    for ratio in ratios(rounds=MOST_ROUNDS):
        seen.append(ratio)
        if len(seen) >= FEWEST_ROUNDS and median(seen) <= BUDGET:
            return
    pytest.fail(f"handling an action costs {median(seen):.2f} times two bare calls, more than {BUDGET}: {seen}")
