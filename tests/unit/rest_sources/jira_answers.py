"""Jira's answers in the documented shapes, and a port that gives them: a Jira of which each answer can be made wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from contracts.sources.rest import Credentials, JiraSource
from rest_sources import jira
from rest_sources.api import Answer, Method, Parameters
from rest_sources.source import Reader, Record, RemoteFile

CLOUD = JiraSource(name="jira", type="jira", url="https://acme.example", credentials=Credentials(user="bot", token="env:JIRA"), tenant="acme")
CENTER = CLOUD.model_copy(update={"edition": "datacenter", "url": "https://acme.example/jira"})


def person(name: str) -> dict[str, Any]:
    return {"accountId": name, "key": f"KEY-{name}", "name": name, "displayName": name.title(), "accountType": "atlassian", "active": True}


def adf(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}


def comment(number: int, body: object, **more: Any) -> dict[str, Any]:
    created = f"2026-03-01T10:00:{number % 60:02}.000+0100"
    return {"id": str(number), "author": person("ann"), "body": body, "created": created, "updated": created, **more}


def issue(**fields: Any) -> dict[str, Any]:
    """As https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get shows one."""
    known: dict[str, Any] = {
        "summary": "The disk is full",
        "description": adf("It is."),
        "project": {"id": "10000", "key": "OPS", "name": "Operations"},
        "status": {"name": "To Do", "statusCategory": {"key": "new"}},
        "issuetype": {"name": "Bug"},
        "priority": {"name": "High"},
        "resolution": None,
        "labels": ["red", "blue"],
        "components": [{"name": "storage"}],
        "fixVersions": [{"name": "1.2"}],
        "assignee": None,
        "reporter": person("ann"),
        "created": "2026-01-31T10:00:00.000+0000",
        "updated": "2026-01-31T11:00:00.250+0100",
        "security": None,
        "parent": {"key": "OPS-1", "fields": {"summary": "Not for everybody"}},
        "subtasks": [{"key": "OPS-9", "fields": {"summary": "Neither"}}],
        "issuelinks": [{"type": {"inward": "is blocked by", "outward": "blocks"}, "inwardIssue": {"key": "HR-3", "fields": {"summary": "Nor this"}}}],
        "comment": {"comments": [comment(1, adf("One."))], "total": 1, "maxResults": 1, "startAt": 0},
        "attachment": [],
    }
    return {"id": "10002", "key": "OPS-12", "fields": known | fields}


ROLES = {"project/10000/role": {"Developers": "https://acme.example/rest/api/3/project/10000/role/10100"}}
GROUP = {"type": "group", "parameter": "staff", "value": "g1"}


def permissions(*holders: Mapping[str, Any]) -> dict[str, Any]:
    grants = [{"permission": "BROWSE_PROJECTS", "holder": dict(holder)} for holder in holders]
    return {"id": 1, "permissions": [*grants, {"permission": "EDIT_ISSUES", "holder": {"type": "anyone"}}]}


class Answers:
    """By path below ``/rest/api/N/``. An exception is raised; a list is given one by one, the last again and again."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers: dict[str, Any] = {"project/10000/permissionscheme": permissions(GROUP), **ROLES, **answers}
        self.asked: list[tuple[str, dict[str, str | int]]] = []

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        name = urlsplit(path).path.partition("/rest/api/")[2].partition("/")[2]
        self.asked.append((name, dict(parameters or {})))
        found = self.answers.get(name)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Exception):
            raise found
        return None if found is None else Answer(found)

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        raise NotImplementedError

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        raise NotImplementedError


class NoFiles:
    async def read(self, file: RemoteFile) -> Record | None:
        raise NotImplementedError(file.name)


def reader(api: Answers, source: JiraSource = CLOUD, files: Any = None) -> Reader:
    return jira.TYPE.reader(source, api, files or NoFiles())
