"""A webhook as it came in, and the ways to refuse it. Pure: headers and bytes in, hints out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import orjson

from contracts.hints import MAX_LABEL_CHARS, Hint

MAX_NATIVE_CHARS: Final = 256
"""No vendor's ids are longer; objects of a storage have a limit of their own."""
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """``headers`` have lower-case names. ``time_us`` is when it came in."""

    headers: Mapping[str, str]
    body: bytes
    time_us: int

    def header(self, name: str) -> str:
        """The header's value, empty where it is missing."""
        return self.headers.get(name.lower(), "")

    def label(self, name: str) -> str:
        """The header's value as a label of a hint: bytes that are no ASCII are replaced."""
        return label(self.header(name))

    @property
    def time_seconds(self) -> float:
        return self.time_us / _MICROSECONDS


def label(text: str) -> str:
    """A text from outside as a short label that any log and any metric takes."""
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text[:MAX_LABEL_CHARS])


def microseconds(time: datetime | None, default_us: int) -> int:
    """Since 1970; the default for no time, and for one before."""
    found = -1 if time is None else int(time.timestamp() * _MICROSECONDS)
    return found if found >= 0 else default_us


class RefusedDeliveryError(Exception):
    """Why a delivery is not taken. ``reason`` is for the sender and the log: it holds neither secret nor content."""

    status = 400
    kind = "malformed-delivery"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnsignedDeliveryError(RefusedDeliveryError):
    """No signature, a wrong one, or one of another time."""

    status = 401
    kind = "not-signed"


class Verifier(Protocol):
    """One source's rule. ``secrets`` are those in force, more than one while one is being replaced."""

    def __call__(self, delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
        """What changed; nothing where the event is of no interest. Raises RefusedDeliveryError; verifies before it parses."""
        ...


def is_native_id(text: str) -> bool:
    return 0 < len(text) <= MAX_NATIVE_CHARS and text.isprintable()


class Fields:
    """JSON read with the place named in every refusal, and never its value."""

    def __init__(self, value: object, place: str = "") -> None:
        self._value = value
        self._place = place

    @classmethod
    def of(cls, body: bytes) -> Fields:
        """The JSON object of a body."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise RefusedDeliveryError("The body is not JSON.") from None  # the parser's message quotes content
        if not isinstance(value, dict):
            raise RefusedDeliveryError("The body is not a JSON object.")
        return cls(value)

    def has(self, name: str) -> bool:
        return isinstance(self._value, dict) and self._value.get(name) is not None

    def inside(self, name: str) -> Fields:
        """An object under this one."""
        found = self._value.get(name) if isinstance(self._value, dict) else None
        if not isinstance(found, dict):
            raise RefusedDeliveryError(f"{self._named(name)} is not an object.")
        return Fields(found, self._named(name))

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of a list under this one; none where it is missing."""
        found = self._value.get(name) if isinstance(self._value, dict) else None
        if found is not None and not isinstance(found, list):
            raise RefusedDeliveryError(f"{self._named(name)} is not a list.")
        for number, item in enumerate(found or ()):
            yield Fields(item, f"{self._named(name)}[{number}]")

    def text(self, name: str, default: str | None = None) -> str:
        """A string, or a number as one; ``default`` where it is missing."""
        found = self._value.get(name) if isinstance(self._value, dict) else None
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, str | int) or not str(found):
            raise RefusedDeliveryError(f"{self._named(name)} is missing, or neither text nor number.")
        return str(found)

    def identifier(self, name: str) -> str:
        """A native id: short, and printable."""
        found = self.text(name)
        if not is_native_id(found):
            raise RefusedDeliveryError(f"{self._named(name)} is no id: it must be printable and at most {MAX_NATIVE_CHARS} characters long.")
        return found

    def milliseconds_as_us(self, name: str, default_us: int) -> int:
        """A time in milliseconds since 1970, in microseconds; ``default_us`` where there is none."""
        found = self._value.get(name) if isinstance(self._value, dict) else None
        return found * 1000 if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**50 else default_us

    def _named(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name
