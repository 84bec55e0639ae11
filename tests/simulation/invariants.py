"""What must hold once everything has come to rest: the table, the bus and the clients' answers against the model. Each check has a name."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import boto3

from missions_core.domain.state import mission_id
from missions_core.storage.scores import Leaderboard
from tests.simulation import model
from tests.simulation.catalogs import ACHIEVEMENTS, BASE, FIRST, FREEZE_PRICE, QUESTS, UPLOAD_PRICE, VERSIONS
from tests.simulation.clients import Request
from tests.simulation.engine import Simulation
from tests.simulation.player import DRAWN, Player, span_of
from tests.simulation.refusals import is_right
from tests.simulation.runtime import CLOCK, TABLE
from tests.simulation.trace import DAY_MS

RACE = FIRST["race"]
MOST_EVIDENCE = 100  # for one mission; more than clients ever hand in
UNDER_WAY_MS = 7 * 60 * 60_000  # how long a leaderboard that is final waits for scores under way
UNCOUNTED = ("MissionStarted", "StreakBroken", "EvidenceDecided")


def violations(simulation: Simulation) -> list[str]:
    """Everything that does not hold, each beginning with the name of the invariant."""
    found = [*simulation.journal.violations, *_world(simulation)]
    leaderboards = _leaderboards(simulation)
    players = [Player(simulation, name, leaderboards) for name in simulation.journal.lives]
    for player in players:
        for invariant, check in CHECKS.items():
            found += [f"{invariant}: {player.name}: {finding}" for finding in check(player)]
            if found and check is _periods:
                break  # the others would compare what belongs to different days
    found += [f"leaderboards rank what was done: {finding}" for finding in _standings(simulation, players, leaderboards)]
    return found + list(_repeats(simulation))


def _world(simulation: Simulation) -> Iterator[str]:
    journal = simulation.journal
    applied = {id_ for life in journal.lives.values() for id_ in life.deeds}
    of_erased = {id_ for id_, action in journal.sent.items() if action["subject"] in journal.erased}
    if lost := sorted(journal.queued - applied - of_erased):
        yield f"no action is lost: {lost}"
    refused = Counter(entry["body"] for entry in journal.quarantined)
    if missing := [body for body in journal.poison if body not in refused]:
        yield f"what cannot be handled is quarantined: {missing}"
    if unexpected := [body for body in refused if body not in journal.poison]:
        yield f"nothing else is quarantined: {unexpected}"
    for player, versions in journal.versions.items():
        if versions != list(range(1, len(versions) + 1)):
            yield f"no write is overwritten: {player} has versions {versions}"
    for request in simulation.clients.requests:
        yield from _answer(simulation, request)
    yield from (f"an erased player stays erased: {player}: {left}" for player in journal.erased for left in _left_of(simulation, player))


def _left_of(simulation: Simulation, player: str) -> Iterator[str]:
    """Of an erased player a bare tombstone is left, and a ledger that adds up."""
    rows, tombstone = table(), (f"PLAYER#{player}", "STATE")
    account = simulation.journal.erased[player]
    ledger = simulation.runtime.stores.ledger
    total = _total(grant.rewards.amounts for grant in ledger.grants(account, limit=1000, cursor=None)[0])
    if total != ledger.wallet(account):
        yield f"the wallet holds {ledger.wallet(account)}, the ledger adds up to {total}"
    if set(left := rows.get(tombstone, {})) != {"PK", "SK", "version", "erased_at"}:
        yield f"the tombstone says {sorted(left)}"
    if named := sorted(key for key, row in rows.items() if key != tombstone and (key[0] == tombstone[0] or f"'{player}'" in repr(row))):
        yield f"is named by {named}"
    if standing := [board.label for board in _leaderboards(simulation) if player in {entry.player for entry in board.entries}]:
        yield f"stands on the leaderboards of {standing}"
    if [event["type"] for event in simulation.journal.events.values() if event["subject"] == player].count("PlayerErased") != 1:
        yield "the world was not told once"


def _total(amounts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in amounts:
        total.update(each)
    return dict(total)


def _answer(simulation: Simulation, request: Request) -> Iterator[str]:
    """A request that took effect was told so, however often it had to be repeated."""
    name = f"{request.path} of {request.player}"
    if not request.is_final:
        if request not in simulation.clients.given_up(now=CLOCK.now):
            yield f"every request gets an answer: {name}: {request.status}"
    elif request.target in simulation.journal.erased:
        return  # who is gone is told so
    elif request.took_effect and request.status != 200:
        yield f"a repeated request hears its first answer: {name} took effect, then heard {request.status} {request.problem}"
    elif request.status == 200 and not request.took_effect and not request.path.startswith(("/v1/actions", "/v1/admin/reviews")):
        yield f"an answer is true: {name} was answered 200 and nothing was written"


def _counters(player: Player) -> Iterator[str]:
    done = Counter(deed.type for deed in player.life.deeds.values())
    counted = {name: count for name, count in player.state.lifetime.items() if not name.startswith("game.")}
    if dict(done) != counted:
        yield f"counted {counted}, done {dict(done)}"


def _periods(player: Player) -> Iterator[str]:
    boards = [board.period for board in [*player.settled, *player.state.boards]]
    for kind in DRAWN:
        until = player.state.updated_at
        expected = {(span.label, span.start, span.end) for span in player.calendar.chain(kind, until) if span.start <= until}
        dealt = Counter((period.label, period.start, period.end) for period in boards if period.kind == kind)
        if expected != set(dealt) or max(dealt.values(), default=1) > 1:
            yield f"{kind} boards {sorted(dealt.elements())} should be {sorted(expected)}"


def _deals(player: Player) -> Iterator[str]:
    for board in (board for board in [*player.settled, *player.state.boards] if board.period.kind != "quest"):
        keys = sorted(mission.template for mission in board.missions)
        period = board.period
        lengthened = period.kind == "weekly" and model.is_lengthened(span_of(board), period.clock.start_hour)  # competes with nobody
        offers = [
            sorted(key for key, spec in version.items() if spec.period == period.kind and not (spec.prizes and lengthened))
            for version in VERSIONS
        ]
        if keys not in offers and not (board.period.kind == "perpetual" and len(keys) == 1):
            yield f"{board.period.kind} {board.period.label} has {keys}"


def _progress(player: Player) -> Iterator[str]:
    for board, mission, _ in player.missions():
        spec = player.spec(mission)
        if board.period.kind == "perpetual" or spec.aggregate == "days":
            continue
        counted, expected = model.as_number(mission.progress[0]), player.gathered(board, mission)
        if counted != expected and (spec.op == "==" or min(counted, spec.target) != min(expected, spec.target)):
            yield f"{mission_id(board, mission)} counted {counted}, done {expected}"


def _completed(player: Player) -> Iterator[str]:
    for board, mission, final in player.missions():
        expected = player.completions(board, mission, final=final)
        if board.period.kind != "perpetual" and (mission.completed_at is not None) != expected:
            yield f"{mission_id(board, mission)} is {mission.status}, should {'' if expected else 'not '}be complete"


def _announced(player: Player) -> Iterator[str]:
    """Every completion was announced once, every grant, check-in and end of a streak too, and nothing else."""
    completed = [(board, mission_id(board, mission)) for board, mission, _ in player.missions() if mission.completed_at is not None]
    expected = Counter(("MissionCompleted", name) for board, name in completed if board.period.kind != "perpetual")
    expected += Counter(("MissionCompleted", f"always:always-{n}") for n in range(player.ordinals()))
    expected += Counter(("MissionCompleted", mission_id(*dealt[:2])) for dealt in player.missions() if player.is_approved_late(*dealt[:2]))
    expected += Counter(("CheckInCompleted", day.label) for day in model.check_in_days(player.life, player.days))
    expected += Counter(_announced_quests(player))
    expected += Counter(
        ("AchievementUnlocked", f"{key}:{tier or ''}") for key, reached in player.tiers_reached().items() for tier in reached
    )
    expected += Counter(("RewardClaimed", grant.cause) for grant in player.payments() if not grant.cause.startswith("check_in:"))
    told = Counter((event["type"], _subject(event)) for event in player.events if event["type"] not in UNCOUNTED)
    if player.simulation.stream.kept:
        told |= expected  # what the publisher gave up lies where an operator finds it
    if expected != told:
        yield f"not told: {sorted((expected - told).elements())}; told for nothing: {sorted((told - expected).elements())}"


def _announced_quests(player: Player) -> Iterator[tuple[str, str]]:
    for board, mission, final in player.quests():
        run, done = mission_id(board, mission), player.steps_done(board, mission)
        steps = QUESTS[mission.template].steps
        if mission.first_at is not None or mission.started_at is not None:
            yield "QuestStarted", run
        yield from (("QuestStepCompleted", f"{run}:{step}") for step, is_done in zip(steps, done, strict=True) if is_done)
        if all(done):
            yield "QuestCompleted", run
        elif final:
            yield "QuestFailed", run


def _granted(player: Player) -> Iterator[str]:
    """Every cause to pay has exactly one grant of what it is worth; nothing else was paid."""
    owed = {f"check_in:{day.label}": BASE for day in model.check_in_days(player.life, player.days)}
    for ordinal in range(player.ordinals()):
        owed[f"mission:always:always-{ordinal}"] = VERSIONS[0]["always"].rewards
    for board, mission, final in player.missions():
        if board.period.kind != "perpetual" and player.is_claimed(board, mission, final=final):
            owed[f"mission:{mission_id(board, mission)}"] = player.spec(mission).rewards
        if player.is_approved_late(board, mission):
            owed[f"mission:{mission_id(board, mission)}"] = player.spec(mission).rewards
    owed |= dict(_refunds(player))
    owed |= dict(_owed_for_quests(player)) | dict(_owed_for_achievements(player)) | dict(_prizes_of(player))
    paid = Counter(grant.cause for grant in player.payments())
    if twice := [cause for cause, times in paid.items() if times > 1]:
        yield f"paid twice: {twice}"
    if set(paid) != set(owed):
        yield f"unpaid: {sorted(set(owed) - set(paid))}; not owed: {sorted(set(paid) - set(owed))}"
    for grant in player.payments():
        worth = {name: amount for name, amount in owed.get(grant.cause, {}).items() if isinstance(amount, int)}
        if grant.cause in owed and dict(grant.rewards.amounts) != worth:
            yield f"{grant.cause} paid {grant.rewards.amounts}, worth {worth}"


def _refunds(player: Player) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Uploads are paid back that were neither approved for a mission whose requirements held, nor are still looked at.

    Whoever uploads after an unused form takes over its price, so what was bought once may end with a later number.
    """
    under_way = set(_under_way(player))
    dealt = {mission_id(board, mission): (board, mission) for board, mission, _ in player.missions()}
    paid = {grant.cause for grant in player.payments()}
    for id_, numbers in _paid_for(player):
        is_approved = player.life.approvals.get(id_, (0, 0))[1] in numbers
        in_vain = is_approved and not (player.is_approved_in_time(*dealt[id_]) or player.is_met(*dealt[id_], final=True))
        if not any((id_, number) in under_way for number in numbers) and (in_vain or not is_approved):
            causes = [f"refund:{id_}:{number}" for number in numbers]
            yield next((cause for cause in causes if cause in paid), causes[0]), UPLOAD_PRICE


