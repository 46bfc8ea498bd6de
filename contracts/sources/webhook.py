"""How a webhook is told to be its own where we do not know the sender, and paths into its JSON."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

import jsonpath
from pydantic import AfterValidator, Field, model_validator

from contracts.sources.rest import Part

HEADER_NAME: Final = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


def check_json_path(text: str) -> str:
    """The path itself. Raises ValueError for what is none."""
    try:
        jsonpath.compile(text)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{text!r} is no JSON path ({type(error).__name__}); write, for example, $.data.id") from None
    return text


JsonPath = Annotated[str, AfterValidator(check_json_path)]
HeaderName = Annotated[str, Field(pattern=HEADER_NAME, max_length=100)]


class Signature(Part):
    """An HMAC in a header. ``signed`` is what it is over: ``{body}``, or with a signed time ``{timestamp}.{body}`` and the like."""

    header: HeaderName
    algorithm: Literal["sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field(default="", max_length=20, description="what stands before it in the header, such as 'sha256='")
    signed: str = Field(default="{body}", max_length=100)
    timestamp_header: HeaderName | None = Field(default=None, description="a time in seconds or milliseconds since 1970, or in ISO 8601")
    tolerance_seconds: float = Field(default=300.0, gt=0, le=86_400)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.signed.count("{body}") != 1:
            raise ValueError("'signed' must hold {body} once: a signature that does not cover the body proves nothing of it")
        if ("{timestamp}" in self.signed) != (self.timestamp_header is not None):
            raise ValueError("'signed' with {timestamp} and 'timestamp_header' belong together")
        return self
