"""The JQL that a sync client needs: clauses over fields joined by AND, OR, NOT and brackets, then ORDER BY.

- Dates have the precision of a minute, and are read in the time zone of the person who asks: "2026-01-31 14:05", "2026/01/31 14:05", either without the
  time, a period such as "-5d" or "-1h 30m", or, unquoted, milliseconds since 1970. Seconds are refused
  (https://support.atlassian.com/jira-software-cloud/docs/jql-fields/).
- A value that does not exist is an error for project, and for what else has a closed list.
- Ties in the order are broken by id, so that pages by position have no gap.
- Messages are Jira's as people quote them; their exact words are not verified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, Protocol

from examples.vendors.jira.jql_terms import DATES, IDS, JqlError, Token, moment, number, reader, tokens, value
from examples.vendors.jira.model import Issue
from examples.vendors.jira.state import Jira

Test = Callable[[Issue], bool]
_MOST_ORDERS: Final = 7


class Sortable(Protocol):
    """What an order looks at: an issue, or the place where a page ended."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def created(self) -> datetime: ...
    @property
    def updated(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    matches: Test
    orders: tuple[Order, ...]
    bounded: bool
    """Whether there is any clause before ORDER BY."""

    def sort_key(self, at: Sortable) -> tuple[Any, ...]:
        """By the orders, then by id."""
        return (*(_sorted(order, at) for order in self.orders), at.id)


def parse(text: str, state: Jira, zone: tzinfo) -> Query:
    """Raises JqlError."""
    return _Parser(list(tokens(text)), state, zone).query()


def _sorted(order: Order, at: Sortable) -> tuple[float, ...] | tuple[str, int]:
    if order.field == "key":
        project, count = number(at.key)
        return (*(-ord(char) for char in project), 1, -count) if order.descending else (project, count)
    ranks = {"updated": at.updated.timestamp(), "created": at.created.timestamp(), "id": float(at.id)}
    return (-ranks[order.field],) if order.descending else (ranks[order.field],)


class _Parser:
    def __init__(self, words: list[Token], state: Jira, zone: tzinfo) -> None:
        self._words = words
        self._state = state
        self._zone = zone
        self._at = 0

    def query(self) -> Query:
        bounded = bool(self._words) and not self._peek().is_word("order")
        matches = self._either() if bounded else _always
        orders = self._orders()
        if self._at < len(self._words):
            raise JqlError(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek().text}'.")
        return Query(matches, orders, bounded)

    def _peek(self) -> Token:
        return self._words[self._at] if self._at < len(self._words) else Token("")

    def _take(self) -> Token:
        if self._at >= len(self._words):
            raise JqlError("Error in the JQL Query: The query ends too early.")
        self._at += 1
        return self._words[self._at - 1]

    def _taken(self, *words: str) -> bool:
        if self._at < len(self._words) and self._peek().is_word(*words):
            self._at += 1
            return True
        return False

    def _expect(self, *words: str) -> None:
        if not self._taken(*words):
            raise JqlError(f"Error in the JQL Query: Expecting '{words[0]}' but got '{self._peek().text}'.")

    def _orders(self) -> tuple[Order, ...]:
        if not self._taken("order"):
            return ()
        self._expect("by")
        orders = [self._order()]
        while self._taken(","):
            orders.append(self._order())
        if len(orders) > _MOST_ORDERS:
            raise JqlError(f"The ORDER BY clause may have at most {_MOST_ORDERS} fields.")
        return tuple(orders)

    def _order(self) -> Order:
        name = self._take().text.lower()
        if name not in DATES | IDS:
            raise JqlError(f"Not able to sort using field '{name}'.")
        descending = self._taken("desc")
        if not descending:
            self._taken("asc")
        return Order({"issue": "key", "issuekey": "key"}.get(name, name.removesuffix("date")), descending)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._taken("or"):
            tests.append(self._both())
        return lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._taken("and"):
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._taken("not"):
            negated = self._one()
            return lambda issue: not negated(issue)
        if self._taken("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = self._take().text.lower()
        if name in DATES:
            return self._date(name)
        if name in IDS and self._peek().is_word(">", ">=", "<", "<="):
            return self._beyond(name)
        read = reader(name)
        if self._taken("is"):
            empty = not self._taken("not")
            self._expect("empty", "null")
            return lambda issue: bool(read(issue)) is not empty
        negated, wanted = self._values(name)
        return lambda issue: bool(read(issue) & wanted) is not negated

    def _values(self, name: str) -> tuple[bool, set[str]]:
        if self._peek().is_word("=", "!="):
            return self._take().text == "!=", {value(self._state, name, self._take())}
        negated = self._taken("not")
        self._expect("in")
        self._expect("(")
        wanted = {value(self._state, name, self._take())}
        while self._taken(","):
            wanted.add(value(self._state, name, self._take()))
        self._expect(")")
        return negated, wanted

    def _beyond(self, name: str) -> Test:
        """``id >= 10005``, and ``key > ENG-5``: by number, within the key's project. The issue has to exist (for ids not verified)."""
        compare = _COMPARE[self._take().text]
        found = self._state.issue(self._take().text)
        if found is None:
            raise JqlError(f"An issue with that key or id does not exist for field '{name}'.")
        if name == "id":
            least = found.id
            return lambda issue: compare(issue.id, least)
        project, count = number(found.key)
        return lambda issue: number(issue.key)[0] == project and compare(number(issue.key)[1], count)

    def _date(self, name: str) -> Test:
        operator = self._take().text
        if operator not in _COMPARE:
            raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
        compare, when = _COMPARE[operator], moment(self._state, self._zone, name, self._take())
        if name.startswith("updated"):
            return lambda issue: compare(issue.updated.timestamp(), when)
        return lambda issue: compare(issue.created.timestamp(), when)


def _always(_issue: Issue) -> bool:
    return True


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}
