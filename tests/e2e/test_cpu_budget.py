"""What handling actions may cost a function, in terms of the two bare calls that each player cannot do without."""

import pytest

from bench.handling import BATCH, BUDGET, measured

ATTEMPTS = 8  # on a busy machine; one is enough on a quiet one


def test_handling_an_action_of_a_batch_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    seen: list[float] = []
    for _ in range(ATTEMPTS):
        seen += measured(BATCH)
        if seen[-1] <= BUDGET:
            return
    pytest.fail(f"handling an action costs {seen} times two bare calls, more than {BUDGET}")
