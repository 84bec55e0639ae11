"""Looking at the device a request came from, where the catalog asks for that."""

from missions_core.domain import fraud
from missions_core.use_cases.changes import Draft
from missions_core.use_cases.stores import Stores


def check_device(stores: Stores, draft: Draft, device: str | None) -> None:
    """Raise a flag if the device (its hash) is one to look at. Before anything is owed, so that this is held already.

    Costs a write for a device that is new to the player. The device's row is written before the state: whoever dies in between finds the
    same again. (The account of a first state that was never saved is counted, too.)
    """
    rules = draft.catalog.rules.fraud
    if rules.devices is None or device is None or fraud.knows_device(draft.state, device):
        return
    most = rules.devices.max_players
    players = 0 if most is None else stores.devices.join(device, draft.state.account, at_most=most, now=draft.now)
    draft.write(fraud.meet_device(draft.state, rules, device, players, now=draft.now))
