"""An issue's JSON, field by field, as one person sees it; only the fields that are asked for are made.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get and
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/. In v3 texts are documents (ADF), in v2 and webhooks wiki markup. Comments
and linked issues that the viewer does not see are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from examples.vendors.jira import markup
from examples.vendors.jira.access import Json
from examples.vendors.jira.model import Attachment, Change, Comment, Edition, Issue, Link, Markup
from examples.vendors.jira.shapes import Shapes
from examples.vendors.jira.vocabulary import FIELD_NAMES

Sees = Callable[[Issue, Comment | None], bool]
"""Whether the viewer sees an issue (None), or a comment of it."""

_EXPAND: Final = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"


@dataclass(frozen=True, slots=True)
class IssueShapes:
    small: Shapes
    sees: Sees
    most_comments: int | None = None
    """How many of the newest comments the field shows; None for all."""

    def text(self, value: Markup | None) -> Json | str | None:
        if value is None or value == "":
            return None
        return markup.to_document(value) if self.small.version == "3" else markup.to_wiki(value)

    def issue(self, issue: Issue, fields: Iterable[str] = ("*all",), expand: Iterable[str] = ()) -> Json:
        makers = self._makers(issue)
        wanted = chosen(list(fields), list(makers))
        whole: Json = {
            "expand": _EXPAND,
            "id": str(issue.id),
            "self": f"{self.small.api}/issue/{issue.id}",
            "key": issue.key,
            "fields": {name: makers[name]() for name in wanted},
        }
        if "renderedFields" in expand:
            whole["renderedFields"] = {name: self._rendered(issue, name) for name in wanted}
        if "names" in expand:
            whole["names"] = {name: self.name(name) for name in wanted}
        if "changelog" in expand:
            changes = [self.change(change) for change in reversed(issue.changes)]
            whole["changelog"] = {"startAt": 0, "maxResults": len(changes), "total": len(changes), "histories": changes}
        return whole

    def name(self, field: str) -> str:
        return FIELD_NAMES.get(field) or self.small.state.fields.get(field, field)

    def comment(self, issue: Issue, comment: Comment, expand: Iterable[str] = ()) -> Json:
        rendered = {"renderedBody": markup.to_html(comment.body)} if "renderedBody" in expand else {}
        told = comment.visibility
        visibility = {"visibility": self._visibility(told.type, told.value)} if told else {}
        public = {"jsdPublic": True} if self.small.state.edition is Edition.CLOUD else {}
        return {
            "self": f"{self.small.api}/issue/{issue.id}/comment/{comment.id}",
            "id": str(comment.id),
            "author": self.small.user(comment.author),
            "body": self.text(comment.body),
            **rendered,
            "updateAuthor": self.small.user(comment.update_author),
            "created": self.small.time(comment.created),
            "updated": self.small.time(comment.updated),
            **visibility,
            **public,
        }

    def attachment(self, attachment: Attachment) -> Json:
        """As an issue's field and an upload show it: the id is a string here, a number in ``GET attachment/{id}``."""
        cloud = self.small.state.edition is Edition.CLOUD
        content = f"rest/api/{self.small.version}/attachment/content/{attachment.id}"
        return {
            "self": f"{self.small.api}/attachment/{attachment.id}",
            "id": str(attachment.id),
            "filename": attachment.filename,
            "author": self.small.user(attachment.author),
            "created": self.small.time(attachment.created),
            "size": len(attachment.content),
            "mimeType": attachment.mime_type,
            "content": f"{self.small.base}/{content if cloud else f'secure/attachment/{attachment.id}/{quote(attachment.filename)}'}",
        }

    def link(self, link: Link, seen_from: int | None = None) -> Json:
        """From one of its ends, the other end alone; from neither, both."""
        ends = {"inwardIssue": link.source, "outwardIssue": link.target}
        shown = {name: self._end(number) for name, number in ends.items() if number != seen_from}
        return {"id": str(link.id), "self": f"{self.small.api}/issueLink/{link.id}", "type": self.small.link_type(link.type), **shown}

    def change(self, change: Change) -> Json:
        items = [
            {
                "field": item.field,
                "fieldtype": "custom" if item.field_id.startswith("customfield_") else "jira",
                "fieldId": item.field_id,
                "from": item.old,
                "fromString": item.old_text,
                "to": item.new,
                "toString": item.new_text,
            }
            for item in change.items
        ]
        return {"id": str(change.id), "author": self.small.user(change.author), "created": self.small.time(change.created), "items": items}

    def _makers(self, issue: Issue) -> dict[str, Callable[[], Any]]:
        small, state = self.small, self.small.state
        return {
            "summary": lambda: issue.summary,
            "description": lambda: self.text(issue.description),
            "issuetype": lambda: small.issue_type(issue.type),
            "project": lambda: small.project(state.projects[issue.project]),
            "status": lambda: small.status(issue.status),
            "priority": lambda: small.priority(issue.priority),
            "labels": lambda: list(issue.labels),
            "assignee": lambda: small.user(issue.assignee),
            "reporter": lambda: small.user(issue.reporter),
            "creator": lambda: small.user(issue.creator),
            "created": lambda: small.time(issue.created),
            "updated": lambda: small.time(issue.updated),
            "duedate": lambda: issue.duedate,
            "resolution": lambda: {"self": f"{small.api}/resolution/10000", "id": "10000", "name": "Done"} if issue.resolved else None,
            "resolutiondate": lambda: small.time(issue.resolved) if issue.resolved else None,
            "security": lambda: small.security_level(issue.security),
            "issuelinks": lambda: self._links(issue),
            "subtasks": list,
            "attachment": lambda: [self.attachment(attachment) for attachment in issue.attachments.values()],
            "comment": lambda: self._comments(issue),
            **{field: partial(self._custom, issue.custom.get(field)) for field in state.fields},
        }

    def _custom(self, value: Any) -> Any:
        """Pickers of people and groups are objects, all else is as it is."""
        kind, _, names = str(value).partition(":")
        if kind == "user":
            return self.small.user(names)
        if kind == "groups":
            return [self.small.group(group) for name in names.split(",") if (group := self.small.state.group(name))]
        return value

    def _links(self, issue: Issue) -> list[Json]:
        state = self.small.state
        links = [(link, link.target if link.source == issue.id else link.source) for link in state.links_of(issue)]
        return [self.link(link, issue.id) for link, other in links if self.sees(state.issues[other], None)]

    def _end(self, number: int) -> Json:
        other = self.small.state.issues[number]
        short = self._makers(other)
        fields = {name: short[name]() for name in ("summary", "status", "priority", "issuetype")}
        return {"id": str(other.id), "key": other.key, "self": f"{self.small.api}/issue/{other.id}", "fields": fields}

    def _comments(self, issue: Issue) -> Json:
        seen = [comment for comment in issue.comments.values() if self.sees(issue, comment)]
        shown = seen if self.most_comments is None else seen[-self.most_comments :]
        return {
            "comments": [self.comment(issue, comment) for comment in shown],
            "self": f"{self.small.api}/issue/{issue.id}/comment",
            "maxResults": len(shown),
            "total": len(seen),
            "startAt": 0,
        }

    def _rendered(self, issue: Issue, name: str) -> Any:
        """HTML for texts, null for the rest."""
        if name == "description":
            return markup.to_html(issue.description) if issue.description else None
        if name != "comment":
            return None
        seen = [comment for comment in issue.comments.values() if self.sees(issue, comment)]
        return {"comments": [{**self.comment(issue, comment), "body": markup.to_html(comment.body)} for comment in seen]}

    def _visibility(self, kind: str, value: str) -> Json:
        """Cloud adds ``identifier``: the group's id, the role's name."""
        group = self.small.state.group(value) if kind == "group" else None
        identifier = {"identifier": group.id if group else value} if self.small.state.edition is Edition.CLOUD else {}
        return {"type": kind, "value": value, **identifier}


def chosen(asked: list[str], known: list[str]) -> list[str]:
    """Which fields ``*all``, ``*navigable``, names and names with a minus mean, in the known order."""
    named = [name for name in asked if not name.startswith("-")]
    wanted = set(known) if not named or "*all" in named else set(named)
    if "*navigable" in named:
        wanted |= set(known) - {"comment", "attachment"}
    return [name for name in known if name in wanted and f"-{name}" not in asked]
