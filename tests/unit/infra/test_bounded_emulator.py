"""Invocations wait for a worker instead of starting one each, and tokens that cannot be read are refused."""

from collections.abc import Coroutine
from typing import Any

import pytest

from infra.local import bounded_emulator
from infra.local.bounded_emulator import WORKERS, refusing_what_it_cannot_read, waiting_for_a_worker


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


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that waits for nothing returns."""
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    return end.value.value


def test_what_the_authorizer_cannot_read_is_refused() -> None:
    async def validate(claims: dict[str, Any]) -> int:
        return int(claims.get("exp", 0))

    check = refusing_what_it_cannot_read(validate, "refused")
    assert finished(check({"exp": 1})) == 1
    assert [finished(check(claims))[2] for claims in ({"exp": "soon"}, {"exp": []}, {"exp": float("inf")}, [])] == ["refused"] * 4