def _paid_for(player: Player) -> Iterator[tuple[str, list[int]]]:
    """Missions with the numbers of the uploads that one purchase can have paid for: up to the next one."""
    evidence = player.simulation.runtime.stores.evidence
    bought = sorted((id_, int(number)) for id_, _, number in (each.rpartition(":") for each in player.bought("evidence")))
    for id_, number in bought:
        later = [other for of, other in bought if of == id_ and other > number]
        rows = [evidence.load(player.name, id_, each) for each in range(number, min(later, default=number + MOST_EVIDENCE))]
        yield id_, [row.number for row in rows if row is not None and row.type == "uploaded_content"]


def _under_way(player: Player) -> Iterator[tuple[str, int]]:
    """Evidence that is not decided, of missions that are open or waited for it when they became final."""
    for board, mission in player.state.missions():
        yield from ((mission_id(board, mission), each.number) for each in mission.evidence if each.is_open)
    yield from ((id_, kept.submission.number) for id_, kept in player.state.unproven.items())


def _owed_for_quests(player: Player) -> Iterator[tuple[str, Mapping[str, int]]]:
    for board, mission, _ in player.quests():
        quest, done = QUESTS[mission.template], player.steps_done(board, mission)
        cause = f"quest:{mission_id(board, mission)}"
        yield from (
            (f"{cause}:{key}", step.rewards) for (key, step), ok in zip(quest.steps.items(), done, strict=True) if ok and step.rewards
        )
        if all(done):
            yield cause, quest.rewards


