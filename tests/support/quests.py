"""One player's quests in memory, and the quests tests are about."""

from typing import Any

import pytest

from missions_core.domain import quest_commands, quests
from missions_core.domain.completion import pay, waiting
from missions_core.domain.events import Event
from missions_core.domain.state import Board, Mission
from missions_core.errors import MissionsError
from tests.support.catalogs import catalog, step
from tests.support.game import Game, action, ms

START = ms("2026-11-21T10:00")
MIDNIGHT = ms("2026-11-22T00:00")
HELLO = step("hello", {"post.created": 1})
TIP = step("tip", {"tip.sent": 1})
WATCH = step("watch", {"video.watched": 1})
WORD = step("word")
EXTRA = step("extra", {"tip.sent": 1}, optional=True)


class Quests(Game):
    """A game, played by somebody with quests."""

    def start(self, key: str = "q") -> None:
        events, settled = quest_commands.start(self.state, self.catalog, key, now=self.now)
        self.events += events
        self.settled += settled

    def complete(self, step_: str, key: str = "q") -> None:
        self.events += quest_commands.complete_step(self.state, self.catalog, key, step_, now=self.now)

    def claim(self, key: str = "q") -> None:
        self.events += quest_commands.claim(self.state, self.catalog, key, now=self.now)[2]

    def claim_everything(self) -> None:
        for board, each in waiting(self.state):
            self.events += pay(self.state, board, each, at=self.now)

    def run(self, key: str = "q") -> tuple[Board, Mission]:
        run = quests.find_run(self.state, key)
        assert run is not None
        return run

    def has_run(self, key: str = "q") -> bool:
        return quests.find_run(self.state, key) is not None

    def done(self, key: str = "q") -> list[str]:
        """The steps of the run on the board that are done."""
        _, run = self.run(key)
        template = self.catalog.template(key, run.version)
        return [each.key for each, at in zip(template.steps, run.steps, strict=True) if at is not None]

    def status(self, key: str = "q") -> str:
        return quests.status(self.state, self.catalog.templates[key], now=self.now)

    def why_not(self, key: str = "q") -> str | None:
        return quest_commands.why_not(self.state, self.catalog, key, now=self.now)

    def shown(self) -> list[str]:
        return [each.key for each in quest_commands.shown(self.state, self.catalog, now=self.now)]

    def told(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    def act_at(self, at: int, type_: str = "post.created", *, now: int | None = None) -> None:
        self.act(action(f"{type_}{at}", at, type_), now=now)

    def refused(self, kind: type[MissionsError], command: Any, *args: Any) -> tuple[str, dict[str, object]]:
        before = self.copy().state
        with pytest.raises(kind) as caught:
            command(*args)
        assert self.state == before
        return caught.value.code, caught.value.details


def playing(*templates: dict[str, Any], **rules: Any) -> Quests:
    """A new player."""
    return Quests(catalog(*templates, **rules), now=START)
