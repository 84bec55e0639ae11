"""Compiles rewards: amounts, goods and boosts under members of their own, empty ones left out."""

from missions_core.authoring.reward_models import ItemModel, RewardsModel
from missions_core.domain.catalog import Snapshot


def compiled_rewards(rewards: RewardsModel) -> Snapshot:
    """As `domain.catalog.rewards_from_snapshot` reads it."""
    members = {
        "amounts": rewards.amounts,
        "items": [_item(item) for item in rewards.items],
        "badges": rewards.badges,
        "titles": rewards.titles,
        "frames": rewards.frames,
        "boost": {currency: {"multiply": str(each.multiply), "hours": each.hours} for currency, each in rewards.boost.items()},
    }
    return {name: member for name, member in members.items() if member}


def _item(item: ItemModel) -> Snapshot:
    return {"id": item.id, "quantity": item.quantity, "expires_after_hours": item.expires_after_hours, "metadata": item.metadata}
