"""The demonstration's scenes beyond missions: a quest, a secret achievement, and a contest with its prize."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from infra.activity import Act
from infra.actors import Json, Player
from infra.errors import ToolError
from infra.polling import wait_for
from infra.spelling import spelled
from infra.stage import DAY_SECONDS, Stage
from missions_core.use_cases.closing import UNDER_WAY_MS

QUEST = "grand_tour"
QUEST_CAUSE = f"quest:{QUEST}:run-1"
BY_WORD = "house_rules"
BY_ACTIONS: tuple[tuple[str, Sequence[Act]], ...] = (
    ("hello", [Act("shoutbox.message", {"length": 20})]),
    ("rooms", [Act("post.created", {"forum_id": forum}) for forum in ("general", "offtopic")]),
    ("applause", [Act("reaction.added", {})] * 3),
)
HIDDEN = "the_answer"
HIDDEN_ACT = Act("shoutbox.message", {"length": 42})
CONTEST = "weekly_columnist"
CONTEST_ACT = Act("post.created", {"length": 200})
RIVALS = ("ivy", "jon")
RIVALS_SCORE = 3  # both: who was there first is ahead. The streak's player wrote more than that today


class Scenes:
    """Each returns the line that sums it up, or raises ToolError if what it shows did not happen."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._say = say

    def quest(self, player: Player) -> str:
        """Start a quest and complete its steps: one by the player's word, the others by actions."""
        path = f"/v1/me/quests/{QUEST}"
        quest = player.expect(player.api.post(f"{path}/start"))
        self._say(f"HTTP start {quest['name']}: {quest['status']}, the next step is {quest['next_step']}")
        quest = player.expect(player.api.post(f"{path}/steps/{BY_WORD}/complete"))
        self._say(f"HTTP complete {BY_WORD}: {quest['percent']} %, the next step is {quest['next_step']}")
        for step, acts in BY_ACTIONS:
            self._act(player, acts)
            quest = _quest_once_done(player, step)
            self._say(f"SQS  {len(acts)} {acts[0].type}: {step} is done, {quest['percent']} %")
        if quest["status"] != "completed":
            raise ToolError(f"all steps are done, and {QUEST} is {quest['status']}")
        return f"{quest['name']} completed; {self._paid_for_quest(player)}"

    def secret(self, player: Player) -> str:
        """Unlock an achievement nobody is told of, and fetch its badge."""
        path = f"/v1/me/achievements/{HIDDEN}"
        code = player.expect(player.api.get(path), status=404)["code"]
        self._say(f"HTTP {HIDDEN}: 404 {code}, as if there were none")
        self._act(player, [HIDDEN_ACT])
        badge = wait_for(lambda: player.api.get(f"{path}/badge"), lambda answer: answer.status == 200, f"{HIDDEN} to unlock").body
        name = badge["credential"]["credentialSubject"]["achievement"]["name"]
        self._say(f"SQS  {HIDDEN_ACT.type}: {name} is unlocked")
        self._say(f"HTTP badge: {', '.join(badge['credential']['type'])}, {'signed' if badge['signed'] else 'not signed: no key here'}")
        return f"{name} unlocked by an action, its badge is an Open Badges credential"

    def rarity(self, player: Player) -> str:
        """See how many have it. The day after: such counts may be a minute old, and nobody should wait for that here."""
        path = f"/v1/me/achievements/{HIDDEN}"
        found = wait_for(lambda: player.expect(player.api.get(path)), lambda found: found["rarity"], f"the rarity of {HIDDEN}")
        self._say(f"HTTP {HIDDEN}: {found['status']}, rarity {found['rarity']:.2f}")
        return f"{found['rarity']:.0%} of all players have {found['name']}"

    def contest(self, player: Player) -> str:
        """Let rivals tie for the second place."""
        rivals = [self._stage.enter(name) for name in RIVALS]
        for rival in rivals:
            self._act(rival, [CONTEST_ACT] * RIVALS_SCORE)
        players = {each.id: each.name for each in (player, *rivals)}
        second = rivals[0]
        board = wait_for(
            lambda: _leaderboard(second, "around=me&limit=3"),
            lambda board: _ranked(board) == list(players) and {standing["score"] for standing in board["items"][1:]} == {RIVALS_SCORE},
            f"{', '.join(players.values())} in this order, the rivals with {RIVALS_SCORE} each",
        )
        self._label, self._closes_at = board["period"]["label"], datetime.fromisoformat(board["period"]["closes_at"])
        self._say(
            f"HTTP {board['name']} {self._label}, around {second.name}: {board['status']}, open until {self._closes_at:%a %d %b %H:%M} UTC"
        )
        ranks = [f"{standing['rank']}. {players[standing['player']]} {standing['score']}" for standing in board["items"]]
        for rank in ranks:
            self._say(f"     {rank}")
        return f"{', '.join(ranks)}: of equals, who was there first"

    def prize(self, player: Player) -> str:
        """Let the contest close, and the winner be paid without asking."""
        before = player.balances()
        final = self._closes_at + timedelta(milliseconds=UNDER_WAY_MS) - self._stage.host.now()
        nights = math.ceil(final.total_seconds() / DAY_SECONDS)
        self._say(f"{nights} nights pass: the clock shows {self._stage.pass_nights(player, nights):%a %d %b}")
        board = wait_for(
            lambda: _leaderboard(player, f"period={self._label}"), lambda board: board["status"] == "final", f"{CONTEST} to be final"
        )
        cause = f"board:{CONTEST}:{self._label}:{board['me']['rank']}"
        won = wait_for(lambda: _grants(player, cause), bool, f"a grant {cause}…")[0]["rewards"]
        expected = Counter(before) + Counter(won["amounts"])
        balances = wait_for(player.balances, lambda held: Counter(held) >= expected, f"{spelled(expected)} in the wallet")
        self._say(f"HTTP {board['name']} {self._label}: {board['status']}, {player.name} has rank {board['me']['rank']}")
        self._say(f"wallet: {spelled(balances)}")
        return f"rank {board['me']['rank']} paid {spelled(won['amounts'])} and the badge {', '.join(won['badges'])}"

    def _paid_for_quest(self, player: Player) -> str:
        grants = wait_for(
            lambda: _grants(player, QUEST_CAUSE),
            lambda grants: QUEST_CAUSE in {grant["cause"] for grant in grants},
            f"the grant {QUEST_CAUSE}",
        )
        for grant in reversed(grants):
            self._say(f"     {grant['cause']}: {spelled(grant['rewards']['amounts'])}")
        total = sum((Counter(grant["rewards"]["amounts"]) for grant in grants), Counter[str]())
        return f"steps and quest paid {spelled(total)}"

    def _act(self, player: Player, acts: Sequence[Act]) -> None:
        for act in acts:
            self._stage.host.report(self._stage.host.action(player, *act))


def _quest_once_done(player: Player, step: str) -> Json:
    return wait_for(
        lambda: player.expect(player.api.get(f"/v1/me/quests/{QUEST}")),
        lambda quest: (step, "done") in {(each["key"], each["status"]) for each in quest["steps"]},
        f"the step {step} to be done",
    )


def _leaderboard(player: Player, query: str) -> Json:
    board: Json = player.expect(player.api.get(f"/v1/leaderboards/{CONTEST}?{query}"))
    return board


def _ranked(board: Json) -> list[str]:
    return [standing["player"] for standing in board["items"]]


def _grants(player: Player, cause: str) -> list[Json]:
    """The ledger's rows for a cause and what belongs to it, the latest first."""
    items: list[Json] = player.expect(player.api.get("/v1/me/grants?limit=100"))["items"]
    return [item for item in items if item["cause"].startswith(cause)]
