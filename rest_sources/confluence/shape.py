"""JSON read with the place named in every refusal, and never its value. Who reads says which error a refusal is: the vendor's answer, or a record of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NoReturn

from rest_sources.api import UnexpectedAnswerError
from rest_sources.source import MalformedRecordError

_CONTENT_ID: Final = re.compile(r"(?:att)?[0-9]{1,20}")
Refusal = Callable[[str, str], Exception]
"""Makes the error of a place and of what is wrong there."""


def of_answer(place: str, wrong: str) -> Exception:
    return UnexpectedAnswerError(
        f"Confluence's answer has another form than documented: {place} {wrong}.", "Check the source's url and edition in sources.yaml."
    )


def of_record(place: str, wrong: str) -> Exception:
    return MalformedRecordError(f"{place} {wrong}")


class Shape:
    """An object of JSON. ``place`` says what was asked for, and the way from there: ``page.version.number``."""

    def __init__(self, value: object, place: str, refusal: Refusal = of_answer) -> None:
        self.place = place
        self._refusal = refusal
        if not isinstance(value, Mapping):
            raise refusal(place, "is no object")
        self._value: Mapping[str, object] = value

    def has(self, name: str) -> bool:
        """Whether there is something other than null."""
        return self._value.get(name) is not None

    def names(self) -> Iterator[str]:
        return iter(self._value)

    def refuse(self, name: str, wrong: str) -> NoReturn:
        raise self._refusal(f"{self.place}.{name}", wrong)

    def inside(self, *names: str) -> Shape:
        """An object under this one, by the names that lead there."""
        found = self
        for name in names:
            found = Shape(found._value.get(name), f"{found.place}.{name}", self._refusal)
        return found

    def maybe(self, name: str) -> Shape | None:
        return self.inside(name) if self.has(name) else None

    def each(self, name: str) -> tuple[Shape, ...]:
        """The objects of a list."""
        return tuple(Shape(item, f"{self.place}.{name}[{number}]", self._refusal) for number, item in enumerate(self._list(name)))

    def text(self, name: str, default: str | None = None) -> str:
        """A text, or a number as one: ids are now this, now that. ``default`` for null and for what is missing."""
        found = self._value.get(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, str | int):
            self.refuse(name, "is missing, or no text")
        return str(found)

    def content_id(self, name: str) -> str:
        """A number, with ``att`` in front for attachments: it goes into paths."""
        found = self.text(name)
        if _CONTENT_ID.fullmatch(found) is None:
            self.refuse(name, "is no id of content")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._list(name)
        if not all(isinstance(item, str) for item in found):
            self.refuse(name, "is no list of texts")
        return tuple(str(item) for item in found)

    def text_lists(self, name: str) -> tuple[tuple[str, ...], ...]:
        found = self._list(name)
        if not all(isinstance(item, list) and all(isinstance(text, str) for text in item) for item in found):
            self.refuse(name, "is no list of lists of texts")
        return tuple(tuple(item) for item in found if isinstance(item, list))

    def number(self, name: str, default: int | None = None) -> int:
        found = self._value.get(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int):
            self.refuse(name, "is missing, or no whole number")
        return found

    def flag(self, name: str) -> bool:
        """False where it is missing."""
        found = self._value.get(name)
        if found is not None and not isinstance(found, bool):
            self.refuse(name, "is neither true nor false")
        return bool(found)

    def moment(self, name: str) -> datetime:
        """``2021-01-17T12:34:00.000Z``, or with another zone, in UTC."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            self.refuse(name, "is no time")
        if found.tzinfo is None:
            self.refuse(name, "is a time without a zone")
        return found.astimezone(UTC)

    def _list(self, name: str) -> list[object]:
        found = self._value.get(name)
        if not isinstance(found, list):
            self.refuse(name, "is missing, or no list")
        return found
