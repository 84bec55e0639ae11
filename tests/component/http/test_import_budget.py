"""Cold starts: what importing an HTTP function may cost, in terms of `import boto3` and one client in the same run."""

import pytest

from bench.cold_starts import BASE, ratios

BUDGET = 2.0
ROUNDS = 12  # one undisturbed pair is enough


@pytest.mark.parametrize("function", ["player_queries", "player_commands"])
def test_a_cold_start_stays_within_its_budget(function: str) -> None:
    seen: list[float] = []
    for ratio in ratios(function, rounds=ROUNDS):
        seen.append(ratio)
        if ratio <= BUDGET:
            return
    pytest.fail(f"importing functions/{function} costs {min(seen):.2f} times `{BASE}`, more than {BUDGET}: {seen}")
