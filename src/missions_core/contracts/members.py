"""Members that requests and integration events share."""

from typing import Annotated

from pydantic import Field

ShortText = Annotated[str, Field(min_length=1, max_length=100)]
Tag = Annotated[str, Field(min_length=1, max_length=64)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35, examples=["de-AT"])]
Zone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"], description="An IANA time zone.")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Url = Annotated[str, Field(pattern=r"^https://\S+$", max_length=500)]
Level = Annotated[int, Field(ge=1, le=1_000_000)]
Segments = Annotated[list[Tag], Field(max_length=50)]
