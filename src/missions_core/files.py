"""The bucket of players' files: what they upload as evidence, and the exports of their data. Its keys are spelled here alone.

Evidence of a player's mission   evidence/{player}/{mission}/{number}
Exports of a player's data       exports/{player}/{when it was made}/{page}

Player and mission are base64url: whatever characters an id has, keys stay apart.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from missions_core.errors import InvalidInput, NotFound
from missions_core.sdk import quick

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

EVIDENCE = "evidence/"
EXPORTS = "exports/"
LAST = ".last"  # ends the name of an export's last page
BEGINNING = 64  # bytes of a file that tell its type
CHUNK_BYTES = 1024 * 1024
MISSING = frozenset({"404", "NoSuchKey", "NotFound"})

# Forms and links are signed for the bucket's own host: the global one redirects, which browsers do not follow with a form.
CONFIG = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    user_agent="missions",
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a browser posts a file with, in this order: the fields, then the file as `file`."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """What was uploaded. The `etag` changes with the content, the `beginning` tells its type."""

    size: int
    etag: str
    sha256: str
    beginning: bytes


class PlayerFiles:
    """Players' files in one bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def upload_form(self, key: str, *, content_type: str, size: int, seconds: int) -> UploadForm:
        """A form that uploads one file of this type and size to this key within so many seconds: S3 refuses any other."""
        form = _client().generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
            ExpiresIn=seconds,
        )
        return UploadForm(form["url"], form["fields"])

    def inspect(self, key: str) -> Upload:
        """Read an upload once, a piece at a time. NotFound `file_not_found`."""
        try:
            answer = _client().get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            raise _missing(error) from None
        digest, beginning, size = sha256(), b"", 0
        for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
            beginning += chunk[: BEGINNING - len(beginning)]
            size += len(chunk)
        return Upload(size, answer["ETag"], digest.hexdigest(), beginning)

    def etag(self, key: str) -> str | None:
        """What tells the file that is there now from any other; None: there is none."""
        try:
            return _client().head_object(Bucket=self._bucket, Key=key)["ETag"]
        except ClientError as error:
            _missing(error)
            return None

    def link(self, key: str, *, seconds: int) -> str:
        """A URL that shows the file for so many seconds to whoever has it; browsers save it instead of running it."""
        parameters = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": "attachment"}
        return _client().generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)

    def write_export(self, player: str, made_at: int, page: int, content: bytes, *, is_last: bool) -> None:
        """Keep a page of an export; the last one says so, and is written last."""
        key = f"{_exports(player)}{made_at:013d}/{page:04d}{LAST if is_last else ''}"
        _client().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType="application/json")

    def last_export(self, player: str, *, since: int) -> tuple[int, dict[str, int]] | None:
        """When a player's latest whole export since an instant was made, and the bytes of each of its pages by key; None: there is none."""
        pages = self._sizes(_exports(player), after=f"{_exports(player)}{since:013d}")
        whole = max((key for key in pages if key.endswith(LAST)), default=None)
        if whole is None:
            return None
        folder = whole[: whole.rindex("/") + 1]
        return int(folder.split("/")[-2]), {key: size for key, size in pages.items() if key.startswith(folder)}

    def uploads(self, player: str) -> dict[str, int]:
        """Bytes of each file a player uploaded, by key."""
        return self._sizes(_evidence(player))

    def remove(self, key: str) -> None:
        """Delete a file, if it is there."""
        _client().delete_object(Bucket=self._bucket, Key=key)

    def remove_all(self, player: str) -> None:
        """Delete whatever a player uploaded, and every export of their data."""
        for key in (*self._sizes(_evidence(player)), *self._sizes(_exports(player))):
            self.remove(key)

    def _sizes(self, folder: str, *, after: str = "") -> dict[str, int]:
        """Bytes of every file in a folder, in the order of their keys, from after a key."""
        pages = _client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder, StartAfter=after)
        return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}


def evidence_key(player: str, mission: str, number: int) -> str:
    """Where evidence is uploaded."""
    return f"{_evidence(player)}{_encoded(mission)}/{number}"


def evidence_of(key: str) -> tuple[str, str, int]:
    """Player, mission and number an upload belongs to. InvalidInput `invalid_evidence_key`: not a key of ours."""
    try:
        player, mission, number = key.removeprefix(EVIDENCE).split("/")
        parsed = (_decoded(player), _decoded(mission), int(number))
    except (ValueError, Base64Error):
        parsed = None
    if parsed is None or evidence_key(*parsed) != key:
        raise InvalidInput("invalid_evidence_key", "not the key of an upload", field="key")
    return parsed


def name_of(key: str) -> str:
    """What a file is called among its player's: of evidence the mission and the number."""
    if key.startswith(EVIDENCE):
        _, mission, number = evidence_of(key)
        return f"{mission}/{number}"
    return key.rpartition("/")[2]


def _evidence(player: str) -> str:
    return f"{EVIDENCE}{_encoded(player)}/"


def _exports(player: str) -> str:
    return f"{EXPORTS}{_encoded(player)}/"


def _missing(error: ClientError) -> NotFound:
    if error.response["Error"]["Code"] in MISSING:
        return NotFound("file_not_found", "there is no such file")
    raise error


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(text: str) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


@cache
def _client() -> "S3Client":
    """The process's client of S3."""
    client: S3Client = quick(get_session()).create_client("s3", config=CONFIG)  # type: ignore[assignment]  # botocore names no services
    return client
