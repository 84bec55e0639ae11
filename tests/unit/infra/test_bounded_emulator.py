"""Invocations wait for a worker instead of starting one each."""

import pytest

from infra.local import bounded_emulator
from infra.local.bounded_emulator import WORKERS, waiting_for_a_worker


def test_whoever_finds_every_worker_busy_waits_for_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(bounded_emulator.time, "sleep", pauses.append)
    answers = iter([(None, "func_cap"), (None, "func_cap"), ("worker", "reused")])
    asked: list[int] = []

    def acquire(name: str, *, max_concurrency: int) -> tuple[str | None, str]:
        asked.append(max_concurrency)
        return next(answers)

    assert waiting_for_a_worker(acquire)("claim_reward") == ("worker", "reused")
    assert len(pauses) == 2
    assert asked == [WORKERS] * 3
