"""Moving the clock is for a stack on this machine that is not production."""

import pytest

from infra.errors import ToolError
from infra.local.clock import require_no_production, require_on_this_machine


def test_a_production_stage_is_refused_even_among_others() -> None:
    with pytest.raises(ToolError, match="stage is prod"):
        require_no_production([{"STAGE": "local"}, {"STAGE": "prod"}])


def test_other_stages_are_accepted() -> None:
    require_no_production([{"STAGE": "local"}, {"STAGE": "dev"}, {}])


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566", "http://127.3.2.1:1"])
def test_this_machine_is_accepted(url: str) -> None:
    require_on_this_machine(url)


@pytest.mark.parametrize("url", ["https://lambda.us-east-1.amazonaws.com", "http://10.0.0.5:4566", "http://127.0.0.1.example.com", ""])
def test_any_other_machine_is_refused(url: str) -> None:
    with pytest.raises(ToolError, match="not on this machine"):
        require_on_this_machine(url)
