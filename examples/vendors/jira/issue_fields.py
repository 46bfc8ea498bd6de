"""The ``fields`` and ``update`` of a request, put into an issue, with what changed for its history.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put. The texts of the errors are Jira's as people
quote them; their exact words are not verified.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from examples.vendors.jira import markup
from examples.vendors.jira.access import Call, Json, Refused
from examples.vendors.jira.model import ChangeItem, Edition, Issue, Markup
from examples.vendors.jira.state import Jira
from examples.vendors.jira.vocabulary import FIELD_NAMES, ISSUE_TYPES, PRIORITIES, STATUSES, named

Shown = tuple[str | None, str | None]
"""An id, if the field has such, and a text."""

_PERMISSIONS: Final = {"security": "SET_ISSUE_SECURITY", "reporter": "MODIFY_REPORTER", "assignee": "ASSIGN_ISSUES"}


def wrong(field: str, message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, **{field: message})


def text(call: Call, field: str, value: object) -> Markup | None:
    """A text in the form of the API's version: a document in v3, wiki markup in v2."""
    if value is None:
        return None
    if call.version == "3" and not markup.is_document(value):
        raise wrong(field, "Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if call.version == "2" and not isinstance(value, str):
        raise wrong(field, "Operation value must be a string")
    return value if isinstance(value, str | dict) else None


def person(call: Call, field: str, value: object) -> str | None:
    """{"accountId": …} or {"id": …} on Cloud, {"name": …} or {"key": …} on Data Center."""
    if value is None:
        return None
    names = ("accountId", "id") if call.state.edition is Edition.CLOUD else ("name", "key")
    wanted = next((value[name] for name in names if name in value), None) if isinstance(value, dict) else None
    user = call.state.user(wanted)
    if user is None and wanted is not None:
        raise wrong(field, f"User '{wanted}' does not exist.")
    return user.id if user else None


def apply(call: Call, issue: Issue, body: Json, ignored: frozenset[str] = frozenset()) -> tuple[ChangeItem, ...]:
    """All fields, or none where one is refused."""
    fields = {name: value for name, value in (body.get("fields") or {}).items() if name not in ignored}
    for name, operations in (body.get("update") or {}).items():
        if name != "comment":
            fields[name] = _updated(issue, name, operations)
    before = {slot: getattr(issue, slot) for slot in ("summary", "description", "type", "priority", "labels", "assignee", "reporter", "security", "duedate")}
    custom = dict(issue.custom)
    try:
        items = [_set(call, issue, name, value) for name, value in fields.items()]
    except Refused:
        for slot, value in before.items():
            setattr(issue, slot, value)
        issue.custom = custom
        raise
    return tuple(item for item in items if item)


def _updated(issue: Issue, name: str, operations: list[dict[str, Any]]) -> Any:
    """The value after ``set``, ``add`` and ``remove``, which labels have; other fields have ``set``."""
    value: Any = list(issue.labels) if name == "labels" else None
    for operation in operations:
        for verb, operand in operation.items():
            if verb == "set":
                value = operand
            elif name != "labels" or verb not in {"add", "remove"}:
                raise wrong(name, f"Field '{name}' does not support operation '{verb}'.")
            else:
                value = [*value, operand] if verb == "add" else [label for label in value if label != operand]
    return value


def _set(call: Call, issue: Issue, name: str, value: Any) -> ChangeItem | None:
    needed = _PERMISSIONS.get(name)
    if needed and not call.permissions.has(call.viewer, needed, call.state.projects[issue.project], issue):
        raise wrong(name, f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")
    before = shown(call.state, issue, name)
    setter = _SETTERS.get(name) or (_custom(name) if name in call.state.fields else None)
    if setter is None:
        raise wrong(name, f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")
    setter(call, issue, value)
    after = shown(call.state, issue, name)
    return None if before == after else ChangeItem(call.state.fields.get(name, name), name, *before, *after)


def shown(state: Jira, issue: Issue, name: str) -> Shown:
    """A field's value as the history keeps it."""
    values: dict[str, Callable[[], Shown]] = {
        "summary": lambda: (None, issue.summary),
        "description": lambda: (None, markup.to_wiki(issue.description) if issue.description else None),
        "issuetype": lambda: (issue.type, ISSUE_TYPES[issue.type]),
        "priority": lambda: (issue.priority, PRIORITIES[issue.priority]),
        "status": lambda: (issue.status, STATUSES[issue.status].name),
        "labels": lambda: (None, " ".join(issue.labels)),
        "assignee": lambda: _named(state, issue.assignee),
        "reporter": lambda: _named(state, issue.reporter),
        "security": lambda: _level(state, issue.security),
        "duedate": lambda: (issue.duedate, issue.duedate),
    }
    return values[name]() if name in values else (None, str(issue.custom.get(name)) if name in issue.custom else None)


def _named(state: Jira, user: str | None) -> Shown:
    return (user, state.users[user].display_name if user in state.users else user) if user else (None, None)


def _level(state: Jira, level: int | None) -> Shown:
    names = {number: found.name for scheme in state.security_schemes.values() for number, found in scheme.levels.items()}
    return (str(level), names.get(level)) if level else (None, None)


def _set_summary(_call: Call, issue: Issue, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise wrong("summary", "You must specify a summary of the issue.")
    issue.summary = value


def _set_description(call: Call, issue: Issue, value: Any) -> None:
    issue.description = text(call, "description", value)


def _set_word(field: str, words: dict[str, str], change: Callable[[Issue, str], None]) -> Callable[[Call, Issue, Any], None]:
    def put(_call: Call, issue: Issue, value: Any) -> None:
        wanted = (value.get("id") or value.get("name")) if isinstance(value, dict) else None
        key = named(words, str(wanted)) if wanted else None
        if key is None:
            raise wrong(field, f"Specify a valid {FIELD_NAMES[field].lower()} ID or name")
        change(issue, key)

    return put


def _set_labels(_call: Call, issue: Issue, value: Any) -> None:
    labels = value if isinstance(value, list) else []
    if any(" " in str(label) for label in labels):
        raise wrong("labels", "The label contains spaces which is invalid.")
    issue.labels = tuple(dict.fromkeys(str(label) for label in labels))


def _set_security(call: Call, issue: Issue, value: Any) -> None:
    wanted = int(value["id"]) if isinstance(value, dict) and str(value.get("id", "")).isdigit() else None
    scheme = call.state.security_schemes.get(call.state.projects[issue.project].security_scheme or -1)
    if value is not None and (scheme is None or wanted not in scheme.levels):
        raise wrong("security", "The security level does not exist.")
    issue.security = wanted


def _change_type(issue: Issue, key: str) -> None:
    issue.type = key


def _change_priority(issue: Issue, key: str) -> None:
    issue.priority = key


def _set_assignee(call: Call, issue: Issue, value: Any) -> None:
    issue.assignee = person(call, "assignee", value)


def _set_reporter(call: Call, issue: Issue, value: Any) -> None:
    issue.reporter = person(call, "reporter", value)


def _set_duedate(_call: Call, issue: Issue, value: Any) -> None:
    issue.duedate = value


def _custom(name: str) -> Callable[[Call, Issue, Any], None]:
    def put(call: Call, issue: Issue, value: Any) -> None:
        if isinstance(value, dict):
            value = f"user:{person(call, name, value)}"
        elif isinstance(value, list):
            value = "groups:" + ",".join(str(group.get("name")) for group in value)
        issue.custom[name] = value

    return put


_SETTERS: Final[dict[str, Callable[[Call, Issue, Any], None]]] = {
    "summary": _set_summary,
    "description": _set_description,
    "issuetype": _set_word("issuetype", ISSUE_TYPES, _change_type),
    "priority": _set_word("priority", PRIORITIES, _change_priority),
    "labels": _set_labels,
    "assignee": _set_assignee,
    "reporter": _set_reporter,
    "security": _set_security,
    "duedate": _set_duedate,
}
