"""Files that name the players of a history."""

from pathlib import Path

import pytest

from infra.errors import ToolError
from infra.player_files import read_players
from missions_core.domain.neighbours import PlayerAttributes


def write(folder: Path, *lines: str) -> Path:
    path = folder / "players.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_players_and_their_attributes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"player": "ann", "timezone": "Europe/Berlin"}',
        '{"player": "bob", "timezone": "UTC", "level": 3, "vip": true, "segments": ["beta"]}',
    )

    assert read_players(path) == {
        "ann": PlayerAttributes(zone="Europe/Berlin"),
        "bob": PlayerAttributes(zone="UTC", level=3, vip=True, segments=["beta"]),
    }


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("[]", "is not a JSON object"),
        ("{", "is not a JSON object"),
        ('{"timezone": "UTC"}', "player is missing"),
        ('{"player": "", "timezone": "UTC"}', "player is missing"),
        ('{"player": "bob"}', "timezone None is unknown; write an IANA name such as Europe/Berlin"),
        ('{"player": "bob", "timezone": "Mars"}', "timezone 'Mars' is unknown"),
        ('{"player": "bob", "timezone": ["UTC"]}', "is unknown"),
        ('{"player": "bob", "timezone": "UTC", "level": 0}', "level 0 is no level"),
        ('{"player": "bob", "timezone": "UTC", "level": true}', "level True is no level"),
        ('{"player": "bob", "timezone": "UTC", "vip": 1}', "vip 1 is neither true nor false"),
        ('{"player": "bob", "timezone": "UTC", "segments": "beta"}', "segments is not a list"),
        ('{"player": "bob", "timezone": "UTC", "zone": "UTC"}', "'zone' is not a member"),
        ('{"player": "ann", "timezone": "UTC"}', "'ann' has a line already"),
    ],
)
def test_a_mistake_names_file_line_and_fix(tmp_path: Path, line: str, mistake: str) -> None:
    path = write(tmp_path, '{"player": "ann", "timezone": "UTC"}', "", line)

    with pytest.raises(ToolError) as caught:
        read_players(path)

    assert f"{path}:3: " in str(caught.value)
    assert mistake in str(caught.value)


def test_many_mistakes_are_not_all_printed(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"^50 mistake") as caught:
        read_players(write(tmp_path, *["x"] * 50))

    assert str(caught.value).endswith("and 30 more")
