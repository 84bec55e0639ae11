"""Names and avatars of players, as the host's user service knows them: shown where they are to be had, and hardly waited for."""

import json
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from missions_core.errors import MisconfiguredError, Unreachable
from missions_core.messaging import secret
from missions_core.observability import create_logger
from missions_core.outbound import Endpoint

BATCH = 50
# Half a second together: no further batch is asked for later than this, and an answer may take as long again.
TIMEOUT_SECONDS = 0.25
FRESH_SECONDS = 300
UNKNOWN_SECONDS = 60  # who has no name now may have one soon
MOST_KEPT = 10_000
LONGEST_NAME = 100
LONGEST_URL = 500
SEPARATOR = ","

logger = create_logger()


@dataclass(frozen=True, slots=True)
class Person:
    """How a player is shown; None: that is not known."""

    name: str | None = None
    avatar: str | None = None


NOBODY = Person()


def directory_at(url: str, secret_arn: str, *, allow_loopback: bool) -> "Directory":
    """The user service behind a URL, asked with the secret as bearer token if there is one. The first look-up waits for that, too."""
    token = partial(secret, secret_arn) if secret_arn else None
    return Directory(Endpoint(url, secret=token, timeout_seconds=TIMEOUT_SECONDS, attempts=1, allow_loopback=allow_loopback))


class Directory:
    """The user service: asked for `?ids=a,b` it answers `[{"id", "displayName", "avatarUrl"}]`. Keep it as long as the process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._kept: OrderedDict[str, tuple[float, Person]] = OrderedDict()  # until when, the longest kept first

    def people(self, players: Iterable[str]) -> Mapping[str, Person]:
        """How these players are shown: all of them are in the answer, with what could be learned in time."""
        wanted = dict.fromkeys(players, NOBODY)
        found = {player: kept for player in wanted if (kept := self._fresh(player)) is not None}
        missing = [player for player in wanted if player not in found and player and SEPARATOR not in player]
        return wanted | found | self._fetched(missing)

    def _fresh(self, player: str) -> Person | None:
        until, person = self._kept.get(player, (0.0, NOBODY))
        return person if time.monotonic() < until else None

    def _fetched(self, players: Sequence[str]) -> dict[str, Person]:
        """What the service says of these players, as far as time allows. One that fails is not asked again for this answer."""
        found: dict[str, Person] = {}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        for start in range(0, len(players), BATCH):
            if time.monotonic() > deadline:
                break
            batch = players[start : start + BATCH]
            try:
                answer = self._endpoint.get({"ids": SEPARATOR.join(batch)})
            except (Unreachable, MisconfiguredError) as error:
                logger.warning("directory not asked", code=error.code, players=len(players) - start)
                break
            found |= self._keep(batch, _people(answer.body) if answer.is_success else {})
        return found

    def _keep(self, batch: Sequence[str], people: Mapping[str, Person]) -> dict[str, Person]:
        answered = {player: people.get(player, NOBODY) for player in batch}
        now = time.monotonic()
        for player, person in answered.items():
            self._kept[player] = (now + (UNKNOWN_SECONDS if person == NOBODY else FRESH_SECONDS), person)
            self._kept.move_to_end(player)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return answered


def _people(body: bytes) -> dict[str, Person]:
    """Whom the answer names. Of what is not as agreed nothing is used; members nobody agreed on are no concern of ours."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        logger.warning("directory not understood", bytes=len(body))
        return {}
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return {entry["id"]: Person(_name(entry.get("displayName")), _url(entry.get("avatarUrl"))) for entry in named}


def _name(value: object) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and not value.isspace()
    return str(value) if fits else None


def _url(value: object) -> str | None:
    fits = (
        isinstance(value, str) and value.startswith("https://") and len(value) <= LONGEST_URL and value.isprintable() and " " not in value
    )
    return str(value) if fits else None
