"""What players hand in as evidence: a body of its own for each type."""

from typing import Annotated, Literal

from pydantic import Field

from missions_core.contracts.members import Url
from missions_core.http.requests import ABSENT, Body

MAX_BYTES = 100 * 1024 * 1024
MAX_CLICKS = 200
LAST_INSTANT = 253_402_300_799_999  # of the year 9999

Coordinate = Annotated[int, Field(ge=0, le=100_000)]


class WatchDuration(Body):
    """That something was watched for so long."""

    type: Literal["watch_duration"]
    seconds: Annotated[int, Field(ge=0, le=7 * 24 * 3600)]
    media: Annotated[str, Field(min_length=1, max_length=200, description="What was watched.")]


class Click(Body):
    """A click: milliseconds since any instant, the same for all of them; and where."""

    at: Annotated[int, Field(ge=0, le=LAST_INSTANT)]
    x: Coordinate = ABSENT
    y: Coordinate = ABSENT


class ClickData(Body):
    """Clicks, in any order."""

    type: Literal["click_data"]
    clicks: Annotated[list[Click], Field(min_length=1, max_length=MAX_CLICKS)]


class SocialProof(Body):
    """A post elsewhere."""

    type: Literal["social_proof"]
    url: Url


class InviteCode(Body):
    """A code somebody passed on."""

    type: Literal["invite_code"]
    code: Annotated[str, Field(min_length=1, max_length=64)]


class PublicPage(Body):
    """A page that shows it."""

    type: Literal["url"]
    url: Url


class UploadedContent(Body):
    """A file that will be uploaded with the form of the answer: of exactly this type and size."""

    type: Literal["uploaded_content"]
    content_type: Annotated[str, Field(min_length=1, max_length=100, examples=["image/png"])]
    size: Annotated[int, Field(ge=1, le=MAX_BYTES, description="In bytes.")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Of the file: it is refused if it arrives damaged.")] = ABSENT


EvidenceRequest = Annotated[
    WatchDuration | ClickData | SocialProof | InviteCode | PublicPage | UploadedContent, Field(discriminator="type")
]
