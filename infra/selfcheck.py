"""The local stack's proof that it works: actions through the queue, a mission completed and claimed, its reward in the wallet."""

import json
import math
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from infra.errors import ToolError
from infra.local.api import Api
from infra.local.stack import LocalStack, local_session
from infra.local.tokens import issue_token
from missions_core.authoring.compiler import compile_catalog
from missions_core.authoring.loader import load_catalog
from missions_core.domain.catalog import Catalog, Group, Leaf, Template
from missions_core.domain.requirements import holds_where
from missions_core.domain.snapshots import catalog_from_snapshot

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.1
MOST_ACTIONS = 50
TRIES = 5  # each new player is dealt another hand

Data = dict[str, Any]  # an action's `data`


class Act(NamedTuple):
    """An action to send, without its envelope."""

    type: str
    data: Data


class Easiest(NamedTuple):
    """A mission the player has and the actions that complete it."""

    mission: str
    template: Template
    acts: list[Act]


def check_stack(stack: LocalStack, catalog_dir: Path) -> None:
    """Let a new player complete and claim the easiest mission; raises, naming the step, when its reward does not arrive."""
    catalog = catalog_from_snapshot(compile_catalog(load_catalog(catalog_dir).source))
    host = Api(stack.api_url, issue_token(stack, "selfcheck-service", "service").token)
    for _ in range(TRIES):
        issued = issue_token(stack, f"selfcheck-{secrets.token_hex(4)}")
        _expect(host.request("PUT", f"/v1/players/{issued.player}", {"zone": "UTC"}).status, "register a player")
        player = Api(stack.api_url, issued.token)
        dealt = player.get("/v1/me/missions")
        _expect(dealt.status, "list the player's missions")
        if easiest := _easiest(dealt.body["items"], catalog):
            _complete(stack, player, issued.player, easiest)
            return
    raise ToolError(f"self check: no player was dealt a mission that up to {MOST_ACTIONS} plain actions complete; is the catalog right?")


def solve(catalog: Catalog, template: Template) -> list[Act] | None:
    """Actions that complete the template at once; None where only time, or something unusual, can."""
    if template.requires_start or template.active_hours or template.time_limit_ms:
        return None
    acts = _solve_group(catalog, template, template.tree)
    return None if acts is None or any(_is_impossible(catalog, act) for act in acts) else acts


def _is_impossible(catalog: Catalog, act: Act) -> bool:
    rules = [rule.where for rule in catalog.rules.fraud.impossible if rule.action == act.type]
    return any(all(holds_where(condition, act.data) for condition in where) for where in rules)


def _easiest(missions: list[Mapping[str, Any]], catalog: Catalog) -> Easiest | None:
    open_missions = [(mission["id"], catalog.templates[mission["template"]]) for mission in missions if mission["status"] == "active"]
    solved = [Easiest(id_, template, acts) for id_, template in open_missions if (acts := solve(catalog, template)) and _pays(template)]
    easiest = min(solved, key=lambda found: len(found.acts), default=None)
    return easiest if easiest and len(easiest.acts) <= MOST_ACTIONS else None


def _pays(template: Template) -> bool:
    return any(template.rewards.amounts.values())


def _solve_group(catalog: Catalog, template: Template, group: Group) -> list[Act] | None:
    children = [
        _solve_group(catalog, template, child) if isinstance(child, Group) else _solve_leaf(catalog, template.leaves[child])
        for child in group.children
    ]
    solved = [acts for acts in children if acts is not None]
    if group.every:
        return [act for acts in solved for act in acts] if len(solved) == len(children) else None
    return min(solved, key=len, default=None)


def _solve_leaf(catalog: Catalog, leaf: Leaf) -> list[Act] | None:
    data = _matching(leaf)
    if data is None or leaf.decided_at_settle or leaf.action not in catalog.rules.actions:
        return None
    target = leaf.target + (1 if leaf.op == ">" else 0)
    field = leaf.field or ""
    if leaf.aggregate == "count" or (leaf.aggregate == "days" and target <= 1):
        return [Act(leaf.action, data)] * math.ceil(target)
    if leaf.aggregate in {"sum", "max"} and field not in data:
        return [Act(leaf.action, data | {field: _plain(target)})]
    if leaf.aggregate == "distinct" and field not in data:
        return [Act(leaf.action, data | {field: f"self-check-{number}"}) for number in range(math.ceil(target))]
    return None


def _matching(leaf: Leaf) -> Data | None:
    """`data` that satisfies every `where` of the leaf; None where two clauses meet on one field or one only excludes."""
    data: Data = {}
    for clause in leaf.where:
        if clause.field in data or (clause.op == "!=") or (clause.op == "exists" and not clause.value):
            return None
        data[clause.field] = _satisfying(clause.op, clause.value)
    return data


def _satisfying(op: str, value: Any) -> Any:
    match op:
        case "in" | "between":
            return _plain(value[0])
        case "exists":
            return 1
        case ">":
            return _plain(value + 1)
        case "<":
            return _plain(value - 1)
        case _:
            return _plain(value)


def _plain(value: Any) -> Any:
    return (int(value) if value == int(value) else float(value)) if isinstance(value, Decimal) else value


def _complete(stack: LocalStack, api: Api, player: str, easiest: Easiest) -> None:
    _send(stack, player, easiest.acts)
    path = f"/v1/me/missions/{easiest.mission}"
    mission = _poll(lambda: api.get(path).body, lambda body: body["status"] in {"completed", "claimed"}, f"{easiest.mission} to complete")
    if mission["can_claim"]:
        _expect(api.post(f"{path}/claim").status, f"claim mission {easiest.mission}")
    currency = next(name for name, amount in easiest.template.rewards.amounts.items() if amount)
    _poll(
        lambda: api.get("/v1/me/wallet").body["balances"].get(currency, {"balance": 0}),
        lambda balance: balance["balance"] >= easiest.template.rewards.amounts[currency],
        f"the {currency} of {easiest.mission} to reach the wallet",
    )


def _send(stack: LocalStack, player: str, acts: list[Act]) -> None:
    sqs = local_session().client("sqs", endpoint_url=stack.endpoint_url)
    for act in acts:
        sqs.send_message(QueueUrl=stack.actions_queue_url, MessageBody=json.dumps(_cloud_event(player, act)))


def _cloud_event(player: str, act: Act) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": secrets.token_hex(8),
        "source": "missions/self-check",
        "type": act.type,
        "subject": player,
        "time": datetime.now(UTC).isoformat(),
        "data": act.data,
    }


def _poll(ask: Callable[[], Any], is_done: Callable[[Any], bool], awaited: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done(answer := ask()):
        if time.monotonic() > deadline:
            raise ToolError(f"self check: waited {PATIENCE_SECONDS} s for {awaited}; the last answer was {json.dumps(answer)}")
        time.sleep(POLL_SECONDS)
    return answer


def _expect(status: int, what: str) -> None:
    if not 200 <= status < 300:
        raise ToolError(f"self check: could not {what}: HTTP {status}")
