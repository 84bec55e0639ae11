"""Looking at the device a request came from, where the catalog asks for that."""

from missions_core.domain import fraud
from missions_core.errors import VersionConflict
from missions_core.use_cases.changes import Draft, change
from missions_core.use_cases.stores import Stores


def check_device(stores: Stores, draft: Draft, device: str | None) -> None:
    """Raise a flag if the device (its hash) is one to look at. Before anything is owed, so that this is held already; after whatever may
    be refused, so that no refused request leaves a row.

    Costs a write for a device that is new to the player. The device's row is written before the state: whoever dies in between finds the
    same again, for it has the account of a state that was saved. VersionConflict: there was none before, so the command starts over.
    """
    rules = draft.catalog.rules.fraud
    if rules.devices is None or device is None or fraud.knows_device(draft.state, device):
        return
    most = rules.devices.max_players
    if most is not None and draft.is_new:
        change(stores, draft.state.player, Draft.write, now=draft.now)
        raise VersionConflict("version_conflict", "the player has a state by now: load it, apply again")
    players = 0 if most is None else stores.devices.join(device, draft.state.account, at_most=most, now=draft.now)
    draft.write(fraud.meet_device(draft.state, rules, device, players, now=draft.now))
