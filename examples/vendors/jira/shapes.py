"""State → the documented JSON of people, projects and small things. Issues are in ``issue_shapes.py``, schemes and roles in ``scheme_shapes.py``.

Users: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/ (Cloud: accountId, no name or key),
https://developer.atlassian.com/server/jira/platform/rest/ (Data Center: name and key). Times: "2021-01-17T12:34:00.000+0000", here in the viewer's time zone
(the examples of the documentation have offsets of both kinds; that it is the viewer's is not verified).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from examples.vendors.jira.access import Json
from examples.vendors.jira.model import Edition, Group, Project, User
from examples.vendors.jira.state import Jira
from examples.vendors.jira.vocabulary import ISSUE_TYPES, LINK_TYPES, PRIORITIES, STATUSES


def timestamp(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


@dataclass(frozen=True, slots=True)
class Shapes:
    """``version`` is "2" or "3" and stands in every URL; ``mails`` is False in webhooks."""

    state: Jira
    base: str
    version: str
    zone: ZoneInfo
    mails: bool = True

    @property
    def api(self) -> str:
        return f"{self.base}/rest/api/{self.version}"

    def time(self, moment: datetime) -> str:
        return timestamp(moment, self.zone)

    def user(self, wanted: str | None) -> Json | None:
        """Null for nobody; a person who was deleted stays as a name without account."""
        if wanted is None:
            return None
        user = self.state.users.get(wanted)
        return self.person(user) if user else self.person(User(wanted, wanted, "", "Former user", "", active=False))

    def person(self, user: User) -> Json:
        cloud = self.state.edition is Edition.CLOUD
        query = urlencode({"accountId": user.id} if cloud else {"username": user.id})
        ids = {"accountId": user.id, "accountType": "atlassian"} if cloud else {"key": user.key, "name": user.id}
        mail = {"emailAddress": user.mail} if self.mails and user.mail and not (cloud and user.mail_hidden) else {}
        return {
            "self": f"{self.api}/user?{query}",
            **ids,
            **mail,
            "avatarUrls": {size: f"{self.base}/secure/useravatar?size={size}" for size in ("16x16", "24x24", "32x32", "48x48")},
            "displayName": user.display_name,
            "active": user.active,
            "timeZone": user.time_zone,
        }

    def group(self, group: Group) -> Json:
        """{name, groupId, self} on Cloud, {name, self} on Data Center."""
        if self.state.edition is Edition.CLOUD:
            return {"name": group.name, "groupId": group.id, "self": f"{self.api}/group?groupId={group.id}"}
        return {"name": group.name, "self": f"{self.api}/group?groupname={quote(group.name)}"}

    def project(self, project: Project) -> Json:
        """As in lists and issues: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/."""
        style = {"simplified": False, "style": "classic"} if self.state.edition is Edition.CLOUD else {}
        return {
            "self": f"{self.api}/project/{project.id}",
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "avatarUrls": {size: f"{self.base}/secure/projectavatar?pid={project.id}&size={size}" for size in ("16x16", "24x24", "32x32", "48x48")},
            **style,
        }

    def whole_project(self, project: Project) -> Json:
        return {
            **self.project(project),
            "expand": "description,lead,issueTypes,url,projectKeys",
            "description": project.description,
            "lead": self.user(project.lead),
            "issueTypes": [self.issue_type(key) for key in ISSUE_TYPES],
            "assigneeType": "UNASSIGNED",
            "components": [],
            "versions": [],
            "roles": {role.name: f"{self.api}/project/{project.id}/role/{role.id}" for role in self.state.roles.values()},
        }

    def issue_type(self, key: str) -> Json:
        return {"self": f"{self.api}/issuetype/{key}", "id": key, "description": "", "iconUrl": "", "name": ISSUE_TYPES[key], "subtask": False}

    def priority(self, key: str) -> Json:
        return {"self": f"{self.api}/priority/{key}", "iconUrl": "", "name": PRIORITIES[key], "id": key}

    def status(self, key: str) -> Json:
        status = STATUSES[key]
        category = {"id": status.category_id, "key": status.category_key, "colorName": status.color, "name": status.category_name}
        return {
            "self": f"{self.api}/status/{key}",
            "description": "",
            "iconUrl": f"{self.base}/",
            "name": status.name,
            "id": key,
            "statusCategory": {"self": f"{self.api}/statuscategory/{status.category_id}", **category},
        }

    def link_type(self, key: str) -> Json:
        kind = LINK_TYPES[key]
        return {"id": key, "name": kind.name, "inward": kind.inward, "outward": kind.outward, "self": f"{self.api}/issueLinkType/{key}"}

    def security_level(self, level: int | None) -> Json | None:
        """As an issue's field shows it."""
        for scheme in self.state.security_schemes.values():
            if level is not None and level in scheme.levels:
                found = scheme.levels[level]
                return {"self": f"{self.api}/securitylevel/{level}", "id": str(level), "description": found.description, "name": found.name}
        return None
