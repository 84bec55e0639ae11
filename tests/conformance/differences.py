"""Where what stands in for AWS is known to differ from it: the test says what AWS does, the mark that it fails here, and what then to do.

Strict: once the difference is gone, the test fails until its mark (and what the product does because of it) is removed.
"""

import pytest
from ministack.services import dynamodb

from infra.inprocess import SERVICES

ON_EMULATOR = SERVICES["dynamodb"] is dynamodb


def emulator_differs(how: str) -> pytest.MarkDecorator:
    """AWS does it, the emulator does not."""
    return pytest.mark.xfail(ON_EMULATOR, reason=f"the emulator differs from AWS: {how}", raises=AssertionError, strict=True)


def dynamodb_local_differs(how: str) -> pytest.MarkDecorator:
    """AWS and the emulator do it, DynamoDB Local does not."""
    return pytest.mark.xfail(not ON_EMULATOR, reason=f"DynamoDB Local differs from AWS: {how}", raises=AssertionError, strict=True)
