"""Test-wide policy: no real AWS account is reachable, and unit tests reach no network at all."""

import os
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parent

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_REGION="eu-west-1",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)
for inherited in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(inherited, None)

# A slow shared machine is no reason for a property test to fail.
hypothesis.settings.register_profile("missions", deadline=None, print_blob=True)
hypothesis.settings.load_profile("missions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        level = item.path.relative_to(TESTS).parts[0]
        if level == "unit":
            item.add_marker(pytest.mark.disable_socket)
        elif level == "e2e":
            item.add_marker(pytest.mark.e2e)
