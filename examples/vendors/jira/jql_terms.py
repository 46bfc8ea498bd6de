"""The words of JQL: tokens, and what a field's value, number or date stands for. Put together in ``jql.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from examples.vendors.jira.model import Issue
from examples.vendors.jira.state import Jira
from examples.vendors.jira.vocabulary import ISSUE_TYPES, PRIORITIES, STATUSES, named

DATES: Final = frozenset({"updated", "updateddate", "created", "createddate"})
IDS: Final = frozenset({"id", "issue", "issuekey", "key"})
_WORDS: Final = re.compile(r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<symbol>!=|>=|<=|[=<>(),])|(?P<word>[^\s=<>!(),"']+))""")
_PERIOD: Final = re.compile(r"(?P<sign>-?)\s*(?P<parts>(?:\d+\s*[wdhm]\s*)+)")
_FORMATS: Final = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_UNITS: Final = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


class JqlError(Exception):
    """What is wrong with a query, in a sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    quoted: bool = False

    def is_word(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


def tokens(text: str) -> Iterator[Token]:
    at = 0
    while text[at:].strip():
        found = _WORDS.match(text, at)
        if found is None:
            raise JqlError(f"Error in the JQL Query: The character '{text[at:].strip()[0]}' is a reserved JQL character.")
        if found["quoted"]:
            yield Token(re.sub(r"\\(.)", r"\1", found["quoted"][1:-1]), quoted=True)
        else:
            yield Token(found["symbol"] or found["word"])
        at = found.end()


def number(key: str) -> tuple[str, int]:
    """ENG-12 → ("ENG", 12)."""
    project, _, count = key.rpartition("-")
    return project, int(count)


def value(state: Jira, name: str, token: Token) -> str:
    """A value as ``reader`` gives it."""
    known: str | None = token.text
    if name == "project":
        known = _project(state, token.text.lower())
    elif name == "status":
        known = named({key: status.name for key, status in STATUSES.items()}, token.text)
    elif name in {"issuetype", "type"}:
        known = named(ISSUE_TYPES, token.text)
    elif name == "priority":
        known = named(PRIORITIES, token.text)
    elif name in IDS:
        known = token.text.upper()
    if known is None:
        raise JqlError(f"The value '{token.text}' does not exist for the field '{name}'.")
    return known


def _project(state: Jira, wanted: str) -> str | None:
    found = (project for project in state.projects.values() if wanted in {project.key.lower(), str(project.id), project.name.lower()})
    return next((str(project.id) for project in found), None)


def reader(name: str) -> Callable[[Issue], set[str]]:
    """What an issue has in a field, as ids."""
    readers: dict[str, Callable[[Issue], set[str]]] = {
        "project": lambda issue: {str(issue.project)},
        "status": lambda issue: {issue.status},
        "issuetype": lambda issue: {issue.type},
        "type": lambda issue: {issue.type},
        "priority": lambda issue: {issue.priority},
        "labels": lambda issue: set(issue.labels),
        "assignee": lambda issue: {issue.assignee} if issue.assignee else set(),
        "reporter": lambda issue: {issue.reporter} if issue.reporter else set(),
        "level": lambda issue: {str(issue.security)} if issue.security else set(),
    }
    if name in IDS:
        return lambda issue: {issue.key, str(issue.id)}
    if name not in readers:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    return readers[name]


def moment(state: Jira, zone: tzinfo, name: str, token: Token) -> float:
    """Seconds since 1970."""
    if token.text.isdigit() and not token.quoted:
        return int(token.text) / 1000
    if period := _PERIOD.fullmatch(token.text):
        parts = {_UNITS[unit]: int(count) for count, unit in re.findall(r"(\d+)\s*([wdhm])", period["parts"])}
        return (state.clock() + timedelta(**parts) * (-1 if period["sign"] else 1)).timestamp()
    for form in _FORMATS:
        try:
            return datetime.strptime(token.text, form).replace(tzinfo=zone).astimezone(UTC).timestamp()
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{token.text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', "
        "'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
