"""JSON read with the place named in every refusal, and never its value. Who reads says which error a refusal is: a vendor's answer, or a record of ours.

``of_answer`` names the vendor. One whose ids have forms of their own derives its own ``Shape``, which names it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final, NoReturn, Self

from rest_sources.api import UnexpectedAnswerError
from rest_sources.source import MalformedRecordError

Refusal = Callable[[str, str], Exception]
"""Makes the error of a place and of what is wrong there."""
CHANGED: Final = "The vendor has changed its API, and this source must follow."
"""The cure where an answer came, and in JSON: the address is right, then."""


def of_record(place: str, wrong: str) -> Exception:
    return MalformedRecordError(f"{place} {wrong}")


def of_answer(vendor: str, cure: str) -> Refusal:
    def refusal(place: str, wrong: str) -> Exception:
        return UnexpectedAnswerError(f"{vendor}'s answer has another form than documented: {place} {wrong}.", cure)

    return refusal


class Shape:
    """An object of JSON. ``place`` begins with what was asked for: ``issue.fields.summary``."""

    vendor: ClassVar[str] = "The vendor"
    cure: ClassVar[str] = CHANGED
    """What an answer's refusal says."""
    lists_may_be_missing: ClassVar[bool] = False
    """Where the vendor leaves empty lists out."""

    def __init__(self, value: object, place: str, refusal: Refusal | None = None) -> None:
        self.place: Final = place
        self._refusal: Final[Refusal] = refusal or of_answer(self.vendor, self.cure)
        if not isinstance(value, Mapping):
            raise self._refusal(place, "is no object")
        self._value: Final[Mapping[str, object]] = value

    def raw(self, name: str) -> object:
        """The value, None where it is missing."""
        return self._value.get(name)

    def has(self, name: str) -> bool:
        """Whether there is something other than null."""
        return self._value.get(name) is not None

    def names(self) -> Iterator[str]:
        """Those of nulls too."""
        return iter(self._value)

    def refuse(self, name: str, wrong: str) -> NoReturn:
        raise self._refusal(f"{self.place}.{name}", wrong)

    def inside(self, *names: str) -> Self:
        """An object under this one, by the names that lead there."""
        found = self
        for name in names:
            found = type(self)(found.raw(name), f"{found.place}.{name}", self._refusal)
        return found

    def maybe(self, name: str) -> Self | None:
        """An object, or None for null and for what is missing."""
        return self.inside(name) if self.has(name) else None

    def each(self, name: str) -> tuple[Self, ...]:
        """The objects of a list."""
        return tuple(type(self)(item, f"{self.place}.{name}[{number}]", self._refusal) for number, item in enumerate(self._list(name)))

    def text(self, name: str, default: str | None = None) -> str:
        """A text, or a number as one: ids are now this, now that. ``default`` for null and for what is missing."""
        found = self.raw(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, str | int):
            self.refuse(name, "is missing, or no text")
        return str(found)

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._list(name)
        if not all(isinstance(item, str) for item in found):
            self.refuse(name, "is no list of texts")
        return tuple(str(item) for item in found)

    def text_lists(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Always there, and be it empty."""
        found = self.raw(name)
        if not isinstance(found, list) or not all(isinstance(item, list) and all(isinstance(text, str) for text in item) for item in found):
            self.refuse(name, "is no list of lists of texts")
        return tuple(tuple(item) for item in found)

    def number(self, name: str, default: int | None = None) -> int:
        found = self.raw(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int):
            self.refuse(name, "is missing, or no whole number")
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        found = self.raw(name)
        if found is not None and not isinstance(found, bool):
            self.refuse(name, "is neither true nor false")
        return default if found is None else found

    def moment(self, name: str) -> datetime:
        """``2021-01-17T12:34:00.000+0000``, or with another zone, in UTC."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            self.refuse(name, "is no time")
        if found.tzinfo is None:
            self.refuse(name, "is a time without a zone")
        return found.astimezone(UTC)

    def _list(self, name: str) -> list[object]:
        found = self.raw(name)
        if found is None and self.lists_may_be_missing:
            return []
        if not isinstance(found, list):
            self.refuse(name, "is no list" if self.lists_may_be_missing else "is missing, or no list")
        return found
