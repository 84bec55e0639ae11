"""What handling actions may cost a function, in terms of the two bare calls that each player cannot do without."""

from statistics import median

import pytest

from bench.handling import BATCH, BUDGET, ratios

FEWEST_ROUNDS = 5
MOST_ROUNDS = 15  # on a busy machine


def test_handling_an_action_of_a_batch_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    seen: list[float] = []
    for (ratio,) in ratios(BATCH, rounds=MOST_ROUNDS):
        seen.append(ratio)
        if len(seen) >= FEWEST_ROUNDS and median(seen) <= BUDGET:
            return
    pytest.fail(f"handling an action costs {median(seen):.2f} times two bare calls, more than {BUDGET}: {seen}")
