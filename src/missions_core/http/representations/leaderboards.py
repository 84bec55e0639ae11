"""Leaderboards: ranks, scores and prizes."""

from typing import Literal

from typing_extensions import TypedDict

from missions_core.http.representations.common import Number
from missions_core.http.representations.rewards import Rewards

LeaderboardKind = Literal["daily", "weekly", "monthly", "special"]


class Standing(TypedDict):
    """Where a player stands. `estimated`: too far down to be kept in order; nulls: no score; no `player`: they were erased since.

    `name` and `avatar` are null where the host's user service does not tell them, or not in time.
    """

    rank: int | None
    player: str | None
    name: str | None
    avatar: str | None
    score: Number | None
    reached_at: str | None
    estimated: bool


class LeaderboardPeriod(TypedDict):
    """Every player's period of this label is ranked together; nothing that is done after `closes_at` counts any more."""

    kind: LeaderboardKind
    label: str
    closes_at: str


# `from` is a keyword.
Prize = TypedDict("Prize", {"from": int, "to": int, "rewards": Rewards})
Prize.__doc__ = "What the ranks from `from` to `to` are paid once the leaderboard is final, as published by then."


class Leaderboard(TypedDict):
    """The best in order, the caller (null: no score), and the players asked for.

    Provisional: late actions may change it, and after `closes_at` scores still on their way. Final: prizes are paid by these ranks.
    """

    key: str
    name: str
    status: Literal["provisional", "final"]
    period: LeaderboardPeriod
    participants: int
    prizes: list[Prize]
    items: list[Standing]
    next_cursor: str | None
    me: Standing | None
    players: list[Standing]
