"""POST /v1/actions: services send anyone's actions, players their own of the types that allow it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import WithJsonSchema

from missions_core import clock
from missions_core.domain.actions import Action, read_action
from missions_core.errors import InvalidInput, MissionsError, NotPermitted, RateLimited
from missions_core.http.api import Routes
from missions_core.http.problems import problem_of, status_of
from missions_core.http.representations.actions import ActionOutcome, Batch, BatchItem
from missions_core.http.schemas import ACTIONS_BODY
from missions_core.http.views.actions import action_outcome
from missions_core.observability import create_logger
from missions_core.use_cases.track import Own, Tracked, track

MAX_BATCH = 100

routes = Routes()
logger = create_logger()

Actions = Annotated[dict[str, Any], WithJsonSchema(ACTIONS_BODY), Body()]
Answer = Tracked | MissionsError


@routes.post("/v1/actions", summary="Count one action, or up to 100", tags=["actions"])
def post_actions(actions: Actions) -> ActionOutcome | Batch:
    batch = _batch_in(actions)
    if batch is None:
        return _single(_answers([actions])[0])
    if len(batch) > MAX_BATCH:
        raise InvalidInput("batch_too_large", f"a batch has at most {MAX_BATCH} actions, this one has {len(batch)}", field="actions")
    return {"items": [_item(event, answer) for event, answer in zip(batch, _answers(batch), strict=True)]}


def _batch_in(body: dict[str, Any]) -> list[Any] | None:
    """The actions of a batch, `[...]` (which the API has wrapped) or `{"actions": [...]}`; None: the body is one action."""
    if "actions" not in body or "specversion" in body:
        return None
    if unknown := sorted(set(body) - {"actions"}):
        raise InvalidInput("unknown_field", f"a batch has the member actions only, not {', '.join(unknown)}", field=unknown[0])
    if not isinstance(body["actions"], list):
        raise InvalidInput("invalid_field", "actions must be a list of actions", field="actions")
    return body["actions"]


def _answers(events: Sequence[object]) -> list[Answer]:
    """What each action came to, in order; what cannot be read does not keep its neighbours from counting."""
    is_service = "service" in routes.caller.roles
    now = clock.now()
    read = [_read(event, is_service=is_service) for event in events]
    actions = [action for action in read if isinstance(action, Action)]
    own = None if is_service else Own(routes.device)
    tracked = iter(track(routes.stores, actions, now=now, own=own) if actions else [])
    answers = [_judged(next(tracked)) if isinstance(action, Action) else action for action in read]
    logger.append_keys(outcomes=Counter(answer.code if isinstance(answer, MissionsError) else answer.outcome for answer in answers))
    return answers


def _read(event: object, *, is_service: bool) -> Action | MissionsError:
    try:
        return read_action(event) if is_service else _own(event)
    except MissionsError as error:
        return error


def _own(event: object) -> Action:
    """A player's own action: about themselves, of a type players may send. It counts now; its time only tells repeats apart."""
    player = routes.caller.player
    action = read_action({"subject": player, **event} if isinstance(event, Mapping) else event)
    if action.player != player:
        raise NotPermitted("foreign_subject", "players send their own actions only: leave subject out", field="subject")
    catalog = routes.stores.catalogs.current()
    rule = catalog.rules.actions.get(action.type)
    if action.type in catalog.known_actions and not (rule and rule.client):
        raise NotPermitted("action_not_client", f"{action.type!r} comes from the host's services, not from players", field="type")
    return action


def _judged(tracked: Tracked) -> Answer:
    """Outcomes that are errors to the sender."""
    if tracked.reason is not None:
        return tracked.reason
    if tracked.outcome == "rate_limited":
        wait = ceil(60 / tracked.per_minute) if tracked.per_minute else 1
        return RateLimited("rate_limited", f"too many actions: wait {wait} s", retry_after_seconds=wait)
    return tracked


def _single(answer: Answer) -> ActionOutcome:
    if isinstance(answer, MissionsError):
        raise answer
    return action_outcome(answer)


def _item(event: object, answer: Answer) -> BatchItem:
    id_ = event.get("id") if isinstance(event, Mapping) else None
    item: BatchItem = {"status": 200, "id": id_ if isinstance(id_, str) else None}
    if isinstance(answer, MissionsError):
        return {**item, "status": status_of(answer).value, "problem": problem_of(answer)}
    return {**item, **action_outcome(answer)}
