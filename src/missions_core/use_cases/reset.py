"""The reset job: one message per shard of the due index; whoever receives it settles that shard's players."""

import json
from collections.abc import Callable

from aws_lambda_powertools.metrics import MetricUnit

from missions_core.messaging import Queue
from missions_core.observability import create_logger, create_metrics
from missions_core.storage.keys import DUE_SHARDS
from missions_core.use_cases.reconcile import reconcile
from missions_core.use_cases.stores import Stores

logger = create_logger()
metrics = create_metrics()

PAGE = 50


def fan_out(queue: Queue, *, scheduled_at: int) -> int:
    """Ask for every shard to be settled; returns how many were asked for. RuntimeError: the queue refused some, run again."""
    bodies = [shard_message(shard, scheduled_at) for shard in range(DUE_SHARDS)]
    if failed := queue.send(bodies):
        raise RuntimeError(f"the settle queue refused {len(failed)} of {len(bodies)} messages")
    return len(bodies)


def shard_message(shard: int, scheduled_at: int) -> str:
    """The settle queue's message."""
    return json.dumps({"shard": shard, "scheduled_at": scheduled_at})


def settle_shard(stores: Stores, rewards: Queue, shard: int, *, now: int, out_of_time: Callable[[], bool]) -> bool:
    """Settle a shard's due players until none is left (True) or time is up (False: send the shard to the queue again).

    RuntimeError after the others are done, if some players could not be settled: the message comes back for them.
    """
    metrics.add_metric("ShardsReceived", MetricUnit.Count, 1)
    tried: set[str] = set()
    failed: list[str] = []
    while True:
        due = stores.players.due(shard, now=now, limit=PAGE + len(tried))  # the index may still name some that were just settled
        players = [player for player in due if player not in tried]
        if not players:
            break
        for player in players:
            if out_of_time():
                return False
            tried.add(player)
            if not _settle(stores, rewards, player, now=now):
                failed.append(player)
    metrics.add_metric("PlayersSettled", MetricUnit.Count, len(tried) - len(failed))
    logger.info("shard settled", shard=shard, players=len(tried), failed=len(failed))
    if failed:
        raise RuntimeError(f"{len(failed)} players of shard {shard} could not be settled")
    return True


def _settle(stores: Stores, rewards: Queue, player: str, *, now: int) -> bool:
    try:
        reconcile(stores, rewards, player, now=now)
    except Exception:
        # The boundary between neighbours: one player's trouble must not keep the rest of the shard waiting for their night.
        logger.exception("player not settled")
        return False
    return True
