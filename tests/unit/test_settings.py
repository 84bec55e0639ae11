"""Settings: read when asked for, missed loudly."""

import re
from pathlib import Path

import pytest

from missions_core.errors import MisconfiguredError
from missions_core.settings import Settings, Variable, settings

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def declared() -> dict[str, Variable]:
    return {name: member for name, member in vars(Settings).items() if isinstance(member, Variable)}


def test_a_variable_is_read_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "one")
    assert settings.table_name == "one"
    monkeypatch.setenv("TABLE_NAME", "two")
    assert settings.table_name == "two"


def test_a_missing_variable_is_named_with_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLE_NAME", raising=False)

    with pytest.raises(MisconfiguredError, match="TABLE_NAME: the DynamoDB table"):
        _ = settings.table_name


def test_an_optional_variable_is_empty_where_nobody_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BADGE_KEY_ARN", raising=False)
    assert settings.badge_key_arn == ""
    monkeypatch.setenv("BADGE_KEY_ARN", "arn")
    assert settings.badge_key_arn == "arn"


def test_the_template_sets_every_required_variable() -> None:
    globals_section = TEMPLATE.read_text().split("\nResources:")[0]
    required = {variable.name for variable in declared().values()}

    assert required <= set(re.findall(r"^ +([A-Z_]+):", globals_section, re.MULTILINE))
