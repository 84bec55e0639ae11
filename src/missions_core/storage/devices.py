"""Devices: which accounts were seen on each, as far as it matters whether they are too many."""

from hashlib import blake2b

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition, size

from missions_core.storage import keys
from missions_core.storage.table import DeviceRow, connect

KEPT_SECONDS = 400 * 24 * 3600  # after the last player joined


class Devices:
    """The devices of one table, known by the hashes of their ids."""

    def __init__(self, table_name: str) -> None:
        self._connection = connect(table_name)

    def join(self, device: str, account: str, *, at_most: int, now: int) -> int:
        """Add an account to those of a device; how many there are then. More than `at_most` are not kept, but counted as one more.

        The same again changes nothing.
        """
        one = blake2b(account.encode(), digest_size=8).digest()
        actions = [DeviceRow.accounts.add({one}), DeviceRow.ttl.set(now // 1000 + KEPT_SECONDS)]
        condition = _has_room(one, at_most)
        try:
            answer = self._connection.update_item(*keys.device(device), actions=actions, condition=condition, return_values="ALL_NEW")
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            return at_most + 1
        return len(answer["Attributes"]["accounts"]["BS"])


def _has_room(account: bytes, at_most: int) -> Condition:
    """Rules out a row that grows with every player of a device that everybody claims to have."""
    is_below: Condition = size(DeviceRow.accounts) < at_most  # type: ignore[no-untyped-call]  # PynamoDB leaves it untyped
    has_room: Condition = DeviceRow.accounts.does_not_exist() | is_below | DeviceRow.accounts.contains(account)
    return has_room
