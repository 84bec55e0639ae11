"""What is kept under a player and their account, as records of named sections: for people who want to see it, and machines that take it.

What is stored is shown as it is stored, under the names it has there, with instants as timestamps. What is left out says why.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from missions_core.domain import codec
from missions_core.domain.achievements import known_counters
from missions_core.domain.catalog import Catalog
from missions_core.domain.state import CheckIns, Flag, PendingGrant, PlayerState, Referral
from missions_core.http.views.players import days_of_month
from missions_core.instants import end_of
from missions_core.storage.ledger import BALANCE

Record = dict[str, Any]

# The state's members by section.
OF_STATE: dict[str, tuple[str, ...]] = {
    "settings": (
        *("created_at", "active_at", "zone", "level_base", "vip", "segments", "preferences", "paused_from", "paused_until"),
        *("attributes_at", "read_until", "referral", "devices"),
    ),
    "missions": ("boards",),
    "streaks": ("streaks", "settled"),
    "check_ins": ("check_ins",),
    "counters": ("lifetime_xp", "lifetime", "completions", "recent_days"),
    "quests": ("quests", "specials"),
    "achievements": ("achievements",),
    "boosts": ("boosts",),
    "pending_grants": ("pending",),
    "flags": ("flags",),
    "evidence": ("unproven",),
}
LEFT_OUT_OF_STATE = {
    "player": "stands above the sections",
    "account": "what outlives erasure lies under it: a file that is kept must not lead there",
    "updated_at": "when we last wrote",
    "seen": "hashes of ids of actions, to tell duplicates",
    "spilled_before": "the same",
    "badges": "hashes of the badges that the inventory shows, for collections",
    "buckets": "what is left of a rate limit for the next minute",
    "commands": "hashes of keys of requests, for a day",
    "catalog_version": "which catalog we last read it with",
}
# The rows around it: their section, by the kind their sort key begins with.
OF_ROWS = {
    "PROFILE": "profile",
    "HISTORY": "history",
    "EVIDENCE": "evidence",
    "NOTE": "notifications",
    "GRANT": "grants",
    "DECISION": "decisions",
    "WALLET": "wallet",
    "ITEM": "inventory",
}
LEFT_OUT_OF_ROWS = {"STATE": "the sections above", "SEEN": "hashes of ids of actions, to tell duplicates"}
# Members of rows that are ours, not the player's: how rows are found again and expire, what a check looks at, who of the operators decided.
LEFT_OUT_OF_ROW = {
    "PROFILE": {"language_at", "version"},
    "HISTORY": {"version"},
    "EVIDENCE": {"request", "checks", "verdict", "etag", "work_queue", "work_at"},
    "DECISION": {"note"},
}
EXPIRY = "ttl"
SECTIONS = tuple(dict.fromkeys((*OF_STATE, *OF_ROWS.values())))

INSTANTS = frozenset({"at", "until", "since", "start", "end", "tiers", "steps", "paused_from"})


def state_records(state: PlayerState, catalog: Catalog) -> Iterator[tuple[str, Record]]:
    """The state, section by section; where a section is a list, record by record. What only a locked secret asks for is not counted."""
    state = replace(state, lifetime=known_counters(state, catalog))
    for section, names in OF_STATE.items():
        shown = {name: _member(name, getattr(state, name)) for name in names}
        records = shown[names[0]] if len(names) == 1 else [shown]
        yield from ((section, record) for record in records)


def row_records(rows: Iterator[tuple[str, Record]]) -> Iterator[tuple[str, Record]]:
    """Rows as records. A kind nobody thought of here is shown all the same, under its own name."""
    for kind, row in rows:
        if kind not in LEFT_OUT_OF_ROWS:
            shown = {name: value for name, value in row.items() if name != EXPIRY and name not in LEFT_OUT_OF_ROW.get(kind, ())}
            yield OF_ROWS.get(kind, kind.lower()), ROWS_SHOWN.get(kind, _row)(shown)


def portable(value: Any, name: str = "") -> Any:
    """A value as JSON has it; whole numbers under the name of an instant are timestamps."""
    if is_dataclass(value):
        return {field.name: portable(getattr(value, field.name), field.name) for field in fields(value)}
    match value:
        case bool() | str() | None:
            return value
        case int() | Decimal():
            whole = int(value) if value == int(value) else None
            return end_of(whole) if whole is not None and _is_instant(name) else float(value) if whole is None else whole
        case bytes():
            return b64encode(value).decode()
        case Mapping():
            return {str(key): portable(each) for key, each in value.items()}
    return [portable(each, name) for each in value]


def _is_instant(name: str) -> bool:
    return name in INSTANTS or name.endswith(("_at", "_until"))


def _member(name: str, value: Any) -> Any:
    return SHOWN[name](value) if name in SHOWN else portable(value, name)


def _row(row: Record) -> Record:
    return {name: portable(_parsed(value), name) for name, value in row.items()}


def _parsed(value: Any) -> Any:
    """What a column of JSON holds; any other text is itself."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _evidence(row: Record) -> Record:
    decision = _parsed(row.get("decision")) or {}
    return _row(row) | {"decision": {name: portable(value, name) for name, value in decision.items() if name != "by"} or None}


def _history(row: Record) -> Record:
    board: Record = portable(codec.decode_board(row["board"]))
    return board


def _profile(row: Record) -> Record:
    profile: Record = json.loads(row["profile"])
    return profile


def _wallet(row: Record) -> Record:
    return {"balances": {name.removeprefix(BALANCE): portable(value) for name, value in row.items()}}


def _check_ins(card: CheckIns) -> list[Record]:
    days = [f"{month}-{day:02}" for month, bits in sorted(card.months.items()) for day in days_of_month(month, bits)]
    return [{"streak": card.streak, "best": card.best, "total": card.total, "days": days}]


def _by(name: str) -> Callable[[Mapping[str, Any]], list[Record]]:
    """Records out of what the state holds by key."""
    return lambda held: [{name: key} | portable(each) for key, each in held.items()]


def _flags(flags: list[Flag]) -> list[Record]:
    return [{name: portable(getattr(flag, name), name) for name in ("rule", "first_at", "last_at")} for flag in flags]


def _pending(grants: list[PendingGrant]) -> list[Record]:
    return [{name: portable(getattr(grant, name), name) for name in ("cause", "at", "rewards", "kind")} for grant in grants]


def _said_at(instants: Mapping[str, int]) -> Record:
    """Null: at the registration, whenever that was."""
    return {name: None if at < 0 else end_of(at) for name, at in instants.items()}


def _referral(referral: Referral | None) -> Record | None:
    return None if referral is None else {"activated_at": end_of(referral.at)}


# Members that are shown otherwise than they are stored: what is held by key as records; bitmaps as days; of payments not who of the
# operators decided; of flags no details that would tell how to avoid them; of devices and of whoever invited the player no hashes.
SHOWN: dict[str, Callable[[Any], Any]] = {
    "check_ins": _check_ins,
    "achievements": _by("achievement"),
    "unproven": _by("mission"),
    "pending": _pending,
    "flags": _flags,
    "devices": len,
    "attributes_at": _said_at,
    "referral": _referral,
}
ROWS_SHOWN: dict[str, Callable[[Record], Record]] = {"HISTORY": _history, "PROFILE": _profile, "WALLET": _wallet, "EVIDENCE": _evidence}
