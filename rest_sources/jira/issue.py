"""An issue as Jira answers it → what its documents are made of. Pure.

Fields: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get and, for Data Center, GET issue of
https://developer.atlassian.com/server/jira/platform/rest/. Of linked issues, the parent and subtasks only the keys are kept: not everybody who reads this issue may read those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rest_sources.jira.edition import Edition
from rest_sources.jira.shape import Shape, milliseconds

FIELDS: Final = (
    "summary,description,comment,attachment,issuelinks,subtasks,parent,project,status,issuetype,priority,resolution,labels,components,fixVersions,"
    "versions,assignee,reporter,security,created,updated,duedate"
)
MOST_MENTIONED: Final = 100
"""People whose names are looked up for one issue; further ones keep the name that they log in with."""
_MENTION: Final = re.compile(r"\[~(?:accountid:)?([^\]|\n]{1,255})\]")
_NAMED_WORDS: Final = {"type": "issuetype", "status": "status", "priority": "priority", "resolution": "resolution"}
_NAMED_LISTS: Final = {"components": "components", "fix_versions": "fixVersions", "affects_versions": "versions"}


@dataclass(frozen=True, slots=True)
class Visibility:
    """Whom a comment is for: a role's name, or a group's."""

    kind: str
    name: str
    id: str = ""
    """A group's id, on Cloud."""


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    record: dict[str, object]
    visibility: Visibility | None


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    media_type: str
    size_bytes: int


class Issue:
    """``comments`` are those of the answer, and so few as it holds."""

    def __init__(self, edition: Edition, answer: Shape) -> None:
        self._edition = edition
        self.id = answer.identifier("id")
        self.key = answer.text("key")
        self.fields = answer.inside("fields")
        project = self.fields.inside("project")
        self.project, self.project_key, self._project_name = project.identifier("id"), project.text("key"), project.text("name")

    def comments(self) -> tuple[tuple[Comment, ...], bool]:
        """Those of the answer, and whether that is all of them."""
        shown = self.fields.maybe("comment")
        if shown is None:
            return (), True
        found = tuple(self.comment(comment) for comment in shown.each("comments"))
        return found, len(found) >= shown.number("total")

    def comment(self, shown: Shape) -> Comment:
        told = shown.maybe("visibility")
        visibility = Visibility(told.text("type"), told.text("value", ""), told.text("identifier", "")) if told else None
        record = {"author": _name(shown, "author"), "created": shown.moment("created").isoformat(), "body": self._text(shown, "body")}
        return Comment(shown.identifier("id"), record, visibility)

    def files(self) -> tuple[File, ...]:
        """Oldest first. A deleted attachment is no longer listed."""
        shown = sorted(self.fields.each("attachment"), key=lambda file: (file.moment("created"), int(file.identifier("id"))))
        return tuple(File(file.identifier("id"), file.text("filename"), file.text("mimeType", ""), file.number("size")) for file in shown)

    def changed_us(self) -> int:
        return milliseconds(self.fields.moment("updated")) * 1000

    def heading(self) -> dict[str, object]:
        """What every document of the issue says of it."""
        return {"key": self.key, "summary": self.fields.text("summary", ""), "project": {"key": self.project_key, "name": self._project_name}}

    def body(self) -> dict[str, object]:
        fields = self.fields
        words = {name: _name(fields, field, "name") for name, field in _NAMED_WORDS.items()}
        lists = {name: sorted(one.text("name") for one in fields.each(field)) for name, field in _NAMED_LISTS.items()}
        parent = fields.maybe("parent")
        return {
            **words,
            **lists,
            "labels": sorted(fields.texts("labels")),
            "reporter": _name(fields, "reporter"),
            "assignee": _name(fields, "assignee"),
            "created": fields.moment("created").isoformat(),
            "due": fields.text("duedate", ""),
            "parent": parent.text("key", "") if parent else "",
            "subtasks": sorted(subtask.text("key") for subtask in fields.each("subtasks")),
            "links": sorted(_links(fields)),
            "description": self._text(fields, "description"),
        }

    def people(self) -> dict[str, str]:
        """Names of those whom the answer shows anyway, by what a mention calls them."""
        shown = [person for name in ("reporter", "assignee", "creator") if (person := self.fields.maybe(name))]
        comments = self.fields.maybe("comment")
        shown += [author for comment in (comments.each("comments") if comments else ()) if (author := comment.maybe("author"))]
        return {name: person.text("displayName", name) for person in shown if (name := person.text("accountId" if self._edition.cloud else "name", ""))}

    def _text(self, shown: Shape, name: str) -> object:
        """A document (ADF) on Cloud, wiki markup on Data Center; None for none."""
        found = shown.raw(name)
        if found is None or found == "":
            return None
        if not isinstance(found, dict if self._edition.cloud else str):
            shown.refuse(name, "is no document" if self._edition.cloud else "is no text")
        return found


def mentioned(texts: Iterable[object]) -> tuple[str, ...]:
    """Whom wiki markup mentions: ``[~ann]``. A document in ADF has the names itself."""
    found = {name.strip() for text in texts if isinstance(text, str) for name in _MENTION.findall(text)}
    return tuple(sorted(found))[:MOST_MENTIONED]


def _name(shown: Shape, field: str, name: str = "displayName") -> str:
    inner = shown.maybe(field)
    return inner.text(name, "") if inner else ""


def _links(fields: Shape) -> Iterator[str]:
    """``blocks ENG-2``, as this end of the link reads."""
    for link in fields.each("issuelinks"):
        kind = link.inside("type")
        for end, word in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
            if other := link.maybe(end):
                yield f"{kind.text(word)} {other.text('key')}"
