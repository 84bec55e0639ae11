"""Scalar types of catalog files: what is accepted, how it is read, what the JSON Schema says of it."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

LARGEST_NUMBER = 10**15  # whole numbers up to here are exact in every JSON reader
UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Strict(BaseModel):
    """Base of all catalog models: unknown fields and coerced types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


FORMS: dict[str, str] = {}  # what a pattern means, for people


def _form(pattern: str, meaning: str) -> FieldInfo:
    FORMS[pattern] = meaning
    described: FieldInfo = Field(pattern=pattern, description=meaning)
    return described


def _exact_number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("number", "is not a number; write it without quotes, such as 5 or 1.5")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise PydanticCustomError("number_size", f"is out of range; write a number between -{LARGEST_NUMBER} and {LARGEST_NUMBER}")
    return number


def _exact_share(value: object) -> Fraction:
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}/[1-9]\d{0,8}", value):
        return Fraction(value)
    try:
        share = Fraction(_exact_number(value))
    except PydanticCustomError as error:
        raise PydanticCustomError("share", 'is not a number; write one such as 1.5, or an exact fraction such as "1/3"') from error
    if share < 0:
        raise PydanticCustomError("negative", "is negative; write 0 or more")
    return share


def _milliseconds(value: object) -> int:
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError("duration", "is not a duration; write minutes, hours or days such as 30m, 4h or 2d")
    return int(match[1]) * UNIT_MS[match[2]]


def _epoch_ms(value: object) -> int:
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise PydanticCustomError("instant", "is not an instant with its time zone; write it such as 2026-12-20T00:00:00Z")
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00Z")) // timedelta(milliseconds=1)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(value: str) -> str:
    if value not in _zones():
        raise PydanticCustomError("zone", "is not a time zone; write an IANA name such as Europe/Berlin or UTC")
    return value


def _known_zone_or_player(value: str) -> str:
    return value if value == "player" else _known_zone(value)


def _by_language(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def _localised_schema(shortest: int) -> WithJsonSchema:
    text = {"type": "string", "minLength": shortest}
    return WithJsonSchema({"anyOf": [text, {"type": "object", "minProperties": 1, "additionalProperties": text}]})


Number = Annotated[Decimal, PlainValidator(_exact_number, json_schema_input_type=float)]
Share = Annotated[
    Fraction,
    PlainValidator(_exact_share),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d{1,9}/[1-9]\d{0,8}$"}]}),
]
DurationMs = Annotated[int, PlainValidator(_milliseconds), WithJsonSchema({"type": "string", "pattern": r"^[1-9]\d{0,4}[mhd]$"})]
Instant = Annotated[int, PlainValidator(_epoch_ms), WithJsonSchema({"type": "string", "format": "date-time"})]
Zone = Annotated[str, AfterValidator(_known_zone)]
ZoneOrPlayer = Annotated[str, AfterValidator(_known_zone_or_player)]

Language = Annotated[str, _form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", "a language tag such as en or pt-BR")]
NamedText = Annotated[
    dict[Language, Annotated[str, Field(min_length=1)]], Field(min_length=1), BeforeValidator(_by_language), _localised_schema(1)
]
OptionalText = Annotated[dict[Language, str], Field(min_length=1), BeforeValidator(_by_language), _localised_schema(0)]

TemplateKey = Annotated[str, _form(r"^[a-z0-9_]{1,64}$", "1 to 64 of a-z, 0-9 and _, such as daily_first_post")]
OptionalKey = Annotated[str, _form(r"^[a-z0-9_]{0,64}$", "up to 64 of a-z, 0-9 and _")]
Currency = Annotated[str, _form(r"^[a-z][a-z0-9_]{0,31}$", "1 to 32 of a-z, 0-9 and _, such as coins")]
# `|` separates an action type from its hash in counter names
ActionType = Annotated[str, _form(r"^[^\s|]{1,256}$", "an action type such as post.created")]
DataField = Annotated[str, _form(r"^\S{1,128}$", "the name of a field of the action's data, such as amount")]
LeafKey = Annotated[str, _form(r"^\S{1,256}$", "a name without spaces, such as tips_sent")]
# `#` joins storage keys
GoodsId = Annotated[str, _form(r"^[^#\x00-\x1f]{1,128}$", "1 to 128 characters other than #, such as golden_hat")]
Host = Annotated[str, _form(r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$", "a host name in lower case, such as video.example.org")]
Tag = Annotated[str, _form(r"^\S{1,64}$", "1 to 64 characters without spaces, such as beta_testers")]
Amount = Annotated[int, Field(ge=0, le=10**12)]
AtLeastOne = Annotated[int, Field(ge=1, le=1_000_000)]
ZeroOrMore = Annotated[int, Field(ge=0, le=1_000_000)]
