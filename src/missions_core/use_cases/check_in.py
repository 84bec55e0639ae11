"""The daily sign-in as a command: once per day, and once per request."""

import json

from missions_core.domain import check_ins
from missions_core.domain.check_ins import CheckInResult
from missions_core.domain.codec import rewards_to_json
from missions_core.domain.snapshots import rewards_from_snapshot
from missions_core.use_cases.changes import Draft, change, require_registered
from missions_core.use_cases.devices import check_device
from missions_core.use_cases.idempotency import once
from missions_core.use_cases.stores import Stores

PARTS = ("base", "streak_bonus", "milestone_bonus", "monthly_bonus", "total")


def check_in(stores: Stores, player: str, *, request: str, now: int, device: str | None = None) -> CheckInResult:
    """Sign the player in for their current day. Conflict `already_checked_in` names the next opening (`next_at`)."""

    def run(draft: Draft) -> CheckInResult:
        require_registered(draft)
        return _unpack(once(draft, request, "check_in", lambda: _check_in(stores, draft, device)))

    return change(stores, player, run, now=now)


def _check_in(stores: Stores, draft: Draft, device: str | None) -> str:
    check_ins.find_open(draft.state, draft.catalog)
    check_device(stores, draft, device)
    result, events = check_ins.check_in(draft.state, draft.catalog, now=draft.now)
    draft.write(events)
    parts = [rewards_to_json(getattr(result, part)) for part in PARTS]
    return json.dumps([result.label, result.streak_days, result.next_at, *parts], separators=(",", ":"))


def _unpack(stored: str) -> CheckInResult:
    label, streak_days, next_at, *parts = json.loads(stored)
    rewards = {part: rewards_from_snapshot(raw) for part, raw in zip(PARTS, parts, strict=True)}
    return CheckInResult(label=label, streak_days=streak_days, next_at=next_at, **rewards)
