"""Showing a leaderboard: the ranks kept in order, the caller's own, and those of players somebody asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from missions_core.domain.assignment import special_label
from missions_core.domain.catalog import Prize, Template
from missions_core.domain.leaderboards import KEPT, LATE_MS, Entry, estimated_rank, final_at, label_at, label_before, not_a_label
from missions_core.errors import NotFound
from missions_core.outages import optional
from missions_core.storage import keys
from missions_core.storage.scores import Leaderboard, Scores
from missions_core.use_cases.closing import UNDER_WAY_MS, paying_version
from missions_core.use_cases.read import PlayerView
from missions_core.use_cases.stores import Stores


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a leaderboard is to be shown. `period` is current, previous or a label."""

    period: str = "current"
    limit: int = 20
    cursor: str | None = None
    around_me: bool = False
    players: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a player stands; without a score, nowhere."""

    player: str  # empty where it was an erased one's
    rank: int | None = None
    score: Decimal | None = None
    reached_at: int | None = None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A leaderboard as asked for. `me`: the caller, if they have a score. `prizes`: those that are paid, or were."""

    template: Template
    prizes: Sequence[Prize]
    label: str
    closes_at: int
    is_final: bool
    participants: int
    items: Sequence[Standing]
    next_cursor: str | None
    me: Standing | None
    players: Sequence[Standing]


def show_leaderboard(stores: Stores, view: PlayerView, key: str, wish: Wish) -> Shown:
    """A page of a leaderboard, with the ranks of the caller and of the players asked for.

    NotFound `leaderboard_not_found`; InvalidInput `invalid_period` or `invalid_cursor`.
    """
    template = _template(stores, view, key)
    label = _label(view, template, wish.period)
    held = stores.scores.load(key, label, consistent=False) or _empty(view, template, label)
    found = _standings(stores.scores, held, {view.state.player, *wish.players})
    me = found[view.state.player] if found[view.state.player].rank is not None else None
    items, next_cursor = _page(held, wish, me)
    return Shown(
        template=template,
        prizes=_prizes(stores, view, template, held),
        label=label,
        closes_at=held.closes_at,
        is_final=held.closed_at is not None or (held.version == 0 and view.now >= held.closes_at + UNDER_WAY_MS),
        participants=held.participants,
        items=items,
        next_cursor=next_cursor,
        me=me,
        players=[found[player] for player in wish.players],
    )


def _template(stores: Stores, view: PlayerView, key: str) -> Template:
    """The competitive mission as published, one that was withdrawn as it was last."""
    template = view.catalog.templates.get(key)
    if template is not None and template.is_competitive:
        return template
    version = view.catalog.withdrawn_contests.get(key)
    if version is None:
        raise NotFound("leaderboard_not_found", f"no competitive mission {key!r} in this catalog")
    stores.catalogs.bring(view.catalog, {(key, version)})
    return view.catalog.template(key, version)


def _empty(view: PlayerView, template: Template, label: str) -> Leaderboard:
    """A leaderboard nobody is on yet; of a withdrawn mission there are only those that somebody is on."""
    if template.key in view.catalog.withdrawn_contests:
        raise NotFound("leaderboard_not_found", f"the mission {template.key!r} was withdrawn, and nobody has a score of {label}")
    return Leaderboard(template.key, label, _closes_at(template, label))


def _prizes(stores: Stores, view: PlayerView, template: Template, held: Leaderboard) -> Sequence[Prize]:
    """What the ranks are paid, or were. Of a version that cannot be read just now, none."""
    if held.version == 0:
        return template.prizes
    version = (held.board, paying_version(view.catalog, held))
    stores.catalogs.bring(view.catalog, {version}, to_show=True)
    return view.catalog.template(*version).prizes


def _label(view: PlayerView, template: Template, period: str) -> str:
    """The label meant: the caller's own current or previous one, or the one written out."""
    if template.period == "special":
        return _special_label(view, template, period)
    current, previous = view.state.current(template.period), view.state.previous(template.period)
    label = current.period.label if current else label_at(template.period, view.now)
    if period == "current":
        return label
    if period == "previous":
        return previous.period.label if previous else label_before(template.period, label)
    final_at(template.period, period)
    return period


def _special_label(view: PlayerView, template: Template, period: str) -> str:
    """A special mission's current label is that of its window as published, the previous one that of the player's last."""
    current = special_label(template) or ""
    if period == "current":
        return current
    if period == "previous":
        last = view.state.specials.get(template.key, current)
        if last == current:
            raise not_a_label("special")
        return last
    final_at("daily", period)
    return period


def _closes_at(template: Template, label: str) -> int:
    """When a leaderboard nobody is on yet becomes final."""
    if template.period != "special":
        return final_at(template.period, label)
    if label != special_label(template) or template.active_until is None:
        raise NotFound("leaderboard_not_found", f"the special mission {template.key!r} was never open from {label}")
    return template.active_until + LATE_MS


def _standings(scores: Scores, held: Leaderboard, players: set[str]) -> dict[str, Standing]:
    """Where these players stand: exactly, if they are among those kept in order; else estimated from their scores."""
    kept = {standing.player: standing for standing in _kept(held, 0, KEPT)}
    others = set() if held.is_complete else players - kept.keys()
    rows = optional("scores", lambda: scores.held(held.board, held.label, others), {}) if others else {}
    below = {player: _estimated(held, entry) for player, entry in rows.items()}
    return {player: kept.get(player) or below.get(player) or Standing(player) for player in players}


def _estimated(held: Leaderboard, entry: Entry) -> Standing:
    rank = estimated_rank(held.entries, held.histogram, entry.score)
    return Standing(entry.player, rank, entry.score, entry.reached_at, is_estimated=True)


def _page(held: Leaderboard, wish: Wish, me: Standing | None) -> tuple[list[Standing], str | None]:
    """The ranks asked for and the cursor of those that follow; around a caller who is not kept in order there is nobody to show."""
    partition = keys.leaderboard(held.board, held.label)
    if wish.cursor is not None:
        start = keys.after_rank(wish.cursor, partition)
    elif not wish.around_me:
        start = 0
    elif me is None or me.rank is None or me.is_estimated:
        return [me] if me else [], None
    else:
        start = max(0, min(me.rank - 1 - wish.limit // 2, len(held.entries) - wish.limit))
    end = start + wish.limit
    return list(_kept(held, start, end)), keys.rank_cursor(partition, end) if end < len(held.entries) else None


def _kept(held: Leaderboard, start: int, end: int) -> Iterable[Standing]:
    for rank, entry in enumerate(held.entries[start:end], start=start + 1):
        yield Standing(entry.player, rank, entry.score, entry.reached_at)