def _owed_for_achievements(player: Player) -> Iterator[tuple[str, Mapping[str, int]]]:
    for key, reached in player.tiers_reached().items():
        for tier in reached:
            yield f"achievement:{key}" + (f":{tier}" if tier else ""), ACHIEVEMENTS[key][1][tier][1]


def _prizes_of(player: Player) -> Iterator[tuple[str, Mapping[str, int]]]:
    for board in player.leaderboards:
        for rank, entry in enumerate(board.entries, start=1):
            if board.is_paid and entry.player == player.name and rank in RACE.prizes:
                yield f"board:{board.board}:{board.label}:{rank}", RACE.prizes[rank]


def _claims(player: Player) -> Iterator[str]:
    for board, mission, final in player.missions():
        expected = player.is_claimed(board, mission, final=final)
        if board.period.kind != "perpetual" and (mission.status == "claimed") != expected:
            yield f"{mission_id(board, mission)} is {mission.status}, should {'' if expected else 'not '}be claimed"


def _refusals(player: Player) -> Iterator[str]:
    for refusal in player.simulation.journal.refusals[player.name]:
        request = refusal.request
        if not is_right(player, refusal):
            yield f"{request.method} {request.path} {request.body or ''} at {refusal.at}: {refusal.problem}"


def _wallet(player: Player) -> Iterator[str]:
    total = _total(grant.rewards.amounts for grant in player.grants)
    goods: Counter[str] = Counter()
    for grant in player.grants:
        goods.update({item.id: item.quantity for item in grant.rewards.items})
        goods.update(grant.rewards.badges)
    if total != player.wallet:
        yield f"holds {player.wallet}, the ledger adds up to {total}"
    rows, _ = player.simulation.runtime.stores.ledger.inventory(player.state.account, limit=1000, cursor=None)
    if dict(goods) != {row.id: row.quantity for row in rows}:
        yield f"has {[(row.id, row.quantity) for row in rows]}, the ledger adds up to {dict(goods)}"
    if (granted := total.get("xp", 0)) != player.state.lifetime_xp:
        yield f"lifetime xp {player.state.lifetime_xp}, granted {granted}"


