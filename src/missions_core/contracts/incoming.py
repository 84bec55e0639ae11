"""Integration events in: what neighbouring services put on the bus, checked and read into our words.

Members we do not know are left alone: neighbours add some. What we know must be right.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from missions_core.contracts.members import Email, Language, Level, Segments, ShortText, Url, Zone
from missions_core.domain import neighbours
from missions_core.domain.actions import MAX_TEXT, TIME
from missions_core.domain.neighbours import NeighbourEvent, PlayerAttributes, Registration
from missions_core.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# pydantic's error types, as codes of ours where ours say more.
CODES = {"json_invalid": "malformed_json", "missing": "missing_field"}

Model = TypeVar("Model", bound=BaseModel)


def _printable(text: str) -> str:
    if not text.isprintable() or text.isspace():
        raise ValueError("must be printable characters")
    return text


def _rfc_3339(text: object) -> object:
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise ValueError("must be an RFC 3339 timestamp with an offset, e.g. 2026-11-21T10:00:00Z")
    return text


def _since_1970(moment: datetime) -> datetime:
    if moment < EPOCH:
        raise ValueError("must not be before 1970")
    return moment


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_printable)]


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class UserRegistered(_Tolerant):
    """There is a new player. Gets a profile and a first board, dealt in their zone; what was said before stays, however late this comes."""

    player: Text
    zone: Zone | None = None
    locale: Language | None = None
    name: ShortText | None = None
    email: Email | None = None
    avatar: Url | None = None

    def read(self, at: int) -> NeighbourEvent:
        """In our words; `at` in epoch milliseconds."""
        told = Registration(self.zone, self.locale, self.name, self.email, self.avatar)
        return neighbours.UserRegistered(self.player, at, told)


class PlayerUpdated(_Tolerant):
    """Something about a player changed; null, like a member left out, leaves it as it is. Of each member the last word counts."""

    player: Text
    zone: Zone | None = None
    locale: Language | None = None
    level: Level | None = None
    vip: bool | None = None
    segments: Segments | None = None

    def read(self, at: int) -> NeighbourEvent:
        """In our words; `at` in epoch milliseconds."""
        attributes = PlayerAttributes(self.zone, self.locale, self.level, self.vip, self.segments)
        return neighbours.PlayerUpdated(self.player, at, attributes)


class UserDeleted(_Tolerant):
    """A player is to be forgotten: everything kept under their name is erased, for good; `PlayerErased` confirms it."""

    player: Text

    def read(self, at: int) -> NeighbourEvent:
        """In our words; `at` in epoch milliseconds."""
        return neighbours.UserDeleted(self.player, at)


class ReferralActivated(_Tolerant):
    """A player whom another one invited did what that takes. Pays both what the catalog's `referral` says, once ever for an invitee."""

    inviter: Text
    invitee: Text

    def read(self, at: int) -> NeighbourEvent:
        """In our words; `at` in epoch milliseconds."""
        return neighbours.ReferralActivated(self.inviter, self.invitee, at)


class IncomingEvent(_Tolerant):
    """The detail of the EventBridge event, a CloudEvents 1.0 object. `time` is when it happened: it decides between updates."""

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    time: Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc_3339), AfterValidator(_since_1970)]
    data: dict[str, Any]


class Delivery(_Tolerant):
    """What EventBridge sends to the queue. Rules route by the detail type, which is the type of the event in it."""

    detail_type: Annotated[str, Field(alias="detail-type")]
    detail: IncomingEvent


Readable = UserRegistered | PlayerUpdated | UserDeleted | ReferralActivated

INCOMING_MODELS: dict[str, type[Readable]] = {
    "UserRegistered": UserRegistered,
    "PlayerUpdated": PlayerUpdated,
    "UserDeleted": UserDeleted,
    "ReferralActivated": ReferralActivated,
}


def parse_event(body: str) -> NeighbourEvent:
    """Read one message of the queue. InvalidInput names the first wrong member."""
    event = _checked(lambda: Delivery.model_validate_json(body), within=())
    detail = event.detail
    if event.detail_type != detail.type:
        raise InvalidInput("contradictory_type", "the detail's type must be the event's detail-type", field="detail.type")
    model = INCOMING_MODELS.get(detail.type)
    if model is None:
        raise InvalidInput(
            "unknown_event_type", f"no event of this type is read; known are {', '.join(INCOMING_MODELS)}", field="detail-type"
        )
    return _checked(lambda: model.model_validate(detail.data), within=("detail", "data")).read(_milliseconds(detail.time))


def _checked(read: Callable[[], Model], within: tuple[str, ...]) -> Model:
    try:
        return read()
    except ValidationError as error:
        findings = [(_field(within, finding["loc"]), finding) for finding in error.errors(include_input=False, include_url=False)]
        field, first = findings[0]
        detail = "; ".join(f"{field}: {finding['msg']}" for field, finding in findings)
        raise InvalidInput(CODES.get(first["type"], "invalid_field"), detail, field=field or None) from None


def _field(within: tuple[str, ...], location: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in (*within, *location))


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
