"""``POST /_control/seed``: fill the Jira at once. No webhook fires. All parts may be left out, and a further seed adds to what is there.

{"users":  [{"id": "ann", "name": "Ann Lee", "mail": "ann@example.com", "token": "ann-token", "active": true, "timeZone": "Europe/Berlin", "mailHidden": false}],
 "groups": [{"name": "staff", "members": ["ann"]}],
 "adminGroups": ["jira-administrators"],                    groups whose members administer Jira; this one by default
 "applications": {"jira-software": ["staff"]},              who has access to an application
 "fields": {"customfield_10010": "Reviewer"},               a value for it in an issue's "custom": "user:ID", "groups:A,B" or any text or number
 "permissionSchemes": [{"name": "Open", "grants": [{"permission": "BROWSE_PROJECTS", "type": "projectRole", "parameter": "Developers"}]}],
                                                            "permission" may be a list, or "ALL"; holders name groups, roles, users' ids
 "securitySchemes": [{"name": "Levels", "default": "Board", "levels": [{"name": "Board", "members": [{"type": "group", "parameter": "board"}]}]}],
 "projects": [{"key": "ENG", "name": "Engineering", "lead": "ann", "permissionScheme": "Open", "securityScheme": "Levels",
               "actors": {"Developers": {"users": ["ann"], "groups": ["staff"]}}}],
 "issues": [{"project": "ENG", "summary": "…", "description": "h1. wiki markup, or a document", "type": "Bug", "status": "Done", "priority": "High",
             "reporter": "ann", "assignee": "ann", "labels": [], "security": "Board", "created": "2026-01-31T10:00:00Z", "updated": "…", "custom": {},
             "comments": [{"author": "ann", "body": "…", "visibility": {"type": "role", "value": "Developers"}}],
             "attachments": [{"filename": "a.txt", "mimeType": "text/plain", "text": "…"}]}],
 "generate": [{"project": "ENG", "count": 5000, "seed": 1, "words": 80, "comments": 2, "days": 300}],
 "oauthApps": [{"clientId": "app", "clientSecret": "test-secret", "user": "ann", "refreshToken": "first", "expiresSeconds": 3600}]}

Answers with the ids of what has a name: {"projects": {key: id}, "roles": {name: id}, "permissionSchemes": …, "securitySchemes": …, "securityLevels": …,
"groups": …, "issues": [id, …], "generated": number}.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from examples.vendors.jira.model import Markup


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class UserForm(_Form):
    id: str
    name: str = ""
    mail: str = ""
    token: str = ""
    active: bool = True
    time_zone: str = "UTC"
    mail_hidden: bool = False


class GroupForm(_Form):
    name: str
    members: list[str] = Field(default_factory=list)


class HolderForm(_Form):
    type: str
    parameter: str | None = None


class GrantForm(HolderForm):
    permission: str | list[str] = "BROWSE_PROJECTS"


class PermissionSchemeForm(_Form):
    name: str
    grants: list[GrantForm] = Field(default_factory=list)


class LevelForm(_Form):
    name: str
    members: list[HolderForm] = Field(default_factory=list)


class SecuritySchemeForm(_Form):
    name: str
    default: str | None = None
    levels: list[LevelForm] = Field(default_factory=list)


class ActorsForm(_Form):
    users: list[str] = Field(default_factory=list)
    groups: list[str] = Field(default_factory=list)


class ProjectForm(_Form):
    key: str
    name: str = ""
    lead: str | None = None
    permission_scheme: str = "Default Permission Scheme"
    security_scheme: str | None = None
    actors: dict[str, ActorsForm] = Field(default_factory=dict)


class VisibilityForm(_Form):
    type: Literal["role", "group"]
    value: str


class CommentForm(_Form):
    author: str
    body: Markup
    visibility: VisibilityForm | None = None


class AttachmentForm(_Form):
    filename: str
    mime_type: str = "text/plain"
    text: str = ""
    base64: str = ""


class IssueForm(_Form):
    project: str
    summary: str
    description: Markup | None = None
    type: str = "Task"
    status: str = "To Do"
    priority: str = "Medium"
    reporter: str | None = None
    assignee: str | None = None
    labels: list[str] = Field(default_factory=list)
    security: str | None = None
    created: AwareDatetime | None = None
    updated: AwareDatetime | None = None
    custom: dict[str, str | int | float] = Field(default_factory=dict)
    comments: list[CommentForm] = Field(default_factory=list)
    attachments: list[AttachmentForm] = Field(default_factory=list)


class GenerateForm(_Form):
    project: str
    count: int = Field(ge=0, le=200_000)
    seed: int = 1
    words: int = 80
    comments: int = 0
    days: int = 300


class OAuthForm(_Form):
    client_id: str
    client_secret: str
    user: str
    refresh_token: str
    expires_seconds: float = 3600.0


class Seed(_Form):
    users: list[UserForm] = Field(default_factory=list)
    groups: list[GroupForm] = Field(default_factory=list)
    admin_groups: list[str] = Field(default_factory=list)
    applications: dict[str, list[str]] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)
    permission_schemes: list[PermissionSchemeForm] = Field(default_factory=list)
    security_schemes: list[SecuritySchemeForm] = Field(default_factory=list)
    projects: list[ProjectForm] = Field(default_factory=list)
    issues: list[IssueForm] = Field(default_factory=list)
    generate: list[GenerateForm] = Field(default_factory=list)
    oauth_apps: list[OAuthForm] = Field(default_factory=list)
