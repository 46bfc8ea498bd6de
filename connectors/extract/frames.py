"""What passes between the extractor and its process: length, JSON, and for a request the file's bytes.

JSON and not pickle, because a hostile file may take the process over: what comes back from it is checked data, bounded in length, and never code.
"""

from __future__ import annotations

import struct
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.extract.errors import KINDS, BrokenFileError, NotExtractableError
from connectors.extract.limits import Limits
from connectors.extract.result import Extracted

LENGTH: Final = struct.Struct("!Q")
_JSON_OF_A_CHARACTER: Final = 6
"""The longest form of one: a control character."""
_PER_PAGE: Final = 64


class Setup(BaseModel):
    """What a process is told once, on its command line."""

    model_config = ConfigDict(frozen=True)

    limits: Limits
    languages: tuple[str, ...]


class Request(BaseModel):
    """Precedes ``length`` bytes of content."""

    model_config = ConfigDict(frozen=True)

    name: str
    media_type: str
    length: int = Field(ge=0)


class Refusal(BaseModel):
    """A NotExtractableError on its way between processes."""

    model_config = ConfigDict(frozen=True)

    kind: str
    cause: str
    cure: str

    def error(self) -> NotExtractableError:
        return KINDS.get(self.kind, BrokenFileError)(self.cause, self.cure)


class Answer(BaseModel):
    """Either is set; the one without any says that the process is ready."""

    model_config = ConfigDict(frozen=True)

    what: Literal["ready", "extracted", "refused"]
    extracted: Extracted | None = None
    refusal: Refusal | None = None


def framed(message: BaseModel) -> bytes:
    body = message.model_dump_json().encode()
    return LENGTH.pack(len(body)) + body


def longest_answer(limits: Limits) -> int:
    """Bytes that an honest process never exceeds."""
    return limits.characters * _JSON_OF_A_CHARACTER + limits.pages * _PER_PAGE + 1_000_000
