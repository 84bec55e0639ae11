"""What a player gets of their data, and when they are gone."""

from typing import Any

from typing_extensions import TypedDict


class Erased(TypedDict):
    """When the player was erased: from then on nothing counts, and minutes later nothing is left."""

    erased_at: str


class File(TypedDict):
    """A file, and where it can be had until then."""

    name: str
    bytes: int
    url: str
    until: str


class Export(TypedDict):
    """What is kept under the player: records by section, or where those are too many `files` of them, as JSON; and what was uploaded."""

    player: str
    generated_at: str
    sections: dict[str, list[dict[str, Any]]] | None
    files: list[File] | None
    uploads: list[File]
