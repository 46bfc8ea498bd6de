"""JSON read with the place named in every refusal, and never its value. Who reads says which error a refusal is: the vendor's answer, or a record of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NoReturn

from rest_sources.api import UnexpectedAnswerError
from rest_sources.source import MalformedRecordError

Refusal = Callable[[str, str], Exception]
"""Makes the error of a place and of what is wrong there."""


def of_answer(place: str, wrong: str) -> Exception:
    return UnexpectedAnswerError(f"Jira's answer has another form than documented: {place} {wrong}.", "Check the source's edition in sources.yaml.")


def of_record(place: str, wrong: str) -> Exception:
    return MalformedRecordError(f"{place} {wrong}")


class Shape:
    """An object of JSON. ``place`` begins with what was asked for: ``issue.fields.summary``."""

    def __init__(self, value: object, place: str, refusal: Refusal = of_answer) -> None:
        self.place = place
        self._refusal = refusal
        if not isinstance(value, Mapping):
            raise refusal(place, "is no object")
        self._value: Mapping[str, object] = value

    def raw(self, name: str) -> object:
        """The value, None where it is missing."""
        return self._value.get(name)

    def has(self, name: str) -> bool:
        """Whether the name is there, be it with null."""
        return name in self._value

    def names(self) -> Iterator[str]:
        return iter(self._value)

    def refuse(self, name: str, wrong: str) -> NoReturn:
        raise self._refusal(f"{self.place}.{name}", wrong)

    def inside(self, name: str) -> Shape:
        return Shape(self.raw(name), f"{self.place}.{name}", self._refusal)

    def maybe(self, name: str) -> Shape | None:
        """An object, or None for null and for what is missing."""
        return None if self.raw(name) is None else self.inside(name)

    def each(self, name: str) -> tuple[Shape, ...]:
        """The objects of a list; none where it is missing or null."""
        return tuple(Shape(item, f"{self.place}.{name}[{number}]", self._refusal) for number, item in enumerate(self._list(name)))

    def text(self, name: str, default: str | None = None) -> str:
        """A text, or a number as one: ids are now this, now that. ``default`` for null and for what is missing."""
        found = self.raw(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, str | int):
            self.refuse(name, "is missing, or no text")
        return str(found)

    def identifier(self, name: str) -> str:
        """An id, which is always a number: it becomes part of addresses and of native ids."""
        found = self.text(name)
        if not (found.isascii() and found.isdigit()):
            self.refuse(name, "is no id")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._list(name)
        if not all(isinstance(item, str) for item in found):
            self.refuse(name, "is no list of texts")
        return tuple(str(item) for item in found)

    def number(self, name: str) -> int:
        found = self.raw(name)
        if isinstance(found, bool) or not isinstance(found, int):
            self.refuse(name, "is missing, or no whole number")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        found = self.raw(name)
        if found is not None and not isinstance(found, bool):
            self.refuse(name, "is neither true nor false")
        return default if found is None else found

    def moment(self, name: str) -> datetime:
        """``2021-01-17T12:34:00.000+0000``, in UTC."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            self.refuse(name, "is no time")
        if found.tzinfo is None:
            self.refuse(name, "is a time without a zone")
        return found.astimezone(UTC)

    def _list(self, name: str) -> list[object]:
        found = self.raw(name)
        if found is not None and not isinstance(found, list):
            self.refuse(name, "is no list")
        return found or []


def milliseconds(moment: datetime) -> int:
    """Since 1970, exactly: Jira's times are whole milliseconds."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
