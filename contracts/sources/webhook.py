"""How a source's webhooks are told to be its own, and read, where we do not know the sender: ``type: custom``."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

import jsonpath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.sources.secrets import SecretReference

HEADER_NAME: Final = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


def _json_path(text: str) -> str:
    try:
        jsonpath.compile(text)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{text!r} is no JSON path ({type(error).__name__}); write, for example, $.data.id") from None
    return text


JsonPath = Annotated[str, AfterValidator(_json_path)]
HeaderName = Annotated[str, Field(pattern=HEADER_NAME, max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signature(_Part):
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


class CustomWebhook(_Part):
    """A sender that we do not know, by JSON paths (RFC 9535) into its bodies."""

    secret: tuple[SecretReference, ...] = Field(min_length=1, description="one reference, or several while one is being replaced")
    signature: Signature
    id: JsonPath = Field(description="the id or ids of what changed, such as $.data.id or $.items[*].id")
    kind: str = Field(default="record", pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="what stands before the id: record/42")
    event: JsonPath | None = None
    time: JsonPath | None = Field(default=None, description="when it changed: seconds or milliseconds since 1970, or ISO 8601")
    delivery_header: HeaderName | None = Field(default=None, description="the header with the sender's id of the delivery")
    delivery: JsonPath | None = Field(default=None, description="the same in the body")

    @field_validator("secret", mode="before")
    @classmethod
    def _one_secret(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value