def _purchases(player: Player) -> Iterator[str]:
    """Whatever was bought was paid for, once, and nothing else was; nobody ever had less than nothing."""
    if len(player.bought("freeze")) != len(player.life.freezes):
        yield f"paid for {player.bought('freeze')}, had {len(player.life.freezes)} freezes"
    prices = {"freeze": FREEZE_PRICE, "evidence": UPLOAD_PRICE}
    for grant in (grant for grant in player.grants if grant.cause.startswith("purchase:")):
        price = prices[grant.cause.split(":")[1]]
        if dict(grant.rewards.amounts) != {name: -amount for name, amount in price.items()}:
            yield f"paid {grant.rewards.amounts} for {grant.cause}"
    if overdrawn := {name: amount for name, amount in player.wallet.items() if amount < 0}:
        yield f"overdrawn: {overdrawn}"


def _streaks(player: Player) -> Iterator[str]:
    for kind, freezes in (("daily", True), ("weekly", False)):
        expected = player.folded(kind, freezes=freezes)
        held = player.state.streaks[kind]
        if (held.current, held.best, held.freezes) != (expected.current, expected.best, expected.freezes):
            yield f"{kind} is {held}, should be {expected}"
        told = [event["data"]["broken_at"] for event in player.events if event["type"] == "StreakBroken" and event["data"]["kind"] == kind]
        if len(told) != len(expected.breaks) and not player.simulation.stream.kept:
            yield f"{kind} ended at {expected.breaks}, told {told}"


def _check_ins(player: Player) -> Iterator[str]:
    card = player.state.check_ins
    expected = model.check_in_streak(player.life, player.days, player.state.updated_at)
    if (card.streak, card.best, card.total) != (*expected, len(player.life.check_ins)):
        yield f"card {card}, should be {expected} of {len(player.life.check_ins)}"


