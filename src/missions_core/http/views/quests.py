"""Quests as players see them: what each step asks, how far it is, and what can be done next."""

from collections.abc import Sequence
from dataclasses import dataclass

from missions_core.domain import quest_commands, quests
from missions_core.domain.catalog import Template
from missions_core.domain.requirements import percent
from missions_core.domain.state import Board, Mission, QuestEnd, mission_id
from missions_core.http.languages import localised
from missions_core.http.representations.missions import Requirement
from missions_core.http.representations.quests import Quest, QuestStatus, QuestStep, StepStatus
from missions_core.http.views.missions import requirements_view, rewards_view
from missions_core.instants import end_of, timestamp
from missions_core.use_cases.read import PlayerView

LISTED = ("in_progress", "not_started", "completed", "failed", "expired")  # under way, available, ended


@dataclass(frozen=True, slots=True)
class _Run:
    """What is known of a run, or of one that might be: `done` by step."""

    template: Template
    mission: Mission
    status: str
    done: Sequence[bool]
    id: str | None = None
    ends_at: int | None = None
    is_open: bool = False


def quest_list(view: PlayerView, languages: Sequence[str]) -> list[Quest]:
    """Every quest the player can see: under way, then available, then ended; featured ones first."""
    runs = [_latest_run(view, template) for template in quest_commands.shown(view.state, view.catalog, now=view.now)]
    runs.sort(key=lambda run: (LISTED.index(run.status), not run.template.featured, -run.template.priority))
    return [_quest(view, run, languages) for run in runs]


def quest_view(view: PlayerView, key: str, languages: Sequence[str]) -> Quest:
    """One quest. NotFound: none the player can see."""
    return _quest(view, _latest_run(view, quest_commands.find_shown(view.state, view.catalog, key, now=view.now)), languages)


def run_view(view: PlayerView, board: Board, mission: Mission, languages: Sequence[str]) -> Quest:
    """One run of a quest, whether it is still on the board or not."""
    return _quest(view, _run(view, board, mission), languages)


def _latest_run(view: PlayerView, template: Template) -> _Run:
    run, ended = quests.find_run(view.state, template.key), view.state.quests.get(template.key)
    if run is not None:
        return _run(view, *run)
    if ended is not None:
        return _ended_run(view, template, ended)
    mission = Mission(template.key, template.version, [None] * len(template.leaves), steps=[None] * len(template.steps))
    return _Run(template, mission, "not_started", done=[False] * len(template.steps))


def _run(view: PlayerView, board: Board, mission: Mission) -> _Run:
    template = view.catalog.template(mission.template, mission.version)
    return _Run(
        template,
        mission,
        quests.run_status(board, mission, template, now=view.now),
        done=[step is not None for step in mission.steps],
        id=mission_id(board, mission),
        ends_at=board.period.end,
        is_open=view.now < board.period.end,
    )


def _ended_run(view: PlayerView, template: Template, ended: QuestEnd) -> _Run:
    """A run that has left the board, of which little is remembered."""
    is_complete = ended.status == "claimed"
    mission = Mission(template.key, template.version, [None] * len(template.leaves), ended.status, steps=[None] * len(template.steps))
    mission.completed_at, mission.claimed_at = (ended.at, ended.claimed_at) if is_complete else (None, None)
    done = [step.key in ended.done or (is_complete and not step.optional) for step in template.steps]
    status = quests.status(view.state, template, now=view.now)
    return _Run(template, mission, status, done, f"{template.key}:run-{ended.runs}", None if is_complete else ended.at)


def _quest(view: PlayerView, run: _Run, languages: Sequence[str]) -> Quest:
    template, mission = run.template, run.mission
    status: QuestStatus = run.status  # type: ignore[assignment]  # the domain's statuses are these
    why_not = quest_commands.why_not(view.state, view.catalog, template.key, now=view.now)
    following = quests.next_step(mission, template) if status in ("not_started", "in_progress") else None
    return {
        "key": template.key,
        "name": localised(template.name, languages),
        "description": localised(template.description, languages),
        "category": template.category,
        "difficulty": template.difficulty,
        "status": status,
        "run": run.id,
        "percent": _percent(run),
        "steps": [_step(run, index, languages) for index in range(len(template.steps))],
        "next_step": None if following is None else template.steps[following].key,
        "rewards": rewards_view(mission.paid or template.rewards),
        "can_claim": mission.status == "completed",
        "can_start": why_not is None,
        "why_not": why_not,
        "started_at": timestamp(mission.started_at or mission.first_at),
        "ends_at": end_of(run.ends_at),
        "completed_at": timestamp(mission.completed_at),
        "claimed_at": timestamp(mission.claimed_at),
    }


def _step(run: _Run, index: int, languages: Sequence[str]) -> QuestStep:
    step = run.template.steps[index]
    return {
        "key": step.key,
        "name": localised(step.name, languages),
        "optional": step.optional,
        "manual": step.manual,
        "status": _step_status(run, index),
        "completed_at": timestamp(run.mission.steps[index]),
        "percent": _step_percent(run, index),
        "requirements": _requirements(run, index, languages),
        "rewards": rewards_view(step.rewards),
    }


def _step_status(run: _Run, index: int) -> StepStatus:
    if run.done[index]:
        return "done"
    is_ready = run.is_open and run.template.steps[index].manual and quests.is_ready(run.mission, run.template, index)
    return "ready" if is_ready else "open"


def _requirements(run: _Run, index: int, languages: Sequence[str]) -> list[Requirement]:
    own = run.template.steps[index].leaves
    shown = requirements_view([run.template.leaves[n] for n in own], [run.mission.progress[n] for n in own], languages)
    is_remembered = run.done[index] and run.mission.steps[index] is None  # as done, without how
    return [{**each, "current": each["target"], "done": True} for each in shown] if is_remembered else shown


def _step_percent(run: _Run, index: int) -> int:
    """Of what the step asks for; what asks for nothing but the player's word has no way to be half done."""
    step = run.template.steps[index]
    if run.done[index] or not step.leaves:
        return 100 if run.done[index] else 0
    return percent(step.tree, run.template.leaves, run.mission.progress)


def _percent(run: _Run) -> int:
    """The mean of the steps that must be done; 100 is kept for a quest that is complete."""
    if run.mission.completed_at is not None:
        return 100
    required = [_step_percent(run, index) for index, step in enumerate(run.template.steps) if not step.optional]
    return min(99, sum(required) // max(1, len(required)))  # a lost template has none
