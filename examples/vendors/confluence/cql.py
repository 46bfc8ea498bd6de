"""The part of CQL that a sync client needs: https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/,
https://developer.atlassian.com/server/confluence/cql-field-reference/ and …/cql-keywords-reference/.

Fields: type, space, id, title, label, ancestor, parent, creator, created, lastmodified. ``=``, ``!=``, ``in``, ``not in``, and for dates ``<`` ``<=`` ``>``
``>=``; ``~`` for title and text. ``and``, ``or``, ``not``, brackets, ``order by field [asc|desc], …``, ``now("-4h")``. Dates are «yyyy/MM/dd HH:mm»,
«yyyy-MM-dd HH:mm», «yyyy/MM/dd» or «yyyy-MM-dd»: whole minutes, in the caller's time zone, which is UTC here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Site

Test = Callable[[Content], bool]
Order = tuple[tuple[Callable[[Content], str | int], bool], ...]

_TOKEN: Final = re.compile(r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<symbol>!=|>=|<=|!~|[=<>~(),])|(?P<word>[^\s=<>~(),!"']+))""")
_DATES: Final = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COMPARISONS: Final[dict[str, Callable[[datetime, datetime], bool]]] = {
    "=": lambda one, other: one == other, "!=": lambda one, other: one != other, "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other, ">": lambda one, other: one > other, ">=": lambda one, other: one >= other,
}  # fmt: skip
_SORT: Final[dict[str, Callable[[Content], str | int]]] = {
    "id": lambda content: content.id, "title": lambda content: content.title, "type": lambda content: content.kind,
    "created": lambda content: content.created.isoformat(timespec="milliseconds"),
    "lastmodified": lambda content: content.version.when.isoformat(timespec="milliseconds"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    matches: Test
    order: Order


def parse(site: Site, text: str) -> Query:
    """Raises InvalidError (400) for what is not understood. Without ``order by``, by id (Confluence: by relevance)."""
    return _Parser(site, text).query()


class _Parser:
    def __init__(self, site: Site, text: str) -> None:
        self._site = site
        self._text = text
        self._tokens: list[tuple[str, bool]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._wrong()
            quoted = found.group("quoted")
            self._tokens.append((re.sub(r"\\(.)", r"\1", quoted[1:-1]), True) if quoted else (found.group().strip(), False))
            place = found.end()

    def query(self) -> Query:
        test: Test = (lambda _content: True) if self._peek() in {"", "order"} else self._either()
        order = self._order()
        if self._tokens:
            raise self._wrong()
        return Query(test, (*order, (_SORT["id"], False)))

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return lambda content: any(test(content) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return lambda content: all(test(content) for test in tests)

    def _one(self) -> Test:
        if self._take("not"):
            inner = self._one()
            return lambda content: not inner(content)
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        field = self._next().lower()
        negated = self._take("not")
        operator = self._next().lower()
        if field in {"lastmodified", "created"}:
            return self._dated(field, operator)
        values = self._values() if operator == "in" else [self._next()]
        if operator not in {"=", "!=", "in", "~", "!~"} or (negated and operator != "in"):
            raise self._wrong()
        test = self._text_test(field, values[0]) if operator.endswith("~") else self._named(field, values)
        return (lambda content: not test(content)) if negated or operator.startswith("!") else test

    def _named(self, field: str, values: list[str]) -> Test:
        site, wanted = self._site, set(values)
        fields: dict[str, Test] = {
            "type": lambda content: content.kind in wanted,
            "space": lambda content: site.spaces[content.space].key in wanted,
            "space.key": lambda content: site.spaces[content.space].key in wanted,
            "id": lambda content: content.wire_id in wanted or str(content.id) in wanted,
            "content": lambda content: content.wire_id in wanted or str(content.id) in wanted,
            "title": lambda content: content.title in wanted,
            "label": lambda content: bool(wanted & set(content.labels)),
            "creator": lambda content: content.author in wanted,
            "parent": lambda content: content.container is None and str(content.parent) in wanted,
            "container": lambda content: str(content.container) in wanted,
            "ancestor": lambda content: content.container is None and any(str(above.id) in wanted for above in site.ancestors(content)),
        }
        if field not in fields:
            raise self._wrong()
        return fields[field]

    def _text_test(self, field: str, value: str) -> Test:
        if field not in {"title", "text"}:
            raise self._wrong()
        words = value.strip("*").lower().split()
        return lambda content: all(word in (content.title + (" " + content.body if field == "text" else "")).lower() for word in words)

    def _dated(self, field: str, operator: str) -> Test:
        compare = _COMPARISONS.get(operator)
        if compare is None:
            raise self._wrong()
        limit = self._date()
        if field == "created":
            return lambda content: compare(content.created.replace(second=0, microsecond=0), limit)
        return lambda content: compare(content.version.when.replace(second=0, microsecond=0), limit)

    def _date(self) -> datetime:
        value = self._next()
        if value.lower() == "now" and self._take("("):
            shift = "" if self._peek() == ")" else self._next()
            self._expect(")")
            return (datetime.now(UTC) + self._shift(shift)).replace(second=0, microsecond=0)
        for form in _DATES:
            try:
                return datetime.strptime(value, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise self._wrong()

    def _shift(self, text: str) -> timedelta:
        found = re.fullmatch(r"([+-]?\d+)([mhdw])", text)
        if text and found is None:
            raise self._wrong()
        return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))}) if found else timedelta()

    def _order(self) -> Order:
        if not self._take("order"):
            return ()
        self._expect("by")
        parts = []
        while True:
            field = self._next().lower()
            if field not in _SORT:
                raise self._wrong()
            down = self._take("desc")
            if not down:
                self._take("asc")
            parts.append((_SORT[field], down))
            if not self._take(","):
                return tuple(parts)

    def _values(self) -> list[str]:
        self._expect("(")
        values = [self._next()]
        while self._take(","):
            values.append(self._next())
        self._expect(")")
        return values

    def _peek(self) -> str:
        return self._tokens[0][0].lower() if self._tokens and not self._tokens[0][1] else ""

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        del self._tokens[0]
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong()

    def _next(self) -> str:
        if not self._tokens:
            raise self._wrong()
        return self._tokens.pop(0)[0]

    def _wrong(self) -> InvalidError:
        return InvalidError(f"Could not parse cql : {self._text}")