def _quests(player: Player) -> Iterator[str]:
    """Every quest that starts by itself has one run, the others one if the player began it; steps and ends follow from what was done."""
    runs = Counter(mission.template for _, mission, _ in player.quests())
    expected = {key: 1 for key, quest in QUESTS.items() if not quest.requires_start or key in player.life.starts}
    if dict(runs) != expected:
        yield f"runs {dict(runs)}, should be {expected}"
    for board, mission, final in player.quests():
        done, told = player.steps_done(board, mission), [at is not None for at in mission.steps]
        if done != told:
            yield f"{mission_id(board, mission)} has done {told}, should have {done}"
        over = board.period.end + DAY_MS <= player.state.updated_at
        status = "claimed" if all(done) else "failed" if final else "active"
        if mission.status != status or (over and not final):
            yield f"{mission_id(board, mission)} is {mission.status}{', final' if final else ''}, should be {status}"


def _achievements(player: Player) -> Iterator[str]:
    expected = {key: len(reached) for key, reached in player.tiers_reached().items() if reached}
    unlocked = {key: len(held.tiers) for key, held in player.state.achievements.items()}
    if expected != unlocked:
        yield f"unlocked {unlocked}, should be {expected}"


def _leaderboards(simulation: Simulation) -> list[Leaderboard]:
    labels = sorted({key.rpartition("#")[2] for key, sort in table() if key.startswith("SCORES#race#") and sort == "TOP"})
    found = (simulation.runtime.stores.scores.load("race", label, consistent=True) for label in labels)
    return [board for board in found if board is not None]


def _standings(simulation: Simulation, players: Sequence[Player], leaderboards: Sequence[Leaderboard]) -> Iterator[str]:
    """Ranks are the scores in order, and while a leaderboard is open, scores are what was done in time."""
    for board in leaderboards:
        ranked = [(entry.player, int(entry.score), entry.reached_at) for entry in board.entries]
        if ranked != sorted(ranked, key=lambda entry: (-entry[1], entry[2], entry[0])):
            yield f"{board.label} is out of order: {ranked}"
        if board.is_paid != (model.final_at(board.label) + UNDER_WAY_MS <= simulation.rotated_at):
            yield f"{board.label} is {'' if board.is_paid else 'not '}paid, its end was {model.final_at(board.label)}"
        if board.closed_at is None and not simulation.stream.kept:
            scores = {player.name: _score(player, board.label) for player in players}
            expected = {(name, *score) for name, score in scores.items() if score is not None}
            if set(ranked) != expected:
                yield f"{board.label} ranks {ranked}, should rank {sorted(expected)}"


def _score(player: Player, label: str) -> tuple[int, int] | None:
    boards = (board for board, mission, _ in player.missions() if board.period.label == label and mission.template == "race")
    return next((model.score(player.life.deeds.values(), "post.created", span_of(b), before=model.final_at(label)) for b in boards), None)


def _pending(player: Player) -> Iterator[str]:
    if player.state.pending:
        yield f"{[grant.cause for grant in player.state.pending]}"


def _subject(event: dict[str, Any]) -> str:
    data = event["data"]
    if event["type"] == "AchievementUnlocked":
        return f"{data['achievement']}:{data['tier'] or ''}"
    if event["type"] == "QuestStepCompleted":
        return f"{data['quest']}:{data['step']}"
    return str(data.get("mission") or data.get("cause") or data.get("label") or data.get("quest"))


def _repeats(simulation: Simulation) -> Iterator[str]:
    """Every action once more, and another night at once: nothing changes."""
    before = table()
    for action in simulation.journal.sent.values():
        simulation.queues["actions"].put(json.dumps(action), now=CLOCK.now)
    simulation.rest_again()
    after = table()
    if changed := sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key)):
        yield f"redriven actions and a second night change nothing: {changed}"


def table() -> dict[tuple[str, str], Any]:
    """All rows but the runs of jobs."""
    items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    rows = {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
    return {key: row for key, row in rows.items() if not key[0].startswith("JOB#")}


CHECKS: dict[str, Callable[[Player], Iterable[str]]] = {
    "periods follow the calendar": _periods,
    "every action counts exactly once": _counters,
    "every mission is dealt once": _deals,
    "progress is what was done": _progress,
    "missions complete when their requirements are met": _completed,
    "claims are honoured": _claims,
    "refusals follow from what was done": _refusals,
    "every cause is paid exactly once": _granted,
    "a wallet is the sum of its ledger": _wallet,
    "what is bought is paid for": _purchases,
    "streaks follow from the days": _streaks,
    "check-ins follow from the days": _check_ins,
    "quests follow from what was done": _quests,
    "achievements follow from what was done": _achievements,
    "no grant stays pending": _pending,
    "the world is told everything once": _announced,
}
