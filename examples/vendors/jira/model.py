"""What a Jira holds. Values are frozen; what has a life (issue, project, scheme) is mutable and changed by ``state.py`` alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Markup = str | dict[str, Any]
"""Wiki markup, or a document in the Atlassian Document Format; kept as it came, converted when shown (``markup.py``)."""


class Edition(StrEnum):
    CLOUD = "cloud"
    DATACENTER = "datacenter"


@dataclass(slots=True)
class User:
    """``id`` is Cloud's accountId and Data Center's username; ``key`` is Data Center's own."""

    id: str
    key: str
    mail: str
    display_name: str
    token: str
    active: bool = True
    time_zone: str = "UTC"
    mail_hidden: bool = False
    """Cloud lets people hide their address from all others, apps included."""


@dataclass(slots=True)
class Group:
    id: str
    name: str
    members: dict[str, None] = field(default_factory=dict)
    """User ids in the order in which they joined."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a permission. ``parameter`` is a group's name, a user's id, a role's id, an application or a custom field; None where the type says all.

    Types: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permission-schemes/#about-permission-schemes-and-grants
    """

    type: str
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    id: int
    permission: str
    holder: Holder


@dataclass(slots=True)
class PermissionScheme:
    id: int
    name: str
    description: str = ""
    grants: dict[int, Grant] = field(default_factory=dict)


@dataclass(slots=True)
class SecurityLevel:
    id: int
    name: str
    description: str = ""
    members: dict[int, Holder] = field(default_factory=dict)


@dataclass(slots=True)
class SecurityScheme:
    id: int
    name: str
    description: str = ""
    levels: dict[int, SecurityLevel] = field(default_factory=dict)
    default_level: int | None = None


@dataclass(frozen=True, slots=True)
class Role:
    id: int
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A user or a group in a project role. ``type`` is "user" or "group", ``parameter`` the user's id or the group's name."""

    id: int
    type: str
    parameter: str


@dataclass(slots=True)
class Project:
    id: int
    key: str
    name: str
    lead: str | None
    permission_scheme: int
    security_scheme: int | None = None
    description: str = ""
    actors: dict[int, list[Actor]] = field(default_factory=dict)
    issues_made: int = 0
    trashed: bool = False


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who reads a comment: ``type`` "role" or "group", and the role's or group's name."""

    type: str
    value: str


@dataclass(slots=True)
class Comment:
    id: int
    author: str
    body: Markup
    created: datetime
    updated: datetime
    update_author: str
    visibility: Visibility | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    filename: str
    mime_type: str
    content: bytes
    author: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """``old`` and ``new`` are ids where the field has such, ``old_text`` and ``new_text`` what people read."""

    field: str
    field_id: str
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


@dataclass(frozen=True, slots=True)
class Change:
    id: int
    author: str
    created: datetime
    items: tuple[ChangeItem, ...]


@dataclass(slots=True)
class Issue:
    id: int
    key: str
    project: int
    summary: str
    description: Markup | None
    type: str
    status: str
    priority: str
    reporter: str | None
    creator: str
    created: datetime
    updated: datetime
    assignee: str | None = None
    security: int | None = None
    labels: tuple[str, ...] = ()
    duedate: str | None = None
    resolved: datetime | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    """By field id (customfield_10001): a text, a number, a user's id ("user:ID") or groups' names ("groups:A,B")."""
    comments: dict[int, Comment] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    moves: list[datetime] = field(default_factory=list)
    """All values that ``updated`` had since the issue was made."""


@dataclass(frozen=True, slots=True)
class Link:
    """``source`` is the request's inwardIssue and reads the type's outward name; ``target`` is its outwardIssue (not verified)."""

    id: int
    type: str
    source: int
    target: int


@dataclass(slots=True)
class Hook:
    """A registered webhook. ``app`` is the OAuth app's client id for a dynamic one, None for an admin's."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    jql: str = ""
    secret: str = ""
    exclude_body: bool = False
    enabled: bool = True
    app: str | None = None
    field_ids: tuple[str, ...] = ()
    expires: datetime | None = None
    owner: str = ""
    updated: datetime | None = None


@dataclass(slots=True)
class OAuthApp:
    """An OAuth 2.0 (3LO) app with the one consent that its user gave."""

    client_id: str
    client_secret: str
    user: str
    refresh_token: str
    expires_seconds: float = 3600.0
    access_tokens: dict[str, datetime] = field(default_factory=dict)
    """Access token → when it ends."""
