"""Leaderboards as players see them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from missions_core.domain import catalog
from missions_core.errors import InvalidInput
from missions_core.http.identity import player_id
from missions_core.http.languages import localised
from missions_core.http.representations.leaderboards import Leaderboard, LeaderboardKind, LeaderboardPeriod, Prize, Standing
from missions_core.http.views.missions import plain_number, rewards_view
from missions_core.instants import timestamp
from missions_core.use_cases import leaderboards
from missions_core.use_cases.leaderboards import Shown

if TYPE_CHECKING:  # only where there is a user service it is imported
    from missions_core.use_cases.directory import Person

MOST_PLAYERS = 100  # as many rows as one read brings


def wanted_players(text: str | None) -> list[str]:
    """The players whose ranks are asked for, separated by commas. InvalidInput: too many, or no players."""
    players = list(dict.fromkeys(player_id(each, field="players") for each in text.split(","))) if text else []
    if len(players) > MOST_PLAYERS:
        raise InvalidInput("too_many_players", f"ask for at most {MOST_PLAYERS} players at once", field="players")
    return players


def players_on(shown: Shown) -> list[str]:
    """Everybody who is shown and still there, once."""
    standings = [*shown.items, *shown.players, *([shown.me] if shown.me else [])]
    return list(dict.fromkeys(standing.player for standing in standings if standing.player))


def leaderboard_view(shown: Shown, people: "Mapping[str, Person]", languages: Sequence[str]) -> Leaderboard:
    """A leaderboard; whoever is not among the people stays without a name."""
    return {
        "key": shown.template.key,
        "name": localised(shown.template.name, languages),
        "status": "final" if shown.is_final else "provisional",
        "period": _period(shown),
        "participants": shown.participants,
        "prizes": [_prize(prize) for prize in shown.prizes],
        "items": [_standing(standing, people) for standing in shown.items],
        "next_cursor": shown.next_cursor,
        "me": None if shown.me is None else _standing(shown.me, people),
        "players": [_standing(standing, people) for standing in shown.players],
    }


def _period(shown: Shown) -> LeaderboardPeriod:
    kind: LeaderboardKind = shown.template.period  # type: ignore[assignment]  # no other has an end, and so a leaderboard
    return {"kind": kind, "label": shown.label, "closes_at": timestamp(shown.closes_at)}


def _prize(prize: catalog.Prize) -> Prize:
    return {"from": prize.first, "to": prize.last, "rewards": rewards_view(prize.rewards)}


def _standing(standing: leaderboards.Standing, people: "Mapping[str, Person]") -> Standing:
    person = people.get(standing.player)
    return {
        "rank": standing.rank,
        "player": standing.player or None,
        "name": person.name if person else None,
        "avatar": person.avatar if person else None,
        "score": None if standing.score is None else plain_number(standing.score),
        "reached_at": timestamp(standing.reached_at),
        "estimated": standing.is_estimated,
    }
